"""What the next answer will be asked with: sampling parameters and the reasoning switch."""

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from app.domain.conversation import AnswerOptions
from app.domain.models import ModelInfo
from app.domain.sampling import SamplingParams


class SamplingModel(QObject):
    """Starts from the model's own defaults; `changed` tells that a value is another one."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._defaults = SamplingParams()
        self.params = self._defaults
        self.has_reasoning = False
        self.reasoning = True

    def adopt(self, model: ModelInfo) -> None:
        """Take the defaults of a model that was just loaded; a model seen before keeps ours."""
        self.has_reasoning = model.reasoning_switch is not None
        if model.sampling != self._defaults:
            self._defaults = self.params = model.sampling
        self.changed.emit()

    def set_temperature(self, value: float) -> None:
        """Temperature of the next answer."""
        self._set(replace(self.params, temperature=value))

    def set_top_p(self, value: float) -> None:
        """Top-p of the next answer."""
        self._set(replace(self.params, top_p=value))

    def set_reasoning(self, on: bool) -> None:
        """Whether the model thinks before the next answer."""
        self.reasoning = on
        self.changed.emit()

    def reset(self) -> None:
        """Back to the model's defaults."""
        self._set(self._defaults)

    @property
    def is_default(self) -> bool:
        """Whether the parameters are the model's own."""
        return self.params == self._defaults

    def options(self) -> AnswerOptions:
        """The values as an answer is asked with."""
        reasoning = self.reasoning if self.has_reasoning else None
        return AnswerOptions(sampling=self.params, reasoning=reasoning)

    def _set(self, params: SamplingParams) -> None:
        if params != self.params:
            self.params = params
            self.changed.emit()
