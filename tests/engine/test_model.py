"""Opening a model from disk: what is learned from its folder, and one sentence for every damage."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import ModelProto, helper, numpy_helper

from app.domain.events import Delta
from app.domain.messages import Message, Role
from app.domain.models import Layout
from app.domain.requests import ChatPrompt, Generate, IdsPrompt, Provider, TextPrompt
from app.domain.sampling import SamplingParams
from app.engine.generate import generate
from app.engine.model import Model, open_model
from app.engine.prompt import encode
from app.engine.runtime.memory import physical_memory
from app.errors import (
    CandorError,
    DeviceFailed,
    InvalidRequest,
    ModelDamaged,
    ModelNotFound,
    ModelUnsupported,
    OutOfMemory,
)
from tests.engine import graphs, reference
from tests.engine.exports import Combined, Forgetful, embed_tokens
from tests.engine.reference import Shape
from tests.engine.vocabularies import byte_level

SHAPE = Shape(vocabulary=420, layers=1)
TOKENS = 404  # of the tokenizer; the other rows stand for nothing
WEIGHTS = reference.random_weights(SHAPE)
GRAPH = graphs.grouped(SHAPE, WEIGHTS)


def opened(path: Path, variant: str | None = None) -> Model:
    return open_model(path, variant, Provider.CPU, lambda done, total: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound folder: weights beside the graph, tokenizer, template, defaults."""
    path = tmp_path / "small"
    graphs.write_folder(path, GRAPH, SHAPE, external_data="model.onnx_data")
    byte_level(path / "tokenizer.json")
    write(path / "tokenizer_config.json", eos_token={"content": "<|im_end|>"}, bos_token=None)
    (path / "chat_template.jinja").write_text("{{ messages[0].content }}<|endoftext|>")
    write(
        path / "generation_config.json",
        do_sample=True,
        temperature=0.6,
        top_k=20,
        eos_token_id=[7, 8],
    )
    return path


def write(path: Path, **content: object) -> None:
    path.write_text(json.dumps(content))


def test_a_folder_says_everything_about_its_model(folder: Path) -> None:
    steps: list[tuple[int, int]] = []
    model = open_model(folder, None, Provider.CPU, lambda done, total: steps.append((done, total)))
    assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]
    info = model.info
    assert (info.name, info.layout, info.variant) == ("small", Layout.OPTIMUM, "fp32")
    assert (info.context_length, info.vocabulary_size) == (SHAPE.context, TOKENS)
    assert (info.has_tokenizer, info.has_template) == (True, True)
    assert info.providers == ("CPUExecutionProvider",)
    assert info.sampling == SamplingParams(temperature=0.6, top_k=20)
    assert model.forward.cached_ids() == ()


def test_every_end_of_turn_ends_an_answer(folder: Path) -> None:
    # 1 from config.json, 7 and 8 from generation_config.json, 2 the tokenizer's, 0 the template's.
    assert opened(folder).eos_ids == {0, 1, 2, 7, 8}


def test_harmonys_channel_end_does_not_end_an_answer(folder: Path) -> None:
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    end = {**tokenizer["added_tokens"][-1], "id": 404, "content": "<|end|>", "special": True}
    tokenizer["added_tokens"].append(end)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    (folder / "chat_template.jinja").write_text("<|end|>")
    assert 404 in opened(folder).eos_ids
    config = json.loads((folder / "config.json").read_text())
    write(folder / "config.json", **{**config, "model_type": "gpt_oss"})
    assert 404 not in opened(folder).eos_ids


def test_rows_that_no_token_has_are_never_sampled(folder: Path) -> None:
    model = opened(folder)
    expected = reference.logits(WEIGHTS, SHAPE, [5, 9, 2])[:, :TOKENS]
    found = model.forward.run([5, 9, 2], every_position=True)
    np.testing.assert_allclose(found, expected, atol=1e-4, rtol=0)
    endless = dict.fromkeys(model.eos_ids, -1e4)
    wild = SamplingParams(temperature=5.0, seed=1, logit_bias=endless)
    request = Generate(prompt=IdsPrompt((5, 9)), sampling=wild, max_tokens=400, top_logprobs=2)
    records = [token for event in generate(model, request) if isinstance(event, Delta)
               for token in event.tokens]  # fmt: skip
    assert len({token.id for token in records}) > 100
    assert max(token.id for token in records) < TOKENS
    with pytest.raises(InvalidRequest, match="this model has 0 to 403"):
        encode(model, IdsPrompt((TOKENS,)), spare=1)


