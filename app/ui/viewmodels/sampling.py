"""What the next answer will be asked with: sampling parameters, its length and the reasoning."""

import math

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from app.domain.conversation import AnswerOptions
from app.domain.drafting import Drafting
from app.domain.grammar import Grammar
from app.domain.models import ModelInfo
from app.domain.reasoning import Effort, PastThoughts, ReasoningChoice, asked, keeps_by
from app.domain.sampling import SamplerStage, SamplingParams
from app.services.settings import SamplingChoice

NEUTRAL = SamplingParams()


class Knob(Struct, frozen=True):
    """One parameter as a slider: its `name` in SamplingParams, the slider's ends and step.

    The number field takes all that the parameter may be, which is more than the slider reaches.
    """

    name: str
    label: str
    explanation: str
    low: float
    high: float
    step: float = 0.01

    @property
    def decimals(self) -> int:
        """Digits behind the point."""
        return max(0, -math.floor(math.log10(self.step)))


MAIN_KNOBS = (
    Knob("temperature", "Temperature", "Higher is more varied. 0 takes the likeliest token.", 0, 2),
    Knob("top_p", "Top-p", "Keeps the likeliest tokens that together reach this share.", 0, 1),
    Knob("top_k", "Top-k", "Keeps this many of the likeliest tokens. 0 keeps all.", 0, 100, 1),
    Knob("min_p", "Min-p", "Cuts tokens under this share of the likeliest one's.", 0, 1),
    Knob("typical_p", "Typical-p", "Keeps tokens that surprise about as much as usual.", 0, 1),
    Knob("repetition_penalty", "Repetition", "Over 1, tokens seen before get less likely.", 0.5, 2),
    Knob("frequency_penalty", "Frequency", "Lowers a token for each time it was said.", -2, 2),
    Knob("presence_penalty", "Presence", "Lowers a token once it was said at all.", -2, 2),
)
MORE_KNOBS = (
    Knob("xtc_probability", "XTC", "How often all but the least of the likely are cut.", 0, 1),
    Knob("xtc_threshold", "XTC share", "Which share makes a token likely, for XTC.", 0, 0.5),
    Knob("dry_multiplier", "DRY", "Lowers what would go on with a repetition. 0 is off.", 0, 5),
    Knob("dry_base", "DRY base", "How much harder each further repeated token is hit.", 1, 4),
    Knob("dry_allowed_length", "DRY length", "Repeated tokens that are let pass.", 1, 20, 1),
    Knob("dry_range", "DRY range", "How many tokens DRY looks back over. 0 is all.", 0, 4096, 1),
)
KNOBS = (*MAIN_KNOBS, *MORE_KNOBS)


