"""A request's prompt becomes the token ids that the model reads, checked against its context."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.domain.grammar import Grammar
from app.domain.requests import ChatPrompt, IdsPrompt, Prompt, TextPrompt
from app.domain.tokens import Channel
from app.engine.model import Model
from app.engine.sampling.guide import Guide
from app.engine.sampling.record import TokenBytes
from app.engine.text.channels import PLAIN, ChannelSplitter, Format, Marker
from app.engine.text.template import ChatTemplate, Json
from app.engine.text.tokenizer import Tokenizer
from app.errors import ContextExceeded, InvalidRequest

MOST_CANDIDATES = 100
MOST_READ = 2_000_000
"""Tokens of a text that is read in windows."""

MOST_CHARACTERS = 8 * MOST_READ


@dataclass(frozen=True, slots=True)
class Encoded:
    """A prompt's ids, its `text` and the `format` of what the model writes after it.

    `own_start` is the index of the first id that stands for the text itself, behind those that
    the tokenizer put before it.
    """

    ids: list[int]
    text: str = ""
    format: Format = PLAIN
    own_start: int = 0


def encode(model: Model, prompt: Prompt, spare: int) -> Encoded:
    """Token ids of any prompt, which must leave room for `spare` more in the context.

    Raises:
        InvalidRequest: the model lacks what the prompt needs, or there is nothing to read.
        ContextExceeded: the prompt does not fit the context.
    """
    match prompt:
        case ChatPrompt():
            encoded = _encode_chat(model, prompt)
        case TextPrompt():
            encoded = _encode_text(model, prompt.text, model.forward.capacity)
        case IdsPrompt():
            encoded = Encoded(checked(prompt.ids, model))
    if not encoded.ids:
        raise InvalidRequest("The prompt is empty.", "Give the model at least one token to read.")
    check_length(len(encoded.ids), spare, model.forward.capacity)
    return encoded


def encode_long(model: Model, prompt: TextPrompt | IdsPrompt) -> Encoded:
    """Token ids of a text or of ids, of which at most `MOST_READ` may come, whatever the context.

    Raises:
        InvalidRequest: the model lacks what the prompt needs.
        ContextExceeded: there are more.
    """
    match prompt:
        case TextPrompt():
            if len(prompt.text) > MOST_CHARACTERS:
                raise ContextExceeded(
                    f"The text has {len(prompt.text):,} characters; at most {MOST_CHARACTERS:,}"
                    " can be read in windows.",
                    "Split it into several texts.",
                )
            encoded = _encode_text(model, prompt.text, MOST_READ)
        case IdsPrompt():
            encoded = Encoded(checked(prompt.ids, model))
    check_length(len(encoded.ids), 0, MOST_READ)
    return encoded


def checked(ids: Sequence[int], model: Model) -> list[int]:
    """The ids, every one of which the model has.

    Raises:
        InvalidRequest: one is outside its vocabulary.
    """
    size = model.info.vocabulary_size
    wrong = next((token for token in ids if not 0 <= token < size), None)
    if wrong is not None:
        raise InvalidRequest(f"Token {wrong} does not exist; this model has 0 to {size - 1}.")
    return list(ids)


def check_candidates(count: int) -> None:
    """Refuse a number of candidates per record that is out of range.

    Raises:
        InvalidRequest: it is.
    """
    if not 0 <= count <= MOST_CANDIDATES:
        raise InvalidRequest(f"top_logprobs must lie between 0 and {MOST_CANDIDATES}, not {count}.")


def check_length(needed: int, spare: int, capacity: int) -> None:
    """Refuse a prompt of `needed` tokens that leaves no room for `spare` more.

    Raises:
        ContextExceeded: it does not fit the context.
    """
    if needed + spare > capacity:
        answer = ", the answer included" if spare else ""
        raise ContextExceeded(
            f"The prompt needs {needed:,} tokens; this model holds {capacity:,}{answer}.",
            "Shorten the prompt.",
        )


def token_bytes(model: Model) -> TokenBytes:
    """The bytes of a model's tokens; none where it has no tokenizer."""
    return model.tokenizer.token_bytes if model.tokenizer else lambda token: b""


