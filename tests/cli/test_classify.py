"""`candor classify` and `candor calibrate` with the built-in model: tables in, tables out."""

import csv
import io
from pathlib import Path

import pytest

from tests.cli.program import Program

SUMS = [(one, other) for one in range(2, 5) for other in range(2, 6)]
LABELS = ",".join(map(str, range(4, 10)))
ASKED = ("--labels", LABELS, "--instruction", "What is {text}?")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "sums.csv"
    rows = [f'"{one} + {other}",{one + other}' for one, other in SUMS]
    path.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    return path


def test_a_table_comes_back_with_labels_and_probabilities(program: Program, table: Path) -> None:
    result = program.run("classify", str(table), *ASKED)
    assert result.status == 0
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert len(rows) == len(SUMS)
    right = sum(row["predicted"] == row["label"] for row in rows)
    assert right >= len(SUMS) - 2, "the built-in model adds small numbers"
    for row in rows:
        shares = [float(row[f"p({label})"]) for label in LABELS.split(",")]
        assert sum(shares) == pytest.approx(1, abs=1e-4)
        assert float(row["confidence"]) == max(shares)
    assert f"right {right / len(SUMS):.1%}".replace("%", " %") in result.err


def test_a_threshold_abstains_and_the_matrix_says_so(program: Program, table: Path) -> None:
    found = program.json("classify", str(table), *ASKED, "--threshold", "1", "--correct", "prior")
    matrix = found["confusion"]
    assert matrix["abstained"] == sum(row["label"] is None for row in found["rows"]) > 0
    assert sum(map(sum, matrix["counts"])) == len(SUMS)


def test_a_calibration_is_kept_and_applied_on_request(program: Program, table: Path) -> None:
    early = program.run("classify", str(table), *ASKED, "--calibrated")
    assert (early.status, "Calibrate it first" in early.err) == (1, True)
    fitted = program.json("calibrate", str(table), *ASKED)
    assert fitted["count"] == len(SUMS)
    assert Path(fitted["file"]).is_file()
    plain = program.json("classify", "--text", "2 + 2", *ASKED)["rows"][0]
    after = program.json("classify", "--text", "2 + 2", *ASKED, "--calibrated")["rows"][0]
    assert after["likeliest"] == plain["likeliest"]
    assert after["confidence"] != plain["confidence"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("words,label\n1 + 3,4\n", 'no column "text"; it has words, label'), ("", "has no rows")],
)
def test_what_cannot_be_classified_is_a_sentence(
    program: Program, content: str, sentence: str
) -> None:
    result = program.run("classify", "-", *ASKED, stdin=content.encode())
    assert (result.status, result.out) == (1, "")
    assert sentence in result.err
    assert result.err.count("\n") == 1


def test_one_class_cannot_be_calibrated(program: Program) -> None:
    rows = "text,label\n" + "2 + 2,4\n" * 12
    result = program.run("calibrate", "-", *ASKED, stdin=rows.encode())
    assert (result.status, 'Every example has the label "4"' in result.err) == (1, True)
