"""What the view models decide, without a window."""

import asyncio
import math

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from app.domain.conversation import (
    PromptRead,
    Turn,
    TurnAdded,
    TurnChanged,
    TurnGrew,
    TurnState,
)
from app.domain.events import Delta, Timings, Usage
from app.domain.messages import Role
from app.domain.models import Layout, ModelInfo
from app.domain.reasoning import Effort
from app.domain.sampling import SamplingParams
from app.domain.tokens import Channel
from app.services.engine_host import EngineHost
from app.ui.tasks import Tasks
from app.ui.viewmodels import wording
from app.ui.viewmodels.alternatives import rows
from app.ui.viewmodels.figures import confidence, figures
from app.ui.viewmodels.sampling import SamplingModel
from app.ui.viewmodels.selection import TokenSelection
from app.ui.viewmodels.status import StatusModel
from app.ui.viewmodels.stream import Coalescer, merged
from tests.ui.records import record

MODEL = ModelInfo(
    name="m",
    path="/m",
    layout=Layout.OPTIMUM,
    variant="model",
    variants=("model",),
    context_length=64,
    vocabulary_size=10,
    has_tokenizer=True,
    has_template=True,
    reasoning_switch=None,
    effort_switch=None,
    providers=("CPUExecutionProvider",),
    sampling=SamplingParams(temperature=0.6, top_p=0.95, top_k=20),
)


def growth(turn: int, channel: Channel, text: str) -> TurnGrew:
    return TurnGrew(turn, Delta(channel, text, (record(text, channel=channel),)))


def test_alternatives_add_up_to_the_whole_distribution():
    token = record(" cat", probability=0.1, top=((" dog", 0.6), (" cow", 0.2)))
    found = rows(token)
    assert [row.text for row in found] == ["␣dog", "␣cow", "␣cat", "all others"]
    assert [row.chosen for row in found] == [False, False, True, False]
    assert sum(row.share for row in found) == pytest.approx(1)


def test_a_chosen_token_among_the_likeliest_is_not_listed_twice():
    found = rows(record(" cat", probability=0.6, top=((" cat", 0.6), (" dog", 0.3))))
    assert [(row.text, row.chosen) for row in found[:2]] == [("␣cat", True), ("␣dog", False)]
    assert found[-1].share == pytest.approx(0.1)


def test_neighbours_of_one_channel_are_merged_and_nothing_is_lost():
    stream = [
        growth(1, Channel.REASONING, "a"),
        growth(1, Channel.REASONING, "b"),
        growth(1, Channel.ANSWER, "c"),
        growth(1, Channel.REASONING, "d"),
        growth(2, Channel.REASONING, "e"),
    ]
    found = merged(stream)
    assert [(g.turn_id, g.delta.channel, g.delta.text) for g in found] == [
        (1, Channel.REASONING, "ab"),
        (1, Channel.ANSWER, "c"),
        (1, Channel.REASONING, "d"),
        (2, Channel.REASONING, "e"),
    ]
    tokens = [token for g in found for token in g.delta.tokens]
    assert tokens == [token for g in stream for token in g.delta.tokens]


def test_growth_is_shown_at_once_and_then_at_most_thirty_times_a_second(qapp: QApplication):
    async def main() -> list[str]:
        owner = QObject()
        stream, seen = Coalescer(owner), list[str]()
        stream.flushed.connect(lambda g: seen.append(g.delta.text))
        for _ in range(100):
            stream.add(growth(1, Channel.ANSWER, "x"))
            await asyncio.sleep(0.005)
        stream.flush()
        owner.deleteLater()
        return seen

    with QEventLoop(qapp) as loop:
        started = loop.time()
        seen = loop.run_until_complete(main())
        elapsed = loop.time() - started
    assert seen[0] == "x"
    assert "".join(seen) == "x" * 100
    assert 3 <= len(seen) <= 30 * elapsed + 2


def test_sampling_starts_from_the_model_and_returns_to_it():
    sampling = SamplingModel()
    sampling.adopt(MODEL)
    assert sampling.params == MODEL.sampling
    sampling.set("temperature", 1.5)
    sampling.set("top_p", 0.5)
    asked = sampling.options()
    assert (asked.sampling.temperature, asked.sampling.top_p) == (1.5, 0.5)
    assert asked.sampling.top_k == 20
    assert asked.reasoning is None
    sampling.reset()
    assert sampling.is_default


def test_a_restarted_model_keeps_what_the_person_chose():
    sampling = SamplingModel()
    sampling.adopt(replace(MODEL, reasoning_switch="enable_thinking"))
    sampling.set("temperature", 1.5)
    sampling.set_effort(Effort.OFF)
    sampling.adopt(replace(MODEL, reasoning_switch="enable_thinking"))
    assert sampling.options().sampling.temperature == 1.5
    assert sampling.options().reasoning is False


def test_selection_stays_inside_its_answer():
    tokens = tuple(record(text) for text in "abc")
    selection = TokenSelection(lambda: [Turn(id=4, role=Role.ASSISTANT, tokens=tokens)])
    selection.step(1)
    assert selection.current is None
    selection.pick(4, 2)
    selection.step(1)
    assert selection.current
    assert (selection.current.index, selection.current.token.text) == (2, "c")
    selection.pick(4, -5)
    assert selection.current.index == 0
    selection.pick(99, 0)
    assert selection.current.turn_id == 4


