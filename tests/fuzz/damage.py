"""Ways to damage a model folder, each drawn from a seed alone."""

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto

from tests.worker.hostile import HOSTILE

HUGE = (2**31, 2**32 + 1, 2**62, 2**63 - 1, 10**30, -1)
OTHER_VALUES = (None, True, -1, 0, 1.5, *HUGE, "", "x", "../outside/secret.bin", "A" * 100_000,
                [], {}, [[]], {"a": 1})  # fmt: skip
INSTEAD = (
    b"",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    b"<!doctype html><html>not found</html>",
    b"\x00" * 4096,
    b"PK\x03\x04",
    b"[" * 200_000,
    b"\xff\xfe\xff",
)

Damage = Callable[[Path, random.Random], str]


def damage(folder: Path, seed: int) -> str:
    """Damage a sound folder in one or two ways and say how."""
    rng = random.Random(seed)
    ways = rng.sample(WAYS, rng.choice((1, 1, 1, 2)))
    return ", ".join(f"{way.__name__}({_do(way, folder, rng)})" for way in ways)


def _do(way: Damage, folder: Path, rng: random.Random) -> str:
    try:
        return way(folder, rng)
    except (DecodeError, IndexError, UnicodeDecodeError, OSError):
        return "nothing: the folder is damaged too much for that"


def flip_bytes(folder: Path, rng: random.Random) -> str:
    file = _file(folder, rng)
    data = bytearray(file.read_bytes())
    reach = rng.choice((64, 4096, len(data)))
    for _ in range(rng.choice((1, 3, 30))):
        if data:
            data[rng.randrange(min(reach, len(data)))] ^= 1 << rng.randrange(8)
    file.write_bytes(data)
    return file.name


def flip_bytes_of_the_graph(folder: Path, rng: random.Random) -> str:
    """Behind the weights lie nodes, inputs and outputs."""
    file = _graph(folder, rng)
    data = bytearray(file.read_bytes())
    for _ in range(rng.choice((1, 4, 16)) if data else 0):
        data[-1 - rng.randrange(min(6000, len(data)))] = rng.randrange(256)
    file.write_bytes(data)
    return file.name


def cut(folder: Path, rng: random.Random) -> str:
    file = _file(folder, rng)
    data = file.read_bytes()
    file.write_bytes(data[: rng.randrange(len(data) + 1)])
    return file.name


def lengthen(folder: Path, rng: random.Random) -> str:
    file = _file(folder, rng)
    file.write_bytes(file.read_bytes() + rng.randbytes(rng.choice((1, 5000))))
    return file.name


def swap(folder: Path, rng: random.Random) -> str:
    one, other = _file(folder, rng), _file(folder, rng)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    return f"{one.name}, {other.name}"


def rename(folder: Path, rng: random.Random) -> str:
    file = _file(folder, rng)
    file.rename(file.with_name(rng.choice((f"x{file.name}", file.name.upper(), "vocab.json"))))
    return file.name


def replace(folder: Path, rng: random.Random) -> str:
    file = _file(folder, rng)
    file.write_bytes(rng.choice(INSTEAD))
    return file.name


def turn_into_a_folder(folder: Path, rng: random.Random) -> str:
    file = _file(folder, rng)
    file.unlink()
    file.mkdir()
    return file.name


def link_out(folder: Path, rng: random.Random) -> str:
    """A link, or a second name, of a file outside that would do in its place."""
    file = _file(folder, rng)
    outside = folder.parent / "outside" / file.name
    if not outside.exists():
        outside.write_bytes(file.read_bytes())
    file.unlink()
    (rng.choice((os.symlink, os.symlink, os.link)))(outside, file)
    return file.name


def point_out(folder: Path, rng: random.Random) -> str:
    """External weights that are said to lie elsewhere."""
    secret = folder.parent / "outside" / "secret.bin"
    places = ("../outside/secret.bin", str(secret), "x/../../outside/secret.bin", "/dev/zero", "",
              ".", "..", "model.onnx", "a\0b", "*/_ORT_MEM_ADDR_/*")  # fmt: skip
    place = rng.choice(places)
    _edit_external(folder, rng, "location", place)
    return place


def claim_other_extents(folder: Path, rng: random.Random) -> str:
    value = rng.choice((*map(str, HUGE), "one", "1e3", "", "4"))
    key = rng.choice(("length", "offset"))
    _edit_external(folder, rng, key, value)
    return f"{key} {value}"


def claim_other_shapes(folder: Path, rng: random.Random) -> str:
    """Dimensions of a weight, an input or an output that nothing fits."""
    file = _graph(folder, rng)
    model = _parsed(file)
    size = rng.choice((0, 2**31, 2**40, 2**62, -5))
    tensor = rng.choice(model.graph.initializer)
    if tensor.dims and rng.random() < 0.5:
        tensor.dims[rng.randrange(len(tensor.dims))] = size
    else:
        info = rng.choice([*model.graph.input, *model.graph.output])
        dims = info.type.tensor_type.shape.dim
        if dims:
            dims[rng.randrange(len(dims))].dim_value = size
    _save(model, file)
    return str(size)


def edit_the_graph(folder: Path, rng: random.Random) -> str:
    file = _graph(folder, rng)
    model = _parsed(file)
    edit = rng.choice(EDITS)
    edit(model, rng)
    _save(model, file)
    return edit.__name__


