"""Sessions on a device: binding an input copies it there, and a device's failure is its own."""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.requests import Provider
from app.engine import model
from app.engine.forward import Forward
from app.engine.runtime import ladder, providers, session
from app.engine.runtime.runtime import native, ort
from app.errors import DeviceFailed, ModelDamaged
from tests.engine import graphs, reference
from tests.engine.reference import Shape

SHAPE = Shape()
WEIGHTS = reference.random_weights(SHAPE)
IDS = np.random.default_rng(3).integers(0, SHAPE.vocabulary, 24).tolist()
EXPECTED = reference.logits(WEIGHTS, SHAPE, IDS)
GRAPHS = {"grouped": graphs.grouped(SHAPE, WEIGHTS), "plain": graphs.plain(SHAPE, WEIGHTS)}


class CopyingBinding(ort.IOBinding):
    """Takes an input's values when it is bound, as the runtime does for another device."""

    def bind_ortvalue_input(self, name: str, ortvalue: ort.OrtValue) -> None:
        super().bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(ortvalue.numpy().copy()))

    def bind_input(
        self,
        name: str,
        device_type: str,
        device_id: int,
        element_type: Any,
        shape: Any,
        buffer_ptr: int,
    ) -> None:
        there = np.zeros(shape, element_type)
        ctypes.memmove(there.ctypes.data, buffer_ptr, there.nbytes)
        super().bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(there))


class DeviceSession(session.Session):
    """A session on the CPU that binds as one on another device would."""

    copying = True

    def __init__(self, path: Path, provider: Provider, *options: Any) -> None:
        super().__init__(path, provider, *options)
        self.copies_inputs = self.copying

    def binding(self) -> ort.IOBinding:
        return CopyingBinding(self._session)


class UnawareSession(DeviceSession):
    """The same one, but nobody is told that it copies."""

    copying = False


def open_forward(folder: Path, monkeypatch: pytest.MonkeyPatch, kind: type) -> Forward:
    monkeypatch.setattr(ladder, "Session", kind)
    return model.open_model(folder, None, Provider.CPU, lambda done, total: None).forward


def token_by_token(forward: Forward) -> np.ndarray:
    rows = [forward.run(IDS[:8], every_position=True).copy()]
    for id in IDS[8:]:
        (outcome,) = forward.decode([(0, id)])
        assert isinstance(outcome, np.ndarray)
        rows.append(outcome.copy())
    return np.concatenate(rows)


@pytest.mark.parametrize("graph", GRAPHS)
def test_inputs_are_bound_anew_where_binding_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, graph: str
) -> None:
    folder = graphs.write_folder(tmp_path, GRAPHS[graph], SHAPE)
    forward = open_forward(folder, monkeypatch, DeviceSession)
    np.testing.assert_allclose(token_by_token(forward), EXPECTED, atol=1e-4, rtol=0)


def test_the_difference_matters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = graphs.write_folder(tmp_path, GRAPHS["grouped"], SHAPE)
    forward = open_forward(folder, monkeypatch, UnawareSession)
    assert not np.allclose(token_by_token(forward), EXPECTED, atol=1e-4, rtol=0)


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """CUDA is there, as far as everyone but the runtime itself knows."""
    monkeypatch.setattr(session, "check_provider", lambda provider, index: None)


@pytest.mark.usefixtures("cuda")
def test_a_session_without_its_device_is_no_session(tmp_path: Path) -> None:
    """The runtime leaves a provider out that it cannot load, and says so only in its log."""
    folder = graphs.write_folder(tmp_path, GRAPHS["grouped"], SHAPE)
    with pytest.raises(DeviceFailed, match="CUDA"), pytest.warns(UserWarning, match="CUDA"):
        session.Session(folder / "model.onnx", Provider.CUDA)


@pytest.mark.usefixtures("cuda")
@pytest.mark.parametrize(
    ("raised", "error", "said"),
    [
        (native.EPFail("[ONNXRuntimeError] : 11 : EP_FAIL : no kernel"), DeviceFailed, "no kernel"),
        (native.Fail("Failed to allocate memory for requested buffer"), DeviceFailed, "not enough"),
        (native.InvalidProtobuf("Protobuf parsing failed"), ModelDamaged, "parsing failed"),
    ],
)
def test_a_device_that_fails_is_named(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, error: type[Exception], said: str
) -> None:
    def create(*_: object) -> ort.InferenceSession:
        raise raised

    monkeypatch.setattr(session, "_create", create)
    with pytest.raises(error, match=said):
        session.Session(Path("model.onnx"), Provider.CUDA)


def test_every_session_records_where_its_nodes_run(tmp_path: Path) -> None:
    folder = graphs.write_folder(tmp_path, GRAPHS["grouped"], SHAPE)
    (placement,) = model.open_model(folder, None, Provider.CPU, lambda *_: None).info.placements
    assert placement.provider == "CPUExecutionProvider"
    assert placement.operators["GroupQueryAttention"] == SHAPE.layers
    assert placement.nodes == sum(placement.operators.values())
    assert providers.RECORD_PLACEMENT.startswith("session.")


def test_numbers_that_no_device_should_give_offer_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As f16 does on some cards: the graph runs, and gives no numbers."""
    broken = {name: values * np.float32("nan") for name, values in WEIGHTS.items()}
    folder = graphs.write_folder(tmp_path, graphs.plain(SHAPE, broken), SHAPE)

    def on_the_cpu(path: Path, _provider: Provider, *rest: Any) -> session.Session:
        return session.Session(path, Provider.CPU, *rest)

    monkeypatch.setattr(ladder, "Session", on_the_cpu)
    with pytest.raises(DeviceFailed, match="not finite"):
        model.open_model(folder, None, Provider.CUDA, lambda *_: None)


@pytest.mark.usefixtures("cuda")
def test_the_runtime_does_not_fall_back_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its Python layer would try the CPU, and the reason would be lost."""
    create = ort.InferenceSession._create_inference_session

    def fail(self: Any, wanted: Any, *rest: Any) -> None:
        if wanted != ["CPUExecutionProvider"]:
            raise RuntimeError("CUDA failure 999: unknown error")
        create(self, wanted, *rest)

    monkeypatch.setattr(ort.InferenceSession, "_create_inference_session", fail)
    folder = graphs.write_folder(tmp_path, GRAPHS["grouped"], SHAPE)
    with pytest.raises(DeviceFailed, match=r"cannot run this model.*CUDA failure 999"):
        session.Session(folder / "model.onnx", Provider.CUDA)
