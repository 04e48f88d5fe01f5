"""The compiled sampler: its order, its randomness, and that it draws what it says."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.sampling import SamplerStage, SamplingParams
from app.engine.sampling.draw import coin, draw, splitmix, uniform
from app.engine.sampling.dry import HARDEST, Dry
from app.engine.sampling.history import History
from app.engine.sampling.sampler import BIAS_LIMIT, Sampler
from app.engine.sampling.statistics import Distribution
from app.engine.sampling.traced import trace
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
    {"dry_multiplier": 0.8, "dry_allowed_length": 1, "min_p": 0.05},
]
REORDERED = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.sampled_from([0.0, 0.4, 0.9, 1.6]),
        "top_k": st.sampled_from([1, 3, 9, 40]),
        "top_p": st.sampled_from([0.0, 0.35, 0.8, 0.97]),
        "min_p": st.sampled_from([0.03, 0.2, 1.0]),
        "typical_p": st.sampled_from([0.3, 0.8]),
        "xtc_probability": st.sampled_from([0.5, 1.0]),
        "xtc_threshold": st.sampled_from([0.05, 0.15]),
        "repetition_penalty": st.sampled_from([0.7, 1.3]),
        "frequency_penalty": st.sampled_from([-0.5, 0.4]),
        "presence_penalty": st.sampled_from([0.6]),
        "dry_multiplier": st.sampled_from([0.5, 30.0]),
        "dry_allowed_length": st.sampled_from([1, 2]),
        "dry_range": st.sampled_from([0, 9]),
        "logit_bias": st.sampled_from([{0: 3.0, 9: -2.0}, {17: 9.0}]),
    },
)


def history_of(size: int) -> History:
    history = History(size, PROMPT)
    for token in ANSWER:
        history.add(token)
    return history


def measured(values: list[float]) -> Distribution:
    return Distribution.of(row_of(values))


def slow_distribution(
    row: np.ndarray,
    params: SamplingParams,
    answer: list[int] = ANSWER,
    position: int = 0,
) -> np.ndarray:
    """Logprobs float64 after every stage in the order asked for, one token at a time."""
    row = row.astype(np.float64).copy()
    for stage in params.order:
        if stage is SamplerStage.TEMPERATURE and params.temperature == 0:
            return slow_logprobs(keep(row, {int(row.argmax())}))
        row = slow_stage(stage, row, params, answer, position)
    return slow_logprobs(row)


def slow_stage(
    stage: SamplerStage, row: np.ndarray, params: SamplingParams, answer: list[int], position: int
) -> np.ndarray:
    left = set(np.flatnonzero(np.isfinite(row)).tolist())
    shares = np.exp(slow_logprobs(row))
    match stage:
        case SamplerStage.PENALTIES:
            for token in set(PROMPT + answer):
                factor = params.repetition_penalty
                row[token] = row[token] / factor if row[token] > 0 else row[token] * factor
            for token in set(answer):
                counted = params.frequency_penalty * answer.count(token)
                row[token] -= counted + params.presence_penalty
        case SamplerStage.DRY:
            for token, length in slow_repetitions((PROMPT + answer)[-params.dry_range :]).items():
                excess = length - params.dry_allowed_length
                if excess >= 0:
                    row[token] -= params.dry_multiplier * params.dry_base**excess
        case SamplerStage.BIAS:
            for token, bias in params.logit_bias.items():
                row[token] += bias
        case SamplerStage.TEMPERATURE:
            row = row / params.temperature
        case SamplerStage.TOP_K:
            ranked = sorted(range(len(row)), key=lambda token: (-row[token], token))
            row[ranked[params.top_k or len(row) :]] = -math.inf
        case SamplerStage.TOP_P:
            row = keep(row, slow_top_p(row, params.top_p)) if params.top_p < 1 else row
        case SamplerStage.MIN_P:
            row = keep(
                row, {token for token in left if shares[token] >= params.min_p * shares.max()}
            )
        case SamplerStage.TYPICAL_P:
            row = keep(row, slow_typical(row, params.typical_p)) if params.typical_p < 1 else row
        case SamplerStage.XTC:
            choices = [token for token in left if shares[token] >= params.xtc_threshold]
            acts = coin(params.seed or 0, position) < params.xtc_probability
            if acts and len(choices) > 1:
                row = keep(row, left - set(sorted(choices, key=lambda token: -shares[token])[:-1]))
    return row


def slow_repetitions(ids: list[int]) -> dict[int, int]:
    """Which tokens went on after an earlier copy of the end, and how long the longest is."""
    longest: dict[int, int] = {}
    for end in range(len(ids) - 1):
        length = 0
        while length <= end and ids[end - length] == ids[len(ids) - 1 - length]:
            length += 1
        if length:
            longest[ids[end + 1]] = max(length, longest.get(ids[end + 1], 0))
    return longest


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


@settings(max_examples=100)
@given(
    changes=REORDERED,
    order=st.permutations(list(SamplerStage)),
    answer=st.lists(st.sampled_from([3, 7, 11, 17]), max_size=14),
    number=st.integers(0, 2**16),
    spread=st.sampled_from([0.6, 3.0]),
)
def test_every_order_gives_what_the_slow_version_says(
    changes: dict[str, Any],
    order: list[SamplerStage],
    answer: list[int],
    number: int,
    spread: float,
) -> None:
    params = SamplingParams(seed=number, order=tuple(order), **changes)
    size = 150  # more than the likeliest few that shortcuts look at
    row = (np.random.default_rng(number).standard_normal(size) * spread).astype(np.float32)
    history = History(size, PROMPT)
    for token in answer:
        history.add(token)
    position = len(PROMPT) + len(answer)
    expected = slow_distribution(row, params, answer, position)
    sampler, measured = Sampler(params, size), Distribution.of(row)
    sampled = sampler.sampled(measured, history)
    found = [sampled.logprob(token) for token in range(size)]
    # A share under e^-87 is less than float32 has.
    wanted = [None if value < -80 else pytest.approx(value, abs=2e-4) for value in expected]
    assert [None if value is None or value < -80 else value for value in found] == wanted
    told = trace(sampler, measured, history, range(size))
    assert told.stages[-1].logprobs == pytest.approx(found, abs=2e-4)
    assert [stage.stage for stage in told.stages] == order
    assert told.stages[-1].kept == sampled.kept
    assert size - sum(stage.removed for stage in told.stages) == sampled.kept
    if sampler.seed is None:
        assert told.draw is None
    else:
        assert told.draw
        assert told.draw.token == sampler.choose(measured, history, position)[0]
        assert told.draw.low <= told.draw.number < told.draw.high
        width = math.exp(found[told.draw.token] or 0)
        assert told.draw.high - told.draw.low == pytest.approx(width, abs=1e-6)


def test_a_trace_names_what_each_stage_cut() -> None:
    row = row_of(np.log([0.4, 0.3, 0.2, 0.06, 0.04]).tolist())
    params = SamplingParams(
        seed=1, top_k=4, top_p=0.9, min_p=0.2, xtc_probability=1.0, xtc_threshold=0.3
    )
    told = trace(Sampler(params, 5), Distribution.of(row), History(5, [0]), range(5))
    by_name = {stage.stage: stage for stage in told.stages}
    cut = by_name[SamplerStage.TOP_K]
    assert (cut.active, cut.kept, cut.removed) == (True, 4, 1)
    assert (cut.removed_mass, cut.line) == (pytest.approx(0.04), pytest.approx(0.06))
    assert by_name[SamplerStage.TOP_P].kept == 3
    assert by_name[SamplerStage.TOP_P].line == pytest.approx(0.2 / 0.96)
    assert (by_name[SamplerStage.MIN_P].removed, by_name[SamplerStage.MIN_P].line) == (0, None)
    last = by_name[SamplerStage.XTC]
    assert (last.kept, last.removed, last.line) == (2, 1, 0.3)
    assert last.logprobs[0] is None
    assert last.logprobs[1] == pytest.approx(math.log(0.6), abs=1e-6)
    assert last.number is not None
    assert not by_name[SamplerStage.DRY].active


def test_nothing_is_repeated_over_a_sequence_breaker() -> None:
    texts = {1: b"a", 2: b"b", 3: b"c", 4: b"d:", 5: b""}
    params = SamplingParams(dry_multiplier=1.0, dry_base=2.0, dry_allowed_length=1)

    def lost(ids: list[int]) -> dict[int, float]:
        tokens, penalties = Dry(params, 6, lambda token: texts[token]).penalties(ids)
        return dict(zip(tokens.tolist(), penalties.tolist(), strict=True))

    assert lost([1, 2, 3, 1, 2]) == {3: 2.0}
    assert lost([4, 2, 3, 4, 2]) == {3: 1.0}, "the colon ends the repetition"
    assert lost([5, 2, 3, 5, 2]) == {3: 1.0}, "a control token ends it too"
    assert lost([1, 4, 1]) == {}, "a breaker may always come again"
    assert lost([1, 2, 4]) == {}
    assert lost([1] * 500) == {1: HARDEST}


def test_the_two_numbers_of_a_position_know_nothing_of_each_other() -> None:
    numbers = np.array([(uniform(11, at), coin(11, at)) for at in range(4000)]).T
    counts, _ = np.histogram(numbers[1], bins=20, range=(0, 1))
    assert ((counts - 200) ** 2 / 200).sum() < 50
    assert abs(np.corrcoef(numbers)[0, 1]) < 0.06


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
