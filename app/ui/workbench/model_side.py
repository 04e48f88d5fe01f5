"""One of the two sides of a comparison: which model, file, device or sampling."""

from enum import StrEnum

from msgspec.structs import replace
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.domain.devices import Device
from app.domain.preparation import Precision
from app.services.settings import ModelChoice
from app.ui.choice import Choice
from app.ui.viewmodels.comparing import Reports
from app.ui.widgets import label
from app.ui.workbench.sampling_side import SamplingSide

NAME_WIDTH = 52
AUTOMATIC = ("Automatic", None)
PRECISIONS: list[tuple[str, object]] = [
    ("Automatic", Precision.AUTO),
    ("Fast", Precision.FAST),
    ("Exact", Precision.EXACT),
]


class What(StrEnum):
    """What differs between the two sides."""

    MODELS = "Models"
    FILES = "Files of one model"
    DEVICES = "Devices"
    SAMPLING = "Sampling"


class ModelSide(QWidget):
    """Chooses one of the two sides; `looked_at` carries the ModelChoice that was picked."""

    looked_at = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._what = What.MODELS
        self.model = Choice(f"{name} model")
        self.variant = Choice(f"{name} model's variant")
        self.precision = Choice(f"{name} model's precision")
        self.device = Choice(f"{name} device")
        self.sampling = SamplingSide(name)
        self.precision.show_values(PRECISIONS, Precision.AUTO)
        self.model.currentIndexChanged.connect(self._pick)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        called = label(name, kind="muted")
        called.setFixedWidth(NAME_WIDTH)
        row.addWidget(called)
        for part in (self.model, self.variant, self.precision, self.device, self.sampling):
            row.addWidget(part, 1)
        self.show_what(What.MODELS)

    def show_what(self, what: What) -> None:
        """Offer only what may differ."""
        self._what = what
        self.model.setVisible(what is What.MODELS)
        for part in (self.variant, self.precision):
            part.setVisible(what in (What.MODELS, What.FILES))
        self.device.setVisible(what is What.DEVICES)
        self.sampling.setVisible(what is What.SAMPLING)

    def show_models(self, named: list[tuple[str, ModelChoice]]) -> None:
        """Offer these models."""
        self.model.show_values([*named], self.model.value())
        self._pick()

    def show_devices(self, devices: tuple[Device, ...], place: int) -> None:
        """Offer these devices, the one at this place unless there was a choice before."""
        chose = self.device.count() > 1
        chosen = self.device.value() if chose else devices[min(place, len(devices) - 1)]
        self.device.show_values([(each.name or each.label, each) for each in devices], chosen)

    def show_variants(self, reports: Reports) -> None:
        """Offer the variants of the chosen model."""
        picked = self.model.value()
        if picked is not None and picked.path == reports.choice.path:
            names = [each.name for each in reports.variants if not each.refusal]
            chosen = self.variant.value() or picked.variant
            self.variant.show_values([AUTOMATIC, *((n, n) for n in names)], chosen)

    def show_choice(self, choice: ModelChoice) -> None:
        """Show what is compared."""
        self.variant.show_values(
            [AUTOMATIC, (choice.variant or "", choice.variant)], choice.variant
        )
        self.precision.show_values(PRECISIONS, choice.precision)

    def choice(self) -> ModelChoice | None:
        """The model as it would be compared now."""
        picked: ModelChoice | None = self.model.value()
        if picked is None or self._what is What.SAMPLING:
            return picked
        if self._what is What.DEVICES:
            device: Device = self.device.value()
            return replace(picked, provider=device.provider, device=device.index)
        return replace(picked, variant=self.variant.value(), precision=self.precision.value())

    def _pick(self) -> None:
        self.variant.show_values([AUTOMATIC], None)
        if (picked := self.model.value()) is not None:
            self.looked_at.emit(picked)
