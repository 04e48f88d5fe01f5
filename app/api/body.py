"""A request's bytes as one JSON object, read strictly: nothing in it is guessed or dropped."""

import json
import math
from collections import Counter
from typing import Any, NoReturn

from app.api.refusals import Refusal, invalid


def read_object(body: bytes) -> dict[str, Any]:
    """The object that `body` holds.

    Raises:
        Refusal: it is not UTF-8, not JSON or no object; a name comes twice in an object, or a
            number is not finite.
    """
    try:
        text = body.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # fails at half a character
    except UnicodeEncodeError:
        raise _not_json("it holds half of a character (a lone surrogate)") from None
    except RecursionError:
        raise _not_json("it is nested too deeply") from None
    except ValueError as error:
        raise _not_json(str(error)) from error
    if not isinstance(value, dict):
        raise _not_json("it must be an object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise invalid(twice, f'"{twice}" is given twice.', "duplicate_parameter")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"the number {digits[:20]} is too large")
    return number


def _not_json(reason: str) -> Refusal:
    return invalid(None, f"The body is not valid JSON: {reason}.", "invalid_json")
