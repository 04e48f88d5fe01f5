"""Child processes: quiet ones whose output goes to the log, and the last one, which takes over."""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from devenv.progress import Progress

TICK = 0.2


def run_quietly(
    command: Sequence[str],
    log: Path,
    progress: Progress,
    *,
    each_line: Callable[[str], None] = lambda line: None,
    each_tick: Callable[[], None] = lambda: None,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    keep_open: tuple[int, ...] = (),
) -> tuple[int, str]:
    """Run `command`, append its output to `log`; return its exit status and that output.

    `each_line` sees every line as it comes and `each_tick` is called a few times a second.
    `keep_open` are file descriptors the child inherits (POSIX only).
    """
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=environment,
        cwd=directory,
        pass_fds=keep_open if os.name == "posix" else (),
    )
    with log.open("a", encoding="utf-8") as record:
        record.write(f"$ {subprocess.list2cmdline(command)}\n")
    try:
        output = _collect(child, log, progress, each_line, each_tick)
    except BaseException:
        child.kill()
        child.wait()
        raise
    return child.wait(), output


def _collect(
    child: subprocess.Popen[str],
    log: Path,
    progress: Progress,
    each_line: Callable[[str], None],
    each_tick: Callable[[], None],
) -> str:
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(child, lines), daemon=True).start()
    seen: list[str] = []
    with log.open("a", encoding="utf-8") as record:
        while True:
            try:
                line = lines.get(timeout=TICK)
            except queue.Empty:
                each_tick()
                progress.tick()
                continue
            if line is None:
                return "".join(seen)
            seen.append(line)
            record.write(line)
            record.flush()
            each_line(line)


def _read(child: subprocess.Popen[str], lines: "queue.SimpleQueue[str | None]") -> None:
    assert child.stdout is not None
    with child.stdout:
        for line in child.stdout:
            lines.put(line)
    lines.put(None)


def hand_over(command: Sequence[str], directory: Path | None = None) -> int:
    """Become `command` (POSIX) or run it to its end and return its exit status (Windows)."""
    if directory:
        os.chdir(directory)
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execv(command[0], list(command))
    child = subprocess.Popen(command)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue  # the child got it too, and decides
