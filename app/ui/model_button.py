"""The model's name and device as a button: the way to another model."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy

from app.ui.viewmodels.status import ChatStatus
from app.ui.widgets import label

KEYS = "Ctrl+O"
NARROWEST = 56


class ElidedLabel(QLabel):
    """A line of plain text whose middle gives way where there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """A few letters."""
        hint = super().minimumSizeHint()
        return QSize(min(NARROWEST, hint.width()), hint.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw as much of the text as fits."""
        mode = Qt.TextElideMode.ElideMiddle
        shown = self.fontMetrics().elidedText(self.text(), mode, self.width())
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, shown)


class ModelButton(QPushButton):
    """Shows which model is loaded and where it runs; `asked` asks for another one."""

    asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("model")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._name = ElidedLabel()
        self._name.setProperty("kind", "strong")
        self._device = label(kind="chip")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(8)
        for part in (self._name, self._device):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            row.addWidget(part)
        self.clicked.connect(lambda: self.asked.emit())

    def show_status(self, status: ChatStatus) -> None:
        """Show the model as it is now."""
        self._name.setText(status.model or "Open a model")
        self._device.setText(status.device)
        self._device.setVisible(bool(status.device))
        what = f"{status.model} on {status.device}" if status.model else "No model is open"
        self.setAccessibleName(f"{what}. Open another model")
        self.setAccessibleDescription(KEYS)
        details = (f"{what}. Click for another model ({KEYS}).", status.placement)
        self.setToolTip("\n".join(each for each in details if each))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """The whole name and the device."""
        layout = self.layout()
        assert layout
        return layout.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """A part of the name and the device."""
        layout = self.layout()
        assert layout
        return layout.minimumSize()
