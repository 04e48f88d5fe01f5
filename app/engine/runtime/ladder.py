"""Opens graphs that the runtime's optimiser breaks: as optimised as may be, then less and less."""

from pathlib import Path

from app.domain.requests import Provider
from app.engine.runtime.session import MemoryGraph, Optimisation, Session
from app.errors import ModelUnsupported

_WITHOUT = {
    Optimisation.WITHOUT_NORM_FUSION: "without one of the runtime's optimisations",
    Optimisation.BASIC: "with the runtime's basic optimisations only",
    Optimisation.NONE: "without the runtime's optimisations",
}


def open_session(
    path: Path,
    provider: Provider,
    index: int,
    most: Optimisation,
    graph: MemoryGraph | None = None,
) -> Session:
    """A session of a file, or of `graph` in its place, with at most the optimisation `most`.

    Raises:
        ModelUnsupported: the graph cannot be opened in any way; the first reason is given.
        CandorError: as `Session`, where less optimisation would not help.
    """
    rungs = list(Optimisation)
    first: ModelUnsupported | None = None
    for rung in rungs[rungs.index(most) :]:
        try:
            return Session(path, provider, index, rung, graph)
        except ModelUnsupported as error:
            first = first or error
    assert first
    raise first


def fallback_note(session: Session, asked: Optimisation) -> str | None:
    """What had to be left out, as a sentence for a person; None where it is what was asked for."""
    if session.optimisation is asked:
        return None
    return (
        f"This variant could only be opened {_WITHOUT[session.optimisation]}, so it may be slower. "
        "Another variant may not need that."
    )
