"""A token record as text for a spreadsheet: a line of names and a line of values."""

from app.domain.tokens import TokenRecord

COLUMNS = (
    "id",
    "text",
    "logprob",
    "sampled_logprob",
    "rank",
    "entropy",
    "tail",
    "channel",
    "source",
    "draft_q",
    "accept",
    "start",
    "end",
)
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def tsv(token: TokenRecord) -> str:
    """The record in tab-separated columns, its alternatives last; tabs in texts are `\\t`."""
    names, values = list(COLUMNS), [_cell(getattr(token, column)) for column in COLUMNS]
    for place, candidate in enumerate(token.top, 1):
        names += [f"top{place}_id", f"top{place}_text", f"top{place}_logprob"]
        values += [_cell(candidate.id), _cell(candidate.text), _cell(candidate.logprob)]
    return "\t".join(names) + "\n" + "\t".join(values) + "\n"


def _cell(value: object) -> str:
    return "" if value is None else str(value).translate(ESCAPES)
