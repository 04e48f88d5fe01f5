"""The terminal's entry: arguments in, an exit status out, and one sentence for every failure.

0 is success, 1 a failure, 2 a command that cannot be understood, 130 Ctrl+C.
"""

import logging
import os
import sys

import click

from app import __version__, paths
from app.cli.bench import bench
from app.cli.chat import chat
from app.cli.chats import chats
from app.cli.classify import calibrate_command, classify
from app.cli.compare import compare
from app.cli.complete import complete
from app.cli.doctor import doctor
from app.cli.models import models
from app.cli.replay import replay
from app.cli.route import route
from app.cli.score import score
from app.cli.selftest import selftest
from app.cli.serve import serve
from app.cli.terminal import SelfTest, Terminal
from app.errors import CandorError
from app.services.local_server import MakeServer
from app.services.packs import Packs

_log = logging.getLogger(__name__)

FAILED = 1
INTERRUPTED = 130


@click.group(
    commands=[
        chat,
        chats,
        complete,
        route,
        score,
        compare,
        classify,
        calibrate_command,
        replay,
        serve,
        models,
        doctor,
        selftest,
        bench,
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="candor", message="%(prog)s %(version)s")
def candor() -> None:
    """Chat with ONNX language models on this computer, every token's probability in plain sight.

    Without a command the window opens.
    """


def run(
    arguments: list[str],
    packs: Packs,
    self_test: SelfTest,
    make_server: MakeServer,
) -> int:
    """Run the command that `arguments` name and return the exit status."""
    _prepare_streams()
    terminal = Terminal(packs, self_test, make_server)
    try:
        return _invoke(arguments, terminal)
    except click.UsageError as error:
        terminal.complain(_with_help(error))
        return error.exit_code
    except click.ClickException as error:
        terminal.complain(error.format_message())
    except CandorError as error:
        terminal.complain(str(error))
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        _abandon_output()
    except OSError as error:
        terminal.complain(f"The output could not be written: {error.strerror or error}.")
        _abandon_output()
    except Exception as error:  # noqa: BLE001 - a defect is logged and named, not thrown about
        _log.exception("A defect in the terminal.")
        terminal.complain(f"A defect in Candor: {type(error).__name__}. See {paths.logs()}.")
    return FAILED


def _invoke(arguments: list[str], terminal: Terminal) -> int:
    status = candor.main(arguments, prog_name="candor", standalone_mode=False, obj=terminal)
    sys.stdout.flush()
    return status or 0


def _with_help(error: click.UsageError) -> str:
    sentence = error.format_message().strip()
    end = "" if sentence.endswith((".", "?")) else "."
    return f"{sentence}{end} See {error.ctx.command_path if error.ctx else 'candor'} --help."


def _prepare_streams() -> None:
    """A character that a console cannot show must not end the program; pipes carry UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        encoding = stream.encoding if stream.isatty() else "utf-8"
        stream.reconfigure(encoding=encoding, errors="replace")  # type: ignore[union-attr]


def _abandon_output() -> None:
    """Nobody reads: what is still buffered must not fail once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
