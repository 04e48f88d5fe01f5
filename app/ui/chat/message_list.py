"""Messages one below the other of which only those near what is in sight are widgets.

The column knows a height for all the others. A height that turns out to be another one never moves
what is being read, and at the end of the conversation the list stays there.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QWidget

from app.ui.chat.column import Column
from app.ui.chat.message import MessageView, Place
from app.ui.widgets import name_scroll_bars

COLUMN_WIDTH = 720
SIDE = 24
GAP = 22
NEAR_END = 24
TAB_REACH = 2  # messages: a question and its answer
NEAR = 20  # pixels that stay between what is revealed and the edge


class MessageList(QScrollArea):
    """Shows `head` while there is no message; a subclass makes the messages.

    `arranged` tells that messages have got their places.
    """

    arranged = Signal()

    def __init__(self, head: QWidget) -> None:
        super().__init__()
        self._head = head
        self._column = Column(GAP, SIDE)
        self._views: dict[int, MessageView] = {}
        self._width = COLUMN_WIDTH
        self._following = True
        self._arranging = False
        self._page = QWidget()
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._prepare)
        self._set_up()

    def _make(self, index: int) -> MessageView:
        """The widget of a message."""
        raise NotImplementedError

    def _guess(self, index: int) -> int:
        """About how high a message will be."""
        raise NotImplementedError

    def _release(self, index: int, view: MessageView) -> None:
        """A widget is given up; what must outlast it is to be remembered now."""

    def turn_page(self, by: int) -> None:
        """Scroll by pages, down with a positive number."""
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + by * bar.pageStep())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Home and End go to the first and the last message, the Page keys by pages."""
        bar = self.verticalScrollBar()
        ends = {Qt.Key.Key_Home: bar.minimum(), Qt.Key.Key_End: bar.maximum()}
        if event.key() in ends:
            bar.setValue(ends[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the messages out in the new width, with the same line at the top."""
        super().resizeEvent(event)
        width = min(COLUMN_WIDTH, self.viewport().width() - 2 * SIDE)
        if width == self._width:
            self._arrange()
            return
        with self._reading():
            self._width = width
            for index in range(len(self._column)):
                self._column.resize(index, self._guess(index), 0)

    # -- messages --------------------------------------------------------------------------------

    def _append(self) -> None:
        self._column.append(self._guess(len(self._column)))
        self._head.hide()
        self._soon.start()

    def _cut(self, index: int) -> None:
        """Take away this message and all that follow it."""
        for each in [place for place in self._views if place >= index]:
            self._give_up(each)
        self._column.cut(index)
        self._head.setVisible(index == 0)
        self._arrange()
        self._soon.start()

    def _need(self, index: int) -> MessageView:
        """The widget of a message, which may have to be made."""
        view = self._views.get(index)
        if view is None:
            view = self._views[index] = self._make(index)
            view.setParent(self._page)
            view.setGeometry(self._rect(index))
            view.show()
            view.refitted.connect(lambda: self._measure(index))
            view.chain_changed.connect(self._chain)
            following = [place for place in self._views if place > index]
            if following:  # a screen reader meets the messages in their order
                view.stackUnder(self._views[min(following)])
            self._measure(index)
            self._chain()
        return view

    def _give_up(self, index: int) -> None:
        view = self._views.pop(index)
        self._release(index, view)
        view.refitted.disconnect()
        view.chain_changed.disconnect()
        view.hide()
        view.deleteLater()

    def _show_top(self, index: int) -> None:
        """Bring the beginning of a message to the top of what is in sight."""
        self._need(index)
        self.verticalScrollBar().setValue(self._column.top(index) - NEAR)
        self._fill()

    def _show_part(self, index: int, part: QRect) -> None:
        """Bring a part of a message into sight."""
        for _ in range(2):  # what was only guessed on the way there is known the second time
            self._need(index)
            centre = part.translated(self._rect(index).topLeft()).center()
            self.ensureVisible(centre.x(), centre.y(), NEAR, 3 * NEAR)

    # -- places ----------------------------------------------------------------------------------

    def _rect(self, index: int) -> QRect:
        left = (self.viewport().width() - self._width) // 2
        return QRect(left, self._column.top(index), self._width, self._column.height(index))

    def _measure(self, index: int) -> None:
        """Take in the true height of a message."""
        view = self._views.get(index)
        if view is None:
            return
        reading = self.verticalScrollBar().value()
        self._arrange(self._column.resize(index, view.fitting_height(self._width), reading))

    def _arrange(self, moved: int = 0) -> None:
        """Put everything in its place; what is read has moved so many pixels down."""
        bar = self.verticalScrollBar()
        value = bar.value() + moved
        self._arranging = True
        head = self._head.sizeHint().height() if not len(self._column) else 0
        self._head.setGeometry(self._rect_of_head())
        height = max(self._column.total, head + 2 * SIDE, self.viewport().height())
        self._page.resize(self.viewport().width(), height)
        for index, view in self._views.items():
            view.setGeometry(self._rect(index))
        bar.setValue(bar.maximum() if self._following else value)
        self._arranging = False
        self.arranged.emit()

    def _rect_of_head(self) -> QRect:
        left = (self.viewport().width() - self._width) // 2
        height = self._head.heightForWidth(self._width)
        return QRect(left, SIDE, self._width, max(height, self._head.sizeHint().height()))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Keep the line at the top where it is while every message gets another look."""
        index, place = self._anchor()
        yield
        for each, view in self._views.items():
            view.resize(self._width, view.height())
            self._column.resize(each, view.fitting_height(self._width), 0)
        self._arrange()
        if index is not None and not self._following:
            view = self._views.get(index)
            inside = view.y_of(place) if view else place.share * self._column.height(index)
            self.verticalScrollBar().setValue(self._column.top(index) + round(inside))
        self._fill()

    def _anchor(self) -> tuple[int | None, Place]:
        """The first message in sight, and the place in it that is at the top."""
        top = self.verticalScrollBar().value()
        seen = self._column.between(top, top + self.viewport().height())
        if not seen:
            return None, Place(0)
        index = seen[0]
        inside = top - self._column.top(index)
        view = self._views.get(index)
        share = inside / self._column.height(index)
        return index, view.place_at(inside) if view else Place(share)

    # -- what is in sight ------------------------------------------------------------------------

    def _scrolled(self, value: int) -> None:
        if not self._arranging:
            self._following = value >= self.verticalScrollBar().maximum() - NEAR_END
            self._fill()

    def _fill(self) -> None:
        """Make what is in sight; what is near it follows when there is time."""
        while missing := self._missing(0):
            self._need(missing[-1 if self._following else 0])
        self._soon.start()

    def _prepare(self) -> None:
        """Give up what is far, and make one message that is near."""
        near = self.viewport().height()
        kept = self._in_reach(2 * near)
        for index in [place for place in self._views if place not in kept]:
            if not self._is_pinned(self._views[index]):
                self._give_up(index)
        if missing := self._missing(0) or self._missing(near):
            self._need(missing[-1 if self._following else 0])
            self._soon.start()

    def _missing(self, reach: int) -> list[int]:
        return [index for index in self._in_reach(reach) if index not in self._views]

    def _in_reach(self, reach: int) -> range:
        """The messages in sight and so many pixels around it, there with where Tab leads to."""
        top = self.verticalScrollBar().value()
        seen = self._column.between(top - reach, top + self.viewport().height() + reach)
        beside = TAB_REACH if reach else 0
        return range(max(seen.start - beside, 0), min(seen.stop + beside, len(self._column)))

    def _is_pinned(self, view: MessageView) -> bool:
        focused = QApplication.focusWidget()
        return view.pinned or (focused is not None and view.isAncestorOf(focused))

    def _chain(self) -> None:
        """Let the Tab key and screen readers meet the messages in their order."""
        before: QWidget = self._last_stop_of_head()
        ordered = [self._views[index] for index in sorted(self._views)]
        for view in ordered:
            before = view.chain_after(before)

    def _last_stop_of_head(self) -> QWidget:
        """Where the Tab key leaves what an empty list shows."""
        return self._head

    def _set_up(self) -> None:
        self.setAccessibleName("Conversation")
        name_scroll_bars(self, "Conversation")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._head.setParent(self._page)
        self.setWidget(self._page)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
