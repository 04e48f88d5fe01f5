"""Questions beyond a tiny model: it says that it does not know, and what would help.

`phrases/refusals.txt` has the questions by area and how the answer begins; slots in braces are
filled from `phrases/slots.txt` and the word lists.
"""

from __future__ import annotations

from .conversation import Conversation, Turn
from .paraphrase import paraphrase
from .phrasebook import PHRASES, read_blocks, read_lists
from .problem import effort_of, system_of
from .source import Source
from .words import LISTS

HELP = (
    " I am a small model made to explain Candor and do small tasks. Add a bigger model for that.",
    " I only know Candor and small tasks. A bigger model can help: add one under Models.",
)


def refusal(source: Source) -> Conversation:
    """A question out of reach and an honest answer."""
    areas = read_blocks(PHRASES / "refusals.txt")
    area = source.pick(areas)
    question = source.phrasing(area.forms).format(**_slots(source))
    effort = effort_of(source, high=0.4, low=0.1)
    trace = {"high": f"This is about {area.key}. I do not know it.", "low": area.key}
    answer = area.answers[0] + source.pick(HELP)
    return Conversation(
        family="refusal",
        key=area.key,
        turns=(
            Turn("user", paraphrase(question, source)),
            Turn("assistant", answer, trace.get(effort, "")),
        ),
        effort=effort,
        system=system_of(source),
        accepted=tuple(other.answers[0] + end for other in areas for end in HELP),
    )


def _slots(source: Source) -> dict[str, str]:
    lists = {**LISTS, **read_lists(PHRASES / "slots.txt")}
    return {kind: source.pick(items) for kind, items in lists.items()}
