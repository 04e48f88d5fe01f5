"""What tokens are coloured by: the ends of every scale, its order, and the cells on the screen."""

import math
from dataclasses import replace as replace_field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QRegion
from PySide6.QtWidgets import QApplication, QWidget

from app.domain.heat import HeatMode, Reading
from app.domain.tokens import TokenRecord
from app.ui.chat.heat import Heat
from app.ui.chat.run import TokenRun
from app.ui.chat.token_text import TokenText
from app.ui.theme.palette import DARK, HEAT_STEPS, LIGHT, Theme, heat_colour
from app.ui.viewmodels.heat import FULL_BITS, FULL_RANK, HeatChoice, heat_step, number
from app.ui.viewmodels.sparkline import peaks
from tests.ui.records import record

COLOURING = [mode for mode in HeatMode if mode is not HeatMode.NOTHING]


def token(mode: HeatMode, value: float) -> TokenRecord:
    """A token whose number in this mode is `value`: a probability, bits, or a rank."""
    plain = record(probability=1.0)
    match mode:
        case HeatMode.PROBABILITY:
            return replace(plain, logprob=math.log(value))
        case HeatMode.SURPRISE:
            return replace(plain, logprob=-value * math.log(2))
        case HeatMode.ENTROPY:
            return replace(plain, entropy=value)
        case HeatMode.DRAFT:
            return replace(plain, accept=value)
        case _:
            return replace(plain, rank=round(value))


ENDS = [
    (HeatMode.PROBABILITY, 1.0, 1e-9),
    (HeatMode.SURPRISE, 0.0, FULL_BITS),
    (HeatMode.ENTROPY, 0.0, FULL_BITS),
    (HeatMode.RANK, 1, FULL_RANK),
    (HeatMode.BAND, 1, 1001),
    (HeatMode.DRAFT, 1.0, 0.0),
]


@pytest.mark.parametrize(("mode", "calm", "hot"), ENDS)
def test_the_ends_of_every_ramp_are_what_the_legend_says(mode: HeatMode, calm: float, hot: float):
    assert heat_step(mode, [token(mode, calm)]) == 0
    assert heat_step(mode, [token(mode, hot)]) == HEAT_STEPS


