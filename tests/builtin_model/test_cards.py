"""The model cards' tables are made by the evaluation and say what the README promises."""

import re
from pathlib import Path

MODELS = Path(__file__).parents[2] / "resources" / "models"


def table(model: str, row: str) -> dict[str, float]:
    """First cell and percentage of every row of the card that looks like `row`."""
    card = (MODELS / model / "README.md").read_text("utf-8")
    return {name: float(share) for name, share in re.findall(row, card, re.MULTILINE)}


def test_reasoning_adds_three_digit_numbers() -> None:
    rows = table("candor-small", r"^\| ([^|]+) \| \d+ \| ([\d.]+) % \|$")
    assert rows["Three-digit sums with reasoning"] >= 98


def test_the_draft_is_worth_asking() -> None:
    rows = table("candor-small-draft", r"^\| ([^|]+) \| ([\d.]+) % \|$")
    assert rows["all chats"] >= 60


def test_help_is_found_in_unseen_phrasings() -> None:
    rows = table("candor-small", r"^\| ([^|]+) \| \d+ \| ([\d.]+) % \|$")
    help_rows = [share for name, share in rows.items() if name.startswith("Help, unseen")]
    assert len(help_rows) == 4
    assert min(help_rows) >= 95


def test_reasoning_visibly_pays_on_at_least_three_tasks() -> None:
    card = (MODELS / "candor-small" / "README.md").read_text("utf-8")
    gaps = card.split("## Test-time compute")[1].split("## ")[0]
    row = r"^\| \w+ \| \d+ [^|]+ \| ([\d.]+) % \| ([\d.]+) % \|$"
    rows = re.findall(row, gaps, re.MULTILINE)
    assert len(rows) >= 3
    assert all(float(reasoned) >= 95 and float(direct) < 70 for reasoned, direct in rows)
