"""The form that an answer is held to, as options state it: at most one."""

from collections.abc import Callable
from typing import Any

import click

from app.cli.options import together
from app.cli.texts import read, require_utf8
from app.domain.grammar import Grammar, GrammarKind, json_schema
from app.errors import InvalidRequest


def grammar_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --json-schema, --regex and --answer-json; `grammar` reads them."""
    return together(
        click.option(
            "--json-schema",
            metavar="FILE",
            help="Hold the answer to the JSON schema in FILE; a thought before it stays free.",
        ),
        click.option(
            "--regex",
            metavar="TEXT",
            help="Hold the answer to this regular expression, from its first character to its"
            " last.",
        ),
        click.option(
            "--answer-json", is_flag=True, help="Hold the answer to a JSON object of any shape."
        ),
    )(command)


def grammar(options: dict[str, Any]) -> Grammar | None:
    """The form that was asked for; None leaves the answer free.

    Raises:
        InvalidRequest: a file holds no schema, or an expression is empty.
        click.UsageError: there are several forms.
    """
    schema, regex, any_json = options["json_schema"], options["regex"], options["answer_json"]
    if (schema is not None) + (regex is not None) + any_json > 1:
        raise click.UsageError("Give one of --json-schema, --regex and --answer-json.")
    if schema is not None:
        return json_schema(read(schema))
    if regex == "":
        raise InvalidRequest("--regex needs an expression.")
    if regex is not None:
        return Grammar(GrammarKind.REGEX, require_utf8(regex, "The expression"))
    return Grammar(GrammarKind.JSON) if any_json else None
