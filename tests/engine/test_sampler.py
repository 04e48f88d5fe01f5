"""The compiled sampler: its order, its randomness, and that it draws what it says."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.sampling import SamplingParams
from app.engine.sampling.draw import draw, splitmix, uniform
from app.engine.sampling.sampler import BIAS_LIMIT, History, Sampler
from app.engine.sampling.statistics import Distribution
from app.errors import InvalidRequest
from tests.engine.test_logits import slow_top_p
from tests.engine.test_statistics import ROWS, row_of, slow_entropy, slow_logprobs

PROMPT = [1, 2, 2, 5]
ANSWER = [3, 3, 7]
COMBINATIONS = [
    {},
    {"temperature": 0.6},
    {"temperature": 2.0, "top_k": 4},
    {"top_p": 0.7},
    {"min_p": 0.1},
    {"typical_p": 0.8},
    {"temperature": 1.5, "top_k": 12, "top_p": 0.9, "min_p": 0.02, "typical_p": 0.95},
    {"repetition_penalty": 1.7, "frequency_penalty": 0.5, "presence_penalty": -0.8},
    {"logit_bias": {0: 3.0, 9: -2.0}, "top_k": 6},
]


def history_of(size: int) -> History:
    history = History(size, PROMPT)
    for token in ANSWER:
        history.add(token)
    return history


def measured(values: list[float]) -> Distribution:
    return Distribution.of(row_of(values))


def slow_distribution(row: np.ndarray, params: SamplingParams) -> np.ndarray:
    """Logprobs float64 after every transform in the documented order, one token at a time."""
    row = row.astype(np.float64).copy()
    for token in set(PROMPT + ANSWER):
        factor = params.repetition_penalty
        row[token] = row[token] / factor if row[token] > 0 else row[token] * factor
    for token in set(ANSWER):
        row[token] -= params.frequency_penalty * ANSWER.count(token) + params.presence_penalty
    for token, bias in params.logit_bias.items():
        row[token] += bias
    row = row / params.temperature
    ranked = sorted(range(len(row)), key=lambda token: (-row[token], token))
    row[ranked[params.top_k or len(row) :]] = -math.inf
    if params.top_p < 1:
        row = keep(row, slow_top_p(row, params.top_p))
    logprobs = slow_logprobs(row)
    if params.min_p > 0:
        ratios = np.exp(logprobs - logprobs.max())
        row = keep(row, set(np.flatnonzero(ratios >= params.min_p).tolist()))
    if params.typical_p < 1:
        row = keep(row, slow_typical(row, params.typical_p))
    return slow_logprobs(row)


def slow_typical(row: np.ndarray, mass: float) -> set[int]:
    logprobs = slow_logprobs(row)
    distance = np.abs(-logprobs - slow_entropy(row) * math.log(2))
    order = np.argsort(distance, kind="stable")
    probabilities = np.exp(logprobs)[order]
    before = np.cumsum(probabilities) - probabilities
    return {int(order[0]), *order[before < mass].tolist()}


def keep(row: np.ndarray, tokens: set[int]) -> np.ndarray:
    cut = np.full_like(row, -math.inf)
    cut[list(tokens)] = row[list(tokens)]
    return cut


@pytest.mark.parametrize("changes", COMBINATIONS, ids=str)
def test_tokens_come_as_often_as_the_slow_version_says(changes: dict[str, Any]) -> None:
    params = SamplingParams(seed=1, **changes)
    row = (np.random.default_rng(2).standard_normal(20) * 2).astype(np.float32)
    history, sampler, draws = history_of(20), Sampler(params, 20), 2500
    expected = slow_distribution(row, params)
    counts = np.zeros(20)
    for position in range(draws):
        token, logprob = sampler.choose(Distribution.of(row), history, position)
        counts[token] += 1
        assert logprob == pytest.approx(expected[token], abs=1e-4)
    likely = np.exp(expected) * draws
    held = likely > 0
    assert counts[~held].sum() == 0
    chi_square = ((counts[held] - likely[held]) ** 2 / likely[held]).sum()
    freedom = held.sum() - 1
    assert chi_square <= freedom + 5 * math.sqrt(2 * freedom) + 1e-9


def test_a_seed_gives_the_same_tokens_and_another_seed_others() -> None:
    row = row_of([0.0] * 50)

    def tokens(seed: int) -> list[int]:
        sampler = Sampler(SamplingParams(seed=seed), 50)
        return [sampler.choose(Distribution.of(row), History(50, []), at)[0] for at in range(40)]

    assert tokens(3) == tokens(3)
    assert tokens(3) != tokens(4)


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**40))
def test_the_draw_depends_on_seed_and_position_alone(seed: int, position: int) -> None:
    number = uniform(seed, position)
    uniform(seed + 1, position)
    assert uniform(seed, position) == number
    assert 0 <= number < 1
    assert uniform(seed, position + 1) != number


def test_the_generator_gives_its_published_numbers() -> None:
    words = [splitmix(1234567, place) for place in range(3)]
    assert words == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_numbers_of_one_seed_are_even() -> None:
    numbers = np.array([uniform(11, position) for position in range(4000)])
    counts, _ = np.histogram(numbers, bins=20, range=(0, 1))
    assert ((counts - 200) ** 2 / 200).sum() < 50
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.06


@given(ROWS, st.floats(0, 1, exclude_max=True))
def test_a_draw_inverts_the_cumulative_distribution(values: list[float], number: float) -> None:
    row = row_of(values)
    index, logprob = draw(Distribution.of(row).weights, number)
    logprobs = slow_logprobs(row)
    edges = np.concatenate(([0.0], np.cumsum(np.exp(logprobs))))
    assert edges[index] - 1e-5 <= number <= edges[index + 1] + 1e-5
    # Under e^-87 a float32 weight loses digits.
    assert logprob == pytest.approx(logprobs[index], abs=1e-4 if logprob > -87 else 1.0)
    assert logprob <= 0


def test_a_draw_from_many_inverts_the_cumulative_distribution() -> None:
    row = (np.random.default_rng(8).standard_normal(5000) * 2).astype(np.float32)
    edges = np.concatenate(([0.0], np.cumsum(np.exp(slow_logprobs(row)))))
    for position in range(300):
        number = uniform(4, position)
        index, _ = draw(Distribution.of(row).weights, number)
        assert edges[index] - 1e-6 <= number <= edges[index + 1] + 1e-6


def test_a_draw_never_gives_what_has_no_probability() -> None:
    weights = np.zeros(3000, dtype=np.float32)
    weights[[5, 1500]] = 1.0
    picks = {draw(weights, number)[0] for number in (0.0, 0.25, 0.5, 0.75, 1 - 2**-53)}
    assert picks == {5, 1500}


def test_greedy_takes_the_lower_id_of_a_tie_and_ignores_cuts() -> None:
    sampler = Sampler(SamplingParams(temperature=0.0, top_k=1, top_p=0.1, typical_p=0.1), 4)
    assert sampler.choose(measured([1.0, 2.0, 2.0, 0.0]), History(4, []), 0) == (1, 0.0)
    assert sampler.seed is None


def test_greedy_still_heeds_penalties_and_bias() -> None:
    row = measured([1.0, 2.0, 1.9])
    penalised = Sampler(SamplingParams(temperature=0.0, repetition_penalty=1.5), 3)
    biased = Sampler(SamplingParams(temperature=0.0, logit_bias={0: 5.0}), 3)
    assert penalised.choose(row, History(3, [1]), 0)[0] == 2
    assert biased.choose(row, History(3, [1]), 0)[0] == 0


def test_frequency_counts_the_answer_and_not_the_prompt() -> None:
    sampler = Sampler(SamplingParams(temperature=0.0, frequency_penalty=1.0), 2)
    history = History(2, [0, 0, 0])
    row = measured([1.0, 0.5])
    assert sampler.choose(row, history, 0)[0] == 0
    history.add(0)
    assert sampler.choose(row, history, 1)[0] == 1


def test_a_request_without_a_seed_draws_one() -> None:
    seeds = {Sampler(SamplingParams(), 5).seed for _ in range(5)}
    assert len(seeds) == 5
    assert all(seed is not None and 0 <= seed < 2**63 for seed in seeds)


@pytest.mark.parametrize("bias", [{5: 1.0}, {-1: 1.0}, {0: BIAS_LIMIT * 2}])
def test_a_bias_that_cannot_be_used_is_refused(bias: dict[int, float]) -> None:
    with pytest.raises(InvalidRequest, match="bias"):
        Sampler(SamplingParams(logit_bias=bias), 5)
