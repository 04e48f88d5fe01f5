"""Several answers to one question: which of them agree, and how strongly (self-consistency).

Wang et al., "Self-Consistency Improves Chain of Thought Reasoning in Language Models", 2022: sample
several thoughts, and take the final answer that most of them come to.
"""

import math
import re
import secrets
from collections.abc import Sequence

from msgspec import Struct, structs

from app.domain.events import Finished, FinishReason, Usage
from app.domain.requests import Generate
from app.domain.tokens import Channel, TokenRecord
from app.errors import InvalidRequest

MOST_SAMPLES = 16
WEAK_SHARE = 0.5
"""A majority of at most this share of the votes is weak,"""
WEAK_MARGIN = 2
"""and so is one with fewer votes more than the next answer."""

SEED_BITS = 53

_BOXED = re.compile(r"\\boxed\{([^{}]*)\}")
_STATED = re.compile(r"\banswer(?: is|:)\s*(.+)", re.IGNORECASE)
_NUMBER = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?(?:/\d+)?\s?%?")
_SHORT = 40


class Sample(Struct, frozen=True, kw_only=True):
    """One of the answers; `mean_logprob` (nats, raw) is of its own tokens, None without any."""

    text: str
    mean_logprob: float | None = None
    seed: int | None = None
    reason: FinishReason = FinishReason.STOP
    usage: Usage = Usage(0, 0, 0, 0)

    @property
    def final(self) -> str:
        """What the answer comes to, in the form in which answers are compared."""
        return final_answer(self.text)


class Cluster(Struct, frozen=True):
    """Answers that come to the same: their places among the samples, the likeliest one first."""

    final: str
    members: tuple[int, ...]

    @property
    def votes(self) -> int:
        """How many there are."""
        return len(self.members)


class Poll(Struct, frozen=True):
    """All samples, and the clusters that they form, the one with most votes first."""

    samples: tuple[Sample, ...]
    clusters: tuple[Cluster, ...]

    @property
    def winner(self) -> int:
        """The place of the likeliest answer of the largest cluster."""
        return self.clusters[0].members[0]

    @property
    def likeliest(self) -> int:
        """The place of the answer with the highest mean logprob."""
        return max(range(len(self.samples)), key=lambda place: _sureness(self.samples[place]))

    @property
    def share(self) -> float:
        """The part of the votes that the largest cluster has, 0 to 1."""
        return self.clusters[0].votes / len(self.samples)

    @property
    def margin(self) -> int:
        """Votes by which the largest cluster leads."""
        return self.clusters[0].votes - (self.clusters[1].votes if len(self.clusters) > 1 else 0)

    @property
    def is_weak(self) -> bool:
        """Whether the majority says little."""
        few = len(self.samples) > 1 and self.margin < WEAK_MARGIN
        return self.share <= WEAK_SHARE or (few and len(self.clusters) > 1)

    @property
    def tokens(self) -> int:
        """All that were generated."""
        return sum(sample.usage.completion_tokens for sample in self.samples)


def requests(asked: Generate, count: int) -> list[Generate]:
    """The same request `count` times, each with a seed of its own.

    Raises:
        InvalidRequest: nothing is drawn, so that all answers would be the same.
    """
    if asked.sampling.temperature == 0 and count > 1:
        raise InvalidRequest(
            "At temperature 0 all answers would be the same.", "Choose a higher temperature."
        )
    first = asked.sampling.seed
    first = secrets.randbits(SEED_BITS) if first is None else first
    return [
        structs.replace(asked, sampling=structs.replace(asked.sampling, seed=(first + i) % 2**63))
        for i in range(count)
    ]


def sample(text: str, tokens: Sequence[TokenRecord], finished: Finished) -> Sample:
    """An answer that ended, with the mean logprob of its own tokens."""
    return Sample(
        text=text,
        mean_logprob=mean_logprob(tokens),
        seed=finished.seed,
        reason=finished.reason,
        usage=finished.usage,
    )


def mean_logprob(tokens: Sequence[TokenRecord]) -> float | None:
    """The mean raw logprob (nats) of an answer's own tokens; None without any."""
    logprobs = [
        each.logprob
        for each in tokens
        if each.channel is Channel.ANSWER and each.logprob is not None
    ]
    return math.fsum(logprobs) / len(logprobs) if logprobs else None


def poll(samples: Sequence[Sample]) -> Poll:
    """Cluster answers by what they come to; of equal clusters, the surer one is first."""
    groups: dict[str, list[int]] = {}
    for place, sample in enumerate(samples):
        groups.setdefault(sample.final, []).append(place)
    clusters = [
        Cluster(final, tuple(sorted(members, key=lambda place: -_sureness(samples[place]))))
        for final, members in groups.items()
    ]
    clusters.sort(key=lambda each: (-each.votes, -_sureness(samples[each.members[0]])))
    return Poll(tuple(samples), tuple(clusters))


def final_answer(text: str) -> str:
    """What a text comes to: what is boxed, or stated as the answer, or a short text itself, or else
    its last number, or all of it; case, spaces and the signs around it do not count."""
    boxed, stated = _BOXED.findall(text), _STATED.findall(text)
    found = boxed[-1] if boxed else stated[-1] if stated else text
    plain = " ".join(found.split())
    if len(plain) > _SHORT and (numbers := _NUMBER.findall(plain)):
        plain = numbers[-1]
    plain = plain.strip(" .!?,;:\"'*`()[]").casefold().replace("−", "-")
    return plain.replace(",", "") if _NUMBER.fullmatch(plain) else plain


def _sureness(sample: Sample) -> float:
    return -math.inf if sample.mean_logprob is None else sample.mean_logprob
