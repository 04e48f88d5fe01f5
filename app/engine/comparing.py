"""Opens the two models of a comparison and lets them read."""

from collections.abc import Callable, Iterator
from pathlib import Path

from app.domain.comparison import Piece, summary
from app.domain.events import Compared, ComparedPart, Stage
from app.domain.requests import Compare, Load
from app.engine.compare import compare, plan
from app.engine.model import Model, open_model
from app.engine.text.template import Renderer

Report = Callable[[Stage, int, int], None]


def compare_models(
    request: Compare, renderer: Renderer, report: Report
) -> Iterator[ComparedPart | Compared]:
    """The pieces of the text as they are compared, then what they come to.

    Raises:
        CandorError: a model cannot be opened, or the text cannot be compared.
    """
    first = _open(request.first, renderer, report)
    second = _open(request.second, renderer, report)
    asked = plan(first, second, request.prompt)
    seen: list[Piece] = []
    for pieces in compare(
        first, second, asked, lambda done, total: report(Stage.COMPARE, done, total)
    ):
        seen += pieces
        yield ComparedPart(pieces)
    found = summary(seen, asked.alignment, asked.stride, asked.note)
    yield Compared(first.info, second.info, found)


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
