"""Numbers and states in the words the window shows; pure functions of domain values."""

import math
from collections.abc import Sequence

from app.domain.devices import fallback_sentence
from app.domain.models import ModelInfo
from app.domain.preparation import Precision, Preparation, PreparedCopy
from app.domain.reasoning import Effort, asked
from app.domain.tokens import Source, TokenRecord

SOURCES = {
    Source.SAMPLED: "sampled",
    Source.FORCED: "forced",
    Source.DRAFT_KEPT: "draft, kept",
    Source.CORRECTED: "draft, corrected",
    Source.BONUS: "after a draft",
}
VISIBLE = str.maketrans({" ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍"})
NOTHING = "—"
LONGEST_TAKEN = 20


def visible(text: str, token_id: int) -> str:
    """A token's text with its white space drawn; a control token is named by its id."""
    return text.translate(VISIBLE) if text else f"control {token_id}"


def token_text(token: TokenRecord) -> str:
    """The token's text with its white space drawn."""
    return visible(token.text, token.id)


def probability(value: float) -> str:
    """A probability, 0 to 1, with as many digits as it takes to be seen."""
    if 0 < value < 0.001:
        return f"{value:.0e}".replace("e-0", "e-").replace("-", "−")
    return f"{value:.3f}"


def logprob_probability(logprob: float | None) -> str:
    """The probability that a logprob in nats stands for."""
    return NOTHING if logprob is None else probability(math.exp(logprob))


def signed(value: float | None) -> str:
    """A number with three decimals and a true minus sign, which a zero does not have."""
    return NOTHING if value is None else f"{value:z.3f}".replace("-", "−")


def bits(value: float | None) -> str:
    """An entropy in bits."""
    return NOTHING if value is None else f"{abs(value):.2f} bits"


def surprise(token: TokenRecord) -> float:
    """How unexpected a token was, in bits: -log2 of its probability; 0 where it has none."""
    return 0.0 if token.logprob is None else max(0.0, -token.logprob / math.log(2))


def said_unsurely(token: TokenRecord) -> str:
    """What a screen reader says of a token that the model was not sure of."""
    sure = "" if token.logprob is None else f", {100 * math.exp(token.logprob):.0f} percent"
    return f"Low confidence{sure}: {token.text.strip() or token_text(token)}"


def took(tokens: Sequence[TokenRecord]) -> str:
    """The tokens that a version took where it left another one, as much as there is room for."""
    text = "".join(map(token_text, tokens))
    return text if len(text) <= LONGEST_TAKEN else f"{text[: LONGEST_TAKEN - 1]}…"


def draft(token: TokenRecord) -> str:
    """What a draft proposed for a token, with p and q, and how likely that was to be kept."""
    if token.accept is None:
        return ""
    offered = token.refused
    p = logprob_probability(offered.logprob if offered else token.logprob)
    q = f", the draft model's q {probability(token.draft_q)}" if token.draft_q is not None else ""
    fate = "kept" if offered is None else "not kept"
    text = visible(offered.text, offered.id) if offered else token_text(token)
    chance = probability(token.accept)
    return f"Drafted “{text}”, {fate}: the model's p {p}{q}, chance of being kept {chance}"


def tokens(count: int) -> str:
    """A count of tokens."""
    return f"{count:,} token" if count == 1 else f"{count:,} tokens"


def decision_points(count: int) -> str:
    """A count of places where another token was nearly as likely."""
    return "1 decision point" if count == 1 else f"{count:,} decision points"


def duration(seconds: float) -> str:
    """A time with about two significant digits."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"


def thinking(seconds: float, count: int, limit: int | None = None) -> str:
    """The heading of a reasoning trace that grows, with its limit where there is one."""
    counted = tokens(count) if limit is None else f"{count:,} of {tokens(limit)}"
    return f"Reasoning · {duration(seconds)} · {counted}"


def thought(seconds: float, count: int) -> str:
    """The heading of a finished reasoning trace; a time that was never taken is left out."""
    lasted = f" for {duration(seconds)}" if seconds else ""
    return f"Reasoned{lasted} · {tokens(count)}"


def effort(model: ModelInfo, chosen: Effort, budget: int | None = None) -> str:
    """What an effort means for a model that reasons, with the `budget` that goes before it."""
    if chosen is Effort.OFF:
        return "Answers at once"
    own = chosen.value in model.effort_levels
    said = f"As much as the model's own {chosen.value} effort asks for" if own else ""
    limit = asked(model, chosen, budget).limit.tokens if model.reasons else None
    if limit is None:
        return said
    most = f"At most {tokens(limit)} of reasoning"
    return ", ".join(filter(None, (said, most.lower() if own else most)))


def reading(done: int, total: int) -> str:
    """Progress over the prompt."""
    return f"Reading the conversation: {done:,} of {tokens(total)}"


def context(used: int, length: int) -> str:
    """How much of the context is taken."""
    return f"{used:,} of {tokens(length)}"


def device(provider: str) -> str:
    """An execution provider as people call it."""
    name = provider.removesuffix("ExecutionProvider")
    return {"Dml": "DirectML"}.get(name, name)


def placement(model: ModelInfo) -> str:
    """Which parts of a model run where, as far as that is told."""
    parts = [f"{device(each.provider)}: {each.nodes:,} nodes" for each in model.placements]
    fallen = fallback_sentence(model.device.provider, model.placements)
    told = (f"Variant {model.variant}", *parts, fallen, preparation(model.preparation))
    return "\n".join(part for part in (*told, *model.notes) if part)


def preparation(found: Preparation) -> str:
    """Which form of a model runs, why, and what that costs."""
    fast = found.precision is Precision.FAST
    runs = "It runs faster, with rounded numbers." if fast else "It runs with its exact numbers."
    return f"{runs} {found.reason}".strip()


def kept(copies: tuple[PreparedCopy, ...]) -> str:
    """The prepared copies of a model that is not open."""
    used = [each for each in copies if each.preparation is not None and not each.problem]
    if not used:
        return "Its prepared copy no longer fits and is not used." if copies else ""
    found = used[0].preparation
    assert found is not None
    return f"It has been prepared for this computer. {found.reason}"


def excerpt(text: str, longest: int = 4000) -> str:
    """The text, or its beginning and how much more there is."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}…\n\nand {len(text) - longest:,} more characters"


def size(count: int) -> str:
    """A number of bytes, at least some kilobytes, with about two significant digits."""
    unit, value = next(
        (unit, count / step)
        for unit, step in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3))
        if count >= step or unit == "KB"
    )
    return f"{value:.1f} {unit}" if value < 10 else f"{value:,.0f} {unit}"