def edit_json(folder: Path, rng: random.Random) -> str:
    """Another value, of any type, somewhere in a JSON file."""
    file = rng.choice([each for each in _files(folder) if each.suffix == ".json"])
    try:
        content = json.loads(file.read_text())
    except ValueError:
        return "nothing"
    path = _put(content, rng)
    file.write_text(json.dumps(content))
    return f"{file.name} {path}"


def repeat_json(folder: Path, rng: random.Random) -> str:
    """Brackets without end, numbers without end, names twice."""
    file = rng.choice([each for each in _files(folder) if each.suffix == ".json"])
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    long = '{"a": ' + "9" * 10_000 + "}"
    text = rng.choice((deep, long, '{"a": 1, "a": NaN}', '{"a": "\\ud800"}'))
    file.write_text(text)
    return file.name


def write_a_hostile_template(folder: Path, rng: random.Random) -> str:
    name = rng.choice(list(HOSTILE))
    (folder / "chat_template.jinja").write_text(HOSTILE[name])
    return name


def drop_a_node(model: onnx.ModelProto, rng: random.Random) -> None:
    del model.graph.node[rng.randrange(len(model.graph.node))]


def turn_in_a_circle(model: onnx.ModelProto, rng: random.Random) -> None:
    node = rng.choice(model.graph.node)
    if node.input:
        node.input[0] = node.output[0]


def name_an_unknown_operator(model: onnx.ModelProto, rng: random.Random) -> None:
    node = rng.choice(model.graph.node)
    node.op_type, node.domain = rng.choice((("Secret", ""), ("Add", "evil.example"), ("", "")))


def change_an_attribute(model: onnx.ModelProto, rng: random.Random) -> None:
    attributes = [each for node in model.graph.node for each in node.attribute]
    attribute = rng.choice(attributes)
    attribute.i = rng.choice((0, -1, 10**6, 2**62))
    attribute.f = float("nan")


def rename_an_end(model: onnx.ModelProto, rng: random.Random) -> None:
    rng.choice([*model.graph.input, *model.graph.output]).name = rng.choice(("", "x", "logits"))


def change_a_type(model: onnx.ModelProto, rng: random.Random) -> None:
    info = rng.choice([*model.graph.input, *model.graph.output])
    info.type.tensor_type.elem_type = rng.choice((0, 1, 6, 7, 8, 10, 16, 99))


def change_a_weights_type(model: onnx.ModelProto, rng: random.Random) -> None:
    rng.choice(model.graph.initializer).data_type = rng.choice((0, 2, 7, 8, 10, 22, 99))


def empty_a_weight(model: onnx.ModelProto, rng: random.Random) -> None:
    tensor = rng.choice(model.graph.initializer)
    tensor.ClearField("raw_data")


def claim_another_version(model: onnx.ModelProto, rng: random.Random) -> None:
    model.ir_version = rng.choice((0, 2, 99, 2**40))
    model.opset_import[0].version = rng.choice((0, 1, 21, 999))


EDITS = (
    drop_a_node,
    turn_in_a_circle,
    name_an_unknown_operator,
    change_an_attribute,
    rename_an_end,
    change_a_type,
    change_a_weights_type,
    empty_a_weight,
    claim_another_version,
)
WAYS: tuple[Damage, ...] = (
    flip_bytes,
    flip_bytes_of_the_graph,
    cut,
    lengthen,
    swap,
    rename,
    replace,
    turn_into_a_folder,
    link_out,
    point_out,
    claim_other_extents,
    claim_other_shapes,
    edit_the_graph,
    edit_the_graph,
    edit_json,
    edit_json,
    repeat_json,
    write_a_hostile_template,
)


def _files(folder: Path) -> list[Path]:
    return sorted(each for each in folder.rglob("*") if each.is_file() and not each.is_symlink())


def _file(folder: Path, rng: random.Random) -> Path:
    return rng.choice(_files(folder))


def _graph(folder: Path, rng: random.Random) -> Path:
    return rng.choice([each for each in _files(folder) if each.suffix == ".onnx"] or _files(folder))


def _parsed(file: Path) -> onnx.ModelProto:
    return onnx.ModelProto.FromString(file.read_bytes())


def _save(model: onnx.ModelProto, file: Path) -> None:
    file.write_bytes(model.SerializeToString())


def _edit_external(folder: Path, rng: random.Random, key: str, value: str) -> None:
    """Change an entry of a weight, which becomes an external one if need be."""
    file = _graph(folder, rng)
    model = _parsed(file)
    tensor = rng.choice(model.graph.initializer)
    if not tensor.external_data:
        tensor.ClearField("raw_data")
        tensor.external_data.add(key="location", value="model.onnx_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = next((each for each in tensor.external_data if each.key == key), None)
    entry = entry or tensor.external_data.add(key=key)
    entry.value = value
    _save(model, file)


def _put(content: Any, rng: random.Random) -> str:
    """Put another value into a random place of parsed JSON and name the place."""
    if isinstance(content, dict) and content:
        key = rng.choice(sorted(content))
    elif isinstance(content, list) and content:
        key = rng.randrange(len(content))
    else:
        return ""
    inner = content[key]
    if isinstance(inner, dict | list) and inner and rng.random() < 0.7:
        return f"{key}.{_put(inner, rng)}"
    content[key] = rng.choice(OTHER_VALUES)
    return str(key)