def test_numbers_are_said_as_they_are():
    assert wording.probability(0.62) == "0.620"
    assert wording.probability(0.00042) == "4e-4".replace("-", "−")
    assert wording.probability(0.0) == "0.000"
    assert wording.signed(-0.478) == "−0.478"
    assert wording.signed(-1e-9) == "0.000"
    assert wording.logprob_probability(None) == wording.NOTHING
    assert wording.bits(-0.0) == "0.00 bits"
    assert wording.visible(" a\n", 3) == "␣a⏎"
    assert wording.visible("", 3) == "control 3"
    assert wording.surprise(record(probability=0.125)) == pytest.approx(3)
    assert [wording.duration(s) for s in (0.004, 0.18, 3.21)] == ["4 ms", "0.18 s", "3.2 s"]
    assert wording.tokens(1) == "1 token"
    assert wording.context(1204, 4096) == "1,204 of 4,096 tokens"
    assert wording.device("CPUExecutionProvider") == "CPU"


def test_the_figures_are_only_what_was_measured():
    usage, timings = Usage(10, 31, 5, 0), Timings(0.18, 900.0, 41.2)
    turn = Turn(id=1, role=Role.ASSISTANT, usage=usage, timings=timings)
    assert texts(turn) == ["41 tokens/s", "first token 0.18 s", "31 tokens"]
    assert texts(replace(turn, timings=Timings(0, 0, 0))) == ["31 tokens"]
    assert texts(replace(turn, usage=None, timings=None)) == []


def texts(turn: Turn) -> list[str]:
    return [figure.text for figure in figures(turn)]


def test_confidence_is_the_geometric_mean_over_the_answer_alone():
    tokens = [
        record(probability=0.5),
        record(probability=0.02, channel=Channel.REASONING),
        record(probability=0.32),
        replace(record(), logprob=None),
    ]
    assert confidence(tokens) == pytest.approx(0.4)
    assert confidence(tokens[1:2]) is None
    turn = Turn(id=1, role=Role.ASSISTANT, tokens=tuple(tokens))
    assert texts(turn) == ["confidence 0.400"]
    assert "geometric mean" in figures(turn)[0].meaning


def test_the_meter_counts_what_came_and_how_fast(qapp: QApplication):
    clock, owner = [0.0], QObject()
    status = StatusModel(EngineHost(), owner, lambda: clock[0])
    streaming = Turn(id=1, role=Role.ASSISTANT, state=TurnState.STREAMING)
    status.follow(TurnAdded(streaming))
    status.follow(PromptRead(1, 40, 100))
    clock[0] = 5.0
    status.follow(tokens_came(3))
    assert (status.value.context_used, status.value.rate) == (103, 0.0)
    for second in (6.0, 7.0):
        clock[0] = second
        status.follow(tokens_came(20))
    assert (status.value.context_used, status.value.rate) == (143, 20.0)
    ended = replace(streaming, state=TurnState.FINISHED, usage=Usage(100, 44, 0, 0))
    status.follow(TurnChanged(ended))
    assert (status.value.context_used, status.value.rate) == (144, 0.0)
    owner.deleteLater()


def tokens_came(count: int) -> TurnGrew:
    return TurnGrew(1, Delta(Channel.ANSWER, "x" * count, (record("x"),) * count))


def test_reasoning_is_timed_and_counted():
    assert wording.thinking(1.24, 17) == "Reasoning · 1.2 s · 17 tokens"
    assert wording.thought(3.2, 148) == "Reasoned for 3.2 s · 148 tokens"
    assert wording.thought(0.0, 1) == "Reasoned · 1 token"


def test_a_long_question_is_shown_by_its_beginning():
    assert wording.excerpt("a" * 4000) == "a" * 4000
    assert wording.excerpt("a" * 4500).endswith("and 500 more characters")


def test_tasks_end_with_their_owner_and_tell_their_errors(qapp: QApplication):
    async def main() -> tuple[bool, list[BaseException]]:
        owner, errors = QObject(), list[BaseException]()
        tasks = Tasks(owner, errors.append)
        waiting = tasks.start(asyncio.sleep(60))
        failing = tasks.start(_fail())
        await asyncio.wait([failing])
        owner.deleteLater()
        await asyncio.wait([waiting], timeout=5)
        return waiting.cancelled(), errors

    with QEventLoop(qapp) as loop:
        cancelled, errors = loop.run_until_complete(main())
    assert cancelled
    assert [str(error) for error in errors] == ["broken"]


async def _fail() -> None:
    raise ValueError("broken")


def test_a_logprob_is_shown_as_the_probability_it_is():
    assert wording.logprob_probability(math.log(0.25)) == "0.250"


@pytest.mark.parametrize(
    ("levels", "budget", "told"),
    [
        ((), None, ["At most 512 tokens", "At most 1,024 tokens", "At most 2,048 tokens"]),
        ((), 300, ["At most 300 tokens"] * 3),
        (("low",), None, ["the model's own low effort", "At most 1,024", "At most 2,048"]),
        (("low",), 300, ["own low effort asks for, at most 300 tokens", "At most 300", "At most"]),
    ],
)
def test_each_effort_tells_its_tokens(
    levels: tuple[str, ...], budget: int | None, told: list[str]
) -> None:
    model = replace(
        MODEL,
        context_length=4096,
        reasoning_switch="enable_thinking",
        effort_switch="effort" if levels else None,
        effort_levels=levels,
    )
    assert wording.effort(model, Effort.OFF, budget) == "Answers at once"
    for effort, words in zip((Effort.LOW, Effort.MEDIUM, Effort.HIGH), told, strict=True):
        assert words in wording.effort(model, effort, budget)
