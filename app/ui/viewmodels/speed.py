"""The speed of the loaded model: asked for, measured, stopped.

In: the engine. Out: `SpeedStatus`es.
"""

import asyncio

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from app.domain.benchmark import BenchmarkReport, Size
from app.errors import CandorError
from app.services.benchmark.benchmark import Benchmark
from app.services.engine_host import EngineHost
from app.ui.tasks import ErrorHandler, Tasks


class SpeedStatus(Struct, frozen=True):
    """`doing` is what is measured at the moment, `done` of `total` of it; empty where nothing is.

    `report` is what was found last, `error` why the last try found nothing.
    """

    doing: str = ""
    done: int = 0
    total: int = 0
    report: BenchmarkReport | None = None
    error: CandorError | None = None


class SpeedModel(QObject):
    """`changed` carries the next SpeedStatus."""

    changed = Signal(object)

    def __init__(self, host: EngineHost, on_bug: ErrorHandler) -> None:
        super().__init__()
        self._host = host
        self._tasks = Tasks(self, on_bug)
        self._task: asyncio.Task[None] | None = None
        self.value = SpeedStatus()

    def measure(self, size: Size | None = None) -> None:
        """Measure the loaded model, unless it is being measured."""
        if not self.value.doing:
            self._show(SpeedStatus("Waiting for the model"))
            self._task = self._tasks.start(self._measure(size or Size()))

    def stop(self) -> None:
        """Measure no more."""
        if self._task is not None:
            self._task.cancel()
        self._show(SpeedStatus())

    async def close(self) -> None:
        """End what is being measured."""
        await self._tasks.cancel()

    async def _measure(self, size: Size) -> None:
        try:
            model = await self._host.ready()
            report = await Benchmark(self._host, model, size, self._tell).run()
        except CandorError as error:
            self._show(SpeedStatus(error=error))
        else:
            self._show(SpeedStatus(report=report))

    def _tell(self, doing: str, done: int, total: int) -> None:
        self._show(replace(self.value, doing=doing, done=done, total=total))

    def _show(self, status: SpeedStatus) -> None:
        if status != self.value:
            self.value = status
            self.changed.emit(status)
