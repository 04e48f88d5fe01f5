"""The built-in model through the worker: text that fits its tokens, and a prompt of 50 MB."""

import asyncio
import time
from collections.abc import Sequence

import pytest

from app import paths
from app.domain.events import Delta, Event, Finished
from app.domain.messages import Message, Role
from app.domain.requests import CLOSING, ChatPrompt, Generate, Prompt, Score, TextPrompt
from app.domain.sampling import SamplingParams
from app.domain.tokens import Channel, Source
from app.errors import ContextExceeded
from tests.worker.harness import collect, loaded, token_ids


def asking(text: str) -> ChatPrompt:
    return ChatPrompt((Message(Role.USER, text),))


def check_spans(events: Sequence[Event]) -> None:
    """Every token lies in the text its channel has by then, and no character is without one."""
    texts = dict.fromkeys(Channel, "")
    ends = dict.fromkeys(Channel, 0)
    for event in events:
        if isinstance(event, Delta):
            texts[event.channel] += event.text
            for token in event.tokens:
                assert token.start <= ends[event.channel]
                assert token.start <= token.end <= len(texts[event.channel])
                ends[event.channel] = max(ends[event.channel], token.end)
    assert ends == {channel: len(text) for channel, text in texts.items()}


def test_a_chat_arrives_as_text_and_the_tokens_that_carry_it() -> None:
    async def scenario() -> None:
        async with loaded(paths.built_in_model()) as client:
            request = Generate(
                prompt=asking("What is 12 + 7?"),
                max_tokens=200,
                sampling=SamplingParams(temperature=0.0),
            )
            events = await collect(client.submit(request))
            check_spans(events)
            assert isinstance(events[-1], Finished)
            assert events[-1].usage.completion_tokens == len(token_ids(events)) > 0
            again = await collect(client.submit(request))
            assert token_ids(again) == token_ids(events)

    asyncio.run(scenario())


def test_a_thought_ends_when_the_answer_is_wanted_now() -> None:
    async def scenario() -> None:
        async with loaded(paths.built_in_model()) as client:
            request = Generate(
                prompt=asking("What is 4712 * 3689?"), sampling=SamplingParams(temperature=0.0)
            )
            stream = client.submit(request)
            events: list[Event] = []
            async for event in stream:
                if len(token_ids(events)) < 8 <= len(token_ids([*events, event])):
                    stream.answer_now()
                events.append(event)
            tokens = [t for event in events if isinstance(event, Delta) for t in event.tokens]
            own = [token.source is Source.SAMPLED for token in tokens]
            assert 8 <= own.index(False) < 60
            assert CLOSING in b"".join(token.data for token in tokens).decode()
            assert any(token.channel is Channel.ANSWER for token in tokens)
            check_spans(events)
            stream.answer_now()  # too late, and no matter

    asyncio.run(scenario())


@pytest.mark.parametrize("word", ["long ", "\u00e9"])
def test_a_prompt_of_50_mb_is_one_sentence(word: str) -> None:
    text = word * (50_000_000 // len(word.encode()))
    prompts: list[Prompt] = [TextPrompt(text), asking(text)]

    async def scenario() -> None:
        async with loaded(paths.built_in_model()) as client:
            begin = time.monotonic()
            for prompt in prompts:
                with pytest.raises(ContextExceeded, match="this model holds"):
                    await collect(client.submit(Generate(prompt=prompt)))
            with pytest.raises(ContextExceeded):
                await collect(client.submit(Score(prompt=TextPrompt(text))))
            assert time.monotonic() - begin < 20
            short = Generate(prompt=asking("Hello"), max_tokens=3)
            assert len(token_ids(await collect(client.submit(short)))) <= 3

    asyncio.run(scenario())