def test_probability_is_linear_and_ranks_are_spread():
    steps = [heat_step(HeatMode.PROBABILITY, [token(HeatMode.PROBABILITY, p)]) for p in (0.75, 0.5)]
    assert steps == [HEAT_STEPS // 4, HEAT_STEPS // 2]
    ranks = [heat_step(HeatMode.RANK, [token(HeatMode.RANK, rank)]) for rank in (1, 2, 4, 10, 999)]
    assert ranks == sorted(ranks)
    assert ranks[1] >= HEAT_STEPS // 4
    assert ranks[3] == ranks[4] == HEAT_STEPS


@given(st.sampled_from(COLOURING), st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_further_from_sure_is_never_paler(mode: HeatMode, one: float, other: float):
    scale = {
        HeatMode.PROBABILITY: -1.0,
        HeatMode.DRAFT: -1.0,
        HeatMode.RANK: 40.0,
        HeatMode.BAND: 2e3,
    }.get(mode, 20.0)
    low, high = sorted((one, other), key=lambda share: share * scale)
    values = [
        abs(share * scale) + (mode in (HeatMode.RANK, HeatMode.BAND)) for share in (low, high)
    ]
    steps = [heat_step(mode, [token(mode, value)]) for value in values]
    assert 0 <= steps[0] <= steps[1] <= HEAT_STEPS


@pytest.mark.parametrize("mode", HeatMode)
def test_a_token_without_numbers_is_calm(mode: HeatMode):
    bare = replace(record(), logprob=None, entropy=None, rank=None)
    assert heat_step(mode, [bare]) == 0


def test_tokens_that_share_a_character_are_one_choice():
    half = replace(record("🙂", probability=0.5), end=1, rank=3)
    both = [half, replace(half, rank=7, entropy=2.0)]
    assert heat_step(HeatMode.PROBABILITY, both) == HEAT_STEPS * 3 // 4
    one = replace(half, logprob=2 * math.log(0.5), rank=7, entropy=3.0)
    for mode in COLOURING[1:]:
        assert heat_step(mode, both) == heat_step(mode, [one])


def test_the_choice_is_told_once():
    choice, seen = HeatChoice(), list[HeatMode]()
    choice.changed.connect(seen.append)
    for mode in (HeatMode.RANK, HeatMode.RANK, HeatMode.NOTHING):
        choice.choose(mode)
    assert seen == [HeatMode.RANK, HeatMode.NOTHING]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("mode", COLOURING)
def test_each_token_is_painted_in_its_colour(qapp: QApplication, theme: Theme, mode: HeatMode):
    shares = dict.fromkeys((HeatMode.PROBABILITY, HeatMode.DRAFT), (0.9, 0.2))
    values = {**shares, HeatMode.RANK: (2, 10), HeatMode.BAND: (99, 1001)}.get(mode, (0.3, 4.0))
    words = [" mmmm", " wwww", " nnnn"] * 12
    text, start = TokenText("Answer"), 0
    for index, word in enumerate(words):
        made = replace(token(mode, values[index % 2]), start=start, end=start + len(word))
        text.extend(word, (made,), index)
        start += len(word)
    text.resize(300, 100)
    text.show()
    text.recolour(Heat(mode, theme, theme.window), theme.accent)
    image = QImage(text.size(), QImage.Format.Format_RGB32)
    image.fill(QColor(theme.window))
    text.render(image, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    for index in range(len(words)):
        step = heat_step(mode, [token(mode, values[index % 2])])
        above = text.token_rect(index).topLeft()
        seen = image.pixelColor(int(above.x()) + 8, int(above.y()) + 2).name()
        expected = heat_colour(theme, step, theme.window)
        assert (index, seen, text.colour_at(index)) == (index, expected, expected)
    text.deleteLater()


def painted(look: Heat, *words: TokenRecord) -> list[QImage]:
    """The cells of these tokens, each a picture of its own, without the text."""
    run, found = TokenRun(), list[QImage]()
    run.extend(words, 0, [(0, 1)] * len(words))
    for place in range(len(words)):
        image = QImage(60, 40, QImage.Format.Format_RGB32)
        image.fill(QColor(LIGHT.window))
        painter = QPainter(image)
        painter.setPen(Qt.PenStyle.NoPen)
        step = look.step(run, place, place + 1)
        look.paint_cell(painter, QRectF(0, 0, 60, 20), step, run.tokens[place : place + 1])
        painter.end()
        found.append(image)
    return found


def test_colour_is_never_alone(qapp: QApplication):
    """Without its colours the line under a token still tells how hot it is."""
    steps = [4, 10, 16, HEAT_STEPS]
    tokens = [token(HeatMode.PROBABILITY, max(1 - step / HEAT_STEPS, 1e-9)) for step in steps]
    grey = replace_field(LIGHT, heat=LIGHT.window)
    images = painted(Heat(HeatMode.PROBABILITY, grey, LIGHT.window), *tokens)
    ink = [
        sum(image.pixelColor(30, y).name() != LIGHT.window for y in range(20)) for image in images
    ]
    assert ink == [0, 1, 2, 3]


def test_numbers_stand_below_on_request(qapp: QApplication):
    hot = token(HeatMode.RANK, 37)
    for numbers in (False, True):
        look = Heat(HeatMode.RANK, LIGHT, LIGHT.window, Reading(numbers=numbers))
        image = painted(look, hot)[0]
        below = {image.pixelColor(x, y).name() for x in range(60) for y in range(21, 40)}
        assert (len(below) > 1) is numbers
    assert number(HeatMode.RANK, [hot]) == "37"
    assert number(HeatMode.SURPRISE, [token(HeatMode.SURPRISE, 1.25)] * 2) == "2.5"
    assert number(HeatMode.PROBABILITY, [token(HeatMode.PROBABILITY, 0.42)]) == "42"


@pytest.mark.parametrize("mode", COLOURING)
def test_a_threshold_leaves_only_what_is_over_it(mode: HeatMode):
    values = {HeatMode.PROBABILITY: (0.6, 0.4, 0.1, 0.01), HeatMode.RANK: (1, 2, 5, 50)}
    values[HeatMode.DRAFT] = (0.95, 0.8, 0.3, 0.0)
    values[HeatMode.BAND] = (1, 11, 101, 1001)
    run = TokenRun()
    tokens = [token(mode, value) for value in values.get(mode, (0.5, 1.5, 2.5, 3.5))]
    run.extend(tokens, 0, [(0, 1)] * 4)
    for over in range(4):
        look = Heat(mode, LIGHT, LIGHT.window, Reading(over=over))
        marked = [place for place in range(4) if look.colour(run, place, place + 1)]
        assert marked == [
            place for place in range(4) if place >= over and run_step(run, place, mode)
        ]


def run_step(run: TokenRun, place: int, mode: HeatMode) -> int:
    return heat_step(mode, run.tokens[place : place + 1])


def test_a_sentence_has_one_colour_which_is_the_mean():
    words = ("Pi", " is", " 3", ".", "14", ".", " No", " more", "!\n", "End", " here")
    shares = [place / 12 for place in range(len(words))]
    tokens = [
        replace(token(HeatMode.PROBABILITY, 1 - share), data=word.encode())
        for word, share in zip(words, shares, strict=True)
    ]
    run = TokenRun()
    for place, each in enumerate(tokens):  # as it comes while it is written
        run.extend((each,), place, [(0, 1)])
    assert [run.sentence(place) for place in (0, 5, 6, 8, 9, 10)] == [
        (0, 6), (0, 6), (6, 9), (6, 9), (9, 11), (9, 11)
    ]  # fmt: skip
    look = Heat(HeatMode.PROBABILITY, LIGHT, LIGHT.window, Reading(by_sentence=True))
    steps = [look.step(run, place, place + 1) for place in range(len(words))]
    assert steps[:6] == [round(HEAT_STEPS * 2.5 / 12)] * 6
    assert steps[6:9] == [round(HEAT_STEPS * 7 / 12)] * 3


@given(st.lists(st.floats(0, 30), max_size=300), st.integers(1, 60))
def test_a_sparkline_keeps_what_stands_out(bits: list[float], most: int):
    found = peaks(bits, most)
    assert len(found) == min(len(bits), most)
    assert all(0 <= height <= 1 for height in found)
    if bits:
        assert max(found) == max(bits) / max(FULL_BITS, *bits, FULL_BITS)
