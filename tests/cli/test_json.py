"""`--json` of generating verbs: one object, its fields, and what must hold between them."""

import math
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import ENDLESS, Program

LISTED = {"text", "reasoning", "finish_reason", "usage", "timings", "tokens"}
TOKEN = {
    "id", "text", "logprob", "sampled_logprob", "rank", "entropy", "tail", "channel", "source",
    "top",
}  # fmt: skip


def test_the_object_has_the_listed_fields(answer: dict[str, Any]) -> None:
    assert set(answer) == LISTED | {"seed", "model", "device"}
    assert set(answer["usage"]) == {"prompt_tokens", "completion_tokens", "reasoning_tokens"}
    assert set(answer["timings"]) == {
        "first_token_s", "prefill_tokens_per_s", "decode_tokens_per_s",
    }  # fmt: skip
    for token in answer["tokens"]:
        assert set(token) == TOKEN
        assert all(set(each) == {"id", "text", "logprob"} for each in token["top"])
    assert (answer["seed"], answer["model"]) == (7, "candor-small")
    assert answer["finish_reason"] in ("stop", "length", "context")


def test_the_numbers_of_every_token_hold_together(answer: dict[str, Any]) -> None:
    for token in answer["tokens"]:
        top = [candidate["logprob"] for candidate in token["top"]]
        assert token["logprob"] <= 0
        assert token["sampled_logprob"] <= 0
        assert token["entropy"] >= 0
        assert token["rank"] >= 1
        assert len(top) == 5
        assert top == sorted(top, reverse=True)
        assert token["tail"] == pytest.approx(1 - sum(map(math.exp, top)), abs=1e-6)
        if token["rank"] <= 5:
            assert token["logprob"] == pytest.approx(top[token["rank"] - 1], abs=1e-9)


def test_tokens_are_the_generated_ones_and_counted(answer: dict[str, Any]) -> None:
    usage, tokens = answer["usage"], answer["tokens"]
    channels = [token["channel"] for token in tokens]
    assert usage["prompt_tokens"] > 0
    assert usage["completion_tokens"] == len(tokens)
    assert usage["reasoning_tokens"] == channels.count("reasoning") > 0
    assert set(channels) <= {"reasoning", "answer"}
    assert {token["source"] for token in tokens} == {"sampled"}
    assert answer["timings"]["first_token_s"] > 0
    assert answer["timings"]["decode_tokens_per_s"] > 0


def test_texts_are_what_the_tokens_say(answer: dict[str, Any]) -> None:
    for channel, text in (("answer", answer["text"]), ("reasoning", answer["reasoning"])):
        said = "".join(each["text"] for each in answer["tokens"] if each["channel"] == channel)
        assert said.replace("<think>", "").replace("</think>", "").strip() == text.strip()
    assert answer["text"].strip()


def test_the_same_seed_gives_the_same_tokens(program: Program, answer: dict[str, Any]) -> None:
    again = program.json("chat", "What is 27 + 48?", "--reasoning", "high", "--seed", "7")
    assert again["tokens"] == answer["tokens"]


def test_a_drawn_seed_is_reported_and_repeats_its_answer(program: Program) -> None:
    options = ("complete", "The answer", "--max-tokens", "12", "--temperature", "1.5", *ENDLESS)
    first = program.json(*options)
    second = program.json(*options, "--seed", str(first["seed"]))
    assert second["tokens"] == first["tokens"]


def test_options_reach_the_engine(program: Program) -> None:
    greedy = program.json(
        "chat", "Hello", *ENDLESS, "--temperature", "0", "--max-tokens", "4", "--top-logprobs", "2",
        "--system", "You are terse.", "--reasoning", "off",
    )  # fmt: skip
    plain = program.json("chat", "Hello", "--temperature", "0", "--max-tokens", "4")
    assert [token["sampled_logprob"] for token in greedy["tokens"]] == [0.0] * 4
    assert [len(token["top"]) for token in greedy["tokens"]] == [2] * 4
    assert greedy["finish_reason"] == "length"
    assert greedy["usage"]["reasoning_tokens"] == 0
    assert greedy["usage"]["prompt_tokens"] > plain["usage"]["prompt_tokens"]


