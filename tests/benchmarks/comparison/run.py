"""One run: every system of a group loaded, measured in turns, and asked for its memory.

A system that fails is left out from there on, and its reason is part of what was found.
"""

import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from tests.benchmarks.comparison import environments
from tests.benchmarks.comparison.models import Models
from tests.benchmarks.comparison.process import Failed, Process
from tests.benchmarks.comparison.samples import Figure, Sample, exact, figure
from tests.benchmarks.comparison.systems import READS, System

Profile = dict[str, float]


class Plan(Struct, frozen=True, kw_only=True):
    """Sizes of a run, in tokens and repetitions."""

    context: int = 512
    long_context: int = 4096
    rows: int = 8
    tokens: int = 16
    rounds: int = 8
    decodes: int = 3
    long_rounds: int = 8
    loads: int = 5


class Found(Struct, frozen=True):
    """What a run found, by system and measure, and why systems failed."""

    figures: dict[str, dict[str, Figure]]
    profiles: dict[str, dict[str, Profile]]
    failures: dict[str, str]


class Run:
    """One group of systems on the forms of one shape, each with `threads`."""

    def __init__(
        self, systems: tuple[System, ...], models: Models, folder: Path, threads: int, plan: Plan
    ) -> None:
        self._systems = systems
        self._models = models
        self._folder = folder
        self._threads = threads
        self._plan = plan
        self._numbers = random.Random(0)
        self._processes: dict[str, Process] = {}
        self._samples: dict[str, dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
        self._memory: dict[str, dict[str, int]] = {}
        self._profiles: dict[str, dict[str, Profile]] = {}
        self._failures: dict[str, str] = {}

    def all(self) -> Found:
        """Measure everything that the systems say can be measured of them."""
        try:
            self._load()
            self._rounds()
            self._batches()
            self._long()
            self._profile()
        finally:
            for process in self._processes.values():
                process.close()
        return Found(self._figures(), self._profiles, self._failures)

    def _load(self) -> None:
        """Load each system in fresh processes; the first time warms the disk's cache only."""
        context = 2 * self._plan.context
        for turn in range(self._plan.loads + 1):
            self._say("load", turn, self._plan.loads)
            for system in self._systems:
                if system.name not in self._failures:
                    self._restart(system)
            self._turn("load", lambda each: each.sample("load", context=context), kept=turn > 0)

    def _rounds(self) -> None:
        for turn in range(1, self._plan.rounds + 1):
            self._say("round", turn, self._plan.rounds)
            self._turn("reads", lambda each: self._decode(each, 0))
            ids = self._ids(self._plan.context)
            self._turn("prefill", lambda each, ids=ids: each.sample("read", ids=ids))
            for _ in range(self._plan.decodes):
                self._turn("decode", lambda each: self._decode(each, self._plan.context))
            if turn == 1:
                self._note_memory()

    def _note_memory(self) -> None:
        """The peaks of one conversation; ours keeps some of the later ones."""
        for name, process in self._processes.items():
            if name != READS.name:
                self._memory[name] = process.memory

    def _batches(self) -> None:
        prompts = [self._ids(self._plan.context) for _ in range(self._plan.rows)]
        tokens = self._plan.tokens
        for turn in range(1, self._plan.rounds + 1):
            self._say("batch", turn, self._plan.rounds)
            self._turn("batch", lambda each: each.sample("batch", prompts=prompts, tokens=tokens))

    def _long(self) -> None:
        ids = self._ids(self._plan.long_context)
        self._turn("long", lambda each: each.sample("read", ids=ids), kept=False)
        for turn in range(1, self._plan.long_rounds + 1):
            self._say("long", turn, self._plan.long_rounds)
            self._turn("long", lambda each: self._decode(each, self._plan.long_context))

    def _profile(self) -> None:
        ids, tokens = self._ids(self._plan.context), self._plan.tokens
        for name, process in self._able("profile"):
            rows = self._plan.rows if "batch" in process.system.measures else 1
            with self._failing(name):
                self._profiles[name] = process.ask("profile", ids=ids, tokens=tokens, rows=rows)

    def _decode(self, process: Process, context: int) -> Sample:
        return process.sample("decode", context=context, tokens=self._plan.tokens)

    def _turn(self, measure: str, ask: Callable[[Process], Sample], *, kept: bool = True) -> None:
        """One sample of each system that has the measure."""
        for name, process in self._able(measure):
            with self._failing(name):
                sample = ask(process)
                if kept:
                    self._samples[name][measure].append(sample)

    def _able(self, measure: str) -> list[tuple[str, Process]]:
        return [
            (name, process)
            for name, process in self._processes.items()
            if measure in process.system.measures
        ]

    @contextmanager
    def _failing(self, name: str) -> Iterator[None]:
        """Leave a system out that cannot do what it is asked."""
        try:
            yield
        except Failed as error:
            self._failures[name] = str(error)
            self._processes.pop(name).close()
            print(f"{name} is left out: {error}", file=sys.stderr)

    def _restart(self, system: System) -> None:
        if old := self._processes.pop(system.name, None):
            old.close()
        place = system.environment
        here = Path(sys.executable)
        python = environments.python(self._folder / "peers", place) if place else here
        model = self._models.path(system.model)
        log = self._folder / "logs" / f"{system.name}.log"
        self._processes[system.name] = Process(system, python, model, self._threads, log)

    def _ids(self, count: int) -> list[int]:
        """A fresh prompt, so that nothing of it is cached; the last id would end an answer."""
        return self._numbers.choices(range(self._models.vocabulary - 1), k=count)

    def _figures(self) -> dict[str, dict[str, Figure]]:
        figures = {
            name: {measure: figure(samples, self._threads) for measure, samples in each.items()}
            for name, each in self._samples.items()
        }
        for name, memory in self._memory.items():
            figures[name] |= {kind: exact(size) for kind, size in memory.items()}
        return figures

    @staticmethod
    def _say(what: str, turn: int, of: int) -> None:
        print(f"{what} {turn} of {of}", file=sys.stderr, flush=True)
