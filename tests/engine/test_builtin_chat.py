"""The model that comes with the program: it thinks, answers, and its numbers hold together."""

from pathlib import Path

import pytest

from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt
from app.domain.tokens import Channel
from app.engine.generate import generate
from app.engine.model import Model
from tests.engine.test_generate import finished, opened, records, request, text


@pytest.fixture(scope="module")
def built_in() -> Model:
    return opened(Path(__file__).parents[2] / "resources" / "models" / "candor-small")


def test_the_built_in_model_thinks_and_answers(built_in: Model) -> None:
    prompt = ChatPrompt((Message(Role.USER, "What is 3 + 4?"),), reasoning=True)
    events = list(generate(built_in, request(prompt, max_tokens=300)))
    result = finished(events)
    tokens = records(events)
    assert result.usage.completion_tokens == len(tokens)
    assert result.usage.reasoning_tokens > 0
    assert text(events, Channel.REASONING)
    assert "think>" not in text(events) + text(events, Channel.REASONING)
    for token in tokens:
        assert token.logprob is not None
        assert token.logprob <= 0
        assert 0 <= (token.tail or 0) <= 1
        assert (token.rank == 1) == (token.top[0].logprob == token.logprob)


def test_the_built_in_model_answers_at_once_without_reasoning(built_in: Model) -> None:
    prompt = ChatPrompt((Message(Role.USER, "What is 3 + 4?"),), reasoning=False)
    events = list(generate(built_in, request(prompt, max_tokens=60)))
    assert finished(events).usage.reasoning_tokens == 0
    assert text(events).lstrip() == text(events) != ""
