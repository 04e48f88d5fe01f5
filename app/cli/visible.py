"""Text for a terminal: what could steer it is shown instead of obeyed.

A model, a file name or an error message may hold escape sequences; none may reach the terminal
as they are.
"""

_BIDIRECTIONAL = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))


def _shown(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)
    return "\N{SYMBOL FOR DELETE}" if code == 0x7F else f"<U+{code:04X}>"


_CONTROLS = {
    code: _shown(code)
    for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *_BIDIRECTIONAL)
    if chr(code) not in "\n\t"
}
_BREAKS = {ord("\n"): _shown(10), ord("\t"): _shown(9)}


def visible(text: str) -> str:
    """`text` with every control but newline and tab replaced by a picture or its number.

    Covers C0, DEL, C1, line separators and the signs that turn the reading direction.
    """
    return text.translate(_CONTROLS)


def visible_line(text: str) -> str:
    """Like `visible`, with newlines and tabs shown too, so that it stays on one line."""
    return text.translate(_CONTROLS | _BREAKS)
