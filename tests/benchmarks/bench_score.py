"""How fast a text is scored, beside reading it as a prompt, whose logits are pruned; run by hand:

    .venv/bin/python -m tests.benchmarks.bench_score [FOLDER]

A model of Qwen3-0.6B's shape (360 MB, written into a temporary folder), or the one in FOLDER, reads
the same ids both ways in turns, a chunk at a time, with the full record of every token and five
candidates when it scores. The target is 0.7 times the tokens of a prompt per second.
"""

import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

from app.domain.requests import IdsPrompt, Provider, Score
from app.engine import generate, score
from app.engine.forward import CHUNK
from app.engine.model import Model, open_model
from tests.benchmarks.bench_records import timed
from tests.benchmarks.real_shapes import SIZES, write_genai

CHUNKS, WARM_UP, ROUNDS = 4, 1, 8
TARGET = 0.7


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        given = Path(sys.argv[1]) if len(sys.argv) > 1 else None
        path = given or write_genai(Path(folder), SIZES["qwen3-0.6b"])
        model = open_model(path, None, Provider.CPU, lambda done, total: None)
        prompts, scores = measure(model)
    for name, choose in (("median", statistics.median), ("fastest", min)):
        one, other = CHUNK / choose(prompts), CHUNK / choose(scores)
        print(
            f"{name}: prompt {one:,.0f} tokens/s, scored {other:,.0f} tokens/s,"
            f" ratio {other / one:.2f} (target {TARGET})"
        )


def measure(model: Model) -> tuple[list[float], list[float]]:
    """Seconds of chunks that are read as a prompt, and of the same chunks scored."""
    random = np.random.default_rng(0)
    prompts: list[float] = []
    scores: list[float] = []
    for turn in range(WARM_UP + ROUNDS):
        ids = tuple(random.integers(0, model.info.vocabulary_size, CHUNKS * CHUNK).tolist())
        read, scored = read_prompt(model, ids), read_score(model, ids)
        if turn >= WARM_UP:
            prompts += read
            scores += scored
    return prompts, scores


def read_prompt(model: Model, ids: tuple[int, ...]) -> list[float]:
    model.forward.clear()
    starts = range(0, len(ids), CHUNK)
    return [timed(lambda at=at: model.forward.run(ids[at : at + CHUNK]))[1] for at in starts]


def read_score(model: Model, ids: tuple[int, ...]) -> list[float]:
    model.forward.clear()
    work = score.begin(model, Score(prompt=IdsPrompt(ids), top_logprobs=5))
    seconds: list[float] = []
    while not work.finished:
        seconds.append(timed(lambda: list(generate.tick(model, [work])))[1])
    return seconds


if __name__ == "__main__":
    main()