class SamplingModel(QObject):
    """Starts from the model's own defaults; `changed` tells that a value is another one."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.model: ModelInfo | None = None
        self._defaults = SamplingParams()
        self._chosen = self._defaults
        self.neutral = False
        self.max_tokens: int | None = None
        self.drafting = Drafting()
        self.grammar: Grammar | None = None
        self.has_reasoning = False
        self.reasoning = ReasoningChoice()

    @property
    def params(self) -> SamplingParams:
        """The parameters in force."""
        return replace(NEUTRAL, seed=self._chosen.seed) if self.neutral else self._chosen

    @property
    def is_default(self) -> bool:
        """Whether everything is as the model brings it."""
        return self.choice is None and self.grammar is None

    @property
    def best_of(self) -> int:
        """How many answers are written at once: one where nothing is drawn."""
        return self.reasoning.best_of if self.params.temperature > 0 else 1

    @property
    def choice(self) -> SamplingChoice | None:
        """What a person chose; None where everything is as the model brings it."""
        chosen = SamplingChoice(
            params=self._chosen,
            neutral=self.neutral,
            max_tokens=self.max_tokens,
            drafting=self.drafting,
        )
        return None if chosen == SamplingChoice(params=self._defaults) else chosen

    def adopt(self, model: ModelInfo, kept: SamplingChoice | None = None) -> None:
        """Sample as was kept for a model that was just loaded, or as it asks for itself.

        A model that is only loaded again keeps what there is.
        """
        again = self.model is not None and self.model.path == model.path
        self.model, self._defaults = model, model.sampling
        self.has_reasoning = model.reasons
        if kept is not None or not again:
            kept = kept or SamplingChoice(params=model.sampling)
            self._chosen, self.neutral = kept.params, kept.neutral
            self.max_tokens, self.drafting = kept.max_tokens, kept.drafting
        self.changed.emit()

    def set(self, name: str, value: float) -> None:
        """Set one of the `KNOBS`."""
        whole = next(knob.decimals == 0 for knob in KNOBS if knob.name == name)
        self._choose(replace(self._chosen, **{name: round(value) if whole else value}))

    def set_order(self, order: tuple[SamplerStage, ...]) -> None:
        """In which order the stages of the sampler come."""
        self._choose(replace(self._chosen, order=order))

    def set_seed(self, seed: int | None) -> None:
        """The seed of the next answer; None draws one."""
        self._choose(replace(self._chosen, seed=seed))

    def set_max_tokens(self, count: int | None) -> None:
        """The longest answer in tokens; None leaves that to the model and the context."""
        if count != self.max_tokens:
            self.max_tokens = count
            self.changed.emit()

    def set_drafting(self, drafting: Drafting) -> None:
        """Where drafts of the next answer come from."""
        if drafting != self.drafting:
            self.drafting = drafting
            self.changed.emit()

    def set_grammar(self, grammar: Grammar | None) -> None:
        """The form of the next answers; None leaves them free. It is not remembered."""
        if grammar != self.grammar:
            self.grammar = grammar
            self.changed.emit()

    def set_neutral(self, on: bool) -> None:
        """Use the model's untouched distribution; off gives the former values back."""
        if on != self.neutral:
            self.neutral = on
            self.changed.emit()

    def set_reasoning(self, choice: ReasoningChoice) -> None:
        """How the model thinks before the next answer."""
        if choice != self.reasoning:
            self.reasoning = choice
            self.changed.emit()

    def set_effort(self, effort: Effort) -> None:
        """How much the model thinks before the next answer."""
        self.set_reasoning(replace(self.reasoning, effort=effort, auto=False))

    def set_auto(self) -> None:
        """Let the model think where it was not sure without."""
        effort = self.reasoning.effort
        effort = Effort.MEDIUM if effort is Effort.OFF else effort
        self.set_reasoning(replace(self.reasoning, effort=effort, auto=True))

    def reset(self) -> None:
        """Back to the model's defaults."""
        if not self.is_default:
            self._chosen, self.neutral, self.max_tokens = self._defaults, False, None
            self.drafting, self.grammar = Drafting(), None
            self.changed.emit()

    @property
    def budget(self) -> int | None:
        """The longest thought in tokens that goes before the effort, as far as the context goes."""
        chosen, model = self.reasoning.budget, self.model
        return chosen if chosen is None or model is None else min(chosen, model.context_length)

    def options(self, effort: Effort | None = None) -> AnswerOptions:
        """The values as an answer is asked with, with the effort chosen or another one."""
        plain = AnswerOptions(
            sampling=self.params,
            max_tokens=self.max_tokens,
            best_of=self.best_of,
            drafting=self.drafting,
            grammar=self.grammar,
        )
        if self.model is None or not self.has_reasoning:
            return plain
        chosen, model = self.reasoning, self.model
        thinking = asked(model, effort or chosen.effort, self.budget, chosen.closing)
        kept = keeps_by(model) if chosen.past is PastThoughts.KEEP else {}
        return replace(
            plain,
            reasoning=thinking.reasoning,
            variables={**thinking.variables, **kept},
            thought=thinking.limit,
            past=chosen.past,
        )

    def _choose(self, params: SamplingParams) -> None:
        if params != self._chosen:
            self._chosen = params
            self.changed.emit()


def remark(params: SamplingParams) -> str:
    """What a person should know of these values, or an empty text."""
    if params.temperature > 0:
        return ""
    later = params.order[params.order.index(SamplerStage.TEMPERATURE) :]
    names = {"xtc_probability" if stage is SamplerStage.XTC else stage.value for stage in later}
    cuts = [knob for knob in KNOBS if knob.name in names - {"temperature"}]
    ignored = [knob.label for knob in cuts if getattr(params, knob.name) != _neutral(knob)]
    if params.seed is not None:
        ignored.append("Seed")
    tail = f" Ignored now: {', '.join(ignored)}." if ignored else ""
    return f"Temperature 0 always takes the likeliest token.{tail}"


def _neutral(knob: Knob) -> float:
    return getattr(NEUTRAL, knob.name)
