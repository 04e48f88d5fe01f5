"""What can be wrong with a model folder: each damage, its error and its sentence."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, helper, numpy_helper

from app.errors import (
    CandorError,
    ModelDamaged,
    ModelUnsupported,
    OutOfMemory,
)
from tests.engine import graphs, reference
from tests.engine.exports import Forgetful, embed_tokens
from tests.engine.model_folders import GRAPH, SHAPE, WEIGHTS, write
from tests.engine.reference import Shape


def without_embeddings(folder: Path) -> None:
    graphs.write_folder(folder, graphs.plain(SHAPE, WEIGHTS, embedded=True), SHAPE)


def embeddings_for_another_decoder(folder: Path) -> None:
    extra: reference.Weights = {"per_layer": np.ones((SHAPE.vocabulary, 1, 8), np.float32)}
    extra["0.per_layer"] = np.ones((8, SHAPE.hidden), np.float32)
    graph = graphs.plain(SHAPE, WEIGHTS | extra, embedded=True)
    graphs.write_folder(folder, graph, SHAPE)
    onnx.save(embed_tokens(WEIGHTS), str(folder / "embed_tokens.onnx"))


def second_half_alone(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    graphs.write_folder(folder, GRAPH, SHAPE, file="decoder_with_past_model.onnx")


def halves_that_do_not_fit(folder: Path) -> None:
    second_half_alone(folder)
    graph = graphs.plain(SHAPE, WEIGHTS, past=Forgetful())
    graphs.write_folder(folder, graph, SHAPE, file="decoder_model.onnx")


def set_location(folder: Path, location: str, offset: int = 0) -> None:
    """Point every external weight of the folder's model to `location`."""
    model = onnx.load(str(folder / "model.onnx"), load_external_data=False)
    for tensor in model.graph.initializer:
        fields = {entry.key: entry for entry in tensor.external_data}
        if fields:
            fields["location"].value = location
            fields["offset"].value = str(int(fields["offset"].value) + offset)
    (folder / "model.onnx").write_bytes(model.SerializeToString())


def cut(name: str, size: int) -> Callable[[Path], None]:
    return lambda folder: os.truncate(folder / name, size)


def put(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text)


def link(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).rename(folder.parent / name)
        (folder / name).symlink_to(folder.parent / name)

    return damage


def misname(folder: Path) -> None:
    """Break a name of the graph in the middle of its UTF-8."""
    data = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(data.replace(b"GroupQuery", b"Group\xffuery"))


def empty_a_weight(folder: Path) -> None:
    model = onnx.load(str(folder / "model.onnx"), load_external_data=False)
    next(each for each in model.graph.initializer if each.raw_data).ClearField("raw_data")
    (folder / "model.onnx").write_bytes(model.SerializeToString())


def link_out(folder: Path) -> None:
    (folder / "model.onnx_data").rename(folder.parent / "elsewhere")
    (folder / "model.onnx_data").symlink_to(folder.parent / "elsewhere")


def link_hard(folder: Path) -> None:
    (folder / "model.onnx_data").rename(folder.parent / "elsewhere")
    (folder / "model.onnx_data").hardlink_to(folder.parent / "elsewhere")


def not_finite(folder: Path) -> None:
    weights = {**WEIGHTS, "norm": np.full_like(WEIGHTS["norm"], np.nan)}
    graphs.write_folder(folder, graphs.grouped(SHAPE, weights), SHAPE)


def too_small(folder: Path) -> None:
    shape = Shape(vocabulary=300, layers=1)
    graphs.write_folder(folder, graphs.grouped(shape, reference.random_weights(shape)), shape)


def enormous_heads(folder: Path) -> None:
    model = ModelProto.FromString(GRAPH.SerializeToString())
    for each in [*model.graph.input, *model.graph.output]:
        if each.name.endswith((".key", ".value")):
            each.type.tensor_type.shape.dim[1].dim_param = "kv_heads"
    graphs.write_folder(folder, model, SHAPE)
    config = json.loads((folder / "config.json").read_text())
    write(folder / "config.json", **{**config, "num_key_value_heads": 10**15})


def enormous_tensor(folder: Path) -> None:
    """Logits wait for the maximum of a PiB of zeros, whose number the ids decide."""
    model = ModelProto.FromString(GRAPH.SerializeToString())
    model.graph.node[-1].output[0] = "raw"
    model.graph.initializer.append(numpy_helper.from_array(np.array([2**48]), "length"))
    model.graph.node.extend(
        [
            helper.make_node("Size", ["input_ids"], ["one"]),
            helper.make_node("Mul", ["length", "one"], ["lengths"]),
            helper.make_node("ConstantOfShape", ["lengths"], ["zeros"]),
            helper.make_node("ReduceMax", ["zeros"], ["zero"], keepdims=0),
            helper.make_node("Add", ["raw", "zero"], ["logits"]),
        ]
    )
    graphs.write_folder(folder, model, SHAPE)


