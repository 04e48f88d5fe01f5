"""What made an answer: enough to have it made again, and to say what is different by then."""

from msgspec import Struct

from app.domain.grammar import Grammar
from app.domain.models import ModelInfo
from app.domain.preparation import KvCache, Precision
from app.domain.reasoning import PastThoughts
from app.domain.requests import ThoughtLimit, Variables
from app.domain.sampling import SamplingParams


class Origin(Struct, frozen=True, kw_only=True):
    """The record of one answer.

    `fingerprint` is that of the model's graph and weights, `template` that of its chat template;
    `device` is where it ran, and `sampling` has the seed that was drawn; `reasoning`, `variables`,
    `past`, `thought` and `grammar` are as in the options it was asked with. The first `given`
    tokens were not the model's choice: they came from another answer, or a person chose them.
    `versions` are those of the program and its libraries. Answers that were written at once have
    the id of the first of them in `ballot`; `step` is the step of Auto that asked, empty without
    one.
    """

    model: str
    path: str
    variant: str
    fingerprint: str
    template: str
    device: str
    precision: Precision
    kv: KvCache
    sampling: SamplingParams
    reasoning: bool | None
    variables: Variables
    past: PastThoughts
    thought: ThoughtLimit
    max_tokens: int | None
    grammar: Grammar | None = None
    given: int = 0
    versions: dict[str, str] = {}
    ballot: int | None = None
    step: str = ""


def differences(origin: Origin, info: ModelInfo, versions: dict[str, str]) -> tuple[str, ...]:
    """What is no longer as it was, in sentences; empty where the answer must come out the same."""
    found: list[str] = []
    if origin.fingerprint != info.fingerprint:
        found.append(f"The model is another one: {origin.model} made it, {info.name} is loaded.")
    if origin.template != info.template_hash:
        found.append("The chat template has changed.")
    if origin.device != info.device.label:
        found.append(f"It ran on {origin.device}, and now on {info.device.label}.")
    now = info.preparation
    if (origin.precision, origin.kv) != (now.precision, now.kv):
        found.append("Another precision was used.")
    changed = [
        f"{name} {versions.get(name, 'none')} in place of {version}"
        for name, version in origin.versions.items()
        if versions.get(name) != version
    ]
    if changed:
        found.append(f"Other versions run: {', '.join(changed)}.")
    return tuple(found)
