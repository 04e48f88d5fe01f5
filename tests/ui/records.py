"""Token records for tests that need no model."""

import math

from app.domain.tokens import Candidate, Channel, Source, TokenRecord


def record(
    text: str = " the",
    *,
    start: int = 0,
    probability: float = 0.5,
    top: tuple[tuple[str, float], ...] = (),
    channel: Channel = Channel.ANSWER,
    id: int = 7,
) -> TokenRecord:
    """A sampled token; candidates get the ids 100, 101, ... unless they are the token itself."""
    candidates = tuple(
        Candidate(id if other == text else 100 + place, other.encode(), math.log(share))
        for place, (other, share) in enumerate(top)
    )
    return TokenRecord(
        id=id,
        data=text.encode(),
        start=start,
        end=start + len(text),
        logprob=math.log(probability),
        sampled_logprob=math.log(probability),
        rank=1,
        entropy=1.0,
        top=candidates,
        tail=1 - sum(share for _, share in top),
        channel=channel,
        source=Source.SAMPLED,
    )
