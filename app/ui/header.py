"""The line at the top: the sidebar, which model on which device, the context, what goes on."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QPalette, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QToolButton

from app.ui.model_button import ModelButton
from app.ui.tools_button import ToolsButton
from app.ui.viewmodels.status import ChatStatus
from app.ui.viewmodels.wording import context
from app.ui.widgets import button, keys_text, label

TOGGLE_KEYS = "Ctrl+B"
NEW_CHAT = "New chat"
METER_FROM = 620  # pixels of the header's width


class SidebarButton(QToolButton):
    """Draws a window with its left side set apart."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("toggle")
        self.setFixedSize(QSize(32, 30))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.show_state(True)

    def show_state(self, shown: bool) -> None:
        """Name what a click does while the sidebar is `shown` or not."""
        name = "Hide the chats" if shown else "Show the chats"
        self.setAccessibleName(name)
        self.setAccessibleDescription(TOGGLE_KEYS)
        self.setToolTip(f"{name} ({TOGGLE_KEYS})")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame of the style sheet and the sign in it."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.PlaceholderText), 1.4))
        sign = QRectF(8, 8, 16, 14)
        painter.drawRoundedRect(sign, 3, 3)
        edge = QPointF(sign.left() + 5.5, sign.top())
        painter.drawLine(edge, QPointF(edge.x(), sign.bottom()))


class Header(QFrame):
    """Shows a ChatStatus; `toggled` asks for the sidebar or for the room it takes."""

    new_chat = Signal()
    toggled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("header")
        self._toggle = SidebarButton()
        self._toggle.clicked.connect(lambda: self.toggled.emit())
        keys = keys_text(QKeySequence.StandardKey.New)
        self._new_chat = button(NEW_CHAT, self.new_chat.emit, keys=keys)
        self._new_chat.setAccessibleName(NEW_CHAT)
        self.model = ModelButton()
        self._context = label(kind="muted")
        self._meter = QProgressBar()
        self.state = label(kind="muted")
        self.tools = ToolsButton()
        self._set_up_meter()
        self._lay_out()

    def show_sidebar(self, shown: bool) -> None:
        """Offer a new chat here while the sidebar does not."""
        self._toggle.show_state(shown)
        self._new_chat.setVisible(not shown)

    def show_status(self, status: ChatStatus) -> None:
        """Show the status as it is now."""
        self.model.show_status(status)
        self._context.setText(context(status.context_used, status.context_length))
        self._meter.setMaximum(max(status.context_length, 1))
        self._meter.setValue(min(status.context_used, status.context_length))
        self._context.setVisible(bool(status.model))
        self._show_meter()
        rate = f"   {status.rate:,.0f} tokens/s" if status.rate else ""
        self.state.setText(status.words + rate)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the meter out, and be brief, where the words would be pushed together."""
        super().resizeEvent(event)
        narrow = self.width() < METER_FROM
        self.tools.shorten(narrow)
        self._new_chat.setText("New" if narrow else NEW_CHAT)
        self._show_meter()

    def _show_meter(self) -> None:
        self._meter.setVisible(self._meter.maximum() > 1 and self.width() >= METER_FROM)

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 10, 18, 10)
        layout.setSpacing(10)
        layout.addWidget(self._toggle)
        layout.addWidget(self._new_chat)
        layout.addWidget(self.model)
        layout.addSpacing(4)
        for part in (self._context, self._meter):
            layout.addWidget(part)
        layout.addStretch(1)
        layout.addWidget(self.state)
        layout.addWidget(self.tools)

    def _set_up_meter(self) -> None:
        self._meter.setAccessibleName("Context used")
        self._meter.setTextVisible(False)
        self._meter.setFixedSize(110, 6)
