"""What could be opened, and where: folders looked into without opening them, and devices found.

In: a choice of a person. Out: Look, and the devices of this computer beside the CPU.
"""

import asyncio
from pathlib import Path

from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from app.domain.devices import Device
from app.domain.events import Copies, Inspected
from app.domain.inspection import ModelReport
from app.domain.preparation import PreparedCopy
from app.domain.requests import Inspect, ListCopies, Provider, RemoveCopies
from app.errors import CandorError
from app.services.engine_host import EngineHost
from app.services.packs import Packs, Report
from app.services.settings import ModelChoice
from app.ui.tasks import ErrorHandler, Tasks
from app.ui.viewmodels.wording import size

CPU = Device(Provider.CPU, 0, "CPU")
OTHERS = (Provider.CUDA, Provider.DIRECTML)


class Look(Struct, frozen=True):
    """What a look at a choice showed: a report, or why there is none, and its prepared copies."""

    choice: ModelChoice
    report: ModelReport | None = None
    copies: tuple[PreparedCopy, ...] = ()
    error: CandorError | None = None


class ModelSurvey(QObject):
    """`looked` carries a Look, `found` the Reports of the providers that have a pack."""

    looked = Signal(object)
    found = Signal(object)

    def __init__(self, host: EngineHost, packs: Packs, on_bug: ErrorHandler) -> None:
        super().__init__()
        self._host = host
        self._packs = packs
        self._tasks = Tasks(self, on_bug)
        self._looking: asyncio.Task[None] | None = None
        self._surveyed = False

    def look(self, choice: ModelChoice, path: str) -> None:
        """Look at a choice, which lies at `path`; a former look is no longer wanted."""
        if self._looking is not None:
            self._looking.cancel()
        self._looking = self._tasks.start(self._look(choice, path))

    def remove_copies(self, choice: ModelChoice, path: str) -> None:
        """Delete the prepared copies of a choice, and look at it again."""
        self._tasks.start(self._remove(choice, path))

    def find_devices(self) -> None:
        """Ask every pack for its devices, once."""
        if not self._surveyed:
            self._surveyed = True
            self._tasks.start(self._find())

    async def close(self) -> None:
        """End what is under way."""
        await self._tasks.cancel()

    async def _look(self, choice: ModelChoice, path: str) -> None:
        place = str(Path(path).absolute())
        report, copies = None, ()
        try:
            async for event in self._host.query(Inspect(place, choice.variant)):
                report = event.report if isinstance(event, Inspected) else report
            copies = await self._copies(ListCopies(place))
        except CandorError as error:
            self.looked.emit(Look(choice, error=error))
        else:
            self.looked.emit(Look(choice, report, copies))

    async def _remove(self, choice: ModelChoice, path: str) -> None:
        try:
            await self._copies(RemoveCopies(str(Path(path).absolute())))
        except CandorError as error:
            self.looked.emit(Look(choice, error=error))
        else:
            await self._look(choice, path)

    async def _copies(self, request: ListCopies | RemoveCopies) -> tuple[PreparedCopy, ...]:
        async for event in self._host.query(request):
            if isinstance(event, Copies):
                return event.copies
        return ()

    async def _find(self) -> None:
        reports = await asyncio.gather(*map(self._packs.report, OTHERS))
        self.found.emit(tuple(each for each in reports if each.folder or each.devices))


def devices(reports: tuple[Report, ...]) -> tuple[Device, ...]:
    """Where a model can be put, the CPU first."""
    return (CPU, *(device for report in reports for device in report.devices))


def troubles(reports: tuple[Report, ...]) -> str:
    """Why packs that are there cannot be used."""
    return " ".join(each.problem for each in reports if each.problem)


def outlook(look: Look) -> str:
    """What a person should know before opening a choice."""
    if look.report is None:
        return str(look.error)
    report, memory = look.report, look.report.memory
    if report.refusals:
        return " ".join(report.refusals)
    if memory is None or report.context_length is None:
        return ""
    words = (
        f"Needs about {size(memory.total)} of memory with a full context of"
        f" {report.context_length:,} tokens. This computer has {size(memory.installed)}."
    )
    return words if memory.total < memory.installed else f"{words} That may not be enough."
