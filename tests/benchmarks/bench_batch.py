"""How much faster several answers are written at once than one after the other; run by hand:

    .venv/bin/python -m tests.benchmarks.bench_batch [FOLDER]

A model of Qwen3-0.6B's shape, or the one in FOLDER, at a context of 512 tokens, with the full
records of every token. Batches of different sizes take turns in one process, so that all meet the
same machine; the median is that of samples in which both cores were really there, the fastest is
of all. The target is 2.2 times the tokens of one answer for eight.
"""

import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.domain.requests import Generate, IdsPrompt, Provider
from app.domain.sampling import SamplingParams
from app.engine import generate
from app.engine.model import Model, open_model
from app.engine.work import Work
from tests.benchmarks.bench_records import CORES, WHOLE, timed
from tests.benchmarks.real_shapes import SIZES, write_genai

BATCHES = (1, 2, 4, 8)
PROMPT_TOKENS, WARM_UP, ROUNDS = 512, 3, 40
TARGET = 2.2


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        given = Path(sys.argv[1]) if len(sys.argv) > 1 else None
        path = given or write_genai(Path(folder), SIZES["qwen3-0.6b"])
        opened = open_model(
            path, None, Provider.CPU, lambda done, total: None, parallel=max(BATCHES)
        )
        model = replace(opened, eos_ids=frozenset())
        print(f"{model.info.rows_per_run} rows in a run")
        samples = measure(model)
    report(samples)


def measure(model: Model) -> dict[int, list[tuple[float, float]]]:
    """Seconds of ticks and the cores they had, by the number of answers that each advances."""
    works = [begin(model, number) for number in range(max(BATCHES))]
    while not all(work.decoding for work in works):
        list(generate.tick(model, works))
    samples: dict[int, list[tuple[float, float]]] = {size: [] for size in BATCHES}
    for turn in range(WARM_UP + ROUNDS):
        for size in BATCHES:
            _, seconds, share = timed(lambda size=size: list(generate.tick(model, works[:size])))
            if turn >= WARM_UP:
                samples[size].append((seconds, share))
    return samples


def begin(model: Model, number: int) -> Work:
    ids = np.random.default_rng(number).integers(0, model.info.vocabulary_size, PROMPT_TOKENS)
    sampling = SamplingParams(seed=number, temperature=0.6, top_k=20, top_p=0.95)
    return generate.begin(model, Generate(prompt=IdsPrompt(tuple(ids.tolist())), sampling=sampling))


def report(samples: dict[int, list[tuple[float, float]]]) -> None:
    clean = {
        size: [seconds for seconds, share in found if share >= WHOLE * CORES]
        for size, found in samples.items()
    }
    if all(clean.values()):
        medians = {size: statistics.median(found) for size, found in clean.items()}
        compare("median", medians)
    else:
        print("Some batches had the cores to themselves in no sample; try a quiet machine.")
    compare("fastest", {size: min(found)[0] for size, found in samples.items()})


def compare(name: str, steps: dict[int, float]) -> None:
    """Print seconds of a step as tokens per second, and over those of one answer."""
    ratios = {size: size * steps[1] / seconds for size, seconds in steps.items()}
    for size, seconds in steps.items():
        print(
            f"{name:8s} {size} at once: {seconds * 1e3:6.1f} ms a step, "
            f"{size / seconds:6.1f} tokens/s, x{ratios[size]:.2f}"
        )
    verdict = "met" if ratios[max(BATCHES)] >= TARGET else "missed"
    print(f"{name:8s} target x{TARGET} for {max(BATCHES)}: {verdict}")


if __name__ == "__main__":
    main()
