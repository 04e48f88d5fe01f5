"""Whether an export fits together: a file that a person or a program changed must not reach the
chats unless everything that reads them can rely on it."""

import math
from collections.abc import Iterable

from app.domain.messages import Role
from app.domain.tokens import Channel
from app.errors import InvalidRequest
from app.services.exports.objects import ChatObject, MessageObject, TextObject, TokenObject

MOST = 2**53
SPEAKERS = (Role.USER, Role.ASSISTANT)


def check_chat(chat: ChatObject) -> None:
    """Refuse a chat whose messages are not a tree, or whose tokens do not lie in their texts.

    Raises:
        InvalidRequest: what does not fit, in a sentence.
    """
    ids = {message.id for message in chat.messages}
    if not ids or len(ids) < len(chat.messages) or chat.leaf not in ids:
        raise _unsound("a chat is empty, has a message twice, or ends in one that is not there")
    if not math.isfinite(chat.changed_at):
        raise _unsound("a time is no number")
    roles = {message.id: message.role for message in chat.messages}
    for message in chat.messages:
        _check_place(message, roles)
        _check_message(message)


def check_text(text: TextObject) -> None:
    """Refuse a text whose tokens do not lie in it; raises as `check_chat` does."""
    _check_tokens(text.tokens, {channel: len(text.text) for channel in Channel})


def _check_place(message: MessageObject, roles: dict[int, Role]) -> None:
    """Every answer follows a question, and nothing follows what came later."""
    parent = message.parent
    if message.role not in SPEAKERS:
        raise _unsound(f"message {message.id} is neither a question nor an answer")
    if parent is not None and (parent not in roles or parent >= message.id):
        raise _unsound(f"message {message.id} follows one that is not before it")
    asked = parent is not None and roles[parent] is Role.USER
    if message.role is Role.ASSISTANT and not asked:
        raise _unsound(f"message {message.id} answers no question")


def _check_message(message: MessageObject) -> None:
    if not 0 <= message.written_at < MOST or not 0 <= message.reasoning_s < MOST:
        raise _unsound(f"a time of message {message.id} cannot be")
    lengths = {channel: len(message.channel_text(channel)) for channel in Channel}
    _check_tokens(message.tokens, lengths)


def _check_tokens(tokens: Iterable[TokenObject], lengths: dict[Channel, int]) -> None:
    """Spans rise within the text of their channel."""
    reached: dict[Channel, tuple[int, int]] = dict.fromkeys(Channel, (0, 0))
    for token in tokens:
        start, end = reached[token.channel]
        if not start <= token.start <= token.end <= lengths[token.channel] or token.end < end:
            raise _unsound("a token lies outside its text")
        rank = 1 if token.rank is None else token.rank
        if not 0 <= token.id < MOST or not 1 <= rank < MOST:
            raise _unsound("a token has an id or a rank that cannot be")
        reached[token.channel] = (token.start, token.end)


def _unsound(reason: str) -> InvalidRequest:
    return InvalidRequest(f"The export does not fit together: {reason}.", "Export it again.")
