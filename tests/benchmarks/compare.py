"""Candor's engine beside onnxruntime-genai, llama.cpp, optimum and transformers; run by hand:

    .venv/bin/python -m tests.benchmarks.compare [--shape S] [--group G] [--systems A,B] ...

Builds models of real shapes with random weights, makes an environment for each peer (PyTorch and
a compiled llama.cpp among them, so the first time takes half an hour and several GB), and writes
RESULTS.md. Every system is a process that stays; they take turns at short commands: read a fresh
prompt and pick its first token; or go back to the end of the prompt, run two tokens to warm up and
time the next ones. The host may take a core away without saying so, and then every runtime with
two threads is two to three times slower: processor time over wall time tells, and samples without
all of their threads are not clean. What a run found is kept in a file for each shape and group, and
the page is written from all of them; what others wrote below its mark stays.
"""

import argparse
import datetime
import os
import platform
import sys
from pathlib import Path

import msgspec
import platformdirs

from tests.benchmarks import real_shapes
from tests.benchmarks.comparison import report
from tests.benchmarks.comparison.models import Models
from tests.benchmarks.comparison.run import Plan, Run
from tests.benchmarks.comparison.samples import WHOLE
from tests.benchmarks.comparison.systems import GROUPS, READS

RESULTS = Path(__file__).with_name("RESULTS.md")
RUNS = Path(__file__).with_name("comparison") / "runs"


def main() -> int:
    chosen = _arguments()
    plan = _plan(chosen)
    for group in chosen.group or GROUPS:
        stored = _measure(chosen, group, plan)
        file = chosen.runs / f"{chosen.shape}-{group}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.format(msgspec.json.encode(stored), indent=1) + b"\n")
    runs = [
        msgspec.json.decode(file.read_bytes(), type=report.Stored)
        for shape in real_shapes.SIZES
        for group in GROUPS
        if (file := chosen.runs / f"{shape}-{group}.json").exists()
    ]
    before = chosen.page.read_text(encoding="utf-8") if chosen.page.exists() else ""
    page = report.page(runs, WHOLE) + report.by_others(before)
    chosen.page.write_text(page, encoding="utf-8")
    print(page)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.compare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--shape", choices=real_shapes.SIZES, default="qwen3-0.6b")
    parser.add_argument("--group", choices=GROUPS, action="append", help="all if none; repeatable")
    parser.add_argument("--systems", help="names within the group, with commas; all if none")
    parser.add_argument("--folder", type=Path, default=_cache(), help="environments and models")
    parser.add_argument("--runs", type=Path, default=RUNS, help="what was found, one file a group")
    parser.add_argument("--page", type=Path, default=RESULTS)
    for name in msgspec.structs.fields(Plan):
        option = "--" + name.name.replace("_", "-")
        parser.add_argument(option, type=int, default=name.default, metavar="N")
    return parser.parse_args()


def _cache() -> Path:
    return Path(platformdirs.user_cache_dir("candor-compare", appauthor=False))


def _plan(chosen: argparse.Namespace) -> Plan:
    return Plan(**{each: getattr(chosen, each) for each in Plan.__struct_fields__})


def _measure(chosen: argparse.Namespace, group: str, plan: Plan) -> report.Stored:
    names = chosen.systems.split(",") if chosen.systems else None
    systems = tuple(
        each for each in GROUPS[group] if names is None or each.name in {READS.name, *names}
    )
    models = Models(chosen.folder / "models", chosen.folder / "peers", chosen.shape)
    threads = _threads()
    sizes = {
        each.name: models.bytes_per_token(each.weights or each.model, plan.context, each.kv_bytes)
        for each in systems
        if each is not READS
    }
    return report.Stored(
        shape=chosen.shape,
        group=group,
        day=datetime.date.today().isoformat(),
        machine=_machine(),
        threads=threads,
        plan=plan,
        bytes_per_token=sizes,
        found=Run(systems, models, chosen.folder, threads, plan).all(),
    )


def _threads() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _machine() -> str:
    """The processor by its name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


if __name__ == "__main__":
    sys.exit(main())
