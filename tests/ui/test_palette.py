"""The colours can be read, and the ramp rises."""

import pytest

from app.domain.heat import Palette
from app.ui.theme.palette import (
    DARK,
    HEAT_STEPS,
    LIGHT,
    Theme,
    contrast,
    heat_colour,
    rgb,
    with_palette,
)

Matrix = tuple[tuple[float, float, float], ...]

LEGIBLE = 4.5
APART = 20  # steps of lightness from the calm to the hot end
LUMINANCE = (0.2126, 0.7152, 0.0722)
# Machado, Oliveira and Fernandes 2009, severity 1, on linear light.
EYES: dict[str, Matrix] = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
EVERY = [with_palette(theme, palette) for theme in (LIGHT, DARK) for palette in Palette]
THEMES = pytest.mark.parametrize(
    "theme", EVERY, ids=[f"{'dark' if each.dark else 'light'} {each.heat}" for each in EVERY]
)


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


@THEMES
@pytest.mark.parametrize("eye", EYES)
def test_the_order_of_the_ramp_is_lightness_to_every_eye(theme: Theme, eye: str):
    for ground in (theme.window, theme.surface):
        colours = [heat_colour(theme, step, ground) for step in range(HEAT_STEPS + 1)]
        seen = [lightness(EYES[eye], colour) for colour in colours]
        assert seen == sorted(seen, reverse=not theme.dark)
        assert len(set(seen)) == len(seen)
        assert abs(seen[-1] - seen[0]) >= APART


def lightness(eye: Matrix, colour: str) -> float:
    """CIE L* of a colour as this eye sees it."""
    light = [linear(channel / 255) for channel in rgb(colour)]
    seen = [sum(a * b for a, b in zip(row, light, strict=True)) for row in eye]
    luminance = sum(a * min(max(b, 0.0), 1.0) for a, b in zip(LUMINANCE, seen, strict=True))
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance


def linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def test_lightness_is_that_of_the_standard():
    assert lightness(EYES["usual"], "#ffffff") == pytest.approx(100, abs=0.01)
    assert lightness(EYES["usual"], "#777777") == pytest.approx(50.03, abs=0.05)
    assert lightness(EYES["protanopia"], "#ff0000") < lightness(EYES["usual"], "#ff0000")


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
