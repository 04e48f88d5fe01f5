"""One of the two models of a comparison: which folder, which variant, which precision."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.domain.preparation import Precision
from app.services.settings import ModelChoice
from app.ui.choice import Choice
from app.ui.viewmodels.comparing import Reports
from app.ui.widgets import label

NAME_WIDTH = 52
PRECISIONS: list[tuple[str, object]] = [
    ("Automatic", Precision.AUTO),
    ("Fast", Precision.FAST),
    ("Exact", Precision.EXACT),
]


class ModelSide(QWidget):
    """Chooses one of the two models; `looked_at` carries the ModelChoice that was picked."""

    looked_at = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.model = Choice(f"{name} model")
        self.variant = Choice(f"{name} model's variant")
        self.precision = Choice(f"{name} model's precision")
        self.precision.show_values(PRECISIONS, Precision.AUTO)
        self.model.currentIndexChanged.connect(self._pick)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        called = label(name, kind="muted")
        called.setFixedWidth(NAME_WIDTH)
        row.addWidget(called)
        for part in (self.model, self.variant, self.precision):
            row.addWidget(part, 1)

    def show_models(self, named: list[tuple[str, ModelChoice]]) -> None:
        """Offer these models."""
        self.model.show_values([(name, choice) for name, choice in named], self._picked())
        self._pick()

    def show_variants(self, reports: Reports) -> None:
        """Offer the variants of the chosen model."""
        picked = self._picked()
        if picked is not None and picked.path == reports.choice.path:
            names = [each.name for each in reports.variants if not each.refusal]
            chosen = self.variant.value() or picked.variant
            self.variant.show_values([("Automatic", None), *((n, n) for n in names)], chosen)

    def show_choice(self, choice: ModelChoice) -> None:
        """Show what is compared."""
        self.variant.show_values(
            [("Automatic", None), (choice.variant or "", choice.variant)], choice.variant
        )
        self.precision.show_values(PRECISIONS, choice.precision)

    def choice(self) -> ModelChoice | None:
        """The model as it would be compared now."""
        picked = self._picked()
        if picked is None:
            return None
        return ModelChoice(
            picked.path,
            self.variant.value(),
            picked.provider,
            picked.device,
            self.precision.value(),
        )

    def _picked(self) -> ModelChoice | None:
        return self.model.value()

    def _pick(self) -> None:
        picked = self._picked()
        self.variant.show_values([("Automatic", None)], None)
        if picked is not None:
            self.looked_at.emit(picked)
