"""A token as it is, for a text in which nothing is hidden."""

from app.domain.tokens import TokenRecord

BREAK = "\u200b"  # where a line may end, of no width
SIGNS = {" ": "␣", "\n": "⏎\n", "\t": "⇥", "\r": "␍", "\x7f": "\\x7f"}
SIGNS |= {chr(code): f"\\x{code:02x}" for code in range(32) if chr(code) not in SIGNS}


def raw_text(token: TokenRecord) -> str:
    """White space drawn, bytes that are no whole character in hexadecimal, a control token by id.

    A line may be broken before each token.
    """
    if not token.data:
        return f"{BREAK}⟨{token.id}⟩"
    return BREAK + token.data.decode("utf-8", errors="backslashreplace").translate(_SIGNS)


_SIGNS = str.maketrans(SIGNS)
