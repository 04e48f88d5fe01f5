"""A chat with all that an export must keep: versions, channels, strange bytes, no probability."""

import math

from app.domain.chats import ChatSummary, Node, WholeChat
from app.domain.conversation import Turn, TurnState
from app.domain.drafting import DraftKind, DraftReport
from app.domain.events import Timings, Usage
from app.domain.messages import Role
from app.domain.tokens import Candidate, Channel, Source, TokenRecord

EVIL = "</script><img src=x onerror=alert(1)>"


def token(
    data: bytes, start: int, end: int, channel: Channel = Channel.ANSWER, id: int = 5
) -> TokenRecord:
    return TokenRecord(
        id=id,
        data=data,
        start=start,
        end=end,
        logprob=math.log(1 / 3),
        sampled_logprob=-math.inf,
        rank=2,
        entropy=1.0 / 7,
        top=(Candidate(5, data, math.log(1 / 3)), Candidate(6, b"=1+1", -math.inf)),
        tail=0.1 + 0.2,
        channel=channel,
        source=Source.DRAFT_KEPT,
        draft_q=0.25,
        accept=0.75,
        refused=Candidate(9, b"\xff", -math.inf),
    )


def answer(id: int, text: str = EVIL) -> Turn:
    """An answer whose last character comes in two tokens, and whose first one shows nothing."""
    shown = f"{text} é"
    end = len(shown)
    return Turn(
        id=id,
        role=Role.ASSISTANT,
        state=TurnState.STOPPED,
        text=shown,
        reasoning="So.",
        tool_call="{}",
        reasoning_s=0.1 + 0.2,
        usage=Usage(1, 2, 3, 4),
        timings=Timings(0.1, 1000 / 3, 41.5),
        note="Stopped.",
        drafting=DraftReport(
            kind=DraftKind.LOOKUP, positions=((6, 6),), drafts=6, speedup=4 / 3, notes=("Why.",)
        ),
        tokens=(
            token(b"", 0, 0, Channel.REASONING, id=0),
            token(b"So.", 0, 3, Channel.REASONING),
            token(text.encode(), 0, len(text)),
            token(b" ", len(text), end - 1),
            token(b"\xc3", end - 1, end),
            token(b"\xa9", end - 1, end),
        ),
    )


def whole_chat(text: str = EVIL, title: str = "Why?") -> WholeChat:
    """Two versions of an answer, the older of which is shown."""
    question = Turn(id=3, role=Role.USER, text=text)
    return WholeChat(
        summary=ChatSummary(id=1, title=title, leaf=4, changed_at=1_700_000_000.25),
        nodes=(Node(question, None), Node(answer(4, text), 3), Node(answer(9, "Other"), 3)),
        written_at=(1_600_000_000.5, 1_600_000_001.0, 1_600_000_002.0),
    )
