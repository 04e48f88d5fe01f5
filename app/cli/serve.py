"""`candor serve`: the model for other programs of this computer, in the form of OpenAI's API."""

import asyncio
import contextlib
import signal
import sys
from contextlib import aclosing
from pathlib import Path
from typing import Any

import click
from msgspec import structs

from app import paths
from app.cli.options import draft_options, drafting, load_command, model_options
from app.cli.progress import ProgressBar
from app.cli.terminal import Terminal
from app.domain.drafting import Drafting, DraftKind, DraftReport
from app.domain.events import Finished
from app.domain.models import ModelInfo
from app.domain.requests import MOST_PARALLEL, Generate, IdsPrompt, Load
from app.services import api_token
from app.services.engine_host import EngineHost
from app.services.host_status import HostState, HostStatus
from app.services.local_server import Binding, Endpoint

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@click.command()
@model_options
@click.option(
    "--host",
    default=Binding().host,
    show_default=True,
    metavar="ADDRESS",
    help="Where to listen: 127.0.0.1, localhost or ::1.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=Binding().port,
    show_default=True,
    help="0 takes any free one.",
)
@click.option(
    "--token-file", metavar="FILE", help="Where the token is kept; in the profile if not given."
)
@click.option(
    "--parallel",
    type=click.IntRange(1, MOST_PARALLEL),
    metavar="N",
    help="Write so many answers at once, each with a shorter context where memory is short.",
)
@draft_options
@click.pass_obj
def serve(
    terminal: Terminal,
    host: str,
    port: int,
    token_file: str | None,
    parallel: int | None,
    **options: Any,
) -> None:
    """Let other programs of this computer use a model, through OpenAI's API.

    Prints the address and the token that they need; Ctrl+C ends it. The token is made at the
    first start and stays the same. Requests that do not say how to draft do it as --draft says.
    """
    drafts = drafting(options)
    token = api_token.load_or_make(Path(token_file) if token_file else paths.api_token())
    load = structs.replace(load_command(options), parallel=parallel)
    asyncio.run(_serve(terminal, load, Binding(host, port), token, drafts))


async def _serve(
    terminal: Terminal, load: Load, binding: Binding, token: str, drafts: Drafting
) -> None:
    """Serve until a signal says that it is enough."""
    _end_on_signals()
    engine = terminal.engine()
    server = terminal.make_server(engine, binding, token, drafts)
    reporter = Reporter(terminal)
    engine.observe(reporter.tell)
    with contextlib.suppress(asyncio.CancelledError):
        try:
            endpoint = await server.start()
            model = await engine.load(
                load.path,
                load.variant,
                load.provider,
                load.device,
                load.parallel,
                load.precision,
                load.kv,
            )
            drafted = await _drafted(engine, drafts)
            _announce(terminal, endpoint, model, drafted)
            await reporter.stopped.wait()
            await engine.ready()  # says why it stopped
        finally:
            await server.stop()
            await engine.close()


def _end_on_signals() -> None:
    """End as on Windows, where Ctrl+C cancels the task by itself."""
    task = asyncio.current_task()
    if sys.platform != "win32" and task is not None:
        for number in ENDING_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


async def _drafted(engine: EngineHost, drafts: Drafting) -> DraftReport | None:
    """Who drafts, found out by a first token, which opens the draft model; None where nobody does.

    Raises:
        CandorError: it cannot be opened, or does not fit the model.
    """
    if drafts.kind is DraftKind.OFF:
        return None
    request = Generate(prompt=IdsPrompt((0,)), max_tokens=1, drafting=drafts)
    async with aclosing(engine.generate(request)) as events:
        return [each.drafting async for each in events if isinstance(each, Finished)][-1]


def _announce(
    terminal: Terminal, endpoint: Endpoint, model: ModelInfo, drafted: DraftReport | None
) -> None:
    terminal.lines(
        [f"Address  {endpoint.url}", f"Token    {endpoint.token}", f"Model    {model.name}"]
    )
    terminal.note(_answers(model))
    if drafted is not None:
        drafter = drafted.model or "lookup in the text so far"
        terminal.note(
            " ".join([f"Drafts by {drafter}, where a request names none.", *drafted.notes])
        )
    terminal.note("Ctrl+C ends it.")


def _answers(model: ModelInfo) -> str:
    context = f"a context of {model.context_length:,} tokens"
    if model.slots == 1:
        return f"One answer is written at a time, with {context}."
    return f"Up to {model.slots} answers are written at once, each with {context}."


class Reporter:
    """Says at the terminal what becomes of the engine; `stopped` is set once it is gone."""

    def __init__(self, terminal: Terminal) -> None:
        self.stopped = asyncio.Event()
        self._terminal = terminal
        self._bar = ProgressBar(terminal.err)
        self._state = HostState.STOPPED

    def tell(self, status: HostStatus) -> None:
        """Show a load's progress, and each loss of the worker once."""
        before, self._state = self._state, status.state
        if status.progress is not None:
            self._bar.update("Loading the model", status.progress.done, status.progress.total)
            return
        self._bar.clear()
        if status.state in (HostState.STOPPED, HostState.FAILED):
            self.stopped.set()
        elif status.state is HostState.RESTARTING and before is not HostState.RESTARTING:
            self._terminal.note(f"{status.sentence} It is started again.")
