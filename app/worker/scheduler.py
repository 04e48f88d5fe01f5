"""Whose turn it is in the worker: one request at a time, cancel seen between two ticks.

A replay is quick and somebody waits for it with a slider in hand, so it comes between two ticks.
Requests in, events out through `emit`; the only holder of the loaded model. Whatever a request
raises becomes its Failed event, and the next request finds the worker usable.
"""

import gc
from collections.abc import Callable
from pathlib import Path

from app.domain.events import Event, Inspected, Loaded, Progress, Rendered, Stage
from app.domain.requests import Cancel, Generate, Inspect, Load, Measure, Render, Replay, Score
from app.engine import generate, score
from app.engine.inspection import inspect
from app.engine.measure import measure
from app.engine.model import Model, open_model
from app.engine.rendering import render
from app.engine.replay import replay
from app.engine.template import Renderer
from app.engine.work import Work
from app.errors import Bug, InvalidRequest
from app.worker.failures import failed
from app.worker.inbox import CANCELLED, Inbox
from app.worker.protocol import Request


class _LoadCancelled(BaseException):
    """Leaves `open_model` from its progress report, past every handler of errors."""


class Scheduler:
    """Serves the inbox for as long as the process lives."""

    def __init__(
        self, inbox: Inbox, emit: Callable[[int, Event], None], renderer: Renderer
    ) -> None:
        self._inbox = inbox
        self._renderer = renderer
        self._emit = emit
        self._model: Model | None = None

    def run(self) -> None:
        """Serve requests, one after the other, without end."""
        while True:
            self._serve(self._inbox.take())

    def _serve(self, request: Request) -> None:
        try:
            self._answer(request)
        except _LoadCancelled:
            self._emit(request.id, CANCELLED)
        except BaseException as error:  # noqa: BLE001 - native code raises what is no Exception
            self._emit(request.id, failed(error))
        finally:
            self._inbox.end(request.id)

    def _answer(self, request: Request) -> None:
        id = request.id
        match request.command:
            case Load() as load:
                self._load(id, load)
            case Generate() as wanted:
                model = self._loaded()
                self._run(id, model, generate.begin(model, wanted))
            case Score() as wanted:
                model = self._loaded()
                self._run(id, model, score.begin(model, wanted))
            case Replay() as wanted:
                self._replay(id, wanted)
            case Measure() as wanted:
                self._measure(id, wanted)
            case Inspect() as wanted:
                self._emit(
                    id, Inspected(inspect(Path(wanted.path), wanted.variant, self._renderer))
                )
            case Render() as wanted:
                self._emit(id, Rendered(render(wanted, self._renderer)))
            case Cancel():
                raise Bug("A cancel reached the scheduler.")

    def _run(self, id: int, model: Model, work: Work) -> None:
        for events in generate.alone(model, work):
            for event in events:
                self._emit(id, event)
            if waiting := self._inbox.take_replay():
                self._serve(waiting)
            if self._inbox.cancelled(id):
                work.cancel()

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

        def report(done: int, total: int) -> None:
            if self._inbox.cancelled(id):
                raise _LoadCancelled
            self._emit(id, Progress(Stage.LOAD, done, total))

        self._model = None
        gc.collect()
        self._model = open_model(
            Path(load.path),
            load.variant,
            load.provider,
            report,
            device=load.device,
            renderer=self._renderer,
        )
        self._emit(id, Loaded(self._model.info))

    def _loaded(self) -> Model:
        if self._model is None:
            raise InvalidRequest("No model is loaded.", "Load a model first.")
        return self._model
