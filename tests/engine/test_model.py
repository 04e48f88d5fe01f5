"""Opening a model from disk: what is learned from its folder."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from app.domain.events import Delta
from app.domain.messages import Message, Role
from app.domain.models import Layout
from app.domain.requests import ChatPrompt, Generate, IdsPrompt, Provider, TextPrompt
from app.domain.sampling import SamplingParams
from app.engine.generate import generate
from app.engine.model import open_model
from app.engine.prompt import encode
from app.engine.runtime.memory import physical_memory
from app.errors import (
    DeviceFailed,
    InvalidRequest,
    ModelNotFound,
    ModelUnsupported,
)
from tests.engine import graphs, reference
from tests.engine.exports import Combined, embed_tokens
from tests.engine.model_folders import GRAPH, SHAPE, TOKENS, WEIGHTS, opened, sound_folder, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return sound_folder(tmp_path / "small")


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
