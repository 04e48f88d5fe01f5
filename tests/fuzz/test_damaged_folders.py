"""Damaged model folders through the real worker: each ends in a typed error or a sound load, the
worker goes on or is replaced, and no file outside the folder is opened.

`--fuzz N` draws N folders in place of the few of every day, and traces the worker where it can.
"""

import asyncio
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.events import Event
from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt, Generate, IdsPrompt, Inspect, Load
from app.errors import Bug, CandorError, WorkerLost
from app.worker.client import WorkerClient
from tests.fuzz import folders, watched
from tests.fuzz.damage import damage
from tests.worker.harness import collect

EVERY_DAY = 60
PATIENCE_S = 30.0
IDS = Generate(prompt=IdsPrompt((3, 4, 5)), max_tokens=3)
CHAT = Generate(prompt=ChatPrompt((Message(Role.USER, "Hello"),)), max_tokens=3)
SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/", "/usr/", "/lib", "/bin", "/opt/")


class Fuzz:
    """One worker at a time, fed with folders."""

    def __init__(self, root: Path, watch: watched.OpenWatch | None, trace: bool) -> None:
        self.root = root
        self._watch = watch
        self.outcomes: Counter[str] = Counter()
        self.findings: list[str] = []
        self.workers = 0
        self._trace = trace
        self._client: WorkerClient | None = None

    async def run(self, sound: list[Path], count: int) -> None:
        """Feed `count` damaged folders, then a sound one."""
        try:
            for seed in range(count):
                await self._case(sound[seed % len(sound)], seed)
            client = await self._worker()
            await collect(client.submit(Load(str(sound[0]))))
            await collect(client.submit(CHAT))
        finally:
            if self._client:
                await self._client.close()

    async def _case(self, sound: Path, seed: int) -> None:
        folder = self.root / f"case{seed}"
        shutil.copytree(sound, folder)
        said = f"seed {seed} ({sound.name}): {damage(folder, seed)}"
        if self._watch:
            self._watch.take()  # what the damage itself opened
        told = await self._outcome(folder, Inspect(str(folder)))
        done = await self._outcome(folder, Load(str(folder)))
        if done == "sound":
            done = await self._outcome(folder, IDS)
            await self._outcome(folder, CHAT)
        self.outcomes[done] += 1
        for outcome in {told, done} & {Bug.code, WorkerLost.code, "hang", "no sentence"}:
            self.findings.append(f"{said}: {outcome}")
        if self._watch and self._watch.take():
            self.findings.append(f"{said}: opened a file outside")
        shutil.rmtree(folder)

    async def _outcome(self, folder: Path, request: Inspect | Load | Generate) -> str:
        client = await self._worker()
        try:
            await asyncio.wait_for(_answer(client, request), PATIENCE_S)
        except TimeoutError:
            await client.close()
            return "hang"
        except CandorError as error:
            return error.code if error.message.strip() else "no sentence"
        return "sound"

    async def _worker(self) -> WorkerClient:
        if self._client is None or self._client.lost:
            self.workers += 1
            trace = self.root / f"trace{self.workers}" if self._trace else None
            self._client = WorkerClient(watched.command(self.root / "hook", trace))
            await self._client.start()
        return self._client


async def _answer(client: WorkerClient, request: Inspect | Load | Generate) -> list[Event]:
    return await collect(client.submit(request))


@pytest.fixture
def watch() -> Iterator[watched.OpenWatch | None]:
    if sys.platform != "linux":
        yield None
        return
    watch = watched.OpenWatch()
    yield watch
    watch.close()


def test_damaged_folders_do_no_harm(
    tmp_path: Path, watch: watched.OpenWatch | None, pytestconfig: pytest.Config
) -> None:
    count = int(pytestconfig.getoption("fuzz") or 0)
    sound, outside, root = tmp_path / "sound", tmp_path / "cases" / "outside", tmp_path / "cases"
    outside.mkdir(parents=True)
    (outside / "secret.bin").write_bytes(b"\0" * 2**20)
    models = folders.build(sound)
    if watch:
        watch.add(outside)
        (outside / "secret.bin").read_bytes()
        assert watch.take()  # it sees what is opened
    fuzz = Fuzz(root, watch, trace=count > EVERY_DAY and watched.can_trace())
    asyncio.run(fuzz.run(models, count))
    sys.stdout.write(f"\n{count} folders, {fuzz.workers} workers, {dict(fuzz.outcomes)}\n")
    assert not fuzz.findings, "\n".join(fuzz.findings)
    assert fuzz.outcomes["sound"] > count // 20
    assert fuzz.outcomes["model_damaged"] > count // 10
    opened = watched.hooked(root / "hook")
    for log in root.glob("trace*"):
        opened += watched.traced(log)
    assert [path for path in opened if not _may_open(path, tmp_path)] == []
    assert any(str(root) in path for path in opened)


def _may_open(path: str, home: Path) -> bool:
    """Whether a file belongs to a model that was asked for, or to the program and its system."""
    place = os.path.normpath(path)
    if place.startswith(str(home)):
        own = (home / "sound", home / "profile", home / "cases" / "hook")
        return place.startswith((*map(str, own), str(home / "cases" / "case")))
    program = (sys.prefix, sys.base_prefix, str(Path(__file__).parents[2]))
    return place.startswith((*SYSTEM, *program)) or "/" not in path