def test_a_thought_is_cut_at_its_budget_by_the_closing_sentence(program: Program) -> None:
    options = ("chat", "What is 27 + 48?", "--temperature", "0", "--reasoning", "high")
    closing = "Enough of it."
    cut = program.json(*options, "--reasoning-budget", "6", "--reasoning-closing", closing)
    assert cut["reasoning"].endswith(f"\n{closing}\n")
    assert cut["text"]
    thought = [token for token in cut["tokens"] if token["channel"] == "reasoning"]
    own = "".join(token["text"] for token in thought if token["source"] == "sampled")
    assert own.startswith("<think>\n")
    assert sum(token["source"] == "sampled" for token in thought) == 2 + 6


def test_the_best_of_several_answers_comes_with_the_votes(program: Program) -> None:
    options = ("chat", "What is 7 + 8?", "--reasoning", "off", "--best-of", "3", "--seed", "4")
    answer = program.json(*options)
    found = answer["best_of"]
    assert sum(each["votes"] for each in found["votes"]) == len(found["answers"]) == 3
    assert answer["text"] == found["answers"][found["winner"]]["text"]
    assert found["votes"][0]["final"] == found["answers"][found["winner"]]["final"]
    assert found["tokens"] == sum(each["tokens"] for each in found["answers"])
    assert len({each["seed"] for each in found["answers"]}) == 3
    refused = program.run(*options, "--temperature", "0")
    assert refused.status == 1
    assert "temperature" in refused.err


def test_a_question_is_routed_with_reasons_and_can_be_overruled(program: Program) -> None:
    options = ("route", "What is 47 * 36?", "--temperature", "0")
    answer = program.json(*options)
    assert answer["text"] == "1692"
    assert [each["step"] for each in answer["decisions"]] == ["quick", "quick", "thoughtful"]
    assert [each["kept"] for each in answer["decisions"]] == [None, False, True]
    assert answer["decisions"][1]["certainty"] < 0.8
    quick = program.json(*options, "--step", "quick")
    assert quick["decisions"][0]["reason"] == "You chose it."
    assert quick["usage"]["reasoning_tokens"] == 0
    gone = program.json(*options, "--threshold", "1", "--large", "/nowhere")
    assert gone["text"] == "1692"
    assert gone["decisions"][-1]["step"] == "large"
    assert gone["decisions"][-1]["reason"].startswith("Not asked: ")


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ('[{"to": "quick", "matches": "("}]', "is no regular expression"),
        ('[{"to": "large", "matches": "a"}]', 'names the step "large"'),
        ('[{"to": "quick", "script": "martian"}]', 'no script called "martian"'),
        ('[{"to": "quick", "sounds": "a"}]', "sounds"),
    ],
)
def test_rules_that_make_no_sense_are_refused(
    program: Program, tmp_path: Path, rules: str, sentence: str
) -> None:
    file = tmp_path / "rules.json"
    file.write_text(rules)
    refused = program.run("route", "hi", "--rules", str(file))
    assert (refused.status, sentence in refused.err) == (1, True)


def test_a_threshold_that_is_no_probability_is_refused(program: Program) -> None:
    refused = program.run("route", "hi", "--threshold", "2")
    assert (refused.status, "between 0 and 1" in refused.err) == (1, True)


def test_a_prompt_may_come_through_a_pipe(program: Program) -> None:
    options = ("chat", "--seed", "2", "--max-tokens", "4")
    piped = program.json(*options, stdin="Où est-elle ?\n".encode())
    assert piped["tokens"] == program.json(*options, "Où est-elle ?")["tokens"]


def test_a_stop_text_ends_the_answer_and_is_not_shown(program: Program) -> None:
    options = ("complete", "Hello", "--seed", "1", "--max-tokens", "40", *ENDLESS)
    whole = program.json(*options)
    stop = whole["text"][6:9]
    stopped = program.json(*options, "--stop", stop)
    assert stopped["finish_reason"] == "stop"
    assert stopped["text"] == whole["text"][: whole["text"].index(stop)]


def test_a_model_without_a_tokenizer_works_by_ids(program: Program, bare_model: Any) -> None:
    options = ("complete", "--ids", "3,4,5", "--model", str(bare_model), "--max-tokens", "6")
    answer = program.json(*options, "--seed", "5", "--logit-bias", "1=-100")
    assert answer["usage"]["prompt_tokens"] == 3
    assert len(answer["tokens"]) == 6
    assert {token["text"] for token in answer["tokens"]} == {""}
    assert answer["model"] == "bare"
