"""`--json-schema`, `--regex` and `--answer-json`: at most one, and the answer has that form."""

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest

from app.cli.grammars import grammar, grammar_options
from app.domain.grammar import Grammar, GrammarKind
from app.errors import InvalidRequest
from tests.cli.program import Program

SCHEMA = {
    "type": "object",
    "properties": {"sum": {"type": "integer", "minimum": 0, "maximum": 99}},
    "required": ["sum"],
    "additionalProperties": False,
}


def asked(*arguments: str) -> Grammar | None:
    @click.command()
    @grammar_options
    def verb(**options: Any) -> dict[str, Any]:
        return options

    with verb.make_context("verb", list(arguments)) as context:
        return grammar(context.params)


def test_an_option_names_the_form(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text("{}")
    assert asked() is None
    assert asked("--answer-json") == Grammar(GrammarKind.JSON)
    assert asked("--regex", "a+") == Grammar(GrammarKind.REGEX, "a+")
    assert asked("--json-schema", str(file)) == Grammar(GrammarKind.JSON_SCHEMA, "{}")
    with pytest.raises(click.UsageError, match="one of"):
        asked("--regex", "", "--answer-json")


@pytest.mark.parametrize("text", ["[1]", "{", "", "[" * 100_000])
def test_what_is_no_form_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "schema.json"
    file.write_text(text)
    with pytest.raises(InvalidRequest, match="The JSON schema cannot be read"):
        asked("--json-schema", str(file))
    with pytest.raises(InvalidRequest, match="expression"):
        asked("--regex", "")


def test_an_answer_fits_its_schema(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(SCHEMA))
    said = program.json("chat", "What is 2 + 3?", "--seed=7", "--json-schema", str(file))
    assert said["reasoning"]
    (found,) = json.loads(said["text"]).items()
    assert found[0] == "sum"
    assert 0 <= found[1] <= 99


def test_a_continuation_matches_its_expression(program: Program) -> None:
    done = program.run("complete", "The sky is", "--regex", " (green|red){2}")
    assert re.fullmatch(" (green|red){2}", done.out.removesuffix("\n"))
