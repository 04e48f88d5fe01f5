"""How option values are read from their text, with a sentence for those that cannot be."""

import math
from typing import Any

import click

from app.domain.requests import Provider
from app.domain.sampling import RANGES, SamplerStage, SamplingParams

MOST_ID_DIGITS = 9


class TokenIds(click.ParamType[tuple[int, ...]]):
    """Comma-separated token ids: `1,2,3`."""

    name = "1,2,3"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """A tuple of ids, each at least 0."""
        if isinstance(value, tuple):
            return value
        return tuple(self._id(part.strip(), param, ctx) for part in value.split(","))

    def _id(self, part: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if not is_id(part):
            self.fail(f"{part[:40]!r} is not a token id; write ids like 1,2,3.", param, ctx)
        return int(part)


class DeviceChoice(click.ParamType[tuple[Provider, int]]):
    """A provider and, where it has several devices, the number of one: `cpu`, `cuda`, `cuda:1`."""

    name = "cpu|cuda|directml[:N]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Provider, int]:
        """The provider and the device's number, 0 if none is given."""
        if isinstance(value, tuple):
            return value
        name, colon, number = value.lower().partition(":")
        known = name in list(Provider) and (not colon or (is_id(number) and name != Provider.CPU))
        if not known:
            what = f"{value[:40]!r} is no device; write cpu, cuda, directml or cuda:1."
            self.fail(what, param, ctx)
        return Provider(name), int(number or 0)


class LogitBias(click.ParamType[tuple[int, float]]):
    """A token id and what to add to its logit: `42=-3.5`."""

    name = "ID=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, float]:
        """The id, at least 0, and a finite number."""
        if isinstance(value, tuple):
            return value
        token, _, text = value.partition("=")
        bias = finite(text)
        if bias is None or not is_id(token.strip()):
            self.fail(f"{value!r} is not of the form ID=VALUE, such as 42=-3.5.", param, ctx)
        return int(token), bias


class SamplerOrder(click.ParamType[tuple[SamplerStage, ...]]):
    """Stages of the sampler: `top_k,temperature` changes the places of these two."""

    name = "STAGE,STAGE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[SamplerStage, ...]:
        """Every stage once: those named, in their order, where they usually are."""
        if isinstance(value, tuple):
            return value
        names = [part.strip().lower().replace("-", "_") for part in value.split(",")]
        if len(set(names)) < len(names) or not set(names) <= set(SamplerStage):
            stages = ", ".join(SamplerStage)
            self.fail(f"{value[:60]!r} is no order; name each once: {stages}.", param, ctx)
        named = iter(map(SamplerStage, names))
        return tuple(next(named) if stage in names else stage for stage in SamplerStage)


class Sampling(click.ParamType[SamplingParams]):
    """Sampling parameters, those not named neutral: `temperature=0.7,top_k=40`, or `neutral`."""

    name = "NAME=VALUE,..."

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> SamplingParams:
        """The parameters, each inside its range."""
        if isinstance(value, SamplingParams):
            return value
        given: dict[str, Any] = {}
        for part in [] if value.strip().lower() == "neutral" else value.split(","):
            name, equals, text = part.partition("=")
            name = name.strip().lower().replace("-", "_")
            if not equals or name not in RANGES or name in given:
                known = ", ".join(RANGES)
                self.fail(f"{part[:40]!r} is not NAME=VALUE with one of {known}.", param, ctx)
            given[name] = sampling_range(name).convert(text, param, ctx)
        return SamplingParams(**given)


class Number(click.FloatRange):
    """A finite number inside a closed range."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; nan, which lies outside of nothing, is refused too."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


def sampling_range(name: str) -> click.ParamType[Any]:
    """The type of one sampling parameter, with the domain's range."""
    low, high = RANGES[name]
    whole = SamplingParams.__annotations__[name] in (int, int | None)
    return click.IntRange(int(low), int(high)) if whole else Number(low, high)


def is_id(text: str) -> bool:
    """Whether `text` is a token id that a vocabulary could hold."""
    return text.isascii() and text.isdigit() and len(text) <= MOST_ID_DIGITS


def finite(text: str) -> float | None:
    """The finite number that `text` is, or None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
