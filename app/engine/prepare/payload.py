"""Takes the large weights out of a parsed graph, so that passes copy names and not gigabytes, and
puts them back."""

import os
from pathlib import Path

from onnx import ModelProto, TensorProto, external_data_helper

from app.engine.files.weights import stored_bytes
from app.engine.runtime.session import MemoryGraph

_SMALL = 4096  # bytes: constants that passes look into stay where they are
_ASIDE = "aside"


class Payload:
    """The large weights of one model: kept here, or in files of its folder."""

    def __init__(self, model: ModelProto, folder: Path) -> None:
        """Take the weights out of `model`, which is changed."""
        outside = [each for each in model.graph.initializer if _is_outside(each)]
        self.folder = _real_folder(outside, folder)
        self._aside: dict[str, TensorProto] = {}
        for weight in model.graph.initializer:
            if not _is_outside(weight) and stored_bytes(weight) > _SMALL:
                self._take(weight)

    @property
    def bytes(self) -> int:
        """What is kept here."""
        return sum(stored_bytes(weight) for weight in self._aside.values())

    def read(self, weight: TensorProto) -> TensorProto:
        """A weight with its values."""
        if weight.data_location != TensorProto.EXTERNAL:
            return weight
        if weight.name in self._aside:
            return self._aside[weight.name]
        copy = TensorProto()
        copy.CopyFrom(weight)
        external_data_helper.load_external_data_for_tensor(copy, str(self.folder))
        copy.data_location = TensorProto.DEFAULT
        del copy.external_data[:]
        return copy

    def whole(self, model: ModelProto) -> ModelProto:
        """A copy of `model` with the weights that are kept here back in their places."""
        copy = ModelProto()
        copy.CopyFrom(model)
        for weight in copy.graph.initializer:
            if _is_aside(weight):
                weight.CopyFrom(self._aside[weight.name])
        return copy

    def session_graph(self, model: ModelProto) -> MemoryGraph:
        """The model for a session."""
        return MemoryGraph(self.whole(model).SerializeToString(), self.folder)

    def _take(self, weight: TensorProto) -> None:
        kept = self._aside[weight.name] = TensorProto()
        kept.CopyFrom(weight)
        name, kind, sizes = weight.name, weight.data_type, list(weight.dims)
        weight.Clear()
        weight.name, weight.data_type = name, kind
        weight.dims.extend(sizes)
        weight.data_location = TensorProto.EXTERNAL
        weight.external_data.add(key=_ASIDE, value="1")


def _is_outside(weight: TensorProto) -> bool:
    return weight.data_location == TensorProto.EXTERNAL


def _real_folder(weights: list[TensorProto], folder: Path) -> Path:
    """The folder that the weights really lie in, and their names changed to what they are there.

    The files of a Hub cache are links into another folder, which the runtime does not follow for a
    graph in memory.
    """
    places = [entry for each in weights for entry in each.external_data if entry.key == "location"]
    files = {entry.value: (folder / entry.value).resolve() for entry in places}
    if all(file.is_relative_to(folder.resolve()) for file in files.values()):
        return folder
    common = Path(os.path.commonpath([file.parent for file in files.values()]))
    for entry in places:
        entry.value = files[entry.value].relative_to(common).as_posix()
    return common


def _is_aside(weight: TensorProto) -> bool:
    return any(entry.key == _ASIDE for entry in weight.external_data)
