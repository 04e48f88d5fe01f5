"""Budgets, closing sentences and drafts that cannot be, or that fail amid an answer."""

from pathlib import Path

import numpy as np
import pytest
from onnx import helper, numpy_helper
from tokenizers import AddedToken, decoders, models, normalizers
from tokenizers import Tokenizer as NativeTokenizer

from tests.cli.program import Program
from tests.cli.test_failures import is_one_sentence
from tests.engine import graphs, reference
from tests.engine.reference import Shape
from tests.engine.test_generate import text_folder

QUESTION = ("chat", "What is 27 + 48?", "--temperature", "0", "--reasoning", "high")
SHAPE = Shape()
AFTER = 15


@pytest.fixture(scope="module")
def few_words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that reasons and knows hardly a word."""
    folder = graphs.small_model(tmp_path_factory.mktemp("models") / "few", Shape(vocabulary=8))
    pieces = {"<unk>": 0, "\u2581": 1, "h": 2, "i": 3}
    native = NativeTokenizer(models.BPE(vocab=pieces, merges=[], unk_token="<unk>", fuse_unk=True))
    native.normalizer = normalizers.Replace(" ", "\u2581")
    native.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    native.add_special_tokens([AddedToken(each) for each in ("<unk>", "<think>", "</think>")])
    native.save(str(folder / "tokenizer.json"))
    template = "{{ messages[0].content }}{% if enable_thinking %} <think>{% endif %}"
    (folder / "chat_template.jinja").write_text(template)
    return folder


def failing_model(folder: Path) -> Path:
    """The small model, whose graph fails once there are `AFTER` tokens."""
    model = graphs.grouped(SHAPE, reference.random_weights(SHAPE))
    model.graph.node[-1].output[0] = "raw"
    for name, value in (("table", np.zeros(AFTER, np.float32)), ("second", np.array(1))):
        model.graph.initializer.append(numpy_helper.from_array(value, name))
    model.graph.node.extend(
        [
            helper.make_node("Shape", ["attention_mask"], ["sizes"]),
            helper.make_node("Gather", ["sizes", "second"], ["total"]),
            helper.make_node("Gather", ["table", "total"], ["zero"]),
            helper.make_node("Add", ["raw", "zero"], ["logits"]),
        ]
    )
    return graphs.write_folder(folder, model, SHAPE)


def test_a_budget_of_nothing_answers_at_once(program: Program) -> None:
    answer = program.json(*QUESTION, "--reasoning-budget", "0")
    assert answer["reasoning"].strip() == ""
    assert answer["text"]


def test_a_closing_sentence_with_a_sign_of_the_model_is_refused(program: Program) -> None:
    refused = program.run(*QUESTION, "--reasoning-closing", "a </think> b")
    assert refused.status == 1
    assert "holds one of the model's own signs. Write another" in refused.err
    assert is_one_sentence(refused)


def test_a_closing_sentence_that_the_vocabulary_cannot_write_is_refused(
    program: Program, few_words: Path
) -> None:
    chat = ("chat", "hi", "--model", str(few_words), "--reasoning-budget", "3", "--max-tokens", "4")
    refused = program.run(*chat, "--reasoning-closing", "Enough")
    assert refused.status == 1
    assert "vocabulary cannot write the closing sentence. Write another" in refused.err
    assert is_one_sentence(refused)


def test_a_draft_of_another_vocabulary_is_refused(program: Program, tmp_path: Path) -> None:
    refused = program.run(*QUESTION, "--draft", str(text_folder(tmp_path / "Other")))
    assert refused.status == 1
    assert "vocabulary differs at id" in refused.err
    assert is_one_sentence(refused)


def test_a_draft_that_fails_amid_an_answer_leaves_it_as_it_is(
    program: Program, tmp_path: Path
) -> None:
    model = graphs.small_model(tmp_path / "model", SHAPE)
    ask = (
        "complete", "--ids", "1,2,3", "--model", str(model), "--temperature", "0",
        "--max-tokens", "40",
    )  # fmt: skip
    plain = program.json(*ask)
    draft = failing_model(tmp_path / "draft")
    drafted = program.json(*ask, "--draft", str(draft), "--draft-tokens", "3")
    assert [each["id"] for each in drafted["tokens"]] == [each["id"] for each in plain["tokens"]]
    assert drafted["drafting"]["kept"] > 0
    assert "went on without drafts" in drafted["drafting"]["notes"][0]
