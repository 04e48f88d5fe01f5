"""What full token records cost beside a decode step at a vocabulary of 151,936; run by hand:

    .venv/bin/python -m tests.benchmarks.bench_records [MODEL_FOLDER]

Writes a random 4-bit model of Qwen3-0.6B's sizes into a temporary folder (360 MB) unless a folder
is given. Steps and records take turns. Samples count where the step had all of its cores, which
its processor time beside its wall time tells; the target is 3 % of a step.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np

from app.domain.requests import Generate, IdsPrompt, Provider
from app.domain.sampling import SamplingParams
from app.domain.tokens import Channel
from app.engine.forward import CHUNK
from app.engine.generate import begin
from app.engine.model import Model, open_model
from app.engine.sampling.record import record
from app.engine.sampling.step import step
from app.engine.text.textstream import Span
from tests.benchmarks.real_shapes import SIZES, write_genai

PROMPT_TOKENS, WARM_UP, ROUNDS = 512, 10, 400
CORES, WHOLE = 2, 0.9  # a sample counts from this share of so many cores on
ENTROPIES = (1.0, 3.0)  # bits: about a model's own answers, and others' text; random rows have 17
TARGET = 0.03

Result = TypeVar("Result")

SAMPLINGS = {
    "greedy": SamplingParams(temperature=0.0),
    "temperature 0.6, top-k 20, top-p 0.95": SamplingParams(temperature=0.6, top_k=20, top_p=0.95),
    "temperature 0.7, top-p 0.9": SamplingParams(temperature=0.7, top_p=0.9),
    "temperature 1": SamplingParams(),
}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = (
            Path(sys.argv[1])
            if len(sys.argv) > 1
            else write_genai(Path(folder), SIZES["qwen3-0.6b"])
        )
        model = open_model(path, None, Provider.CPU, lambda done, total: None)
        for bits in ENTROPIES:
            steps, costs = measure(model, bits)
            if not steps:
                print("No step had its cores to itself; try again on a quiet machine.")
                return 1
            report(bits, steps, costs)
    return 0


def measure(model: Model, bits: float) -> tuple[list[float], dict[str, list[float]]]:
    """Seconds of undisturbed decode steps, and of the records made between them."""
    jobs = {name: job(model, params) for name, params in SAMPLINGS.items()}
    steps: list[float] = []
    costs: dict[str, list[float]] = {name: [] for name in jobs}
    factor = sharpness(read_prompt(model), bits)
    for turn in range(WARM_UP + ROUNDS):
        # One kind of record a step: what the step does to the caches is part of its cost.
        name = list(jobs)[turn % len(jobs)]
        logits, seconds, share = timed(lambda turn=turn: model.forward.run([turn]))
        if share >= WHOLE * CORES and turn >= WARM_UP:
            steps.append(seconds)
        row = logits[-1] * factor
        _, seconds, share = timed(lambda name=name, row=row: jobs[name](row))
        if share >= WHOLE and turn >= WARM_UP:
            costs[name].append(seconds)
    return steps, costs


def read_prompt(model: Model) -> np.ndarray:
    """Fill the cache with a prompt and give its last row of logits, float32 [V]."""
    model.forward.clear()
    ids = range(PROMPT_TOKENS)
    rows = [model.forward.run(ids[at : at + CHUNK])[-1] for at in range(0, PROMPT_TOKENS, CHUNK)]
    return rows[-1]


def job(model: Model, params: SamplingParams) -> Callable[[np.ndarray], None]:
    """All that the engine does with a row of logits until the token's record is made."""
    sequence = begin(model, Generate(prompt=IdsPrompt((1, 2, 3)), sampling=params))

    def make(row: np.ndarray) -> None:
        for choice in step(sequence, row):
            record(choice, Span(0, 1), Channel.ANSWER, lambda token: b"")

    return make


def sharpness(row: np.ndarray, bits: float) -> np.float32:
    """The factor that gives a row of logits an entropy of `bits`."""
    low, high = 0.0, 1000.0
    while high - low > 1e-3:
        middle = (low + high) / 2
        if entropy(row * middle) > bits:
            low = middle
        else:
            high = middle
    return np.float32(high)


def entropy(row: np.ndarray) -> float:
    weights = np.exp((row - row.max()).astype(np.float64))
    held = weights[weights > 0] / weights.sum()
    return float(-(held * np.log2(held)).sum())


def timed(work: Callable[[], Result]) -> tuple[Result, float, float]:
    """What the work gives, its wall seconds, and processor seconds over them."""
    processor, wall = time.process_time(), time.perf_counter()
    result = work()
    seconds = time.perf_counter() - wall
    return result, seconds, (time.process_time() - processor) / seconds


def report(bits: float, steps: list[float], costs: dict[str, list[float]]) -> None:
    usual = statistics.median(steps)
    print(f"entropy {bits:g} bits, decode step {usual * 1e3:.2f} ms ({len(steps)} undisturbed)")
    print(f"{'record, top 5, and sampling':40s} {'median':>9s} {'of a step':>9s} {'samples':>8s}")
    for name, seconds in costs.items():
        if seconds:
            cost = statistics.median(seconds)
            verdict = "" if cost <= TARGET * usual else "  over target"
            share = f"{cost / usual:9.1%}"
            print(f"{name:40s} {cost * 1e6:6.0f} us {share} {len(seconds):8d}{verdict}")


if __name__ == "__main__":
    sys.exit(main())
