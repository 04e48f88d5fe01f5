"""Opens the two models of a comparison and lets them read."""

from collections.abc import Callable, Iterator
from pathlib import Path

from app.domain.comparison import Piece, summary
from app.domain.events import Compared, ComparedPart, Stage
from app.domain.requests import Compare, Load
from app.engine.compare import Measure, Plan, compare, plan
from app.engine.compare_sampling import Samplings
from app.engine.model import Model, open_model
from app.engine.text.template import Renderer
from app.errors import InvalidRequest

Report = Callable[[Stage, int, int], None]


def compare_models(
    request: Compare, renderer: Renderer, report: Report
) -> Iterator[ComparedPart | Compared]:
    """The pieces of the text as they are compared, then what they come to.

    Raises:
        CandorError: a model cannot be opened, or the text cannot be compared.
    """
    if request.sampling is not None and request.first != request.second:
        raise InvalidRequest("Two samplings are compared with one model.", "Name only one.")
    first = _open(request.first, renderer, report)
    second = first if request.sampling else _open(request.second, renderer, report)
    asked = plan(first, second, request.prompt)
    seen: list[Piece] = []
    for pieces in compare(
        first,
        second,
        asked,
        lambda done, total: report(Stage.COMPARE, done, total),
        _measure(request, first, asked),
    ):
        seen += pieces
        yield ComparedPart(pieces)
    found = summary(seen, asked.alignment, asked.stride, asked.note)
    yield Compared(first.info, second.info, found)


def _measure(request: Compare, model: Model, asked: Plan) -> Measure | None:
    if request.sampling is None:
        return None
    text = asked.texts[0]
    return Samplings(model, request.sampling, text.ids[: max(text.own_start, 1)]).measure


def _open(load: Load, renderer: Renderer, report: Report) -> Model:
    return open_model(
        Path(load.path),
        load.variant,
        load.provider,
        lambda done, total: report(Stage.LOAD, done, total),
        device=load.device,
        precision=load.precision,
        kv=load.kv,
        renderer=renderer,
        parallel=1,
    )
