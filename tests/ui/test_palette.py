"""The colours can be read, and the ramp rises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ui.theme.palette import (
    DARK,
    FULL_HEAT_BITS,
    HEAT_STEPS,
    LIGHT,
    Theme,
    contrast,
    heat_colour,
    heat_step,
)

LEGIBLE = 4.5
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


@THEMES
def test_text_is_legible_on_every_step_of_the_ramp(theme: Theme):
    for ground in (theme.window, theme.surface):
        for step in range(HEAT_STEPS + 1):
            assert contrast(theme.text, heat_colour(theme, step, ground)) >= LEGIBLE


@THEMES
def test_every_ink_is_legible_on_its_ground(theme: Theme):
    pairs = (
        (theme.text, theme.bubble),
        (theme.text, theme.alert),
        (theme.muted, theme.window),
        (theme.muted, theme.surface),
        (theme.on_accent, theme.accent),
        (theme.accent, theme.accent_soft),
    )
    for ink, ground in pairs:
        assert contrast(ink, ground) >= LEGIBLE, (ink, ground)


@THEMES
def test_the_ramp_moves_away_from_its_ground_at_every_step(theme: Theme):
    distances = [
        contrast(theme.window, heat_colour(theme, step, theme.window))
        for step in range(HEAT_STEPS + 1)
    ]
    assert distances == sorted(distances)
    assert heat_colour(theme, 0, theme.window) == theme.window
    assert heat_colour(theme, HEAT_STEPS, theme.window) == theme.heat


@given(st.floats(0, 40), st.floats(0, 40))
def test_more_surprise_is_never_paler(one: float, other: float):
    low, high = sorted((one, other))
    assert 0 <= heat_step(low) <= heat_step(high) <= HEAT_STEPS


def test_the_ends_of_the_ramp():
    assert heat_step(0.0) == 0
    assert heat_step(FULL_HEAT_BITS) == heat_step(99.0) == HEAT_STEPS


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
