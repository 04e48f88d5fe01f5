"""Which drafts a request gets: finds and opens the draft model, checks it, and says why not."""

from collections.abc import Callable, Sequence
from pathlib import Path

from app.domain.drafting import MOST_DRAFT_TOKENS, Drafting, DraftKind
from app.domain.requests import Provider
from app.engine.model import Model, open_model
from app.engine.speculation.costs import Costs
from app.engine.speculation.draft_model import DraftModel
from app.engine.speculation.drafter import Drafter
from app.engine.speculation.lookup import Lookup
from app.engine.speculation.pace import AdaptivePace, Experience, FixedPace, Pace
from app.engine.speculation.probe import draft_cost
from app.engine.speculation.proposer import Proposer
from app.engine.speculation.vocabulary import difference
from app.errors import CandorError, InvalidRequest

MOST_MODEL_TOKENS = 8
"""The longest draft of a model, whose every token costs a run of it."""
_SUFFIX = "-draft"
_DEAR = 0.8  # of a plain step: so many tokens of a draft are hardly ever kept
_INSTEAD = "Tokens are looked up in the text so far: "

OnProgress = Callable[[int, int], None]


class Drafts:
    """The drafts for one loaded `model`; a draft model stays open for the next request.

    It runs on the CPU, wherever the model itself runs.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._path: Path | None = None
        self._draft: Model | None = None
        self._cost: float | None = None
        self._by_model = self._looked_up = Experience()

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
                return self._lookup(wanted)
            case DraftKind.MODEL:
                return self._model_drafter(Path(wanted.path or ""), wanted, on_progress)
            case DraftKind.AUTO:
                return self._chosen(wanted, on_progress)

    def _chosen(self, wanted: Drafting, on_progress: OnProgress) -> Drafter:
        """The draft model beside the model where it can be used."""
        path = Path(self._model.info.path)
        beside = path.with_name(path.name + _SUFFIX)
        if not beside.is_dir():
            return self._lookup(wanted)
        try:
            drafter = self._model_drafter(beside, wanted, on_progress)
        except CandorError as error:
            return self._lookup(wanted, f"{_INSTEAD}{error.message}")
        if self._cost is None or self._cost < _DEAR or wanted.tokens is not None:
            return drafter
        return self._lookup(
            wanted,
            f"{_INSTEAD}unless it wrote {self._cost:.0%} of all tokens rightly,"
            f" {beside.name} would be slower than none.",
        )

    def _lookup(self, wanted: Drafting, *notes: str) -> Drafter:
        """What is kept differs from text to text; what it costs to check does not."""
        self._looked_up = Experience(self._looked_up.costs)
        return _drafter(Lookup(), wanted, self._looked_up, notes)

    def _model_drafter(self, path: Path, wanted: Drafting, on_progress: OnProgress) -> Drafter:
        proposer = DraftModel(self._open(path, on_progress))
        return _drafter(proposer, wanted, self._by_model)

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
            self._cost = cost = draft_cost(self._model, draft)
            self._by_model = Experience(Costs() if cost is None else Costs(cost))
        return self._draft


def _drafter(
    proposer: Proposer, wanted: Drafting, experience: Experience, notes: Sequence[str] = ()
) -> Drafter:
    model = isinstance(proposer, DraftModel)
    most = MOST_MODEL_TOKENS if model else MOST_DRAFT_TOKENS
    tokens = wanted.tokens
    pace: Pace = AdaptivePace(most, experience) if tokens is None else FixedPace(tokens)
    kind = DraftKind.MODEL if model else DraftKind.LOOKUP
    return Drafter(kind, proposer, pace, fixed=tokens is not None, notes=notes)
