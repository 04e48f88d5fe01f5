"""Every error of the tree survives the pipe as itself."""

import pytest

from app import errors


def _tree(base: type[errors.CandorError]) -> list[type[errors.CandorError]]:
    return [base, *(found for child in base.__subclasses__() for found in _tree(child))]


@pytest.mark.parametrize("kind", _tree(errors.CandorError))
def test_a_code_names_exactly_one_error_that_the_docstring_lists(kind: type[errors.CandorError]):
    back = errors.from_code(kind.code, "What happened.", "What to do.")
    assert type(back) is kind
    assert str(back) == "What happened. What to do."
    assert kind.__name__ in (errors.__doc__ or "")


def test_an_unknown_code_is_our_own_bug():
    assert type(errors.from_code("never heard of", "x", "")) is errors.Bug
