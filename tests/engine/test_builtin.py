"""The models that come with the program, opened like any other folder."""

from pathlib import Path

import numpy as np
import pytest

from app import paths
from app.domain.messages import Message, Role
from app.domain.requests import Provider
from app.engine.forward import CHUNK
from app.engine.model import Model, open_model
from tests.engine import reference

FOLDERS = [paths.built_in_model(), paths.built_in_model().with_name("candor-small-draft")]
TEXT = (
    "<|im_start|>user\nWhat does the heatmap show? Naïve café 🙂<|im_end|>\n"
    "<|im_start|>assistant\n<think>\n12 + 30 = 42\n</think>\n\nEach token's probability."
)


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def opened(request: pytest.FixtureRequest) -> tuple[Path, Model]:
    folder = request.param
    return folder, open_model(folder, None, Provider.CPU, lambda done, total: None)


def test_logits_agree_with_the_reference(opened: tuple[Path, Model]) -> None:
    folder, model = opened
    assert model.tokenizer is not None
    ids = (model.tokenizer.encode(TEXT, add_special=False) * 4)[:300]
    shape, weights = reference.read_folder(folder)
    expected = reference.logits(weights, shape, ids)
    model.forward.clear()
    parts = [ids[at : at + CHUNK] for at in range(0, len(ids), CHUNK)]
    rows = [model.forward.run(part, every_position=True).copy() for part in parts]
    np.testing.assert_allclose(np.concatenate(rows), expected, atol=1e-4, rtol=0)


def test_greedy_ids_agree_with_the_reference(opened: tuple[Path, Model]) -> None:
    folder, model = opened
    assert model.tokenizer is not None
    assert model.template is not None
    prompt = model.template.render([Message(Role.USER, "Hello")], reasoning=None, variables={})
    ids = model.tokenizer.encode(prompt, add_special=False)
    shape, weights = reference.read_folder(folder)
    model.forward.clear()
    logits = model.forward.run(ids)
    generated: list[int] = []
    for _ in range(24):
        generated.append(int(logits[-1].argmax()))
        logits = model.forward.run(generated[-1:])
    expected = reference.logits(weights, shape, ids + generated)[len(ids) - 1 : -1]
    assert generated == expected.argmax(axis=-1).tolist()


def test_tokens_give_back_their_text(opened: tuple[Path, Model]) -> None:
    tokenizer = opened[1].tokenizer
    assert tokenizer is not None
    ids = tokenizer.encode(TEXT, add_special=False)
    shown = TEXT.replace("<|im_start|>", "").replace("<|im_end|>", "")
    assert b"".join(map(tokenizer.token_bytes, ids)) == shown.encode()
    digits = tokenizer.encode("4096", add_special=False)
    assert [tokenizer.token_bytes(id) for id in digits] == [b"4", b"0", b"9", b"6"]


def test_the_folder_says_what_it_can_do(opened: tuple[Path, Model]) -> None:
    model = opened[1]
    assert model.info.reasoning_switch == "enable_thinking"
    assert model.info.effort_switch == "reasoning_effort"
    assert model.tokenizer is not None
    assert model.tokenizer.id_of("<|im_end|>") in model.eos_ids
