"""The colours of the light and the dark theme, as plain values.

In: nothing. Out: `Theme`, with the heat ramp that colours tokens. Kept free of Qt so that
legibility can be tested as arithmetic.
"""

from dataclasses import dataclass, replace

from app.domain.heat import Palette

Rgb = tuple[int, int, int]

HEAT_STEPS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Every colour of one theme, as `#rrggbb`; `heat` is the hot end of the ramp."""

    dark: bool
    window: str
    surface: str
    line: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    bubble: str
    track: str
    bar: str
    heat: str
    alert: str
    alert_line: str
    code_keyword: str
    code_string: str
    code_number: str
    code_name: str
    sidebar: str


LIGHT = Theme(
    dark=False,
    window="#f7f8f9",
    surface="#ffffff",
    line="#dfe3e7",
    text="#16191d",
    muted="#626b76",
    faint="#9aa2ab",
    accent="#1f5fd0",
    accent_hover="#1a51b3",
    on_accent="#ffffff",
    accent_soft="#e0eafb",
    bubble="#e6eaef",
    track="#dfe3e7",
    bar="#8fb0ea",
    heat="#e58d58",
    alert="#fdf1ea",
    alert_line="#e9b596",
    code_keyword="#8a2b8c",
    code_string="#2c6e2f",
    code_number="#9a4a12",
    code_name="#1f5fd0",
    sidebar="#eff1f3",
)

DARK = Theme(
    dark=True,
    window="#15171a",
    surface="#1c1f23",
    line="#2e3339",
    text="#e8eaed",
    muted="#9aa2ac",
    faint="#666e78",
    accent="#7aa9f7",
    accent_hover="#93b9f9",
    on_accent="#10151d",
    accent_soft="#1f2f4a",
    bubble="#272b31",
    track="#2e3339",
    bar="#3f6098",
    heat="#9e521e",
    alert="#33241b",
    alert_line="#6e4629",
    code_keyword="#d79bdc",
    code_string="#9ccb8f",
    code_number="#e0a878",
    code_name="#7aa9f7",
    sidebar="#111316",
)


HOT = {
    Palette.ORANGE: (LIGHT.heat, DARK.heat),
    Palette.VIOLET: ("#b68ad4", "#71499d"),
    Palette.GREY: ("#a0a7af", "#5a626b"),
}


def with_palette(theme: Theme, palette: Palette) -> Theme:
    """The theme with the heat of a palette."""
    heat = HOT[palette][theme.dark]
    return theme if heat == theme.heat else replace(theme, heat=heat)


def heat_colour(theme: Theme, step: int, ground: str) -> str:
    """The colour of `step` on a background of colour `ground`."""
    share = step / HEAT_STEPS
    low, high = rgb(ground), rgb(theme.heat)
    mixed = (round(a + (b - a) * share) for a, b in zip(low, high, strict=True))
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def rgb(colour: str) -> Rgb:
    """The three channels, 0 to 255, of `#rrggbb`."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
