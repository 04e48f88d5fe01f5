"""The requests that are being computed, and which of them a tick advances.

Interactive requests go before those of the API, and these before batches: a class computes only
while no class above it has anything to do. What waits keeps its cache for as long as nobody needs
its slot, and is read again afterwards.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.domain.events import Event
from app.domain.requests import Priority
from app.engine import generate
from app.engine.model import Model
from app.engine.work import Work
from app.worker.failures import failed


@dataclass(eq=False, frozen=True, slots=True)
class Job:
    """The work of request `id`."""

    id: int
    priority: Priority
    work: Work


class Running:
    """All jobs of one model; `emit` gets their events, `ended` the ids of those that are over."""

    def __init__(self, emit: Callable[[int, Event], None], ended: Callable[[int], None]) -> None:
        self._emit = emit
        self._ended = ended
        self._jobs: list[Job] = []

    def __bool__(self) -> bool:
        return bool(self._jobs)

    def count(self, priority: Priority) -> int:
        """How many jobs are as important as that, or more."""
        return sum(job.priority <= priority for job in self._jobs)

    def add(self, job: Job) -> None:
        """Compute a job from the next tick on."""
        self._jobs.append(job)

    def tick(
        self, model: Model, cancelled: Callable[[int], bool], shall_answer: Callable[[int], bool]
    ) -> None:
        """Advance the most important jobs by one step, and end what is cancelled.

        The thought of what `shall_answer` ends with the next token.
        """
        for job in self._jobs:
            if cancelled(job.id):
                job.work.cancel()
            if shall_answer(job.id):
                job.work.answer_now()
        jobs = {job.work: job for job in self._turn()}
        _make_way(model, list(jobs.values()), self._jobs)
        try:
            for work, events in generate.tick(model, list(jobs)):
                self._tell(jobs[work], events)
        except BaseException as error:  # noqa: BLE001 - native code raises what is no Exception
            for job in jobs.values():
                self._fail(model, job, error)

    def _turn(self) -> list[Job]:
        first = min(job.priority for job in self._jobs)
        return [job for job in self._jobs if job.priority == first or job.work.cancelled]

    def _tell(self, job: Job, events: list[Event]) -> None:
        for event in events:
            self._emit(job.id, event)
        if job.work.error is not None:
            self._emit(job.id, failed(job.work.error))
        if job.work.finished:
            self._jobs.remove(job)
            self._ended(job.id)

    def _fail(self, model: Model, job: Job, error: BaseException) -> None:
        """End a job that an error of all ended, unless it had ended before."""
        if not job.work.finished:
            generate.leave(model, job.work)
            job.work.fail(error)
            self._tell(job, [])


def _make_way(model: Model, turn: list[Job], jobs: list[Job]) -> None:
    """Take slots from less important jobs, the latest first, as far as this turn's need them."""
    seats = [job for job in turn if job.work.slot is None]
    lower = [job for job in jobs if job not in turn and job.work.slot is not None]
    lower.sort(key=lambda job: job.priority)
    for _ in range(len(seats) - model.forward.slots.idle):
        if lower:
            generate.leave(model, lower.pop().work)
