"""Tables in and out, and tasks that cannot be meant, each refused in a sentence."""

import csv
import io

import pytest

from app.domain.classification import LabelScore
from app.errors import InvalidRequest
from app.services.classifying import LabelTask, place, read_table, write_table


def test_a_table_comes_back_with_what_was_found() -> None:
    table = read_table('text,id\n"a, b",1\n"line\nbreak",2\n')
    assert table.column("text") == ["a, b", "line\nbreak"]
    task = LabelTask(labels=("yes", "no"), threshold=0.9)
    sure = [LabelScore(" yes", (1,), (-0.01,)), LabelScore(" no", (2,), (-9.0,))]
    unsure = [LabelScore(" yes", (1,), (-0.7,)), LabelScore(" no", (2,), (-0.7,))]
    found = [task.prediction(each) for each in (sure, unsure)]
    rows = list(csv.DictReader(io.StringIO(write_table(table, task.labels, found))))
    assert [row["text"] for row in rows] == table.column("text")
    assert [row["predicted"] for row in rows] == ["yes", ""]
    assert float(rows[1]["p(no)"]) == 0.5


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "has no rows"),
        ("text,label\n", "has no rows"),
        ("text,label\n1 + 3,4\n1 + 3\n", "Line 3 of the table"),
        ('text,label\n"open,4\n', "no CSV table"),
    ],
)
def test_what_is_no_table_is_a_sentence(content: str, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        read_table(content)


def test_what_is_no_task_is_a_sentence() -> None:
    for labels, sentence in ((("4", "4"), "there twice"), (("4", ""), "label is empty")):
        with pytest.raises(InvalidRequest, match=sentence):
            LabelTask(labels=labels)
    with pytest.raises(InvalidRequest, match="The instruction must hold"):
        LabelTask(labels=("a", "b"), instruction="Well?")
    with pytest.raises(InvalidRequest, match="between 0 and 1"):
        LabelTask(labels=("a", "b"), threshold=2.0)
    with pytest.raises(InvalidRequest, match='"eleven", which is none'):
        place(("4", "5"), "eleven")