def text_bytes(model: Model, format: Format) -> TokenBytes:
    """The same for reading channels: a marker kept as a control token counts as its text."""
    plain = token_bytes(model)
    if model.tokenizer is None:
        return plain
    ids = {word: model.tokenizer.id_of(word) for word in format.words()}
    markers = {token: text.encode() for text, token in ids.items() if token is not None}
    return lambda token: markers.get(token) or plain(token)


def guide(model: Model, grammar: Grammar | None, encoded: Encoded) -> Guide | None:
    """What holds the answer behind a prompt to `grammar`.

    Raises:
        InvalidRequest: the grammar cannot be used, or not with this model.
    """
    if grammar is None:
        return None
    matcher = model.grammars.matcher(grammar)
    format = encoded.format
    markers = [
        each
        for each in format.markers
        if each.source is Channel.ANSWER and each.target is not Channel.TOOL
    ]
    opening = [each for each in markers if each.target is Channel.REASONING]
    over = encoded.text.rstrip().endswith(tuple(format.ends()))
    return Guide(
        model.grammars,
        matcher,
        ChannelSplitter.after(encoded.text, format),
        text_bytes(model, format),
        _ids(model, [each for each in markers if not over or each not in opening]),
        _ids(model, opening),
        encoded.text[-1:].isspace(),
    )


def _ids(model: Model, markers: Iterable[Marker]) -> list[int]:
    """Those of the markers that are one token."""
    found = [_tokenizer(model).id_of(each.text) for each in markers]
    return [id for id in found if id is not None]


def _encode_chat(model: Model, prompt: ChatPrompt) -> Encoded:
    tokenizer = _tokenizer(model)
    if model.template is None:
        raise InvalidRequest(
            "This model has no chat template, so it cannot chat.", "Complete a text instead."
        )
    limit = model.forward.capacity
    tokenizer.check_length(sum(len(each.content) for each in prompt.messages), limit)
    values = model.template.values(prompt.messages, prompt.reasoning, prompt.variables)
    text = model.template.fill(values)
    if tokenizer.controls.typed(values["messages"]):
        ids = _encode_typed(model.template, tokenizer, values, text, limit)
    else:  # the template has written the special tokens already
        ids = tokenizer.encode(text, add_special=False, limit=limit)
    return Encoded(ids, text, model.template.format)


def _encode_typed(
    template: ChatTemplate, tokenizer: Tokenizer, values: Json, text: str, limit: int
) -> list[int]:
    """Ids of a prompt whose messages hold control tokens, which are text there.

    Raises:
        InvalidRequest: the template changes them, so that they cannot be told from its own.
    """
    controls = tokenizer.controls
    marks = controls.marks(values)
    marked = template.fill({**values, "messages": controls.mark(values["messages"], marks)})
    if marks.remove(marked) != text:
        raise InvalidRequest(
            "A message holds one of this model's control tokens, which its chat template reads.",
            "Write it differently, for instance with a space inside.",
        )
    return tokenizer.encode_marked(marked, marks, limit)


def _encode_text(model: Model, text: str, limit: int) -> Encoded:
    tokenizer = _tokenizer(model)
    own = tokenizer.encode(text, add_special=False, limit=limit)
    ids = tokenizer.encode(text, add_special=True, limit=limit)
    start = _find(own, ids) if own else len(ids)
    if start and own[:start] == ids[:start]:
        return Encoded(own, text)  # the text begins with what would be put before it
    # Some tokenizers also end the text; behind its end there is nothing to continue.
    return Encoded(ids[: start + len(own)], text, own_start=start)


def _find(part: Sequence[int], whole: Sequence[int]) -> int:
    """Where the text's own tokens begin; some tokenizers change the text's first one too."""
    starts = range(len(whole) - len(part) + 1)
    exact = next((at for at in starts if whole[at : at + len(part)] == part), None)
    return max(0, len(whole) - len(part)) if exact is None else exact


def _tokenizer(model: Model) -> Tokenizer:
    if model.tokenizer is None:
        raise InvalidRequest(
            "This model folder has no tokenizer, so it reads token ids only.", "Give token ids."
        )
    return model.tokenizer