DAMAGES: dict[str, tuple[Callable[[Path], object], type[CandorError], str]] = {
    "graph cut short": (cut("model.onnx", 900), ModelDamaged, r"model.onnx \(900 bytes\) is cut"),
    "graph empty": (cut("model.onnx", 0), ModelDamaged, "model.onnx is empty"),
    "graph is text": (put("model.onnx", "hello"), ModelDamaged, "is not an ONNX model"),
    "pointer": (
        put("model.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
        ModelDamaged,
        "model.onnx is a Git LFS pointer",
    ),
    "web page": (
        put("model.onnx", "\n<!DOCTYPE html><html>404</html>"),
        ModelDamaged,
        "model.onnx is a web page",
    ),
    "graph linked": (link("model.onnx"), ModelUnsupported, "model.onnx is a link out of"),
    "config linked": (link("config.json"), ModelUnsupported, "config.json is a link out of"),
    "template linked": (
        link("chat_template.jinja"),
        ModelUnsupported,
        "chat_template.jinja is a link out of",
    ),
    "tokenizer linked": (
        link("tokenizer.json"),
        ModelUnsupported,
        "tokenizer.json is a link out of",
    ),
    "name that is no text": (misname, ModelDamaged, "holds a name that is no text"),
    "weight emptied": (empty_a_weight, ModelDamaged, r"holds 0 of the \d+ values it claims"),
    "half a character": (
        put("config.json", '{"model_type": "\\ud800"}'),
        ModelDamaged,
        "is not valid JSON",
    ),
    "template far too long": (
        put("chat_template.jinja", "x" * 2**21),
        ModelDamaged,
        "is too long for a chat template",
    ),
    "weights missing": (
        lambda folder: (folder / "model.onnx_data").unlink(),
        ModelDamaged,
        "The weight file model.onnx_data is missing",
    ),
    "weights cut short": (
        cut("model.onnx_data", 1000),
        ModelDamaged,
        "The weight file model.onnx_data is cut short: it has 1,000 bytes",
    ),
    "weights short of a byte": (
        lambda folder: cut("model.onnx_data", (folder / "model.onnx_data").stat().st_size - 1)(
            folder
        ),
        ModelDamaged,
        "model.onnx_data is cut short",
    ),
    "weights are a pointer": (
        put(
            "model.onnx_data",
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9999\n",
        ),
        ModelDamaged,
        "model.onnx_data is a Git LFS pointer",
    ),
    "weights past the end": (
        lambda folder: set_location(folder, "model.onnx_data", offset=10**12),
        ModelDamaged,
        "model.onnx_data is cut short",
    ),
    "weights at a negative place": (
        lambda folder: set_location(folder, "model.onnx_data", offset=-(10**12)),
        ModelDamaged,
        "is negative",
    ),
    "weights above the folder": (
        lambda folder: set_location(folder, "../model.onnx_data"),
        ModelUnsupported,
        "weights from outside its folder",
    ),
    "weights above a Windows folder": (
        lambda folder: set_location(folder, "..\\model.onnx_data"),
        ModelUnsupported,
        "weights from outside its folder",
    ),
    "weights anywhere": (
        lambda folder: set_location(folder, "/etc/passwd"),
        ModelUnsupported,
        r'weights from outside its folder \("/etc/passwd"\)',
    ),
    "weights with a second name": (
        link_hard,
        ModelUnsupported,
        "model.onnx_data has a second name elsewhere on this disk",
    ),
    "weights linked out": (link_out, ModelUnsupported, "is a link out of the model's folder"),
    "no graph makes the vectors": (
        without_embeddings,
        ModelUnsupported,
        'takes vectors in place of ids .input "inputs_embeds"., and there is no graph',
    ),
    "the vectors of layers are missing": (
        embeddings_for_another_decoder,
        ModelUnsupported,
        'Nothing makes the model\'s input "per_layer_inputs": embed_tokens.onnx has no such',
    ),
    "the first half is missing": (
        second_half_alone,
        ModelDamaged,
        "The model file decoder_model.onnx is missing",
    ),
    "the first half does not fit": (
        halves_that_do_not_fit,
        ModelUnsupported,
        'decoder_model.onnx does not give "present.0.key", which decoder_with_past_model.onnx',
    ),
    "config broken": (put("config.json", "{"), ModelDamaged, "config.json is not valid JSON"),
    "defaults out of range": (
        put("generation_config.json", '{"temperature": -1}'),
        ModelDamaged,
        "generation defaults cannot be used: temperature must lie between 0 and 5, not -1",
    ),
    "defaults of a strange type": (
        put("generation_config.json", '{"top_p": "high"}'),
        ModelDamaged,
        "generation defaults cannot be used",
    ),
    "template broken": (put("chat_template.jinja", "{% if %}"), ModelDamaged, "chat template"),
    "tokenizer too large": (
        too_small,
        ModelDamaged,
        "The tokenizer does not fit the model: it has 404 tokens, the model 300",
    ),
    "not a number": (not_finite, ModelUnsupported, "gives numbers that are not finite"),
    "tensor too large": (enormous_tensor, OutOfMemory, "not enough memory for this model"),
    "cache too large": (enormous_heads, OutOfMemory, "not enough memory for this model's cache"),
}
