"""`--draft`: the same tokens at another speed, and a word on what became of the drafts."""

import pytest

from app import paths
from tests.cli.program import Program

QUESTION = ("chat", "What is 8372 + 91823?", "--temperature", "0")


def test_drafted_tokens_are_the_same_and_say_so(program: Program) -> None:
    plain = program.json(*QUESTION)
    drafted = program.json(*QUESTION, "--draft", "auto", "--draft-tokens", "4")
    assert "drafting" not in plain
    assert [each["id"] for each in drafted["tokens"]] == [each["id"] for each in plain["tokens"]]
    report = drafted["drafting"]
    sources = [each["source"] for each in drafted["tokens"]]
    assert (report["kind"], report["model"]) == ("model", "candor-small-draft")
    assert report["kept"] == sources.count("draft_kept") > 50
    assert report["proposed"] == sum(each["proposed"] for each in report["positions"])
    assert len(report["positions"]) == 4
    assert report["speedup"] > 0
    for token in drafted["tokens"]:
        kept, corrected = token["source"] == "draft_kept", token["source"] == "corrected"
        assert (token["accept"] is not None) == (kept or corrected)
        assert (token["refused"] is not None) == corrected


def test_the_figures_follow_the_answer(program: Program) -> None:
    done = program.run(*QUESTION, "--draft", "lookup", "--draft-tokens", "2")
    assert "drafted tokens kept (looked up)" in done.err
    assert "Kept by place:" in done.err


def test_a_folder_that_cannot_draft_is_refused_with_the_reason(program: Program) -> None:
    done = program.run(*QUESTION, "--draft", str(paths.built_in_model() / "missing"))
    assert done.status != 0
    assert "missing" in done.err


@pytest.mark.parametrize("wrong", [["--draft-tokens=4"], ["--draft=auto", "--draft-tokens=17"]])
def test_a_length_that_means_nothing_is_refused(program: Program, wrong: list[str]) -> None:
    done = program.run(*QUESTION, *wrong)
    assert done.status == 2
    assert "draft-tokens" in done.err