def test_a_text_begins_with_one_bos_and_a_chat_with_the_templates(folder: Path) -> None:
    write(folder / "tokenizer_config.json", add_bos_token=True, bos_token="<|endoftext|>")
    model = opened(folder)
    plain = encode(model, TextPrompt("ab"), spare=1)
    assert plain.ids[0] == 0 != plain.ids[1]
    assert plain.own_start == 1
    typed = encode(model, TextPrompt("<|endoftext|>ab"), spare=1)
    assert (typed.ids, typed.own_start) == (plain.ids, 0)
    (folder / "chat_template.jinja").write_text("{{ bos_token }}{{ messages[0].content }}")
    chat = encode(opened(folder), ChatPrompt((Message(Role.USER, "ab"),)), spare=1)
    assert chat.ids == plain.ids


def test_a_tokenizer_in_another_form_is_named(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.json").write_text("{}")
    (folder / "merges.txt").write_text("#version: 0.2")
    with pytest.raises(ModelUnsupported, match=r"only as vocab\.json and merges\.txt"):
        opened(folder)


def test_a_silent_generation_config_leaves_sampling_to_genai(folder: Path) -> None:
    write(folder / "generation_config.json", eos_token_id=3)
    search = {"do_sample": True, "temperature": 0.5, "top_k": 7}
    write(folder / "genai_config.json", model={"decoder": {}}, search=search)
    assert opened(folder).info.sampling == SamplingParams(temperature=0.5, top_k=7)
    write(folder / "generation_config.json", top_p=0.5)
    assert opened(folder).info.sampling == SamplingParams(top_p=0.5)


@pytest.mark.parametrize("place", ["a list", "a file", "chat_template.json"])
def test_tools_have_a_template_of_their_own(folder: Path, place: str) -> None:
    (folder / "chat_template.jinja").unlink()
    if place == "a list":
        named = [{"name": "tool_use", "template": "T"}, {"name": "default", "template": "D"}]
        write(folder / "tokenizer_config.json", chat_template=named)
    elif place == "a file":
        (folder / "chat_template.jinja").write_text("D")
        (folder / "additional_chat_templates").mkdir()
        (folder / "additional_chat_templates" / "tool_use.jinja").write_text("T")
    else:
        write(folder / "tokenizer_config.json", chat_template="wrong")
        write(folder / "chat_template.json", chat_template="D")
    template = opened(folder).template
    assert template is not None
    assert template.fill(template.all_values([{"role": "user"}], None, {})) == "D"
    with_tools = template.fill(template.all_values([{"role": "user"}], [{}], {}))
    assert with_tools == ("D" if place == "chat_template.json" else "T")


def test_a_folder_without_a_tokenizer_runs_by_ids(tmp_path: Path) -> None:
    model = opened(graphs.small_model(tmp_path))
    assert (model.tokenizer, model.template) == (None, None)
    assert model.eos_ids == {1}
    assert model.info.sampling == SamplingParams()


def test_a_lone_file_runs(tmp_path: Path) -> None:
    onnx.save(GRAPH, str(tmp_path / "mine.onnx"))
    model = opened(tmp_path / "mine.onnx")
    assert (model.info.layout, model.info.variant) == (Layout.SINGLE, "mine")
    assert model.info.context_length == SHAPE.context
    assert model.eos_ids == frozenset()


def test_a_genai_folder_runs_with_its_own_search_and_names(tmp_path: Path) -> None:
    graph = graphs.grouped(SHAPE, WEIGHTS, head_symbol="kv_cache_dim")
    folder = tmp_path / "repo" / "cpu_and_mobile" / "cpu-int4"
    graphs.write_folder(folder, graph, SHAPE, external_data="model.onnx.data")
    (folder / "config.json").unlink()
    decoder = {
        "filename": "model.onnx",
        "head_size": SHAPE.head_size,
        "num_key_value_heads": SHAPE.kv_heads,
        "inputs": {"input_ids": "input_ids", "past_key_names": "past_key_values.%d.key"},
        "outputs": {"present_value_names": "present.%d.value"},
    }
    write(
        folder / "genai_config.json",
        model={"context_length": 64, "eos_token_id": [3, 4], "decoder": decoder},
        search={"do_sample": False, "top_p": 0.9, "max_length": 64},
    )
    model = opened(tmp_path / "repo")
    assert (model.info.layout, model.info.variant) == (Layout.GENAI, "cpu_and_mobile/cpu-int4")
    assert model.info.context_length == 64
    assert model.info.sampling == SamplingParams(temperature=0.0, top_p=0.9)
    assert model.eos_ids == {3, 4}
    expected = reference.logits(WEIGHTS, SHAPE, [5, 9, 2])[-1:]
    np.testing.assert_allclose(model.forward.run([5, 9, 2]), expected, atol=1e-4, rtol=0)


def test_a_genai_folder_names_its_states_and_splits_off_its_embeddings(tmp_path: Path) -> None:
    past = Combined("kv_%d", "kv_next_%d")
    graph = graphs.plain(SHAPE, WEIGHTS, past=past, embedded=True)
    graphs.write_folder(tmp_path, graph, SHAPE, file="text.onnx")
    onnx.save(embed_tokens(WEIGHTS, features=True), str(tmp_path / "embedding.onnx"))
    decoder = {
        "filename": "text.onnx",
        "inputs": {"inputs_embeds": "inputs_embeds", "past_names": "kv_%d"},
        "outputs": {"present_names": "kv_next_%d"},
    }
    embedding = {"filename": "embedding.onnx"}
    write(tmp_path / "genai_config.json", model={"decoder": decoder, "embedding": embedding})
    model = opened(tmp_path)
    assert (model.info.layout, model.info.variant) == (Layout.GENAI, "text")
    ids = [5, 9, 2, 7]
    expected = reference.logits(WEIGHTS, SHAPE, ids)
    rows = [model.forward.run(part, every_position=True) for part in (ids[:3], ids[3:])]
    np.testing.assert_allclose(np.concatenate(rows), expected, atol=1e-4, rtol=0)


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


@pytest.mark.parametrize("file", ["onnx/model_q4.onnx", "onnx/model.onnx"])
def test_a_transformers_js_folder_runs_each_variant(tmp_path: Path, file: str) -> None:
    graphs.write_folder(tmp_path, GRAPH, SHAPE, file="onnx/model.onnx")
    other = graphs.plain(SHAPE, WEIGHTS)
    graphs.write_folder(tmp_path, other, SHAPE, file="onnx/model_q4.onnx", external_data="q4_data")
    model = opened(tmp_path / file)
    assert model.info.layout is Layout.TRANSFORMERS_JS
    assert model.info.variants == ("fp32", "q4")
    expected = reference.logits(WEIGHTS, SHAPE, [5, 9, 2])
    actual = model.forward.run([5, 9, 2], every_position=True)
    np.testing.assert_allclose(actual, expected, atol=1e-4, rtol=0)


def test_a_view_of_a_hub_cache_runs(tmp_path: Path, folder: Path) -> None:
    blobs, snapshot = tmp_path / "hub" / "blobs", tmp_path / "hub" / "snapshots" / "0a1b"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for number, file in enumerate(sorted(folder.iterdir())):
        file.rename(blobs / str(number))
        (snapshot / file.name).symlink_to(Path("..", "..", "blobs", str(number)))
    assert opened(snapshot).info.has_tokenizer


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


def test_memory_limits_the_context(tmp_path: Path) -> None:
    graphs.write_folder(tmp_path, graphs.plain(SHAPE, WEIGHTS), replace(SHAPE, context=10**12))
    bytes_per_token = 2 * SHAPE.layers * SHAPE.kv_heads * SHAPE.head_size * 4
    expected = physical_memory() // 4 // bytes_per_token
    assert opened(tmp_path).info.context_length == expected < 10**12


def test_a_template_may_come_in_any_of_three_files(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()
    named = [{"name": "tool_use", "template": "no"}, {"name": "default", "template": "list"}]
    write(folder / "tokenizer_config.json", chat_template=named)
    assert rendered(folder) == "list"
    write(folder / "chat_template.json", chat_template="file")
    assert rendered(folder) == "file"
    (folder / "chat_template.jinja").write_text("jinja")
    assert rendered(folder) == "jinja"


def rendered(folder: Path) -> str:
    template = opened(folder).template
    assert template is not None
    return template.render([Message(Role.USER, "Hello")], reasoning=None, variables={})


def test_a_place_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="no ONNX model"):
        opened(tmp_path)


def test_a_path_that_the_system_refuses_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"cannot be read|no folder or file"):
        opened(tmp_path / ("long" * 100))


def test_a_device_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(DeviceFailed, match=r"cannot use CUDA.*It can use: the CPU"):
        open_model(folder, None, Provider.CUDA, lambda done, total: None)


def test_the_runtime_stays_silent_about_itself(folder: Path) -> None:
    opened(folder)
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
