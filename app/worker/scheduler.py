"""What the worker does next: it computes as many requests at once as the model has slots.

A replay is quick and somebody waits for it with a slider in hand, so it comes between two ticks,
where cancels are seen too. A load waits until nothing runs. Requests in, events out through `emit`;
the only holder of the loaded model. Whatever a request raises becomes its Failed event, and the
other requests find the worker usable.
"""

import gc
from collections.abc import Callable
from pathlib import Path

from app import paths
from app.domain.events import (
    Copies,
    Event,
    Inspected,
    Loaded,
    Prepared,
    Progress,
    Rendered,
    Stage,
)
from app.domain.requests import (
    Classify,
    Compare,
    Generate,
    Inspect,
    ListCopies,
    Load,
    Measure,
    Prepare,
    Priority,
    RemoveCopies,
    Render,
    Replay,
    Score,
)
from app.engine import generate, score
from app.engine.classify import classify
from app.engine.comparing import compare_models
from app.engine.inspection import inspect
from app.engine.measure import measure
from app.engine.model import Model, open_model
from app.engine.prepare.copies import list_copies, remove_copies
from app.engine.prepare.preparation import prepare_model
from app.engine.prepare.store import PreparedStore
from app.engine.rendering import render
from app.engine.replay import replay
from app.engine.speculation.drafts import Drafts
from app.engine.text.template import Renderer
from app.engine.work import Work
from app.errors import Bug, InvalidRequest
from app.worker.failures import failed
from app.worker.inbox import CANCELLED, Inbox
from app.worker.protocol import Request
from app.worker.running import Job, Running


class _Cancelled(BaseException):
    """Leaves a load or a preparation from its progress report, past every handler of errors."""


class Scheduler:
    """Serves the inbox for as long as the process lives."""

    def __init__(
        self, inbox: Inbox, emit: Callable[[int, Event], None], renderer: Renderer
    ) -> None:
        self._inbox = inbox
        self._renderer = renderer
        self._emit = emit
        self._model: Model | None = None
        self._drafts: Drafts | None = None
        self._running = Running(emit, inbox.end)

    def run(self) -> None:
        """Serve requests without end: a replay and another one between two ticks."""
        while True:
            for wait in (not self._running, False):
                request = self._inbox.take(self._fits, wait=wait)
                if request is not None:
                    self._serve(request)
            if self._running:
                inbox = self._inbox
                self._running.tick(self._loaded(), inbox.cancelled, inbox.shall_answer)

    def _fits(self, request: Request) -> bool:
        """Whether a request can be served now: computing needs a slot, loading all of them."""
        match request.command:
            case Replay():
                return True
            case Generate(priority=priority) | Score(priority=priority):
                slots = len(self._model.forward.slots) if self._model else 1
                return self._running.count(priority) < slots
        return not self._running

    def _serve(self, request: Request) -> None:
        try:
            match request.command:
                case Generate() as wanted:
                    self._begin(request.id, wanted.priority, self._generation(request.id, wanted))
                case Score() as wanted:
                    self._begin(request.id, wanted.priority, score.begin(self._loaded(), wanted))
                case _:
                    self._answer(request)
                    self._inbox.end(request.id)
        except _Cancelled:
            self._end(request.id, CANCELLED)
        except BaseException as error:  # noqa: BLE001 - native code raises what is no Exception
            self._end(request.id, failed(error))

    def _begin(self, id: int, priority: Priority, work: Work) -> None:
        self._running.add(Job(id, priority, work))

    def _generation(self, id: int, wanted: Generate) -> Work:
        """The work of a request to generate, once its draft model is open."""
        model, drafter = self._loaded(), None
        if self._drafts is not None:
            drafter = self._drafts.drafter(
                wanted.drafting, lambda done, total: self._report(id, Stage.LOAD, done, total)
            )
        return generate.begin(model, wanted, drafter)

    def _end(self, id: int, event: Event) -> None:
        self._emit(id, event)
        self._inbox.end(id)

    def _answer(self, request: Request) -> None:
        id = request.id
        match request.command:
            case Load() as load:
                self._load(id, load)
            case Replay() as wanted:
                self._replay(id, wanted)
            case Measure() as wanted:
                self._measure(id, wanted)
            case Inspect() as wanted:
                report = inspect(Path(wanted.path), wanted.variant, self._renderer)
                self._emit(id, Inspected(report))
            case Render() as wanted:
                self._emit(id, Rendered(render(wanted, self._renderer)))
            case Prepare() as wanted:
                self._prepare(id, wanted)
            case Compare() as wanted:
                self._compare(id, wanted)
            case Classify() as wanted:
                self._classify(id, wanted)
            case ListCopies(path=path):
                self._emit(id, Copies(list_copies(_store(), path)))
            case RemoveCopies(path=path):
                self._emit(id, Copies(remove_copies(_store(), path)))
            case _:
                raise Bug(f"The scheduler cannot serve {type(request.command).__name__}.")

    def _measure(self, id: int, wanted: Measure) -> None:
        """Nothing else runs meanwhile; that would be measured too."""

        def cancelled(done: int, total: int) -> bool:
            self._emit(id, Progress(Stage.MEASURE, done, total))
            return self._inbox.cancelled(id)

        self._emit(id, measure(self._loaded(), wanted, cancelled) or CANCELLED)

    def _replay(self, id: int, wanted: Replay) -> None:
        def cancelled() -> bool:
            return self._inbox.cancelled(id)

        event = replay(self._loaded(), wanted, cancelled=cancelled)
        self._emit(id, event or CANCELLED)

    def _load(self, id: int, load: Load) -> None:
        """Let go of the present model first: two may not fit into memory."""
        self._let_go()
        self._model = open_model(
            Path(load.path),
            load.variant,
            load.provider,
            lambda done, total: self._report(id, Stage.LOAD, done, total),
            device=load.device,
            precision=load.precision,
            kv=load.kv,
            renderer=self._renderer,
            parallel=load.parallel,
        )
        self._drafts = Drafts(self._model)
        self._emit(id, Loaded(self._model.info))

    def _prepare(self, id: int, wanted: Prepare) -> None:
        """Let go of the present model here, too: graphs are compared side by side."""
        self._let_go()
        report = prepare_model(
            Path(wanted.path),
            wanted.variant,
            wanted.precision,
            _store(),
            lambda stage, done, total: self._report(id, stage, done, total),
            wanted.kv,
        )
        self._emit(id, Prepared(report))

    def _classify(self, id: int, wanted: Classify) -> None:
        def cancelled() -> bool:
            return self._inbox.cancelled(id)

        event = classify(self._loaded(), wanted, cancelled=cancelled)
        self._emit(id, event or CANCELLED)

    def _compare(self, id: int, wanted: Compare) -> None:
        self._let_go()

        def report(stage: Stage, done: int, total: int) -> None:
            self._report(id, stage, done, total)

        for event in compare_models(wanted, self._renderer, report):
            self._emit(id, event)

    def _report(self, id: int, stage: Stage, done: int, total: int) -> None:
        if self._inbox.cancelled(id):
            raise _Cancelled
        self._emit(id, Progress(stage, done, total))

    def _let_go(self) -> None:
        self._model = self._drafts = None
        gc.collect()

    def _loaded(self) -> Model:
        if self._model is None:
            raise InvalidRequest("No model is loaded.", "Load a model first.")
        return self._model


def _store() -> PreparedStore:
    return PreparedStore(paths.prepared())
