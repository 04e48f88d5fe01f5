"""`candor replay`: answers of an export, made again by the real program."""

import asyncio
import time
from pathlib import Path

import pytest
from msgspec import structs

from app import paths
from app.domain.chats import ChatSummary, Node, WholeChat
from app.domain.conversation import AnswerOptions, Turn
from app.domain.sampling import SamplingParams
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.exports import document
from tests.cli.program import Program


async def _asked() -> tuple[Turn, ...]:
    host = EngineHost()
    try:
        await host.load(paths.built_in_model())
        conversation = Conversation(host)
        sampling = SamplingParams(temperature=1.2, seed=11)
        options = AnswerOptions(sampling=sampling, max_tokens=12, reasoning=False)
        await conversation.send("What is 12 + 7?", options)
        return conversation.turns
    finally:
        await host.close()


@pytest.fixture(scope="module")
def turns() -> tuple[Turn, ...]:
    return asyncio.run(_asked())


def exported(path: Path, turns: tuple[Turn, ...]) -> Path:
    question, answer = turns
    summary = ChatSummary(id=1, title="sums", leaf=answer.id, changed_at=time.time())
    nodes = (Node(question, None), Node(answer, question.id))
    chat = WholeChat(summary=summary, nodes=nodes, written_at=(1.0, 2.0))
    path.write_bytes(document.encode((chat,)))
    return path


def test_an_exported_answer_comes_out_the_same(
    program: Program, turns: tuple[Turn, ...], tmp_path: Path
) -> None:
    found = program.json("replay", str(exported(tmp_path / "chat.json", turns)))
    (only,) = found["answers"]
    assert only["equal"]
    assert only["same"] == only["total"] == len(turns[1].tokens)
    assert only["differences"] == []


def test_the_first_token_that_parts_is_shown(
    program: Program, turns: tuple[Turn, ...], tmp_path: Path
) -> None:
    question, answer = turns
    origin = answer.origin
    assert origin
    hotter = structs.replace(
        origin.sampling, temperature=0.0, logit_bias={answer.tokens[0].id: -90}
    )
    other = structs.replace(answer, origin=structs.replace(origin, sampling=hotter))
    result = program.run("replay", str(exported(tmp_path / "chat.json", (question, other))))
    assert result.status == 0
    assert f"parts at token 1 of {len(answer.tokens)}" in result.out
    bare = exported(tmp_path / "bare.json", (question, structs.replace(answer, origin=None)))
    refused = program.run("replay", str(bare))
    assert (refused.status, "no answer with a record" in refused.err) == (1, True)
