"""Graphs that the runtime's optimiser breaks are opened with less of it, and the person is told."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.requests import Provider
from app.engine.model import Model, open_model
from app.engine.runtime import session
from app.engine.runtime.runtime import native, ort
from app.errors import ModelUnsupported
from tests.engine import graphs, reference
from tests.engine.reference import Shape

SHAPE = Shape(layers=1)
WEIGHTS = reference.random_weights(SHAPE)
LEVELS = ort.GraphOptimizationLevel


class Runtime:
    """The runtime, broken wherever `breaks` says so of level and disabled optimisers."""

    def __init__(self, breaks: Any) -> None:
        self.breaks = breaks
        self.tried: list[tuple[Any, list[str]]] = []
        self.real = ort.InferenceSession

    def __call__(self, path: str, **options: Any) -> ort.InferenceSession:
        asked = options["sess_options"].graph_optimization_level, options["disabled_optimizers"]
        self.tried.append(asked)
        if self.breaks(*asked):
            raise native.Fail("[ONNXRuntimeError] : 1 : FAIL : GetIndexFromName failed (1)")
        return self.real(path, **options)


def opened(folder: Path, monkeypatch: pytest.MonkeyPatch, breaks: Any) -> tuple[Model, Runtime]:
    graphs.write_folder(folder, graphs.grouped(SHAPE, WEIGHTS), SHAPE)
    runtime = Runtime(breaks)
    monkeypatch.setattr(session.ort, "InferenceSession", runtime)
    return open_model(folder, None, Provider.CPU, lambda done, total: None), runtime


RUNGS = {
    "whole": (lambda level, disabled: False, 1, None),
    "a fusion": (lambda level, disabled: not disabled and level == LEVELS.ORT_ENABLE_ALL, 2,
                 "without one of the runtime's optimisations"),
    "all but basic": (lambda level, disabled: level == LEVELS.ORT_ENABLE_ALL, 3,
                      "with the runtime's basic optimisations only"),
    "all": (lambda level, disabled: level != LEVELS.ORT_DISABLE_ALL, 4,
            "without the runtime's optimisations"),
}  # fmt: skip


@pytest.mark.parametrize("case", RUNGS)
def test_as_much_optimisation_as_works_is_kept_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    breaks, tries, said = RUNGS[case]
    model, runtime = opened(tmp_path, monkeypatch, breaks)
    assert len(runtime.tried) == tries
    assert len(model.info.notes) == (said is not None)
    if said:
        assert said in model.info.notes[0]
    expected = reference.logits(WEIGHTS, SHAPE, [5, 9, 2])[-1:]
    np.testing.assert_allclose(model.forward.run([5, 9, 2]), expected, atol=1e-4, rtol=0)


def test_a_graph_that_nothing_opens_is_refused_with_the_first_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelUnsupported, match=r"GetIndexFromName failed \(1\)"):
        opened(tmp_path, monkeypatch, lambda level, disabled: True)


@pytest.mark.parametrize(
    ("asked", "level"),
    [
        ("ORT_DISABLE_ALL", LEVELS.ORT_DISABLE_ALL),
        ("ORT_ENABLE_BASIC", LEVELS.ORT_ENABLE_BASIC),
        ("ORT_ENABLE_EXTENDED", LEVELS.ORT_ENABLE_ALL),
    ],
)
def test_the_exporter_may_ask_for_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, level: object
) -> None:
    options = {"graph_optimization_level": asked}
    config = {"model": {"decoder": {"session_options": options}}}
    (tmp_path / "genai_config.json").write_text(json.dumps(config))
    model, runtime = opened(tmp_path, monkeypatch, lambda level, disabled: False)
    assert [each[0] for each in runtime.tried] == [level]
    assert model.info.notes == ()
