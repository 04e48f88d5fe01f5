"""`candor route`: answers with little first, and with more where the model was not sure."""

from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import structs, to_builtins

from app import paths
from app.cli import figures, generation, output
from app.cli.grammars import grammar_options
from app.cli.options import (
    answer_options,
    draft_options,
    json_option,
    load_command,
    model_options,
    sampling_options,
)
from app.cli.prompts import chat_prompt
from app.cli.session import Session
from app.cli.terminal import Terminal
from app.cli.texts import argument_or_stdin, read
from app.cli.transcript import Transcript
from app.domain.messages import Message, Role
from app.domain.models import ModelInfo
from app.domain.requests import Load
from app.domain.routing import (
    CHOSEN,
    DEFAULT_THRESHOLD,
    Decision,
    Routing,
    Rule,
    Step,
    first_step,
    judge,
    not_asked,
    told,
)
from app.errors import CandorError, InvalidRequest
from app.services.settings import ROUTING, Settings
from app.services.settings_file import SettingsFile

PLAIN = {"system": None, "top_logprobs": None, "reasoning_budget": None, "reasoning_closing": None}


@click.command()
@click.argument("prompt", required=False)
@click.option("--large", metavar="DIR", help="A larger model, as the last step.")
@click.option(
    "--threshold",
    type=float,
    help="An answer stands if its least likely token had at least this probability:"
    f" {DEFAULT_THRESHOLD:g} if not given.",
)
@click.option("--rules", metavar="FILE", help="A JSON list of rules that say where to begin.")
@click.option(
    "--from-window", is_flag=True, help="Take rules, models and efforts as set in the window."
)
@click.option("--step", metavar="NAME", help="Overrule all: answer with this step.")
@click.option("--explain", is_flag=True, help="Say every decision and its reason.")
@answer_options
@grammar_options
@sampling_options
@draft_options
@model_options
@json_option
@click.pass_obj
def route(terminal: Terminal, prompt: str | None, **options: Any) -> None:
    """Answer PROMPT with the first step that is sure of it.

    The steps are the model without reasoning ("quick"), with it ("thoughtful"), and the larger
    model if there is one ("large"). A rule is an object such as {"to": "thoughtful", "matches":
    "[0-9]"}; it may also hold "longer_than" (characters), "script" ("cyrillic") and "tools".
    """
    question = argument_or_stdin(prompt)
    if question is None or not question.strip():
        raise click.UsageError("A PROMPT is needed.")
    routing = _routing(terminal, options)
    with terminal.session() as session:
        decisions, info, transcript = _climb(session, routing, question, options)
    if options["as_json"]:
        found = {"decisions": [to_builtins(each) for each in decisions]}
        output.write({**output.generation(info, transcript), **found})
        return
    terminal.lines(transcript.text().splitlines())
    if options["explain"]:
        for line in told(decisions):
            terminal.note(line)
    terminal.note(figures.generation(transcript))


def _climb(
    session: Session, routing: Routing, question: str, options: dict[str, Any]
) -> tuple[list[Decision], ModelInfo, Transcript]:
    """Ask one step after the other until an answer stands, or the next model cannot be opened."""
    ladder = routing.ladder
    place, decision = _begin(routing, question, options)
    decisions, found, loaded = [decision], None, None
    for step in ladder[place:]:
        if found is None or step.model != loaded:
            try:
                info, loaded = session.load(_load(step, options)), step.model
            except CandorError as error:
                if found is None:
                    raise
                decisions.append(not_asked(step, error))
                break
        else:
            info = found[0]
        found = info, _ask(session, info, step, question, options)
        last = step == ladder[-1] or options["step"] is not None
        decisions.append(judge(step, found[1].tokens, routing.threshold, last=last))
        if decisions[-1].kept:
            break
    assert found is not None
    return decisions, *found


def _begin(routing: Routing, question: str, options: dict[str, Any]) -> tuple[int, Decision]:
    """The first step: the one that is asked for, or that the rules say."""
    if (name := options["step"]) is not None:
        names = [step.name for step in routing.ladder]
        if name not in names:
            raise InvalidRequest(f'There is no step "{name}", only {", ".join(names)}.')
        return names.index(name), Decision(name, CHOSEN)
    return first_step(routing.ladder, routing.rules, question)


def _ask(
    session: Session, info: ModelInfo, step: Step, question: str, options: dict[str, Any]
) -> Transcript:
    effort = step.effort.value if info.reasons else None
    given = {**options, **PLAIN, "reasoning": effort}
    prompt = chat_prompt(info, [Message(role=Role.USER, content=question)], given)
    transcript = Transcript()
    session.ask(generation.request(info, prompt, given), transcript.add)
    return transcript


def _load(step: Step, options: dict[str, Any]) -> Load:
    command = load_command(options)
    if step.model is None:
        return command
    return structs.replace(command, path=str(Path(step.model).absolute()), variant=None)


def _routing(terminal: Terminal, options: dict[str, Any]) -> Routing:
    """What the options say, on top of what the window has where that is asked for.

    Raises:
        InvalidRequest: it makes no sense.
    """
    routing = _from_window(terminal) if options["from_window"] else Routing()
    given = {name: options[name] for name in ("threshold", "large") if options[name] is not None}
    if options["rules"] is not None:
        given["rules"] = tuple(_rules(options["rules"]))
    if options["model"] is not None:
        given["small"] = None
    routing = structs.replace(routing, **given)
    routing.check()
    return routing


def _from_window(terminal: Terminal) -> Routing:
    settings = Settings(SettingsFile(paths.settings()))
    for trouble in settings.troubles:
        terminal.note(str(trouble))
    return settings.get(ROUTING)


def _rules(file: str) -> list[Rule]:
    try:
        return msgspec.json.decode(read(file).encode(), type=list[Rule])
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"The rules in {file} cannot be used: {error}.") from error
