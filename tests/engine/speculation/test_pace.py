"""The length of drafts: long where they are kept, none where they cost more than they bring."""

import numpy as np
import pytest

from app.domain.drafting import MOST_DRAFT_TOKENS
from app.engine.speculation.costs import Costs
from app.engine.speculation.pace import AdaptivePace, Experience

STEP = 0.016
VERIFIED = {1: 1.26, 2: 1.36, 3: 1.48, 4: 1.69, 5: 1.81, 7: 2.19, 11: 2.86, 15: 3.60}
"""What it costs to check so many tokens, in plain steps, as measured at Qwen3-0.6B's shape."""


def cost(proposed: int, each: float) -> float:
    """Seconds of a round, of which every proposal itself takes `each` plain steps."""
    lengths = [0, *VERIFIED]
    run = np.interp(proposed, lengths, [1.0, *VERIFIED.values()])
    return STEP * (float(run) + each * proposed)


def gain(chance: float, *, each: float = 0.0, tokens: int = 3000, skip: int = 300) -> float:
    """Speed against plain decoding behind the first `skip` tokens, where a token is kept with a
    chance that does not depend on the others."""
    rng = np.random.default_rng(3)
    pace = AdaptivePace(MOST_DRAFT_TOKENS)
    written, began, time = 0, 0.0, 0.0
    while written < tokens:
        length = pace.length()
        fates = rng.random(length) < chance
        kept = length if fates.all() else int(fates.argmin())
        seconds = cost(length, each)
        pace.add(length, length, kept, seconds * float(rng.uniform(0.97, 1.03)))
        written += kept + 1
        time += seconds
        if written < skip:
            began = time
    return (tokens - skip) * STEP / (time - began)


def test_what_is_always_kept_is_drafted_at_length() -> None:
    assert gain(1.0) > 3.5


@pytest.mark.parametrize("chance", [0.0, 0.05, 0.15])
def test_text_that_cannot_be_drafted_costs_hardly_anything(chance: float) -> None:
    assert gain(chance) > 0.95


def test_a_draft_as_dear_as_the_model_is_given_up() -> None:
    assert gain(0.9, each=1.0) > 0.95


def test_a_draft_that_is_never_sure_enough_is_hardly_asked() -> None:
    pace, asked = AdaptivePace(4), 0
    for _ in range(300):
        asked += (length := pace.length()) > 0
        pace.add(length, 0, 0, STEP * (1.3 if length else 1.0))
    assert 0 < asked < 15


def test_a_good_small_draft_pays() -> None:
    assert gain(0.85, each=0.2) > 1.2


def test_drafts_come_back_once_they_pay() -> None:
    pace = AdaptivePace(4)
    for _ in range(200):
        pace.add(length := pace.length(), length, 0, cost(length, 0.0))
    assert pace.resting
    for _ in range(1200):
        pace.add(length := pace.length(), length, length, cost(length, 0.0))
    assert not pace.resting


def test_the_next_answer_begins_with_what_the_last_one_showed() -> None:
    good, bad = Experience(), Experience()
    for experience, share in ((good, 1), (bad, 0)):
        pace = AdaptivePace(4, experience)
        assert pace.length() == 0
        for _ in range(20):
            pace.add(length := pace.length(), length, share * length, cost(length, 0.1))
    assert AdaptivePace(4, good).length() == 4
    late = AdaptivePace(4, bad)
    assert late.resting
    for _ in range(40):
        late.add(length := late.length(), length, length, cost(length, 0.1))
    assert late.length() > 0


def test_a_token_has_to_be_likely_enough_for_what_it_costs() -> None:
    cheap, dear = AdaptivePace(4), AdaptivePace(4)
    for pace, each in ((cheap, 0.05), (dear, 0.5)):
        for _ in range(20):
            pace.add(length := pace.length(), length, length, cost(length, each))
    assert 0.0 < cheap.floor() < dear.floor() < 1.0


def test_costs_lie_on_a_line_between_those_timed() -> None:
    costs = Costs()
    costs.add(0, 1.0)
    assert costs.of(4) == pytest.approx(1.8)
    costs.add(2, 1.5)
    costs.add(2, 9.0)
    costs.add(2, 1.5)
    assert costs.of(1) == pytest.approx(1.25)
    assert costs.of(4) == pytest.approx(2.0)
