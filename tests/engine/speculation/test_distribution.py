"""What is drawn behind a draft is distributed as without one, and a biased rule would be noticed.

Every case draws at least 20,000 tokens with fixed seeds, so that its verdict never changes.
"""

import math
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from app.domain.requests import Generate, IdsPrompt
from app.domain.sampling import SamplingParams
from app.domain.tokens import Source
from app.engine.sampling.history import History
from app.engine.sampling.proposal import Proposal
from app.engine.sampling.record import Choice
from app.engine.sampling.sampled import Sampled
from app.engine.sampling.sampler import Sampler
from app.engine.sampling.statistics import Distribution
from app.engine.sampling.step import Growing, speculate
from app.engine.speculation.proposer import Drawn
from tests.engine import graphs
from tests.engine.reference import Shape, random_weights
from tests.engine.speculation.drafting import answered, fixed
from tests.engine.test_generate import opened, records

Rule = Callable[[Growing, np.ndarray, Sequence[Proposal]], Iterator[Choice]]
SIZE = 5
RNG = np.random.default_rng(7)
TARGET = RNG.standard_normal((SIZE, SIZE)).astype(np.float32)
"""Logits that follow each token; the draft's are near them."""
DRAFT = (TARGET + 0.8 * RNG.standard_normal((SIZE, SIZE))).astype(np.float32)
SEQUENCES = 10_000  # of two tokens
SAMPLING = SamplingParams(
    seed=0, temperature=0.8, top_k=4, frequency_penalty=0.5, logit_bias={2: 0.7}
)


class Chain:
    """A sequence whose next token depends on the last one alone; it begins with token 0."""

    def __init__(self, seed: int = 0) -> None:
        self.ids = [0]
        self.forced: deque[int] = deque()
        self.sampler = Sampler(SAMPLING, SIZE)
        self.sampler.seed = seed
        self.history = History(SIZE, self.ids)
        self.top_logprobs = 0

    def accept(self, token: int) -> None:
        self.ids.append(token)
        self.history.add(token)


@cache
def draft_after(ids: tuple[int, ...]) -> Sampled:
    chain = Chain()
    for token in ids[1:]:
        chain.accept(token)
    return chain.sampler.sampled(Distribution.of(DRAFT[ids[-1]]), chain.history)


def model_draft(chain: Chain) -> list[Proposal]:
    """Two tokens as a draft model draws them."""
    ids, found = list(chain.ids), []
    for _ in range(2):
        sampled = draft_after(tuple(ids))
        token, _ = sampled.draw(chain.sampler.number(len(ids)))
        found.append(Proposal(token, 0.5, *sampled.interval(token)))
        ids.append(token)
    return found


def eager(sequence: Growing, logits: np.ndarray, draft: Sequence[Proposal]) -> Iterator[Choice]:
    """A biased rule: a proposal as likely as one in three is kept, whatever is drawn."""
    for choice, proposal in zip(speculate(sequence, logits, draft), draft, strict=False):
        if choice.draft and choice.draft.accept > 1 / 3:
            yield Choice(proposal.token, Source.DRAFT_KEPT, choice.numbers)
        else:
            yield choice
            return


def pairs(rule: Rule, propose: Callable[[Chain], list[Proposal]], count: int) -> Counter:
    """How often each two first tokens came."""
    found: Counter[tuple[int, int]] = Counter()
    for seed in range(count):
        chain = Chain(seed)
        while len(chain.ids) < 3:
            proposals = propose(chain)[: 3 - len(chain.ids)]
            rows = TARGET[[chain.ids[-1], *(each.token for each in proposals)]]
            for choice in rule(chain, rows, proposals):
                chain.accept(choice.token)
        found[chain.ids[1], chain.ids[2]] += 1
    return found


def expected_pairs() -> dict[tuple[int, int], float]:
    """Their probabilities, from the transforms' own distributions of the target."""
    return {
        (first, second): p * q
        for first, p in probabilities([]).items()
        for second, q in probabilities([first]).items()
    }


def probabilities(before: list[int]) -> dict[int, float]:
    chain = Chain()
    for token in before:
        chain.accept(token)
    sampled = chain.sampler.sampled(Distribution.of(TARGET[chain.ids[-1]]), chain.history)
    logprobs = {token: sampled.logprob(token) for token in range(SIZE)}
    return {token: math.exp(each) for token, each in logprobs.items() if each is not None}


def deviates(found: Counter, expected: dict) -> bool:
    """Pearson's chi-square test, at a chance of one in 100,000 to be wrong.

    The bound is Wilson and Hilferty's (1931).
    """
    if set(found) - set(expected):
        return True
    count = sum(found.values())
    statistic = sum((found[key] - count * p) ** 2 / (count * p) for key, p in expected.items())
    freedom = len(expected) - 1
    part = 2 / (9 * freedom)
    return statistic > freedom * (1 - part + 4.265 * math.sqrt(part)) ** 3


def test_tokens_behind_a_draft_are_distributed_as_without() -> None:
    assert not deviates(pairs(speculate, model_draft, SEQUENCES), expected_pairs())


def test_a_biased_rule_is_noticed() -> None:
    assert deviates(pairs(eager, model_draft, SEQUENCES // 4), expected_pairs())


class Same:
    """Proposes the likeliest token, again and again."""

    name = ""
    behind = False

    def propose(self, sequence: Drawn, count: int, floor: float) -> list[Proposal]:
        return [Proposal(2)] * count

    def close(self) -> None:
        pass


def test_the_loop_draws_as_the_bias_says(tmp_path: Path) -> None:
    """A model that knows nothing, so that the probabilities are those of the biases alone."""
    shape = Shape(vocabulary=16, context=2050, layers=1)
    weights = random_weights(shape)
    even = weights | {"norm": np.zeros_like(weights["norm"])}
    model = opened(graphs.write_folder(tmp_path, graphs.grouped(shape, even), shape))
    bias = {token: float(-token % 7) / 3 for token in range(3, 16)} | {2: 5.0, 1: -1e4, 0: 0.5}
    found: Counter[int] = Counter()
    kept = 0
    for seed in range(10):
        sampling = SamplingParams(seed=seed, logit_bias=bias)
        prompt = IdsPrompt((2, 3))
        request = Generate(prompt=prompt, sampling=sampling, max_tokens=2000, top_logprobs=0)
        answer = records(answered(model, request, fixed(Same(), 8)))
        found.update(token.id for token in answer)
        kept += sum(token.source is Source.DRAFT_KEPT for token in answer)
    total = math.fsum(math.exp(each) for each in bias.values())
    expected = {token: math.exp(each) / total for token, each in bias.items() if each > -1e3}
    assert sum(found.values()) == 20_000
    assert kept > 10_000
    assert not deviates(found, expected)
