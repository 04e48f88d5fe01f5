"""`candor compare`: the built-in model beside its draft, in the real worker."""

from pathlib import Path

import pytest

from app import paths
from tests.cli.program import Program

TEXT = b"Candor shows the probability of every token. 12 + 7 = 19.\n"


def test_two_models_are_set_side_by_side(program: Program) -> None:
    draft = str(paths.built_in_model().with_name("candor-small-draft"))
    found = program.json("compare", "-", "--with", draft, stdin=TEXT)
    assert found["with"]["name"] == "candor-small-draft"
    known = [token for token in found["tokens"] if token["kl"] is not None]
    assert len(known) == found["count"] == len(found["tokens"]) - 1
    assert found["kl"]["max"] == max(token["kl"] for token in known) > 0
    assert found["kl"]["mean"] == pytest.approx(sum(t["kl"] for t in known) / len(known))
    assert found["top1"] == sum(token["agreeing"] for token in known) / len(known)
    scored = program.json("score", "-", stdin=TEXT)["tokens"]
    for one, other in zip(scored[1:], found["tokens"][1:], strict=True):
        assert other["logprob"] == pytest.approx(one["logprob"], abs=1e-3)


def test_without_json_the_figures_and_the_worst_tokens_are_shown(program: Program) -> None:
    result = program.run("compare", "-", "--with-precision", "exact", stdin=TEXT)
    assert result.status == 0
    assert "KL divergence 0 nats on average" in result.out
    assert "the same likeliest token at 100.0 %" in result.out


def test_what_cannot_be_compared_is_a_sentence(program: Program, tmp_path: Path) -> None:
    missing = program.run("compare", "-", "--with", str(tmp_path / "none"), stdin=TEXT)
    assert missing.status == 1
    assert missing.err.count("\n") == 1
    both = program.run("compare", "-", "--ids", "1,2", stdin=TEXT)
    assert (both.status, "Give either a FILE or --ids." in both.err) == (2, True)
