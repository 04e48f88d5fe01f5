"""What `doctor` looks at, as values: versions, system, folders, the built-in model, problems.

Nothing is repaired here and nothing stays behind; every problem comes with a next step.
"""

import asyncio
import os
import platform
import shutil
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from msgspec import Struct

from app import __version__, paths
from app.cli.session import Session
from app.cli.transcript import Transcript
from app.domain.devices import Device
from app.domain.events import Hello
from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt, Generate, Load, Provider
from app.domain.sampling import SamplingParams
from app.errors import CandorError
from app.services import api_token
from app.services.packs import Packs, Report

PACKAGES = (
    *("PySide6_Essentials", "qasync", "msgspec", "rich", "click", "platformdirs"),
    *("starlette", "uvicorn"),
)
LEAST_FREE_BYTES = 100 * 2**20
GREEDY_TOKENS = 5
REINSTALL = "Install Candor again."


class Problem(Struct, frozen=True):
    """Something wrong, and what to do about it."""

    what: str
    next_step: str


class Folder(Struct, frozen=True):
    """One of Candor's folders; `writable` says whether a file can be made in it, or it itself."""

    name: str
    path: str
    exists: bool
    writable: bool
    free_bytes: int | None


class ModelTrial(Struct, frozen=True):
    """The built-in model, what it answered greedily and how fast.

    `nodes` counts the nodes of its graph that each execution provider got.
    """

    path: str
    variant: str
    nodes: dict[str, int]
    context_length: int
    greedy_text: str
    greedy_ids: tuple[int, ...]
    decode_tokens_per_s: float


class Diagnosis(Struct, frozen=True, kw_only=True):
    """All that was found; `model` None where it did not run.

    `packs` has a report for every provider but the CPU, whose devices are in `devices`.
    """

    ok: bool
    versions: dict[str, str]
    system: dict[str, str]
    providers: tuple[str, ...]
    devices: tuple[Device, ...]
    packs: tuple[Report, ...]
    folders: tuple[Folder, ...]
    server: dict[str, str]
    model: ModelTrial | None
    problems: tuple[Problem, ...]


def diagnose(session: Session, packs: Packs) -> Diagnosis:
    """Look at everything; a failure becomes a problem, never an error."""
    problems: list[Problem] = []
    folders = (_own("profile", paths.profile()), _own("logs", paths.logs()), _resources())
    problems += [problem for folder in folders for problem in _folder_problems(folder)]
    server = _server(problems)
    hello = _greeting(session, problems)
    reports = asyncio.run(packs.survey(provider for provider in Provider if provider.needs_pack))
    problems += [Problem(each.problem, each.hint) for each in reports if each.is_broken]
    model = _trial(session, problems) if hello else None
    return Diagnosis(
        ok=not problems,
        versions=_versions(hello),
        system=_system() | ({"worker's network": hello.network} if hello else {}),
        providers=hello.providers if hello else (),
        devices=hello.devices if hello else (),
        packs=reports,
        folders=folders,
        server=server,
        model=model,
        problems=tuple(problems),
    )


def _versions(hello: Hello | None) -> dict[str, str]:
    found = {"candor": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "unknown"
    return found | (hello.versions if hello else {})


def _system() -> dict[str, str]:
    return {
        "platform": platform.platform(),
        "cores": str(os.cpu_count()),
        "display": "yes" if _has_display() else "none: only the terminal works here",
        "telemetry": "off" if os.environ.get("ORT_DISABLE_TELEMETRY") == "1" else "not turned off",
        "offline": "yes" if os.environ.get("HF_HUB_OFFLINE") == "1" else "no",
    }


def _has_display() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def _own(name: str, path: Path) -> Folder:
    return Folder(name, str(path), path.is_dir(), _can_write(path), _free(path))


def _resources() -> Folder:
    path = paths.resources()
    return Folder("resources", str(path), path.is_dir(), os.access(path, os.W_OK), _free(path))


def _nearest(path: Path) -> Path:
    """The folder itself, or the closest one above it that is there."""
    return next((each for each in (path, *path.parents) if each.exists()), path)


def _can_write(path: Path) -> bool:
    """Tried, since permissions alone do not tell: a full or read-only disk fails too."""
    try:
        with tempfile.TemporaryFile(dir=_nearest(path)) as file:
            file.write(b"candor")
    except OSError:
        return False
    return True


def _free(path: Path) -> int | None:
    try:
        return shutil.disk_usage(_nearest(path)).free
    except OSError:
        return None


def _folder_problems(folder: Folder) -> list[Problem]:
    if folder.name == "resources":
        missing = Problem(f"The program's own files are missing from {folder.path}.", REINSTALL)
        return [] if folder.exists else [missing]
    if not folder.writable:
        return [
            Problem(
                f"Nothing can be saved in the {folder.name} folder {folder.path}.",
                "Make it writable, free some space, or set CANDOR_HOME to another folder.",
            )
        ]
    if folder.free_bytes is not None and folder.free_bytes < LEAST_FREE_BYTES:
        free = f"{folder.free_bytes / 2**20:.0f} MB"
        return [Problem(f"Only {free} are free for {folder.path}.", "Free some space.")]
    return []


def _server(problems: list[Problem]) -> dict[str, str]:
    """The way in for other programs, which is shut until `candor serve` opens it."""
    path = paths.api_token()
    if not path.exists():
        return {"token": "made by the first `candor serve`"}
    if api_token.open_to_others(path):
        problems.append(
            Problem(
                f"Other users can read the server's token in {path}.",
                "Delete it; the next `candor serve` makes a new one.",
            )
        )
    return {"token": str(path)}


def _greeting(session: Session, problems: list[Problem]) -> Hello | None:
    try:
        hello = session.start()
    except CandorError as error:
        log = f"Look into the logs in {paths.logs()}."
        problems.append(Problem(error.message, f"{error.hint} {log}".lstrip()))
        return None
    if "CPUExecutionProvider" not in hello.providers:
        problems.append(Problem("ONNX Runtime offers no CPU provider.", REINSTALL))
    return hello


def _trial(session: Session, problems: list[Problem]) -> ModelTrial | None:
    """Load the built-in model and let it say a few tokens."""
    path = paths.built_in_model()
    transcript = Transcript()
    request = Generate(
        prompt=ChatPrompt((Message(role=Role.USER, content="Hello"),)),
        sampling=SamplingParams(temperature=0.0),
        max_tokens=GREEDY_TOKENS,
    )
    try:
        info = session.load(Load(str(path)))
        session.ask(request, transcript.add)
    except CandorError as error:
        problems.append(
            Problem(f"The built-in model does not run: {error.message}", error.hint or REINSTALL)
        )
        return None
    return ModelTrial(
        path=str(path),
        variant=info.variant,
        nodes={each.provider: each.nodes for each in info.placements},
        context_length=info.context_length,
        greedy_text="".join(token.text for token in transcript.tokens),
        greedy_ids=tuple(token.id for token in transcript.tokens),
        decode_tokens_per_s=transcript.finished.timings.decode_tokens_per_s,
    )
