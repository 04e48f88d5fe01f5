"""Candor's own engine, its loop and every token's full record included.

Nothing is left out and nothing is made for this: a request becomes a sequence, and `tick` advances
it, as in the worker.
"""

import os
from pathlib import Path

import msgspec

from app import paths
from app.domain.preparation import KvCache, Precision
from app.domain.requests import Generate, IdsPrompt, Provider
from app.domain.sampling import SamplingParams
from app.engine.forward import CHUNK
from app.engine.generate import begin, leave, tick
from app.engine.model import Model, open_model
from app.engine.prepare.preparation import prepare_model
from app.engine.prepare.store import PreparedStore
from app.engine.sequence import Sequence
from tests.benchmarks.comparison import operator_times
from tests.benchmarks.peers.serving import Command, System, serve

PREPARED = "report.json"
GREEDY = SamplingParams(temperature=0.0)


class Candor(System):
    """Greedy search at temperature 0, with the five likeliest beside each token."""

    def load(self, context: int) -> None:
        self._model = self._open()
        self._sequences: list[Sequence] = []

    def read(self, ids: list[int]) -> None:
        self._ids = ids
        self._begin([ids])

    def rewind(self, length: int) -> None:
        self._begin([self._ids[:length]])  # all but the last token are still in the cache

    def step(self) -> None:
        self._tick()

    def read_rows(self, rows: list[list[int]]) -> None:
        self._begin(rows)

    def step_rows(self) -> None:
        self._tick()

    def profile(self, ids: list[int], tokens: int, rows: int) -> Command:
        """Times by operator; `rows` prompts side by side are `ids` begun at other places."""

        def one() -> None:
            self.load(2 * len(ids))
            self.read(ids)
            for _ in range(tokens):
                self.step()

        def many() -> None:
            self.load(2 * len(ids))
            self.read_rows([ids[place:] + ids[:place] for place in range(rows)])
            for _ in range(tokens):
                self.step_rows()

        runs = operator_times.recorded(one)
        chunks = -(-len(ids) // CHUNK)
        times = {
            "prefill": operator_times.total(runs[-tokens - chunks : -tokens]),
            "decode": operator_times.middle(runs[-tokens:]),
        }
        if rows > 1:
            runs = operator_times.recorded(many)
            times[f"batch of {rows}"] = operator_times.middle(runs[-tokens:])
        return times

    def _open(self) -> Model:
        """The model, in a profile of its own, prepared there first where that is asked."""
        prepared = self.options["prepared"]
        rounded = self.options.get("int8_kv", False)
        kv = KvCache.INT8 if rounded else KvCache.MODEL
        kind = ("prepared-int8" if rounded else "prepared") if prepared else "plain"
        home = self.folder.with_name(f"{self.folder.name}-{kind}")
        os.environ["CANDOR_HOME"] = str(home)
        if prepared and not (home / PREPARED).exists():
            self._prepare(home, kv)
        model = self._opened(kv)
        if model.info.preparation.stored != prepared:
            raise RuntimeError(model.info.preparation.reason)
        return model

    def _opened(self, kv: KvCache) -> Model:
        return open_model(self.folder, None, Provider.CPU, lambda done, total: None, kv=kv)

    def _prepare(self, home: Path, kv: KvCache) -> None:
        store = PreparedStore(paths.prepared())
        report = prepare_model(
            self.folder, None, Precision.AUTO, store, lambda stage, done, total: None, kv
        )
        (home / PREPARED).write_bytes(msgspec.json.encode(report))

    def _begin(self, prompts: list[list[int]]) -> None:
        """Drop what was begun before, and read the prompts until each has its first token."""
        for sequence in self._sequences:
            leave(self._model, sequence)
        self._sequences = [
            begin(self._model, Generate(prompt=IdsPrompt(tuple(ids)), sampling=GREEDY))
            for ids in prompts
        ]
        while any(len(each.ids) == each.prompt_length for each in self._sequences):
            self._tick()

    def _tick(self) -> None:
        """One more token for every sequence that has read its prompt."""
        for sequence, _ in tick(self._model, self._sequences):
            if sequence.finished:
                raise RuntimeError("an answer ended by itself") from sequence.error


if __name__ == "__main__":
    serve(Candor)
