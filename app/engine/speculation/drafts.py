"""Which drafts a request gets: finds and opens the draft model, checks it, and says why not."""

from collections.abc import Callable
from pathlib import Path

from app.domain.drafting import MOST_DRAFT_TOKENS, Drafting, DraftKind
from app.domain.requests import Provider
from app.engine.model import Model, open_model
from app.engine.speculation.draft_model import DraftModel
from app.engine.speculation.drafter import Drafter
from app.engine.speculation.lookup import Lookup
from app.engine.speculation.pace import AdaptivePace, FixedPace, Pace
from app.engine.speculation.proposer import Proposer
from app.engine.speculation.vocabulary import difference
from app.errors import CandorError, InvalidRequest

MOST_MODEL_TOKENS = 8
"""The longest draft of a model, whose every token costs a run of it."""
_SUFFIX = "-draft"

OnProgress = Callable[[int, int], None]


class Drafts:
    """The drafts for one loaded `model`; a draft model stays open for the next request.

    It runs on the CPU, wherever the model itself runs.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._path: Path | None = None
        self._draft: Model | None = None

    def drafter(self, wanted: Drafting, on_progress: OnProgress) -> Drafter | None:
        """What writes ahead of one answer, None where nothing shall.

        Raises:
            InvalidRequest: the draft model does not fit the model.
            CandorError: it cannot be opened.
        """
        match wanted.kind:
            case DraftKind.OFF:
                return None
            case DraftKind.LOOKUP:
                return _drafter(Lookup(), wanted)
            case DraftKind.MODEL:
                draft = self._open(Path(wanted.path or ""), on_progress)
                return _drafter(DraftModel(draft), wanted)
            case DraftKind.AUTO:
                return self._chosen(wanted, on_progress)

    def _chosen(self, wanted: Drafting, on_progress: OnProgress) -> Drafter:
        """The draft model beside the model where it can be used."""
        path = Path(self._model.info.path)
        beside = path.with_name(path.name + _SUFFIX)
        if not beside.is_dir():
            return _drafter(Lookup(), wanted)
        try:
            return _drafter(DraftModel(self._open(beside, on_progress)), wanted)
        except CandorError as error:
            note = f"Tokens are looked up in the text so far: {error.message}"
            return _drafter(Lookup(), wanted, note)

    def _open(self, path: Path, on_progress: OnProgress) -> Model:
        if self._draft is None or self._path != path:
            self._draft = None  # two may not fit into memory
            draft = open_model(path, None, Provider.CPU, on_progress)
            if reason := difference(self._model, draft):
                raise InvalidRequest(
                    f"{draft.info.name} cannot draft for {self._model.info.name}: {reason}.",
                    "Choose a draft model with the same tokenizer, or look tokens up.",
                )
            self._path, self._draft = path, draft
        return self._draft


def _drafter(proposer: Proposer, wanted: Drafting, *notes: str) -> Drafter:
    model = isinstance(proposer, DraftModel)
    most = MOST_MODEL_TOKENS if model else MOST_DRAFT_TOKENS
    pace: Pace = AdaptivePace(most) if wanted.tokens is None else FixedPace(wanted.tokens)
    kind = DraftKind.MODEL if model else DraftKind.LOOKUP
    return Drafter(kind, proposer, pace, fixed=wanted.tokens is not None, notes=notes)
