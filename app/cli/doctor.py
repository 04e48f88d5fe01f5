"""`candor doctor`: what this installation consists of, and what is wrong with it."""

from collections.abc import Iterator

import click
from msgspec import to_builtins

from app.cli import output
from app.cli.diagnosis import Diagnosis, Folder, ModelTrial, diagnose
from app.cli.figures import quoted
from app.cli.options import json_option
from app.cli.terminal import Terminal
from app.domain.devices import Device
from app.services.packs import Report


@click.command()
@json_option
@click.pass_obj
def doctor(terminal: Terminal, as_json: bool) -> int:
    """Check this installation and say what is wrong.

    Looks at versions, devices and their packs, folders and the built-in model; the exit status is
    1 if something is wrong.
    """
    with terminal.session() as session:
        diagnosis = diagnose(session, terminal.packs)
    if as_json:
        output.write(to_builtins(diagnosis))
    else:
        terminal.lines(_lines(diagnosis))
    return 0 if diagnosis.ok else 1


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    yield from _table("Versions", diagnosis.versions)
    yield from _table("System", diagnosis.system)
    yield from _table("Providers", dict.fromkeys(diagnosis.providers, "available"))
    yield from _table("Devices", _devices(diagnosis))
    if packs := {each.provider.value: _pack(each) for each in diagnosis.packs if each.folder}:
        yield from _table("Packs", packs)
    yield from _table("Folders", {folder.name: _folder(folder) for folder in diagnosis.folders})
    yield from _table("Server", diagnosis.server)
    yield from _table("Built-in model", _model(diagnosis.model))
    if diagnosis.ok:
        yield "Everything works."
    for problem in diagnosis.problems:
        yield f"Problem: {problem.what} {problem.next_step}".rstrip()


def _table(title: str, rows: dict[str, str]) -> Iterator[str]:
    yield title
    width = max(map(len, rows), default=0)
    for name, value in rows.items():
        yield f"  {name:<{width}}  {value}"
    yield ""


def _devices(diagnosis: Diagnosis) -> dict[str, str]:
    """Every device by what `--device` takes, and every provider without one by its reason."""
    found = {device.label: _device(device) for device in diagnosis.devices}
    for report in diagnosis.packs:
        found |= {device.label: _device(device) for device in report.devices}
        if report.problem:
            found[report.provider.value] = report.problem
    return found


def _device(device: Device) -> str:
    memory = device.memory_bytes
    return device.name if memory is None else f"{device.name}, {memory / 2**30:,.1f} GB"


def _pack(report: Report) -> str:
    runtime = report.versions.get("onnxruntime")
    return f"{report.folder} (onnxruntime {runtime})" if runtime else report.folder


def _folder(folder: Folder) -> str:
    there = "" if folder.exists else ", not there yet"
    free = "" if folder.free_bytes is None else f", {folder.free_bytes / 2**30:,.1f} GB free"
    return f"{folder.path} ({'writable' if folder.writable else 'read only'}{there}{free})"


def _model(model: ModelTrial | None) -> dict[str, str]:
    if model is None:
        return {"state": "does not run"}
    return {
        "folder": model.path,
        "variant": model.variant,
        "nodes": ", ".join(f"{count} {name}" for name, count in model.nodes.items()),
        "context": f"{model.context_length:,} tokens",
        "greedy": quoted(model.greedy_text),
        "speed": f"{model.decode_tokens_per_s:.0f} tokens/s",
    }
