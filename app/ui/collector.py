"""Collects Python's cyclic garbage in the window's thread only.

Python's collector runs in whichever thread allocates, here also those that read from the worker. A
Qt object that ends in a foreign thread leaves its timers behind and crashes the program.
"""

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 250  # what a long chat leaves when it is read is looked at in parts


class Collector(QObject):
    """Takes the collector's place from its making until `stop`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._collect)
        self._timer.start(INTERVAL_MS)

    def stop(self) -> None:
        """Collect what is left and let Python collect by itself again."""
        self._timer.stop()
        gc.collect()
        gc.enable()

    def _collect(self) -> None:
        """Collect the oldest generation that is due, as Python would."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation]:
                gc.collect(generation)
                return
