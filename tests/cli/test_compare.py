"""`candor compare`: the built-in model beside its draft, in the real worker."""

import signal
from pathlib import Path

import pytest

from app import paths
from tests.cli.program import PATIENCE_S, Program
from tests.ui.test_program import children
from tests.worker.harness import is_alive

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


def test_two_samplings_of_one_model_say_what_is_removed(program: Program) -> None:
    found = program.json("compare", "-", "--with-sampling", "top_k=1", stdin=TEXT)
    first, *pieces = found["tokens"]
    assert first["parted"] is None
    for piece in pieces:
        assert piece["parted"]["distance"] == pytest.approx(piece["parted"]["lost"])
        assert piece["parted"]["lost_by"] == "top_k"
        assert (piece["kl"], piece["agreeing"]) == (None, True)
    assert found["infinite"] == found["count"] == len(pieces)
    assert found["distance"]["max"] == max(each["parted"]["distance"] for each in pieces)
    shown = program.run(
        *("compare", "-", "--sampling", "top-k=1", "--with-sampling", "neutral"), stdin=TEXT
    )
    assert shown.status == 0
    assert "two samplings of candor-small" in shown.out
    assert "of the second removed by the first's top_k" in shown.out
    assert "KL divergence" in shown.out


def test_ctrl_c_ends_a_comparison_and_leaves_nothing(program: Program, tmp_path: Path) -> None:
    text = tmp_path / "long.txt"
    text.write_bytes(TEXT * 300)
    kept = sorted(program.home.rglob("*"))
    running = program.start("compare", str(text), "--sampling", "top_p=0.9")
    while not (found := children(running.pid)):
        assert running.poll() is None
    while "onnxruntime" not in Path(f"/proc/{found[0]}/maps").read_text():
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=PATIENCE_S)
    assert (running.returncode, out) == (130, b"")
    assert b"Traceback" not in err
    assert not is_alive(found[0])
    assert sorted(program.home.rglob("*")) == kept


def test_what_cannot_be_compared_is_a_sentence(program: Program, tmp_path: Path) -> None:
    missing = program.run("compare", "-", "--with", str(tmp_path / "none"), stdin=TEXT)
    assert missing.status == 1
    assert missing.err.count("\n") == 1
    several = program.run(
        *("compare", "-", "--sampling", "top_k=2", "--with-precision", "exact"), stdin=TEXT
    )
    assert (several.status, "compared with one model" in several.err) == (1, True)
    for value in ("top_k=2,top_k=3", "tempo=1", "temperature=hot", "min_p=7"):
        refused = program.run("compare", "-", "--sampling", value, stdin=TEXT)
        assert (refused.status, "--sampling" in refused.err) == (2, True)
    both = program.run("compare", "-", "--ids", "1,2", stdin=TEXT)
    assert (both.status, "Give either a FILE or --ids." in both.err) == (2, True)
