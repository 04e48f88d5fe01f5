"""The figures under an answer that ended: how fast it came, and how sure the model was of it."""

import math
from collections.abc import Iterable

from msgspec import Struct

from app.domain.conversation import Turn, TurnState
from app.domain.draft_text import acceptance, summary
from app.domain.drafting import DraftReport
from app.domain.tokens import Channel, TokenRecord
from app.services.ballot import WEAK
from app.ui.viewmodels.landmarks import Landmark, count
from app.ui.viewmodels.wording import decision_points, duration, probability, thought, tokens

CONFIDENCE = "The geometric mean of the probabilities of the answer's tokens"
RATE = "How fast the tokens after the first one came"
FIRST = "From asking until the first token came"
COUNT = "Generated for this answer, its reasoning included"


class Figure(Struct, frozen=True):
    """A number with its unit or name, and what it says."""

    text: str
    meaning: str


def figures(turn: Turn) -> tuple[Figure, ...]:
    """Only what was measured, the most looked at first."""
    found: list[Figure] = []
    if (timings := turn.timings) is not None:
        if timings.decode_tokens_per_s:
            found.append(Figure(f"{timings.decode_tokens_per_s:,.0f} tokens/s", RATE))
        if timings.first_token_s:
            found.append(Figure(f"first token {duration(timings.first_token_s)}", FIRST))
    if (sure := confidence(turn.tokens)) is not None:
        found.append(Figure(f"confidence {probability(sure)}", CONFIDENCE))
    if turn.drafting is not None:
        found.append(Figure(drafts(turn.drafting), meaning(turn.drafting)))
    if turn.usage is not None:
        found.append(Figure(tokens(turn.usage.completion_tokens), COUNT))
    return tuple(found)


def is_plain(turn: Turn) -> bool:
    """Whether an answer's note says only how it was chosen, and nothing to be careful of."""
    chosen = turn.origin is not None and bool(turn.origin.step or turn.origin.ballot)
    sound = turn.state is TurnState.FINISHED and turn.text and "Cut off:" not in turn.note
    return bool(chosen and sound) and WEAK not in turn.note


def trace_title(turn: Turn) -> str:
    """The heading of a finished trace: its cost, its part of the whole, and its decision points."""
    trace = [each for each in turn.tokens if each.channel is Channel.REASONING]
    parts = [thought(turn.reasoning_s, len(trace))]
    if turn.usage is not None and turn.usage.completion_tokens:
        parts.append(f"{100 * len(trace) / turn.usage.completion_tokens:.0f} % of all")
    if forks := count(Landmark.FORK, trace):
        parts.append(decision_points(forks))
    return " · ".join(parts)


def drafts(report: DraftReport) -> str:
    """The gain where it was measured, else how much was kept."""
    if not report.proposed or report.speedup is None:
        return f"drafts {report.kept:,}/{report.proposed:,} kept"
    return f"drafts {report.speedup:.2f}×"


def meaning(report: DraftReport) -> str:
    """What drafts did, in sentences."""
    said = [f"Drafts: {summary(report)}"]
    if report.positions:
        said.append(f"Kept at each place of a draft: {acceptance(report)}")
    return ". ".join([*said, *report.notes])


def confidence(records: Iterable[TokenRecord]) -> float | None:
    """The geometric mean of the probabilities of the tokens in the answer itself, 0 to 1.

    Raw probabilities (temperature 1), reasoning and tool calls left out; None without any.
    """
    logprobs = [
        record.logprob
        for record in records
        if record.channel is Channel.ANSWER and record.logprob is not None
    ]
    return math.exp(sum(logprobs) / len(logprobs)) if logprobs else None
