"""Preparing in the real worker: progress, the report, and a cancel that leaves nothing."""

import asyncio
from pathlib import Path

from app import paths
from app.domain.events import Finished, FinishReason, Prepared, Progress, Stage
from app.domain.requests import Load, Prepare
from tests.engine import graphs
from tests.engine.prepare.spelled import Style, decoder
from tests.engine.reference import Shape
from tests.worker.harness import collect, started


def test_a_model_is_prepared_with_progress(tmp_path: Path) -> None:
    shape = Shape(layers=1)
    folder = graphs.write_folder(tmp_path / "spelled", decoder(Style(), shape), shape)

    async def scenario() -> None:
        async with started() as client:
            *steps, last = await collect(client.submit(Prepare(str(folder))))
            assert isinstance(last, Prepared)
            assert Path(last.report.folder).parent == paths.prepared()
            stages = dict.fromkeys(step.stage for step in steps if isinstance(step, Progress))
            assert list(stages) == [Stage.DIGEST, Stage.PROVE, Stage.COMPARE, Stage.STORE]
            *_, loaded = await collect(client.submit(Load(str(folder))))
            assert loaded.model.preparation == last.report.preparation  # type: ignore[union-attr]

    asyncio.run(scenario())


def test_a_cancelled_preparation_leaves_nothing(tmp_path: Path) -> None:
    shape = Shape(layers=1, vocabulary=20_000)
    folder = graphs.write_folder(tmp_path / "spelled", decoder(Style(), shape), shape)

    async def scenario() -> None:
        async with started() as client:
            stream, events = client.submit(Prepare(str(folder))), []
            async for event in stream:
                if isinstance(event, Progress) and event.stage is Stage.COMPARE:
                    stream.cancel()
                events.append(event)
            last = events[-1]
            assert isinstance(last, Finished)
            assert last.reason is FinishReason.CANCELLED
            assert list(paths.prepared().glob("*/")) == []

    asyncio.run(scenario())
