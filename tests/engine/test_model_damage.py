"""One sentence for every damage of a model folder."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import (
    ModelDamaged,
    ModelUnsupported,
)
from tests.engine import graphs
from tests.engine.model_damage import DAMAGES, not_finite
from tests.engine.model_folders import GRAPH, SHAPE, opened, sound_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return sound_folder(tmp_path / "small")


def test_numbers_that_are_not_finite_name_a_better_variant(folder: Path) -> None:
    not_finite(folder)
    (folder / "model.onnx").rename(folder / "model_fp16.onnx")
    with pytest.raises(ModelUnsupported, match="Download another variant") as alone:
        opened(folder)
    assert "not finite" in alone.value.message
    graphs.write_folder(folder, GRAPH, SHAPE, file="model_q4f16.onnx")
    graphs.write_folder(folder, GRAPH, SHAPE, file="model_int8.onnx")
    with pytest.raises(ModelUnsupported, match='Try the variant "int8" of this model'):
        opened(folder, "fp16")
    opened(folder, "int8")


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damaged_folder_is_refused_in_one_sentence(
    folder: Path, case: str, capfd: pytest.CaptureFixture[str]
) -> None:
    damage, kind, sentence = DAMAGES[case]
    damage(folder)
    with pytest.raises(kind, match=sentence) as caught:
        opened(folder)
    assert caught.value.message.endswith((".", '")'))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_file_cut_anywhere_ends_in_a_sentence(folder: Path, data: st.DataObject) -> None:
    names = ["model.onnx", "model.onnx_data", "tokenizer.json", "config.json"]
    file = folder / data.draw(st.sampled_from(names))
    whole = file.read_bytes()
    file.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    try:
        with pytest.raises(ModelDamaged):
            opened(folder)
    finally:
        file.write_bytes(whole)
