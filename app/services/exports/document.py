"""The JSON document: chats with every version and number, and scored texts; written and read.

`resources/formats/export.md` describes it. Reading what was written gives equal values, but for a
streaming answer, which has ended by then. What cannot be an export is refused with a sentence.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from app import __version__
from app.domain.chats import ChatSummary, Node, WholeChat, title
from app.domain.conversation import Turn, TurnState, ended
from app.domain.texts import ScoredText
from app.errors import InvalidRequest
from app.services.exports.objects import (
    ChatObject,
    MessageObject,
    TextObject,
    token_object,
    token_record,
)
from app.services.exports.soundness import check_chat, check_text

FORMAT = "candor"
VERSION = 1
MOST_BYTES = 512 * 2**20
CUT_OFF = "Interrupted: the answer was being written when it was exported."


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An export as it is in its file; `program` is the version that wrote it."""

    format: str = FORMAT
    version: int = VERSION
    program: str = __version__
    chats: tuple[ChatObject, ...] = ()
    texts: tuple[TextObject, ...] = ()


class Imported(Struct, frozen=True):
    """What a document holds."""

    chats: tuple[WholeChat, ...]
    texts: tuple[ScoredText, ...]


class _Label(Struct):
    """What tells an export from other JSON, whatever its version has beside it."""

    format: str
    version: int


def encode(chats: Sequence[WholeChat] = (), texts: Sequence[ScoredText] = ()) -> bytes:
    """The document of these chats and texts, as UTF-8 with a line for each field."""
    document = Document(
        chats=tuple(_chat_object(chat) for chat in chats),
        texts=tuple(_text_object(text) for text in texts),
    )
    return msgspec.json.encode(document) + b"\n"


def decode(data: bytes) -> Imported:
    """What `encode` was given.

    Raises:
        InvalidRequest: it is no export, of a newer version, or contradicts itself.
    """
    _check_label(data)
    try:
        document = msgspec.json.decode(data, type=Document)
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"The export is damaged: {error}.", "Export it again.") from error
    for chat in document.chats:
        check_chat(chat)
    for text in document.texts:
        check_text(text)
    return Imported(
        tuple(_whole_chat(chat) for chat in document.chats),
        tuple(_scored_text(text) for text in document.texts),
    )


def read(path: Path) -> Imported:
    """What the export in a file holds.

    Raises:
        InvalidRequest: the file cannot be read, is too large, or is no export.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise InvalidRequest(f"{path.name} cannot be read: {reason}.") from error
    if len(data) > MOST_BYTES:
        most = f"{MOST_BYTES // 2**20} MB"
        raise InvalidRequest(f"{path.name} is larger than {most}, the most that can be imported.")
    return decode(data)


def without_versions(chat: WholeChat, leaf: int) -> WholeChat:
    """The chat with those messages alone that lead to `leaf`."""
    parents = {node.turn.id: node.parent for node in chat.nodes}
    kept: set[int] = set()
    place: int | None = leaf
    while place is not None:
        kept.add(place)
        place = parents[place]
    pairs = [
        (node, at)
        for node, at in zip(chat.nodes, chat.written_at, strict=True)
        if node.turn.id in kept
    ]
    return structs.replace(
        chat,
        summary=structs.replace(chat.summary, leaf=leaf),
        nodes=tuple(node for node, _ in pairs),
        written_at=tuple(at for _, at in pairs),
    )


def only_answer(chat: WholeChat, answer_id: int) -> WholeChat:
    """One answer with its question, as a chat of its own."""
    path = without_versions(chat, answer_id)
    question, answer = path.nodes[-2:]
    return structs.replace(
        path,
        nodes=(structs.replace(question, parent=None), answer),
        written_at=path.written_at[-2:],
    )


def _check_label(data: bytes) -> None:
    try:
        label = msgspec.json.decode(data, type=_Label)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        hint = "Choose a .json file that Candor exported."
        raise InvalidRequest("This is no export of Candor.", hint) from error
    if label.format != FORMAT or label.version < 1:
        hint = "Choose a .json file that Candor exported."
        raise InvalidRequest("This is no export of Candor.", hint)
    if label.version > VERSION:
        raise InvalidRequest("A newer Candor wrote this export.", "Update this one to import it.")


def _chat_object(chat: WholeChat) -> ChatObject:
    messages = tuple(
        _message_object(node, at) for node, at in zip(chat.nodes, chat.written_at, strict=True)
    )
    summary = chat.summary
    return ChatObject(summary.title, summary.leaf, summary.changed_at, messages)


def _message_object(node: Node, written_at: float) -> MessageObject:
    fields = {name: getattr(node.turn, name) for name in Turn.__struct_fields__}
    tokens = tuple(token_object(token) for token in node.turn.tokens)
    fields["tokens"] = tokens
    return MessageObject(**fields, parent=node.parent, written_at=written_at)


def _text_object(text: ScoredText) -> TextObject:
    tokens = tuple(token_object(token) for token in text.tokens)
    return TextObject(text.title, text.model, text.text, tokens)


def _whole_chat(found: ChatObject) -> WholeChat:
    """The chat, under no id of this profile yet."""
    messages = sorted(found.messages, key=lambda message: message.id)
    return WholeChat(
        summary=ChatSummary(
            id=0, title=title(found.title), leaf=found.leaf, changed_at=found.changed_at
        ),
        nodes=tuple(Node(_turn(message), message.parent) for message in messages),
        written_at=tuple(message.written_at for message in messages),
    )


def _turn(found: MessageObject) -> Turn:
    fields = {name: getattr(found, name) for name in Turn.__struct_fields__}
    fields["tokens"] = tuple(token_record(token) for token in found.tokens)
    turn = Turn(**fields)
    streaming = turn.state is TurnState.STREAMING
    return ended(turn, TurnState.INTERRUPTED, CUT_OFF) if streaming else turn


def _scored_text(found: TextObject) -> ScoredText:
    tokens = tuple(token_record(token) for token in found.tokens)
    return ScoredText(title=found.title, model=found.model, text=found.text, tokens=tokens)
