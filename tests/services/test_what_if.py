"""A trace cut at a token: the likeliest answer behind it, by the real model."""

import pytest
from msgspec.structs import replace

from app.domain.conversation import AnswerOptions, Turn
from app.domain.sampling import SamplingParams
from app.domain.tokens import Channel
from app.errors import InvalidRequest
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.replay import Replayer
from app.services.what_if import WhatIf, places
from app.ui.viewmodels import cuts
from tests.services.test_replay import drive


async def answered(host: EngineHost) -> tuple[Turn, ...]:
    conversation = Conversation(host)
    options = AnswerOptions(sampling=SamplingParams(temperature=0.0), reasoning=True)
    await conversation.send("What is 47 * 36?", options)
    return conversation.turns


def test_the_answer_moves_with_the_place_of_the_cut() -> None:
    async def scenario(host: EngineHost) -> None:
        turns = await answered(host)
        answer = turns[1]
        what_if = WhatIf(host, Replayer(host))
        indices = places(answer, 4)
        assert indices == sorted(set(indices))
        assert all(answer.tokens[index].channel is Channel.REASONING for index in indices)
        found = await what_if.glimpses(turns, answer.id, indices)
        assert [each.index for each in found] == indices
        assert found[-1].text.strip() == answer.text.strip()
        assert found[0].text.strip() != answer.text.strip()
        assert all(0 < each.confidence <= 1 for each in found)
        assert [each.thought for each in found] == sorted(each.thought for each in found)
        rows = cuts.rows(found, answer)
        assert [row.same for row in rows][-1]
        assert "stands from" in cuts.summary(rows)
        again = await what_if.glimpses(turns, answer.id, indices[1:2])
        assert again == found[1:2]

    drive(scenario)


def test_what_is_no_thought_cannot_be_cut() -> None:
    async def scenario(host: EngineHost) -> None:
        turns = await answered(host)
        what_if = WhatIf(host, Replayer(host))
        last = len(turns[1].tokens) - 1
        for index, sentence in ((last, "no part of the reasoning"), (9_999, "no longer part")):
            with pytest.raises(InvalidRequest, match=sentence):
                await what_if.glimpses(turns, turns[1].id, [index])
        changed = (replace(turns[0], text="What is 1 + 1?"), turns[1])
        with pytest.raises(InvalidRequest, match="other numbers"):
            await what_if.glimpses(changed, turns[1].id, [9])

    drive(scenario)
