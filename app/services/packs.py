"""Worker packs: environments with another build of the runtime, found in the profile and started.

All builds of ONNX Runtime share one module name, so each lives in an environment of its own and
its worker is started with that environment's interpreter. A pack runs with the person's rights:
it is used only where nobody else can have put it.
"""

import asyncio
import os
import stat
from collections.abc import Iterable
from pathlib import Path, PureWindowsPath

import msgspec
from msgspec import Struct

from app import __version__
from app.domain.devices import LABELS, Device
from app.domain.events import Hello
from app.domain.requests import Provider
from app.errors import CandorError, DeviceFailed
from app.worker.client import WorkerClient
from app.worker.process import worker_command

MANIFEST = "pack.json"
MOST_BYTES = 2**16
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_MAKE = "Make it with `python3 packaging/dev.py pack {0}`, or choose the CPU."
_MEND = "Choose the CPU until that is mended."
_MAKE_AGAIN = "Make it again with `python3 packaging/dev.py pack {0}`, or choose the CPU."


class Manifest(Struct, frozen=True):
    """What a pack's own file says of it; `interpreter` lies inside its folder."""

    kind: Provider
    candor: str
    interpreter: str
    versions: dict[str, str] = {}


class Report(Struct, frozen=True):
    """What one provider can do here: its pack, its devices, or the `problem` that it has none.

    `folder` is empty for the pack that is part of the program, and where there is none.
    """

    provider: Provider
    folder: str = ""
    versions: dict[str, str] = {}
    devices: tuple[Device, ...] = ()
    problem: str = ""
    hint: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether there is a pack that cannot be used."""
        return bool(self.folder and self.problem)


class Packs:
    """The packs in `folder`, and the one that is part of the program."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def command(self, provider: Provider) -> list[str]:
        """How a worker for `provider` is started.

        Raises:
            DeviceFailed: there is no pack for it, or none that may be used.
        """
        if not provider.needs_pack:
            return worker_command()
        folder = self._folder / provider.value
        manifest = _read(folder, provider)
        return worker_command(str(folder / manifest.interpreter))

    def client(self, provider: Provider) -> WorkerClient:
        """A worker for `provider` that has not been started.

        Raises:
            DeviceFailed: there is no pack for it, or none that may be used.
        """
        return WorkerClient(self.command(provider))

    async def survey(self, providers: Iterable[Provider] = Provider) -> tuple[Report, ...]:
        """Providers with their devices, asked of each pack's own worker; the CPU first."""
        return tuple(await asyncio.gather(*map(self.report, providers)))

    async def report(self, provider: Provider) -> Report:
        """What `provider` can do here, asked of its pack's own worker."""
        folder = self._folder / provider.value
        place = str(folder) if provider.needs_pack and folder.exists() else ""
        try:
            hello = await self._ask(provider)
        except CandorError as error:
            return Report(provider, place, problem=error.message, hint=error.hint)
        devices = tuple(each for each in hello.devices if each.provider is provider)
        if devices:
            return Report(provider, place, hello.versions, devices)
        why = hello.problem or f"{LABELS[provider]} finds no device on this computer."
        return Report(provider, place, hello.versions, problem=why, hint=_MEND)

    async def _ask(self, provider: Provider) -> Hello:
        """The greeting of a worker that lives no longer than that.

        Raises:
            CandorError: it cannot be started.
        """
        client = self.client(provider)
        hello = await client.start()
        await client.close()
        return hello


def _read(folder: Path, provider: Provider) -> Manifest:
    """The manifest of the pack in `folder`, once everything says that it may be used.

    Raises:
        DeviceFailed: the pack is not there, not the person's own, or not made for this Candor.
    """
    what = f"pack for {LABELS[provider]}"
    again = _MAKE_AGAIN.format(provider.value)
    if not folder.exists():
        raise DeviceFailed(f"There is no {what} on this computer.", _MAKE.format(provider.value))
    try:
        manifest = _decode(folder / MANIFEST)
        interpreter = folder / manifest.interpreter
        stranger = _stranger((folder.parent, folder, folder / MANIFEST, interpreter.parent))
        there = interpreter.is_file()
    except (OSError, msgspec.DecodeError) as error:
        raise DeviceFailed(f"The {what} cannot be read: {error}.", again) from error
    if stranger:
        raise DeviceFailed(f"The {what} is not used: {stranger} is not yours alone.", again)
    if manifest.kind is not provider or not _inside(manifest.interpreter):
        raise DeviceFailed(f"The {what} does not describe itself rightly.", again)
    if manifest.candor != __version__:
        raise DeviceFailed(
            f"The {what} was made for Candor {manifest.candor}; this is {__version__}.", again
        )
    if not there:
        raise DeviceFailed(f"The {what} has lost its Python.", again)
    return manifest


def _decode(file: Path) -> Manifest:
    with file.open("rb") as stream:
        return msgspec.json.decode(stream.read(MOST_BYTES), type=Manifest)


def _inside(relative: str) -> bool:
    """Whether a path can only lead down, by the rules of every system."""
    path = PureWindowsPath(relative)
    return bool(path.parts) and not path.anchor and ".." not in path.parts


def _stranger(paths: tuple[Path, ...]) -> Path | None:
    """The first place that is a link, another user's, or open to others' changes.

    Windows keeps the profile's folders private itself.
    """
    if os.name != "posix":
        return None
    for path in paths:
        found = path.lstat()
        foreign = found.st_uid != os.getuid() or found.st_mode & _WRITABLE_BY_OTHERS
        if foreign or stat.S_ISLNK(found.st_mode):
            return path
    return None
