"""The model's dialog: those opened before and any folder, each with its variant and device."""

from msgspec.structs import replace
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from app.domain.devices import Device
from app.domain.preparation import Precision
from app.domain.requests import Provider
from app.services.packs import Report
from app.services.settings import ModelChoice
from app.ui.choice import Choice
from app.ui.dialogs import Dialog, rows
from app.ui.file_dialogs import ask_for_folder
from app.ui.panes.model_list import ModelList
from app.ui.panes.prepared import PreparedRow
from app.ui.theme.palette import Theme
from app.ui.viewmodels.model_survey import CPU, Look, devices, outlook, troubles
from app.ui.viewmodels.models import ModelsModel, ModelsStatus
from app.ui.viewmodels.wording import kept, preparation
from app.ui.widgets import button, label, set_kind

RULES = "Which model and how much reasoning a question gets when Auto is chosen"
BUILT_IN = "Came with the program"
AUTOMATIC = "What suits the device"
PRECISION = (
    "Fast does more of the work in 8 bits, which rounds. Automatic is fast only where the measured"
    " cost of that is small; exact keeps the original's numbers."
)
PRECISIONS = [
    ("Automatic", Precision.AUTO),
    ("Fast", Precision.FAST),
    ("Exact", Precision.EXACT),
]


class ModelsDialog(Dialog):
    """Shows a ModelsModel; `looked_at` asks for a look at a ModelChoice, `removed` wants its
    prepared copies deleted, `rules_asked` the rules of Auto."""

    looked_at = Signal(object)
    removed = Signal(object)
    rules_asked = Signal()

    def __init__(self, parent: QWidget, theme: Theme, model: ModelsModel) -> None:
        super().__init__(parent, "Model")
        self._model = model
        self._found: tuple[ModelChoice, ...] = ()
        self._look: Look | None = None
        self._devices: tuple[Device, ...] = (CPU,)
        self._asked: ModelChoice | None = None
        self.models = ModelList(theme)
        self.variant, self.device = Choice("Variant"), Choice("Device")
        self.precision = Choice("Precision")
        self.precision.setToolTip(PRECISION)
        self.precision.setAccessibleDescription(PRECISION)
        self.outlook = label(kind="muted", wrap=True)
        self.error = label(kind="complaint", wrap=True)
        self.trouble = label(kind="muted", wrap=True)
        self.prepared = PreparedRow()
        self.doing = label(kind="muted")
        self.progress = QProgressBar()
        self.browse = button("Open folder…", self._browse)
        self.rules = button("Rules of Auto…", self.rules_asked.emit, kind="quiet")
        self.rules.setToolTip(RULES)
        self.rules.setAccessibleDescription(RULES)
        self.drop = button("Remove from the list", self._drop, kind="quiet", keys="Del")
        self.cancel = button("Cancel", model.cancel)
        self.confirm = button("Open", self._open, kind="primary")
        self._lay_out()
        self._connect()
        self.show_choices()
        self.show_status(model.value)

    def present(self) -> None:
        """Begin at the model that is open."""
        if not self.isVisible():
            opened = self._model.value.opened
            self.models.go_to(opened.path if opened else "")
            self._pick(self.models.chosen())
        super().present()

    def show_choices(self) -> None:
        """List what can be opened."""
        model = self._model
        listed = list(model.choices)
        listed += [each for each in self._found if each.path not in {c.path for c in listed}]
        self.models.show_models([(each, model.name(each), self._detail(each)) for each in listed])

    def show_status(self, status: ModelsStatus) -> None:
        """Show what is being opened and how far it is, or why it was not."""
        for part in (self.progress, self.cancel, self.doing):
            part.setVisible(status.busy)
        self._name_work(status)
        self.cancel.setEnabled(not status.going_back)
        self.progress.setValue(round(100 * status.done))
        self.error.setVisible(status.error is not None)
        self.error.setText(str(status.error or ""))
        self.browse.setEnabled(not status.busy)
        if not status.busy:
            self.show_choices()
            asked, self._asked = self._asked, None
            if asked is not None and asked == status.opened:
                self.close()
        self._refresh()

    def show_look(self, look: Look) -> None:
        """Show what a look at the chosen model told."""
        chosen = self.models.chosen()
        if chosen is not None and look.choice.path == chosen.path:
            self._look = look
            self._offer(chosen)

    def show_devices(self, reports: tuple[Report, ...]) -> None:
        """Offer the devices that were found."""
        self._devices = devices(reports)
        self.trouble.setText(troubles(reports))
        self.trouble.setVisible(bool(self.trouble.text()))
        if chosen := self.models.chosen():
            self._offer(chosen)

    def recolour(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.models.recolour(theme)

    def go_to(self, path: str) -> None:
        """Choose a folder, listed or not."""
        self._found = (ModelChoice(path), *self._found)
        self.show_choices()
        self.models.go_to(path)
        self.models.setFocus()

    def _detail(self, choice: ModelChoice) -> str:
        parts = [choice.path or BUILT_IN]
        opened = self._model.value.opened
        if opened is not None and opened.path == choice.path:
            parts.append("open now")
        return " · ".join(parts)

    def _pick(self, choice: ModelChoice | None) -> None:
        self._look = None
        if choice is not None:
            self._offer(choice)
            self.looked_at.emit(choice)

    def _offer(self, choice: ModelChoice) -> None:
        """Offer the variants and devices that are known for this model."""
        look = self._look
        report = look.report if look else None
        variants = [each.name for each in report.variants] if report else []
        if choice.variant is not None and choice.variant not in variants:
            variants.append(choice.variant)
        suits = f"{AUTOMATIC}: {report.variant}" if report and choice.variant is None else AUTOMATIC
        named = [(suits, None), *((name, name) for name in variants)]
        self.variant.show_values(named, choice.variant)
        self.device.show_values(
            [(each.name or each.label, (each.provider, each.index)) for each in self._devices],
            (choice.provider, choice.device),
        )
        self.precision.show_values(list(PRECISIONS), choice.precision)
        self.outlook.setText(self._words(choice, look))
        set_kind(self.outlook, "complaint" if look and not (report and report.runs) else "muted")
        self._refresh()

    def _words(self, choice: ModelChoice, look: Look | None) -> str:
        """What to know of a model before it is opened, and which graph of the open one runs."""
        words = outlook(look) if look else "Looking into the folder."
        opened, loaded = self._model.value.opened, self._model.loaded
        if opened is None or loaded is None or opened.path != choice.path:
            more = kept(look.copies) if look else ""
            return f"{words}\n\n{more}" if more else words
        return f"{words}\n\n{preparation(loaded.preparation)}"

    def _chosen(self) -> ModelChoice | None:
        """The model as it would be opened now."""
        choice, place = self.models.chosen(), self.device.value()
        if choice is None or place is None:
            return None
        provider, device = place
        variant = self.variant.value()
        return replace(
            choice,
            variant=variant,
            provider=provider,
            device=device,
            precision=self.precision.value(),
        )

    def _refresh(self) -> None:
        status = self._model.value
        report = self._look.report if self._look else None
        refused = report is not None and not report.runs
        chosen = self._chosen()
        self.drop.setVisible(chosen is not None and bool(chosen.path))
        same = chosen is None or chosen == status.opened
        self.confirm.setEnabled(not status.busy and not same and not refused)
        on_cpu = chosen is not None and chosen.provider is Provider.CPU
        self.prepared.show_look(self._look, on_cpu=on_cpu, busy=status.busy)
        self.fit()

    def _open(self) -> None:
        self._asked = self._chosen()
        if self._asked is not None:
            self._model.open(self._asked)

    def _prepare(self) -> None:
        if (choice := self._chosen()) is not None:
            self._model.prepare(choice)

    def _remove_copies(self) -> None:
        if (choice := self.models.chosen()) is not None:
            self.removed.emit(choice)

    def _name_work(self, status: ModelsStatus) -> None:
        """Say what takes its time."""
        what = "preparing" if status.preparing else "opening"
        self.progress.setAccessibleName(f"{what.capitalize()} the model")
        self.cancel.setAccessibleName(f"Cancel {what} the model")
        self.doing.setText(f"{status.doing or f'{what.capitalize()} the model'}…")

    def _want(self) -> None:
        if self.confirm.isEnabled():
            self._open()

    def _browse(self) -> None:
        ask_for_folder(self, "Open a model's folder", self.go_to)

    def _drop(self) -> None:
        choice = self.models.chosen()
        if choice is None or not choice.path:
            return
        self._found = tuple(each for each in self._found if each.path != choice.path)
        self._model.forget(choice)
        self.show_choices()

    def _connect(self) -> None:
        self.models.picked.connect(self._pick)
        self.models.wanted.connect(self._want)
        self.models.dropped.connect(self._drop)
        for choice in (self.variant, self.device, self.precision):
            choice.currentIndexChanged.connect(self._refresh)
        self.prepared.asked.connect(self._prepare)
        self.prepared.dropped.connect(self._remove_copies)
        self._model.changed.connect(self.show_status)

    def _lay_out(self) -> None:
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.trouble.hide()
        under = QHBoxLayout()
        under.addWidget(self.browse)
        under.addWidget(self.rules)
        under.addStretch(1)
        under.addWidget(self.drop)
        opening = QHBoxLayout()
        opening.addWidget(self.progress, 1)
        opening.addWidget(self.cancel)
        self.body.addWidget(self.models)
        self.body.addLayout(under)
        self.body.addLayout(
            rows(
                ("Variant", self.variant),
                ("Device", self.device),
                ("Precision", self.precision),
            )
        )
        for part in (self.outlook, self.prepared, self.trouble, self.error, self.doing):
            self.body.addWidget(part)
        self.body.addLayout(opening)
        self.foot.addWidget(self.confirm)
        self.complete(self.models)
