"""What a person chose, kept over restarts: each setting is declared here, once.

In: values of declared settings. Out: the same at the next start; observers hear of every change.
It lives in one event loop, and the file is written in a thread of its own, a moment after a change.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from app.domain.drafting import Drafting
from app.domain.heat import HeatMode, Palette, Reading
from app.domain.preparation import Precision
from app.domain.reasoning import ReasoningChoice
from app.domain.requests import Provider
from app.domain.routing import Routing
from app.domain.sampling import SamplingParams
from app.errors import CandorError, InvalidRequest
from app.services.settings_file import SettingsFile

SOON_S = 0.3

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class Setting(Generic[T]):
    """A value by its `key` in the file; `type` says what it may be, its range included.

    `label` is what a person calls it.
    """

    key: str
    type: Any
    default: T
    label: str


class ThemeChoice(StrEnum):
    """Light or dark, or as the system has it."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class ModelChoice(Struct, frozen=True):
    """A model as it is opened, on device number `device` of a provider.

    Without a `path` it is the one that came with the program, which may lie elsewhere tomorrow;
    `variant` None leaves the choice to what suits the provider, and `precision` is which of the
    graphs that may stand for the file's own.
    """

    path: str = ""
    variant: str | None = None
    provider: Provider = Provider.CPU
    device: int = 0
    precision: Precision = Precision.AUTO


class SamplingChoice(Struct, frozen=True, kw_only=True):
    """How a person samples with one model, where that is not as the model asks for."""

    params: SamplingParams
    neutral: bool = False
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    drafting: Drafting = Drafting()


THEME = Setting("theme", ThemeChoice, ThemeChoice.SYSTEM, "Theme")
WINDOW = Setting("window", Annotated[str, Meta(max_length=4096)], "", "Place of the window")
SIDEBAR = Setting("show_chats", bool, True, "Show the chats")
HEAT_MODE = Setting("colour_words_by", HeatMode, HeatMode.SURPRISE, "Colour words by")
PALETTE = Setting("heat_colours", Palette, Palette.ORANGE, "Heat colours")
READING: Setting[Reading] = Setting("reading", Reading, Reading(), "How answers are read")
REASONING = Setting("thinking", ReasoningChoice, ReasoningChoice(), "Reasoning")
ROUTING: Setting[Routing] = Setting("auto", Routing, Routing(), "Auto")
SAMPLING: Setting[dict[str, SamplingChoice]] = Setting(
    "sampling", dict[str, SamplingChoice], {}, "Sampling of each model"
)
MODEL = Setting("model", ModelChoice, ModelChoice(), "Model")
RECENT_MODELS: Setting[tuple[ModelChoice, ...]] = Setting(
    "recent_models", tuple[ModelChoice, ...], (), "Models opened before"
)
SERVER_ON = Setting("server", bool, False, "Let other programs use the model")
SERVER_PORT = Setting("server_port", Annotated[int, Meta(ge=0, le=65535)], 1234, "Port")

DECLARED: tuple[Setting[Any], ...] = (
    THEME,
    WINDOW,
    SIDEBAR,
    HEAT_MODE,
    PALETTE,
    READING,
    REASONING,
    ROUTING,
    SAMPLING,
    MODEL,
    RECENT_MODELS,
    SERVER_ON,
    SERVER_PORT,
)


class Settings:
    """The values in `file`, read when this is made; `troubles` tells what could not be used."""

    def __init__(self, file: SettingsFile) -> None:
        self._file = file
        self._values: dict[str, Any] = {}
        self._observers: dict[str, list[Callable[[Any], None]]] = {}
        self._on_failure: list[Callable[[CandorError], None]] = []
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="settings")
        self._writing: asyncio.Future[None] | None = None
        self._soon: asyncio.TimerHandle | None = None
        self._unkept = self._failed = False
        found = file.read()
        self._raw = found.values
        self.troubles: list[CandorError] = [found.trouble] if found.trouble else []
        for setting in DECLARED:
            self._values[setting.key] = self._read(setting)

    def get(self, setting: Setting[T]) -> T:
        """The present value."""
        return self._values[setting.key]

    def set(self, setting: Setting[T], value: T) -> None:
        """Choose another value, tell the observers, and keep it.

        Raises:
            InvalidRequest: it is out of the setting's range.
        """
        if value == self.get(setting):
            return
        encoded = msgspec.json.encode(value)
        with _refusing(setting):
            _decoded(setting, encoded)
        self._values[setting.key] = value
        self._raw[setting.key] = Raw(encoded)
        self._unkept = True
        self._write_soon()
        for observer in tuple(self._observers.get(setting.key, ())):
            observer(value)

    def observe(self, setting: Setting[T], observer: Callable[[T], None]) -> None:
        """Call `observer` with each next value."""
        self._observers.setdefault(setting.key, []).append(observer)

    def on_failure(self, observer: Callable[[CandorError], None]) -> None:
        """Tell `observer` why values cannot be kept, once until they can again."""
        self._on_failure.append(observer)

    async def close(self) -> None:
        """Keep what is not kept yet."""
        if self._soon is not None:
            self._soon.cancel()
        if self._writing is not None:
            await self._writing
        if self._unkept:
            await self._write()
        if self._unkept:
            _log.warning("The last changes of the settings could not be kept.")
        self._writer.shutdown()

    def _read(self, setting: Setting[T]) -> T:
        """The value in the file, or the default and a word on why."""
        raw = self._raw.get(setting.key)
        if raw is None:
            return setting.default
        try:
            with _refusing(setting):
                return _decoded(setting, raw)
        except InvalidRequest as error:
            self.troubles.append(error)
            del self._raw[setting.key]
            return setting.default

    def _write_soon(self) -> None:
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(SOON_S, self._begin_writing)

    def _begin_writing(self) -> None:
        self._soon = None
        if self._writing is not None and not self._writing.done():
            self._write_soon()  # a slow disk is not made slower
        else:
            self._writing = asyncio.ensure_future(self._write())

    async def _write(self) -> None:
        self._unkept = False
        work = self._writer.submit(self._file.write, dict(self._raw))
        try:
            await asyncio.wrap_future(work)
        except CandorError as error:
            self._unkept = True
            if not self._failed:
                self._failed = True
                for observer in self._on_failure:
                    observer(error)
        else:
            self._failed = False


def _decoded(setting: Setting[T], encoded: bytes | Raw) -> T:
    return msgspec.json.decode(encoded, type=setting.type)


@contextlib.contextmanager
def _refusing(setting: Setting[Any]) -> Iterator[None]:
    """Turn what msgspec, or a value itself, says of its range into a sentence."""
    try:
        yield
    except (msgspec.MsgspecError, UnicodeDecodeError, CandorError) as error:
        raise InvalidRequest(
            f"The setting “{setting.label}” had a value that cannot be used.",
            "It is as it was at first.",
        ) from error
