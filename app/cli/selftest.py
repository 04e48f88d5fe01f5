"""`candor selftest`: whether the whole program works here, the window included."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from app.cli.terminal import Terminal


@click.command()
@click.pass_obj
def selftest(terminal: Terminal) -> None:
    """Check that the window, the worker and the built-in model work together.

    Opens the window without showing it, lets the model say five tokens and closes everything.
    Needs neither a display nor a network; the exit status is 1 if a step fails.
    """
    checklist = Checklist(terminal)
    terminal.self_test(checklist.step)
    terminal.lines(["Everything works."])


class Checklist:
    """One line for each step: whether it held, what it was and the seconds it took."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what is done within and say how it ended; an error goes on its way."""
        began = time.monotonic()
        mark = "✗"
        try:
            yield
            mark = "✓"
        finally:
            seconds = time.monotonic() - began
            self._terminal.lines([f"{mark} {name} ({seconds:.2f} s)"])
