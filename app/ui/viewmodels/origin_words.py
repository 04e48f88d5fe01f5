"""The record of what made an answer, and how making it again went, in words; pure functions."""

from msgspec import structs

from app.domain.origin import Origin
from app.domain.sampling import SamplingParams
from app.domain.tokens import TokenRecord
from app.services.repeat import Repeated
from app.ui.viewmodels import form, wording

Named = list[tuple[str, str]]
SHORT = 12


def record(origin: Origin) -> Named:
    """What made an answer, by the names of its parts."""
    versions = ", ".join(f"{name} {version}" for name, version in origin.versions.items())
    found = [
        ("Model", origin.model),
        ("Variant", origin.variant),
        ("Fingerprint of the model", origin.fingerprint[:SHORT]),
        ("Fingerprint of the template", origin.template[:SHORT] or wording.NOTHING),
        ("Device", origin.device),
        ("Precision", f"{origin.precision.value}, cache {origin.kv.value}"),
        ("Seed", wording.NOTHING if origin.sampling.seed is None else str(origin.sampling.seed)),
        ("Reasoning", {None: "template's default", True: "on", False: "off"}[origin.reasoning]),
    ]
    found += [(name.replace("_", " ").capitalize(), value) for name, value in _set(origin.sampling)]
    if origin.grammar is not None:
        found.append((form.NAME, form.words(origin.grammar)))
    if origin.given:
        found.append(("Given tokens", f"{origin.given:,}"))
    return [*found, ("Versions", _lines(versions))]


def outcome(found: Repeated) -> str:
    """How a repetition went, and what is not as it was."""
    if found.is_equal:
        said = f"The same: all {wording.tokens(found.total)}."
    else:
        was, now = _token(found.expected), _token(found.got)
        said = f"It parts at token {found.same + 1:,} of {found.total:,}: {was} then, {now} now."
    return "\n".join((said, *found.differences))


def _set(params: SamplingParams) -> list[tuple[str, str]]:
    """The parameters that change something."""
    neutral = structs.asdict(SamplingParams())
    given = structs.asdict(params)
    return [
        (name, str(value))
        for name, value in given.items()
        if name != "seed" and value != neutral[name]
    ]


def _token(token: TokenRecord | None) -> str:
    return "the end" if token is None else f"“{wording.token_text(token)}”"


def _lines(text: str, longest: int = 34) -> str:
    """The text in lines that a narrow column holds."""
    lines = [""]
    for word in text.split(", "):
        if lines[-1] and len(lines[-1]) + len(word) > longest:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]}, {word}" if lines[-1] else word
    return "\n".join(lines)
