"""Runs chat templates as the field's reference implementation does, in Jinja's immutable sandbox.

A template comes with a model, so it is somebody else's program. The sandbox keeps it away from
Python; only the process that it runs in can keep it from taking all time and all memory, which is
why the worker has one for templates alone.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NoReturn

from jinja2 import Template, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, LoopControlExtension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace
from msgspec import Struct

from app.errors import InvalidRequest, ModelDamaged

LONGEST_PROMPT = 64 * 2**20
"""Characters; no context holds more."""

_LONGEST_REASON = 500
_KEPT = 4  # compiled templates


class Facts(Struct, frozen=True, tag="facts"):
    """`reads` are the names that a template takes from outside."""

    reads: tuple[str, ...]


def read(source: str) -> Facts:
    """What a template reads.

    Raises:
        ModelDamaged: the text is not a template.
    """
    try:
        facts = Facts(tuple(sorted(_reads(_environment().parse(source)))))
        _compiled(source)
        return facts
    except TemplateSyntaxError as error:
        raise ModelDamaged(
            f"The model's chat template cannot be read: line {error.lineno}: {_reason(error)}."
        ) from error
    except MemoryError:
        raise
    except Exception as error:
        raise ModelDamaged(
            f"The model's chat template cannot be read: {_reason(error)}."
        ) from error


def fill(source: str, values: Mapping[str, Any]) -> str:
    """The text that a template makes of `values`.

    Raises:
        InvalidRequest: the template refuses them, fails over them or never stops writing.
    """
    try:
        text = _compiled(source).render(values)
    except _Refused as error:
        raise InvalidRequest(
            f"The model's chat template refuses this conversation: {_reason(error)}"
        ) from error
    except MemoryError:
        raise
    except Exception as error:
        raise InvalidRequest(f"The model's chat template failed: {_reason(error)}") from error
    if len(text) > LONGEST_PROMPT:
        raise InvalidRequest(f"The model's chat template wrote {len(text):,} characters.")
    return text


class _Refused(TemplateError):
    """The template called raise_exception."""


class _GenerationTag(Extension):
    """`{% generation %}` marks the assistant's text for training; it prints its body."""

    tags = {"generation"}  # noqa: RUF012 - Jinja declares it so

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body, lineno=line)


class _Namespace(Namespace):
    """Jinja's namespace without names that could reach into Python."""

    def __init__(*arguments: Any, **attributes: Any) -> None:
        # `self` is a name that a template may give.
        self, given = arguments[0], dict(*arguments[1:], **attributes)
        for name in given:
            _check_name(name)
        Namespace.__init__(self, given)

    def __setitem__(self, name: str, value: Any) -> None:
        _check_name(name)
        super().__setitem__(name, value)


class _Dict:
    """What `dict` is to a template: no class, so that no class can be reached through it."""

    def __call__(self, *arguments: Any, **items: Any) -> dict[Any, Any]:
        return dict(*arguments, **items)

    def fromkeys(self, *arguments: Any) -> dict[Any, Any]:
        return dict.fromkeys(*arguments)


def _check_name(name: object) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise SecurityError(f"a namespace may not hold {name!r}")


@lru_cache(maxsize=_KEPT)
def _compiled(source: str) -> Template:
    return _environment().from_string(source)


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[_GenerationTag, LoopControlExtension],
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = _strftime_now
    environment.globals["namespace"] = _Namespace
    environment.globals["dict"] = _Dict()
    return environment


def _reads(tree: nodes.Template) -> set[str]:
    """Names from outside: those never set, and those set only where they are not given.

    Jinja counts a name as undeclared that one branch sets and another one reads.
    """
    stored = {each.name for each in tree.find_all(nodes.Name) if each.ctx == "store"}
    asked = {
        each.node.name
        for each in tree.find_all((nodes.Test, nodes.Filter))
        if each.name in ("defined", "undefined", "default", "d")
        and isinstance(each.node, nodes.Name)
    }
    known = set(_environment().globals)
    return {
        name
        for name in meta.find_undeclared_variables(tree)
        if name not in known and (name not in stored or name in asked)
    }


def _to_json(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """JSON as models read it: Jinja's own filter escapes for web pages."""
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


def _raise_exception(message: str) -> NoReturn:
    raise _Refused(message)


def _strftime_now(pattern: str) -> str:
    return datetime.now().strftime(pattern)


def _reason(error: Exception) -> str:
    """The error's own words, of which a template may have made very many."""
    text = str(error.message if isinstance(error, TemplateError) else error)
    return text[:_LONGEST_REASON].rstrip(".")
