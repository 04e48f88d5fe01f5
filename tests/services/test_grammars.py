"""The form of an answer: kept with what made it, in force when it is replayed or made again."""

import asyncio
import re

import pytest
from msgspec import structs

from app import paths
from app.domain.conversation import AnswerOptions, TurnState
from app.domain.grammar import Grammar, GrammarKind
from app.domain.sampling import SamplingParams
from app.domain.tokens import Channel
from app.errors import InvalidRequest
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.repeat import repeat
from app.services.replay import Look, Replayer
from app.services.store.chat_file import ChatFile
from app.services.store.store import ChatStore

FORM = Grammar(GrammarKind.REGEX, "(yes|no), [0-9]{3}")
LIVELY = AnswerOptions(sampling=SamplingParams(temperature=1.5), reasoning=False, grammar=FORM)


def test_a_form_is_kept_with_its_answer_and_holds_when_it_is_made_again():
    async def main() -> None:
        host, store = EngineHost(), ChatStore(ChatFile(paths.chats()))
        try:
            await store.open()
            await host.load(paths.built_in_model())
            conversation = Conversation(host, store)
            await conversation.send("What is 348 + 276?", LIVELY)
            await check(conversation, host)
            await check_refusal(conversation)
        finally:
            await host.close()
            await store.close()

    asyncio.run(main())
    file = ChatFile(paths.chats())
    assert file.open() is None
    origin = file.read(file.summaries()[0]).turns[1].origin
    file.close()
    assert origin
    assert origin.grammar == FORM


async def check(conversation: Conversation, host: EngineHost) -> None:
    question, answer = turns = conversation.turns
    assert re.fullmatch(FORM.text, answer.text)
    assert answer.origin
    assert answer.origin.grammar == FORM
    assert (await repeat(host, (question,), answer)).is_equal
    free = structs.replace(answer, origin=structs.replace(answer.origin, grammar=None))
    assert not (await repeat(host, (question,), free)).is_equal
    index = next(i for i, each in enumerate(answer.tokens) if each.channel is Channel.ANSWER)
    replayer, params = Replayer(host), answer.origin.sampling
    found = await replayer.replay(turns, answer.id, index, params, Look(trace=True))
    assert found
    assert found.trace
    assert found.trace.draw
    assert found.trace.draw.token == answer.tokens[index].id
    assert found.trace.grammar
    assert found.trace.grammar.removed > found.trace.grammar.kept > 0
    again = next(each for each in found.alternatives if each.id == answer.tokens[index].id)
    assert again.sampled_logprob == pytest.approx(answer.tokens[index].sampled_logprob, abs=1e-4)


async def check_refusal(conversation: Conversation) -> None:
    wrong = structs.replace(LIVELY, grammar=Grammar(GrammarKind.REGEX, "(yes"))
    with pytest.raises(InvalidRequest):
        await conversation.send("And now?", wrong)
    assert conversation.turns[-1].state is TurnState.FAILED
    assert conversation.turns[-1].note
