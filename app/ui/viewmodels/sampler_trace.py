"""How a token was picked, stage by stage, as rows to draw: what each stage cut and reshaped."""

import math

from msgspec import Struct

from app.domain.events import Replayed
from app.domain.sampling import SamplerStage, SamplingParams
from app.domain.trace import Cut, Draw, StageTrace
from app.ui.viewmodels import form
from app.ui.viewmodels.alternatives import percent, token_name
from app.ui.viewmodels.replay import Inspection
from app.ui.viewmodels.wording import probability, token_text, tokens

MOVED = "rounding or the limit of a thought made the difference."

STAGES = {
    SamplerStage.PENALTIES: "Penalties",
    SamplerStage.DRY: "DRY",
    SamplerStage.BIAS: "Bias",
    SamplerStage.TEMPERATURE: "Temperature",
    SamplerStage.TOP_K: "Top-k",
    SamplerStage.TOP_P: "Top-p",
    SamplerStage.MIN_P: "Min-p",
    SamplerStage.TYPICAL_P: "Typical-p",
    SamplerStage.XTC: "XTC",
}
VALUES = {
    SamplerStage.TEMPERATURE: "temperature",
    SamplerStage.TOP_K: "top_k",
    SamplerStage.TOP_P: "top_p",
    SamplerStage.MIN_P: "min_p",
    SamplerStage.TYPICAL_P: "typical_p",
    SamplerStage.DRY: "dry_multiplier",
    SamplerStage.XTC: "xtc_probability",
}


class Pair(Struct, frozen=True):
    """A token's share, 0 to 1, before and after a stage."""

    name: str
    before: float
    after: float


class StageRow(Struct, frozen=True):
    """What one stage did; `line` is the probability at which it cuts, before it."""

    name: str
    told: str
    pairs: tuple[Pair, ...]
    line: float | None

    @property
    def spoken(self) -> str:
        """The row as a screen reader says it."""
        changed = (
            f"{pair.name} {percent(pair.before)} before, "
            + (f"{percent(pair.after)} after" if pair.after else "cut")
            for pair in self.pairs
            if pair.before
        )
        return f"{self.name}: {self.told}. {'; '.join(changed)}"


def stage_rows(replayed: Replayed, params: SamplingParams) -> list[StageRow]:
    """What the answer's form cut, and the stages that do something, in their order."""
    if replayed.trace is None:
        return []
    before = [math.exp(each.logprob) for each in replayed.alternatives]
    names = [token_name(each.data, each.id, each.name) for each in replayed.alternatives]
    found: list[StageRow] = []
    if (grammar := replayed.trace.grammar) is not None:
        after = _shares(grammar)
        found.append(
            StageRow(form.NAME, _cut(grammar), tuple(map(Pair, names, before, after)), None)
        )
        before = after
    for stage in replayed.trace.stages:
        after = _shares(stage)
        if stage.active:
            pairs = tuple(map(Pair, names, before, after))
            found.append(StageRow(_named(stage, params), _did(stage), pairs, stage.line))
        before = after
    return found


def idle(replayed: Replayed) -> str:
    """The stages that are switched off."""
    stages = replayed.trace.stages if replayed.trace else ()
    off = [STAGES[stage.stage] for stage in stages if not stage.active]
    return f"Off: {', '.join(off)}" if off else ""


class DrawRow(Struct, frozen=True):
    """A draw in words, or why there is none, in which case there is nothing to see."""

    told: str
    draw: Draw | None = None


def chosen(shown: Inspection) -> DrawRow:
    """The draw that chose the token."""
    draw, selected = shown.draw, shown.selected
    if draw is None or selected is None:
        return DrawRow(shown.undrawn)
    if (draw.low, draw.high) == (0.0, 1.0):
        return DrawRow("One token was left, so nothing was drawn.")
    own, name = selected.token, _name(draw, shown.replayed)
    told = f"The draw was {draw.number:.4f}, which chose {_part(draw, name)}"
    if draw.token != own.id:
        told = f"{told} The answer has “{token_text(own)}”: {MOVED}"
    return DrawRow(told, draw)


def now(shown: Inspection) -> DrawRow:
    """What the same draw chooses with the sliders, where they are not those of the answer."""
    replayed = shown.replayed
    draw = replayed.trace.draw if replayed and replayed.trace else None
    if not shown.moved or replayed is None:
        return DrawRow("")
    if replayed.kept == 1 or draw is None:
        return DrawRow("With the sliders as they are, one token is left, so nothing is drawn.")
    name = _name(draw, replayed)
    return DrawRow(f"With the sliders as they are, it chooses {_part(draw, name)}", draw)


def _part(draw: Draw, name: str) -> str:
    return f"“{name}”: its part goes from {draw.low:.4f} to {draw.high:.4f}."


def _name(draw: Draw, replayed: Replayed | None) -> str:
    found = replayed.alternatives if replayed else ()
    names = (token_name(a.data, a.id, a.name) for a in found if a.id == draw.token)
    return next(names, f"token {draw.token}")


def _named(stage: StageTrace, params: SamplingParams) -> str:
    name, value = STAGES[stage.stage], VALUES.get(stage.stage)
    return f"{name} {getattr(params, value):g}" if value else name


def _did(stage: StageTrace) -> str:
    if stage.number is not None and not stage.removed:
        return f"drew {stage.number:.3f} and cut nothing"
    return _cut(stage, stage.line)


def _cut(cut: Cut, line: float | None = None) -> str:
    if not cut.removed:
        return f"cut nothing, {tokens(cut.kept)}"
    at = f" at {probability(line)}" if line is not None else ""
    return f"{cut.removed:,} cut{at} ({percent(cut.removed_mass)}), {cut.kept:,} left"


def _shares(cut: Cut) -> list[float]:
    return [0.0 if each is None else math.exp(each) for each in cut.logprobs]
