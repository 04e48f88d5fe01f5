"""The rules of Auto as a person edits them: texts in, a Routing or a sentence why not out."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from app.domain.reasoning import Effort
from app.domain.routing import LARGE, QUICK, THOUGHTFUL, Routing, Rule, Step
from app.errors import InvalidRequest
from app.services.settings import ROUTING, Settings
from app.ui.viewmodels.models import ModelsModel
from app.ui.viewmodels.typed import read_length, read_share

NAMES = {QUICK: "Quick", THOUGHTFUL: "Thoughtful", LARGE: "Larger model"}
LONGEST_PATTERN = 200


class RuleText(Struct, frozen=True, kw_only=True):
    """A rule as it stands in the fields; empty texts and None say nothing of the question."""

    to: str
    longer_than: str = ""
    matches: str = ""
    script: str | None = None
    tools: bool | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing of the question yet."""
        said = self.longer_than.strip() or self.matches
        return not said and self.script is None and self.tools is None


def written(rule: Rule) -> RuleText:
    """A rule as it is shown."""
    return RuleText(
        to=rule.to,
        longer_than="" if rule.longer_than is None else f"{rule.longer_than:,}",
        matches=rule.matches or "",
        script=rule.script and rule.script.lower(),
        tools=rule.tools,
    )


def read(text: RuleText) -> Rule:
    """The rule that the fields state.

    Raises:
        InvalidRequest: why they state none.
    """
    if len(text.matches) > LONGEST_PATTERN:
        raise InvalidRequest(f"A pattern has at most {LONGEST_PATTERN} characters.")
    return Rule(
        to=text.to,
        longer_than=read_length(text.longer_than),
        matches=text.matches or None,
        script=text.script,
        tools=text.tools,
    )


def instead(step: Step) -> str:
    """What a person is offered where another step has answered."""
    if step.name == LARGE and step.model is not None:
        return f"Answer with {Path(step.model).name} instead"
    how = "without" if step.effort is Effort.OFF else "with"
    return f"Answer {how} reasoning instead"


class RulesModel(QObject):
    """The routing that is in force; `changed` tells that it is another one."""

    changed = Signal()

    def __init__(self, settings: Settings, models: ModelsModel) -> None:
        super().__init__()
        self._settings = settings
        self._models = models
        settings.observe(ROUTING, lambda _: self.changed.emit())
        models.changed.connect(lambda _: self.changed.emit())

    @property
    def value(self) -> Routing:
        """What is in force."""
        return self._settings.get(ROUTING)

    @property
    def models(self) -> list[tuple[str, str]]:
        """The names and folders of the models to choose from."""
        model = self._models
        return [(model.name(each), model.path(each)) for each in model.choices]

    @property
    def steps(self) -> list[tuple[str, str]]:
        """What is offered in place of each step, by its name."""
        return [(step.name, instead(step)) for step in self.value.ladder]

    def choose(self, routing: Routing) -> None:
        """Put a routing in force.

        Raises:
            InvalidRequest: it makes no sense, or a model of it is not there.
        """
        routing.check()
        for path in filter(None, (routing.small, routing.large)):
            if not Path(path).exists():
                raise InvalidRequest(f"There is no model at {path}.", "Choose another folder.")
        self._settings.set(ROUTING, routing)


def read_all(texts: Sequence[RuleText]) -> tuple[Rule, ...]:
    """The rules that are stated; rows that say nothing yet are none.

    Raises:
        InvalidRequest: which of them makes no sense, and why.
    """
    found: list[Rule] = []
    for place, text in enumerate(texts, 1):
        if text.is_empty:
            continue
        try:
            rule = read(text)
            rule.check(tuple(NAMES))
        except InvalidRequest as error:
            raise InvalidRequest(f"Rule {place}: {error.message}", error.hint) from error
        found.append(rule)
    return tuple(found)


def threshold(text: str) -> float:
    """The threshold that was typed. Raises InvalidRequest where it is no share of 1."""
    return read_share(text, "The threshold")
