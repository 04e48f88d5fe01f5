"""The steps from nothing to the shipped folders, one command each; `all` does them in turn."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
MODELS = HERE.parents[1] / "resources" / "models"
STEPS = ("corpus", "tokenizer", "train", "distil", "export", "evaluate")


def main() -> None:
    """Parses the command line and runs one step or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=(*STEPS, "all"))
    parser.add_argument("--work", type=Path, default=HERE / "work", help="checkpoints and logs")
    parser.add_argument("--out", type=Path, default=MODELS, help="where the model folders go")
    parser.add_argument("--run", default="main", help="name of the training run")
    parser.add_argument("--minutes", type=float, default=40.0, help="length of the run")
    parser.add_argument("--cooldown", type=float, default=10.0, help="the last minutes of it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--warm-start", type=Path, help="checkpoint whose weights to go on from")
    parser.add_argument("--draft-minutes", type=float, default=10.0, help="length of its run")
    parser.add_argument("--draft-warm-start", type=Path, help="the same for the draft")
    parser.add_argument("--resume", action="store_true", help="go on with this run's checkpoint")
    parser.add_argument("--family", help="corpus: show only this family")
    options = parser.parse_args()
    for step in STEPS if options.step == "all" else (options.step,):
        globals()[f"run_{step}"](options)


def run_corpus(options: argparse.Namespace) -> None:
    """Prints some chats as they are trained on."""
    from builtin_model.corpus.mixture import draw
    from builtin_model.corpus.source import Source
    from builtin_model.render import split_text

    source = Source(options.seed)
    for _ in range(12):
        print("".join(split_text(draw(source, options.family))), end="\n\n")


def run_tokenizer(options: argparse.Namespace) -> None:
    """Trains the tokenizer."""
    from builtin_model.vocabulary import train_tokenizer

    options.work.mkdir(parents=True, exist_ok=True)
    train_tokenizer(options.seed).save(str(options.work / "tokenizer.json"))


def run_train(options: argparse.Namespace) -> None:
    """Trains the main model."""
    from builtin_model.train import TrainingPlan, train

    train(
        TrainingPlan(
            folder=options.work / options.run,
            tokenizer=options.work / "tokenizer.json",
            minutes=options.minutes,
            cooldown_minutes=options.cooldown,
            seed=options.seed,
            warm_start=options.warm_start,
            resume=options.resume,
        )
    )


def run_distil(options: argparse.Namespace) -> None:
    """Trains the draft on the main model's distributions."""
    from builtin_model.distil import distil
    from builtin_model.train import TrainingPlan

    plan = TrainingPlan(
        folder=options.work / f"{options.run}-draft",
        tokenizer=options.work / "tokenizer.json",
        minutes=options.draft_minutes,
        cooldown_minutes=options.draft_minutes / 2,
        size="draft",
        seed=options.seed,
        resume=options.resume,
        warm_start=options.draft_warm_start,
    )
    distil(plan, options.work / options.run / "last.pt")


def run_export(options: argparse.Namespace) -> None:
    """Writes the model folders of every checkpoint that exists."""
    from builtin_model.export import export

    for run in (options.run, f"{options.run}-draft"):
        checkpoint = options.work / run / "last.pt"
        if checkpoint.exists():
            print(export(checkpoint, options.work / "tokenizer.json", options.out))


def run_evaluate(options: argparse.Namespace) -> None:
    """Measures the exported folders and writes the tables into their cards."""
    from builtin_model.evaluation.report import evaluate

    evaluate(options.out)


if __name__ == "__main__":
    main()
