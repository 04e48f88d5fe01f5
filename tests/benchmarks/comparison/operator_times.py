"""Where the time of a run goes, by operator, as the runtime's own profiler sees it."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnxruntime as ort

_KERNEL = "_kernel_time"
Operators = dict[str, float]
"""Milliseconds by operator type."""


def recorded(work: Callable[[], None]) -> list[Operators]:
    """Every run, in order, of the session that `work` opens."""
    plain = ort.InferenceSession
    sessions: list[ort.InferenceSession] = []
    with TemporaryDirectory() as folder:

        def opened(path: str, sess_options: ort.SessionOptions, **rest: Any) -> Any:
            sess_options.enable_profiling = True
            sess_options.profile_file_prefix = str(Path(folder) / "run")
            sessions.append(plain(path, sess_options=sess_options, **rest))
            return sessions[-1]

        setattr(ort, "InferenceSession", opened)  # noqa: B010 - a class stands there
        try:
            work()
        finally:
            setattr(ort, "InferenceSession", plain)  # noqa: B010
        files = [Path(session.end_profiling()) for session in sessions]
        return [run for file in files for run in by_run(json.loads(file.read_text()))]


def by_run(entries: Iterable[dict[str, Any]]) -> list[Operators]:
    """Kernel times between one model run's beginning and the next one's."""
    kernels = sorted(
        (each for each in entries if each.get("name", "").endswith(_KERNEL)),
        key=lambda each: each["ts"],
    )
    runs: list[Operators] = []
    seen: set[str] = set()
    for each in kernels:
        if each["name"] in seen or not runs:
            runs.append(defaultdict(float))
            seen = set()
        seen.add(each["name"])
        runs[-1][each["args"]["op_name"]] += each["dur"] / 1e3
    return runs


def total(runs: Iterable[Operators]) -> Operators:
    """The sum of several runs."""
    summed: Operators = defaultdict(float)
    for run in runs:
        for name, milliseconds in run.items():
            summed[name] += milliseconds
    return dict(summed)


def middle(runs: list[Operators]) -> Operators:
    """The run whose whole time is in the middle."""
    ranked = sorted(runs, key=lambda run: sum(run.values()))
    return dict(ranked[len(ranked) // 2])
