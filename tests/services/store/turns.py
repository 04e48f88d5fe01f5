"""Turns and chats for tests of the store, which need no model."""

import math

from app.domain.chats import Node
from app.domain.conversation import Turn, TurnState
from app.domain.messages import Role
from app.domain.tokens import Candidate, Channel, Source, TokenRecord

LIKELY = 8


def question(id: int, text: str = "Why?") -> Turn:
    return Turn(id=id, role=Role.USER, text=text)


def answer(id: int, length: int = 3, state: TurnState = TurnState.FINISHED) -> Turn:
    """An answer of `length` tokens, each one character."""
    tokens = tuple(token(place) for place in range(length))
    return Turn(id=id, role=Role.ASSISTANT, state=state, text="x" * length, tokens=tokens)


def token(place: int) -> TokenRecord:
    """A token with its alternatives, all of them other ones at each place."""
    ids = [7919 * (LIKELY * place + n) % 150_000 for n in range(LIKELY)]
    top = tuple(Candidate(id, b" word%d" % id, -math.sqrt(id + 2)) for id in ids)
    return TokenRecord(
        id=ids[0],
        data=top[0].data,
        start=place,
        end=place + 1,
        logprob=top[0].logprob,
        sampled_logprob=-math.sqrt(place + 3),
        rank=place + 1,
        entropy=math.sqrt(place + 5),
        top=top,
        tail=1 / (place + 7),
        channel=Channel.ANSWER,
        source=Source.SAMPLED,
    )


def exchange(first: int, parent: int | None = None, length: int = 3) -> tuple[Node, Node]:
    """A question with the id `first` and its answer."""
    asked, said = question(first, f"Question {first}"), answer(first + 1, length)
    return Node(asked, parent), Node(said, first)
