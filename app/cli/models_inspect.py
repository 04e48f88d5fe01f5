"""`candor models inspect`: what Candor understands of a model folder, without running it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import click
from msgspec import structs, to_builtins

from app.cli import output
from app.cli.figures import quoted
from app.cli.options import json_option
from app.cli.terminal import Terminal
from app.domain.inspection import (
    DeviceReport,
    Graph,
    MemoryForecast,
    ModelReport,
    TemplateReport,
    TextReport,
)
from app.domain.requests import Inspect, Provider
from app.domain.sampling import SamplingParams

_REFUSED = 1


@click.command()
@click.argument("folder", metavar="DIR|FILE.onnx")
@click.option("--variant", metavar="NAME", help="Which of the model's variants to look at.")
@json_option
@click.pass_obj
def inspect(terminal: Terminal, folder: str, variant: str | None, as_json: bool) -> int:
    """Say what is understood of the model in DIR.

    The exit status is 0 if it would run, and 1, with the reason, if it would not.
    """
    asked = Inspect(str(Path(folder).absolute()), variant)
    with terminal.session() as session:
        report = session.query(asked).report
    others = [provider for provider in Provider if provider.needs_pack]
    packs = asyncio.run(terminal.packs.survey(others))
    devices = tuple(DeviceReport(each.provider.value, each.problem) for each in packs)
    report = structs.replace(report, devices=(*report.devices, *devices))
    if as_json:
        output.write({"runs": report.runs, **to_builtins(report)})
    else:
        terminal.lines(_lines(report))
    return 0 if report.runs else _REFUSED


def _lines(report: ModelReport) -> Iterator[str]:
    yield from _section("Model", _model(report))
    for each in report.variants:
        mark = "*" if each.name == report.variant else " "
        yield f"  {mark} {each.name}  {each.file}  {_size(each.bytes)}  {each.layout.value}"
        if each.refusal:
            yield f"      {each.refusal}"
    yield ""
    if report.graph:
        yield from _section("Graph", _graph(report.graph))
    if report.text:
        yield from _section("Text", _text(report))
    if report.sampling:
        yield from _section("Sampling", _sampling(report.sampling))
    if report.memory:
        yield from _section("Memory", _memory(report.memory))
    yield from _section("Devices", {each.name: _device(each) for each in report.devices})
    if report.runs:
        yield "It would run."
    for sentence in report.refusals:
        yield f"Refused: {sentence}"


def _section(title: str, rows: dict[str, str]) -> Iterator[str]:
    yield title
    width = max(map(len, rows), default=0)
    for name, value in rows.items():
        yield f"  {name:<{width}}  {value}"
    yield ""


def _model(report: ModelReport) -> dict[str, str]:
    return {
        "name": report.name,
        "folder": report.path,
        "architecture": report.architecture or "not stated",
        "variant": f"{report.variant} ({report.choice})",
        "context": _context(report),
    }


def _context(report: ModelReport) -> str:
    made_for = f"made for {report.model_context:,} tokens" if report.model_context else "not stated"
    if report.context_length is None:
        return made_for
    return f"{report.context_length:,} tokens here; {made_for}"


def _graph(graph: Graph) -> dict[str, str]:
    weights = ", ".join(f"{each.dtype} {_size(each.bytes)}" for each in graph.weights)
    states = ", ".join(f"{each.count} of {each.dtype} [{each.shape}]" for each in graph.states)
    rows = graph.vocabulary_size
    return {
        "weights": weights or "none",
        "packed": graph.quantization or "no",
        "states": states or "none",
        "logits": f"{graph.logits_dtype or 'none'}, {f'{rows:,}' if rows else 'any'} rows",
    }


def _text(report: ModelReport) -> dict[str, str]:
    text = report.text
    assert text is not None
    ends = ", ".join(f"{each.id} {quoted(each.text)}" for each in report.ends)
    return {"tokens": f"{text.tokens:,}", "ends": ends or "none", **_template(text, text.template)}


def _template(text: TextReport, template: TemplateReport | None) -> dict[str, str]:
    if template is None:
        return {"template": "none: it completes text, but cannot chat"}
    return {
        "reasoning": template.reasoning_format or "none",
        "reasoning switch": template.reasoning_switch or "none",
        "effort switch": _effort(template),
        "earlier thoughts": template.history_switch or "as the template has it",
        "other variables": ", ".join(template.variables) or "none",
        "tools": template.tool_format or ("read" if template.takes_tools else "none"),
        "documents": "read" if template.takes_documents else "none",
        "typed control tokens": text.typed_controls or "not known",
    }


def _effort(template: TemplateReport) -> str:
    """The variable, and the levels that change the prompt; the others count tokens."""
    if template.effort_switch is None:
        return "none"
    return f"{template.effort_switch} ({', '.join(template.effort_levels) or 'no known level'})"


def _sampling(params: SamplingParams) -> dict[str, str]:
    """What the model's files ask for: each value that changes something."""
    neutral = structs.asdict(SamplingParams())
    asked = structs.asdict(params).items()
    given = {name: value for name, value in asked if value != neutral[name]}
    return {name.replace("_", " "): f"{value:g}" for name, value in given.items()} or {
        "asked for": "nothing"
    }


def _memory(memory: MemoryForecast) -> dict[str, str]:
    return {
        "weights": _size(memory.weights),
        "cache": f"{_size(memory.cache_per_token)} a token, {_size(memory.cache)} for the context",
        "logits": _size(memory.logits),
        "in all": f"{_size(memory.total)} of {_size(memory.installed)} installed",
    }


def _device(device: DeviceReport) -> str:
    return device.obstacle or "can run it"


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
