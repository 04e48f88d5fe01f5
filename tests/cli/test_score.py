"""`candor score`: the numbers a model gives a text, and their agreement with generation."""

import math
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import ENDLESS, Program

TEXT = "The heatmap shows how sure the model was: naïve, 東京 and 12 + 30.\n"
PROMPT = (1, 200, 300, 400)


@pytest.fixture(scope="module")
def scored(program: Program, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("texts") / "text.txt"
    file.write_text(TEXT, encoding="utf-8")
    return program.json("score", str(file))


def test_the_tokens_are_the_texts_own(scored: dict[str, Any]) -> None:
    assert scored["text"] == TEXT
    assert (scored["reasoning"], scored["finish_reason"]) == ("", "stop")
    assert scored["usage"]["prompt_tokens"] == len(scored["tokens"])
    assert scored["usage"]["completion_tokens"] == 0
    assert {token["channel"] for token in scored["tokens"]} == {"prompt"}
    assert {token["source"] for token in scored["tokens"]} == {"forced"}


def test_only_the_first_token_has_no_numbers(scored: dict[str, Any]) -> None:
    first, *others = scored["tokens"]
    numbers = ("logprob", "rank", "entropy", "tail", "sampled_logprob")
    assert [first[name] for name in numbers] == [None] * 5
    assert first["top"] == []
    for token in others:
        assert token["sampled_logprob"] is None
        assert token["logprob"] <= 0
        assert token["rank"] >= 1
        assert token["tail"] == pytest.approx(
            1 - sum(math.exp(each["logprob"]) for each in token["top"]), abs=1e-6
        )


def test_a_scored_token_has_the_numbers_it_was_generated_with(program: Program) -> None:
    ids = ",".join(map(str, PROMPT))
    generated = program.json(
        "complete", "--ids", ids, "--max-tokens", "12", "--seed", "3", *ENDLESS
    )
    tokens = generated["tokens"]
    whole = ",".join([ids, *(str(token["id"]) for token in tokens)])
    scored = program.json("score", "--ids", whole)["tokens"][len(PROMPT) :]
    assert [token["id"] for token in scored] == [token["id"] for token in tokens]
    for name in ("logprob", "entropy", "tail"):
        expected = [token[name] for token in tokens]
        assert [token[name] for token in scored] == pytest.approx(expected, abs=1e-4)


def test_without_json_the_figures_are_printed(program: Program, scored: dict[str, Any]) -> None:
    result = program.run("score", "-", stdin=TEXT.encode())
    assert (result.status, result.err) == (0, "")
    assert "perplexity" in result.out
    assert [line.partition(" ")[0] for line in result.out.splitlines()] == [
        str(len(scored["tokens"])),
        "rank",
    ]


def test_the_text_is_summed_up_by_sentence_paragraph_and_rank(scored: dict[str, Any]) -> None:
    whole = sum(token["logprob"] or 0 for token in scored["tokens"])
    for name in ("sentences", "paragraphs"):
        (only,) = scored[name]
        assert only["logprob"] == pytest.approx(whole)
        assert only["perplexity"] == pytest.approx(math.exp(-whole / only["count"]))
    assert sum(scored["ranks"].values()) == len(scored["tokens"]) - 1


def test_a_text_in_the_template_has_the_templates_tokens_too(
    program: Program, scored: dict[str, Any]
) -> None:
    within = program.json("score", "-", "--template", stdin=TEXT.encode())
    assert TEXT.strip() in within["text"]
    assert len(within["tokens"]) > len(scored["tokens"])


def test_a_long_text_needs_a_stride_and_gets_windows(program: Program, bare_model: Path) -> None:
    ids = ",".join(["3"] * 600)
    refused = program.run("score", "--ids", ids, "--model", str(bare_model))
    assert refused.status == 1
    assert "600 tokens; this model holds 512" in refused.err
    assert "Score it in windows, with a stride below 512 tokens." in refused.err
    found = program.json("score", "--ids", ids, "--model", str(bare_model), "--stride", "256")
    assert len(found["tokens"]) == 600


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"", "no text to score"), (b"\x7fELF\0\1", "binary data"), (b"\xff\xfe", "not UTF-8")],
)
def test_what_is_no_text_is_a_sentence(program: Program, data: bytes, sentence: str) -> None:
    result = program.run("score", "-", stdin=data)
    assert (result.status, result.out) == (1, "")
    assert sentence in result.err


def test_top_logprobs_lists_every_token(program: Program, bare_model: Path) -> None:
    result = program.run("score", "--ids", "3,4,5", "--model", str(bare_model), "--top-logprobs=2")
    lines = result.out.splitlines()
    assert result.status == 0
    assert [line.partition("#")[2][0] for line in lines[:3]] == ["3", "4", "5"]
    assert [line.count("#") for line in lines[:3]] == [1, 3, 3]
