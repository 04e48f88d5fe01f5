"""What is known about a loaded model."""

from enum import StrEnum

from msgspec import Struct

from app.domain.devices import Device, Placement
from app.domain.preparation import Precision, Preparation
from app.domain.requests import Provider
from app.domain.sampling import SamplingParams


class Layout(StrEnum):
    """How a model folder is laid out on disk."""

    TRANSFORMERS_JS = "transformers.js"
    OPTIMUM = "optimum"
    GENAI = "onnxruntime-genai"
    SINGLE = "single file"


class ModelInfo(Struct, frozen=True, kw_only=True):
    """A model as the worker understood it.

    `context_length` is the most tokens (prompt and answer together) this load can hold, `slots`
    how many conversations of that length it can remember, which is how many requests run at once,
    and `rows_per_run` how many of them one run of the graph can advance.
    `reasoning_switch` and `effort_switch` name the chat template's variable that turns thinking
    on and off, or sets its effort; None where the template has none. `effort_levels` are the
    efforts that the template itself tells apart, `history_switch` names the variable that keeps or
    drops earlier thoughts, and `reasoning_format` the way in which thoughts are written, empty for
    a model that has none. `providers` are the
    execution providers the session really has, the first one preferred, `placements` what each of
    them was given of the graph, and `device` is what was chosen. `sampling` is what the model's own
    generation defaults ask for. `fingerprint` names the content of graph and weights,
    `template_hash` that of the chat template. `notes` are sentences about what loading had to do
    without, and `preparation` says how the graph that runs differs from the file.
    """

    name: str
    path: str
    layout: Layout
    variant: str
    variants: tuple[str, ...]
    context_length: int
    slots: int = 1
    rows_per_run: int = 1
    vocabulary_size: int
    has_tokenizer: bool
    has_template: bool
    reasoning_switch: str | None
    effort_switch: str | None
    providers: tuple[str, ...]
    sampling: SamplingParams
    reasoning_format: str = ""
    effort_levels: tuple[str, ...] = ()
    history_switch: str | None = None
    fingerprint: str = ""
    template_hash: str = ""
    device: Device = Device(Provider.CPU, 0, "")
    placements: tuple[Placement, ...] = ()
    notes: tuple[str, ...] = ()
    preparation: Preparation = Preparation(
        precision=Precision.EXACT, stored=False, steps=(), divergence=None, reason=""
    )

    @property
    def reasons(self) -> bool:
        """Whether it can think before it answers."""
        return bool(self.reasoning_format or self.reasoning_switch or self.effort_switch)
