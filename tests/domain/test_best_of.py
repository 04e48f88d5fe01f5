"""Answers that come to the same are counted together, and a weak majority is called so."""

import pytest

from app.domain.best_of import Sample, final_answer, poll


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1,692", "1692."),
        ("The answer is **42**.", "42"),
        ("So we get \\boxed{42}", "Answer: 42"),
        ("Paris", " paris. "),
        ("After all of these steps the whole thing comes to 75 in the end", "75"),
    ],
)
def test_equal_answers_are_equal_however_they_are_said(one: str, other: str) -> None:
    assert final_answer(one) == final_answer(other) != ""


@pytest.mark.parametrize(("one", "other"), [("42", "43"), ("yes", "no"), ("-4", "4"), ("", "0")])
def test_different_answers_stay_apart(one: str, other: str) -> None:
    assert final_answer(one) != final_answer(other)


def samples(*answers: tuple[str, float]) -> list[Sample]:
    return [Sample(text=text, mean_logprob=logprob) for text, logprob in answers]


def test_the_majority_wins_by_its_likeliest_member() -> None:
    found = poll(samples(("7", -0.1), ("8", -0.5), ("8.", -0.2), ("8", -0.9)))
    assert [(each.final, each.votes) for each in found.clusters] == [("8", 3), ("7", 1)]
    assert found.winner == 2
    assert found.likeliest == 0
    assert (found.share, found.margin, found.is_weak) == (0.75, 2, False)


@pytest.mark.parametrize("answers", [("1", "2"), ("1", "1", "2", "3"), ("1", "1", "2", "2", "1")])
def test_a_weak_majority_is_called_weak(answers: tuple[str, ...]) -> None:
    assert poll(samples(*((text, -0.1) for text in answers))).is_weak


@pytest.mark.parametrize("answers", [("1",), ("1", "1"), ("1", "1", "1", "2")])
def test_a_clear_one_is_not(answers: tuple[str, ...]) -> None:
    assert not poll(samples(*((text, -0.1) for text in answers))).is_weak


def test_of_equal_clusters_the_surer_is_first() -> None:
    assert poll(samples(("1", -0.4), ("2", -0.1))).clusters[0].final == "2"
