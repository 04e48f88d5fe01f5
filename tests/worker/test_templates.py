"""Chat templates in a process of their own: none can hurt the worker or a later chat."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.events import Event
from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt, Generate, Load
from app.errors import CandorError, InvalidRequest, ModelDamaged
from app.worker.client import WorkerClient
from app.worker.templates.process import TemplateProcess
from tests.engine.graphs import small_model
from tests.engine.reference import Shape
from tests.engine.vocabularies import byte_level
from tests.worker.harness import collect, is_alive, started, token_ids, wait_until
from tests.worker.hostile import HOSTILE

VALUES = {"messages": [{"role": "user", "content": "Hello"}], "tools": None}
HELLO = "{{ messages[0].content }}"


@pytest.fixture
def templates() -> Iterator[TemplateProcess]:
    process = TemplateProcess()
    yield process
    process.close()


def test_a_hostile_template_ends_in_a_sentence_and_the_next_one_is_filled(
    templates: TemplateProcess, subtests: pytest.Subtests
) -> None:
    for name, source in HOSTILE.items():
        with subtests.test(name):
            with pytest.raises(CandorError, match="The model's chat template"):
                _use(templates, source)
            assert templates.fill(HELLO, VALUES) == "Hello"


def test_what_a_template_reads_and_writes_crosses_unchanged(templates: TemplateProcess) -> None:
    assert templates.read("{{ a }}{% set b = c %}{{ b }}").reads == ("a", "c")
    values = {"a": [1.5, True, None, "é🙂", {"b": [2**60]}]}
    text = templates.fill("{{ a | tojson(separators=(',', ':')) }}", values)
    assert json.loads(text) == values["a"]
    with pytest.raises(InvalidRequest, match="refuses this conversation: roles"):
        templates.fill("{{ raise_exception('roles') }}", VALUES)
    with pytest.raises(ModelDamaged, match="line 1"):
        templates.read("{% if %}")
    with pytest.raises(InvalidRequest, match="not valid Unicode"):
        templates.fill(HELLO, {"messages": [{"content": "\ud800"}]})


def test_a_process_that_was_ended_is_started_again(templates: TemplateProcess) -> None:
    pid = templates.pid
    assert pid is not None
    templates.read(HELLO)
    assert templates._process is not None
    templates._process.kill()
    wait_until(lambda: not is_alive(pid))
    assert templates.fill(HELLO, VALUES) == "Hello"
    assert templates.pid != pid


def test_a_process_that_hangs_is_ended() -> None:
    impatient = TemplateProcess(patience=0.05)
    try:
        with pytest.raises(InvalidRequest, match="too much time"):
            impatient.fill(HOSTILE["nested loops"], VALUES)
    finally:
        impatient.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_process_goes_with_its_worker() -> None:
    async def scenario() -> int:
        async with started() as client:
            children = Path(f"/proc/{client.pid}/task/{client.pid}/children").read_text()
            assert client.pid is not None
            os.kill(client.pid, signal.SIGKILL)
            return int(children)

    helper = asyncio.run(scenario())
    wait_until(lambda: not is_alive(helper))


@pytest.mark.parametrize("name", ["nested loops", "a repeated text"])
def test_a_hostile_model_does_no_harm_to_the_next(tmp_path: Path, name: str) -> None:
    hostile, sound = tmp_path / "hostile", tmp_path / "sound"
    for folder, template in ((hostile, HOSTILE[name]), (sound, "<|im_start|>" + HELLO)):
        small_model(folder, Shape(vocabulary=404))
        byte_level(folder / "tokenizer.json")
        (folder / "chat_template.jinja").write_text(template)
    asyncio.run(_chat_after(hostile, sound))


async def _chat_after(hostile: Path, sound: Path) -> None:
    chat = Generate(prompt=ChatPrompt((Message(Role.USER, "Hello"),)), max_tokens=3)
    async with started() as client:
        with pytest.raises(CandorError, match="The model's chat template"):
            await _load_and_chat(client, hostile, chat)
        assert token_ids(await _load_and_chat(client, sound, chat))


async def _load_and_chat(client: WorkerClient, folder: Path, chat: Generate) -> list[Event]:
    await collect(client.submit(Load(str(folder))))
    return await collect(client.submit(chat))


def _use(templates: TemplateProcess, source: str) -> None:
    templates.read(source)
    templates.fill(source, VALUES)
