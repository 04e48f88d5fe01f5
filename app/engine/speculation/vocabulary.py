"""Whether two models mean the same by every token id."""

from app.engine.model import Model
from app.engine.text.tokenizer import Tokenizer


def difference(model: Model, draft: Model) -> str | None:
    """Why the draft's ids are not the model's, as the end of a sentence; None where they are."""
    if model.tokenizer is None and draft.tokenizer is None:
        sizes = model.info.vocabulary_size, draft.info.vocabulary_size
        return None if sizes[0] == sizes[1] else _other_size(*sizes)
    if model.tokenizer is None or draft.tokenizer is None:
        return "only one of the two has a tokenizer"
    return _first_difference(model.tokenizer, draft.tokenizer)


def _first_difference(ours: Tokenizer, theirs: Tokenizer) -> str | None:
    for id in range(min(ours.vocabulary_size, theirs.vocabulary_size)):
        if ours.written(id) != theirs.written(id):
            return f"vocabulary differs at id {id}"
    if ours.vocabulary_size != theirs.vocabulary_size:
        return _other_size(ours.vocabulary_size, theirs.vocabulary_size)
    return None


def _other_size(ours: int, theirs: int) -> str:
    return f"vocabulary differs at id {min(ours, theirs)}, where one of the two ends"
