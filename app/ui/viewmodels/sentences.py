"""Where sentences begin in a run of tokens: pure, and good enough to colour by."""

import re

_END = re.compile(r"[.!?…。！？][\"'”’)\]]*\s*$")
_BREAK = re.compile(r"\n\s*$")


def begins_sentence(before: str, text: str) -> bool:
    """Whether a token with this text begins a sentence, behind one with the text `before`.

    A full stop ends one only where white space follows, so that 3.14 stays whole; so does the end
    of a line.
    """
    if _BREAK.search(before):
        return not text.isspace()
    ended = _END.search(before)
    if ended is None or text.isspace():
        return False
    return text[:1].isspace() or before[-1:].isspace() or before[-1:] in "。！？"
