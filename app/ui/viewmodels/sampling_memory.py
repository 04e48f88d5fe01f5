"""How a person samples with each model, found again whenever that model is loaded."""

from pathlib import Path

from app.domain.models import ModelInfo
from app.services.settings import SAMPLING, SamplingChoice, Settings
from app.ui.viewmodels.sampling import SamplingModel

BUILT_IN = "built-in"


class SamplingMemory:
    """Keeps a choice for each model's path; that of the `built_in` one may change."""

    def __init__(self, settings: Settings, built_in: str) -> None:
        self._settings = settings
        self._built_in = Path(built_in)

    def recall(self, model: ModelInfo) -> SamplingChoice | None:
        """What was chosen for a model; None where it samples as it asks for."""
        return self._settings.get(SAMPLING).get(self._name(model))

    def remember(self, sampling: SamplingModel) -> None:
        """Keep what is chosen now for the loaded model."""
        if sampling.model is None:
            return
        name = self._name(sampling.model)
        others = {key: each for key, each in self._settings.get(SAMPLING).items() if key != name}
        if sampling.choice is not None:
            others[name] = sampling.choice
        self._settings.set(SAMPLING, others)

    def _name(self, model: ModelInfo) -> str:
        return BUILT_IN if Path(model.path) == self._built_in else model.path
