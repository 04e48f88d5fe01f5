"""Where each character of rendered Markdown stands in its source, wherever that is certain.

In: tokens of markdown-it and their source. Out: in the `meta` of each token that has a text,
`origin`, the pieces of it; in that of each block of words or code that is wholly understood,
`aligned`; in that of each block, `span`. The parser tells only the lines of a block. So each line
of a block's content is found at the end of its line of the source, and the content is walked
through with what the parser made of it: every character is either shown, and is then the same one,
or a sign that belongs to what was made there. Whatever else is found leaves the block unaligned.
All positions count code points.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, autolink, backtick, image, link
from markdown_it.token import Token
from msgspec import Struct

from app.ui.chat.excerpt import Excerpt, Line, of_heading, of_lines, of_row

WORDS = "inline"
CODE = ("fence", "code_block")
IMAGE = "[image: "
TEXTS = (WORDS, *CODE)
Rule = Callable[[StateInline, bool], bool]


class Piece(Struct, frozen=True):
    """Shown characters `low` to `high` of a token, and the stretch of the source they came from.

    Stretches of one length are the same characters, but for line breaks; otherwise what is shown
    stands for all of the source, as for an entity.
    """

    low: int
    high: int
    start: int
    end: int


class Shown(Struct, frozen=True):
    """A stretch of a block's content that is shown; if `instead`, as so many other characters."""

    low: int
    high: int
    instead: int = 0


class Step(Struct, frozen=True):
    """What a token took of the content: up to `end`, of which some is shown."""

    end: int
    shown: tuple[Shown, ...] = ()


def image_text(words: str, address: str) -> str:
    """What is shown of a picture."""
    return f"{IMAGE}{words or address}]"


def note_ends(parser: MarkdownIt) -> None:
    """Let the tokens of links, pictures and code tell where in the content they end."""
    rules = {"link": link, "image": image, "autolink": autolink, "backticks": backtick}
    for name, rule in rules.items():
        parser.inline.ruler.at(name, _noting(rule))
    parser.disable("text_join")  # which forgets what was an escape or an entity


def locate(tokens: Sequence[Token], source: str) -> None:
    """Note in each token where its text came from."""
    lines = _lines(source)
    opening: Token | None = None
    row: list[Token] = []
    for token in tokens:
        if token.map and token.block:
            token.meta["span"] = _span(lines, *token.map)
        if token.type in CODE and token.map:
            first = token.map[0] + (token.type == "fence")
            _align_code(token, of_lines(token.content.removesuffix("\n"), lines[first:]))
        elif token.type == WORDS and opening and token.map:
            if opening.tag in ("th", "td"):
                row.append(token)
            else:
                _align_words(token, _excerpt(token, opening, lines[token.map[0] : token.map[1]]))
        elif token.type == "tr_close":
            _align_row(row, lines)
            row = []
        opening = token


def _excerpt(token: Token, opening: Token, lines: Sequence[Line]) -> Excerpt | None:
    if opening.markup.startswith("#"):
        return of_heading(token.content, opening.markup, lines[0])
    return of_lines(token.content, lines, trimmed=True)


def _align_code(token: Token, excerpt: Excerpt | None) -> None:
    code = token.content.removesuffix("\n")
    pieces = None if excerpt is None else _pieces(excerpt, (Shown(0, len(code)),))
    if pieces is not None:
        token.meta.update(origin=pieces, aligned=True)


def _align_row(cells: Sequence[Token], lines: Sequence[Line]) -> None:
    if cells and cells[0].map:
        found = of_row([cell.content for cell in cells], lines[cells[0].map[0]])
        for cell, excerpt in zip(cells, found or (), strict=False):
            _align_words(cell, excerpt)


def _align_words(token: Token, excerpt: Excerpt | None) -> None:
    """Walk through a block's words."""
    at, content = 0, token.content
    for child in token.children or ():
        step = None if excerpt is None else _step(child, content, at)
        pieces = None if step is None or excerpt is None else _pieces(excerpt, step.shown)
        if step is None or pieces is None:
            return
        child.meta["origin"] = pieces
        at = step.end
    if excerpt is not None and at == len(content):
        token.meta["aligned"] = True


def _step(token: Token, content: str, at: int) -> Step | None:
    """What a token takes of the content from `at` on; None where it is not what stands there."""
    match token.type:
        case "text":
            end = at + len(token.content)
            return Step(end, (Shown(at, end),)) if content[at:end] == token.content else None
        case "text_special":
            return _special_step(token, content, at)
        case "softbreak" | "hardbreak":
            found = _BREAK.match(content, at)
            at = found.end(1) if found else 0
            return Step(found.end(), (Shown(at, at + 1),)) if found else None
        case "code_inline":
            return _code_step(token, content, at)
        case "image":
            return _image_step(token, content, at)
        case "link_close":
            sign = ">" if token.info == "auto" else "]"
            return Step(token.meta["end"]) if content.startswith(sign, at) else None
        case "link_open":
            sign = "<" if token.info == "auto" else "["
            return Step(at + 1) if content.startswith(sign, at) else None
        case _:
            known = token.markup and content.startswith(token.markup, at)
            return Step(at + len(token.markup)) if known else None


def _special_step(token: Token, content: str, at: int) -> Step | None:
    """An escaped character stands behind its mark, an entity for something else."""
    end = at + len(token.markup)
    if content[at:end] != token.markup:
        return None
    if token.markup.endswith(token.content):
        return Step(end, (Shown(end - len(token.content), end),))
    return Step(end, (Shown(at, end, len(token.content)),))


def _image_step(token: Token, content: str, at: int) -> Step | None:
    """The words of a picture, between what stands for its marks and its address."""
    low, high, end = at + 2, at + 2 + len(token.content), token.meta["end"]
    if content[at : high + 1] != f"![{token.content}]":
        return None
    text = image_text(token.content, str(token.attrs["src"]))
    rest = Shown(high, end, len(text) - len(IMAGE) - len(token.content))
    words = (Shown(low, high),) if token.content else ()
    return Step(end, (Shown(at, low, len(IMAGE)), *words, rest))


def _code_step(token: Token, content: str, at: int) -> Step | None:
    """Code within words: between equal marks, without one space at each end where both have one."""
    mark, end = token.markup, token.meta["end"]
    low, high = at + len(mark), end - len(mark)
    body = content[low:high].replace("\n", " ")
    if content[at:low] != mark or content[high:end] != mark:
        return None
    if body != token.content:
        body, low, high = body[1:-1], low + 1, high - 1
    return Step(end, (Shown(low, high),)) if body == token.content else None


def _pieces(excerpt: Excerpt, shown: Sequence[Shown]) -> tuple[Piece, ...] | None:
    """The pieces of what is shown; None where a part of it has no known origin."""
    found: list[Piece] = []
    at = 0
    for each in shown:
        parts = list(excerpt.parts(each.low, each.high))
        known = sum(high - low for low, high, _ in parts)
        if known != each.high - each.low or (each.instead and len(parts) != 1):
            return None
        for low, high, start in parts:
            length = each.instead or high - low
            found.append(Piece(at, at + length, start, start + high - low))
            at += length
    return tuple(found)


def _noting(rule: Rule) -> Rule:
    def noted(state: StateInline, silent: bool) -> bool:
        before = len(state.tokens)
        done = rule(state, silent)
        if done and len(state.tokens) > before:
            state.tokens[-1].meta["end"] = state.pos
        return done

    return noted


def _lines(source: str) -> list[Line]:
    return list(_split(source))


def _split(source: str) -> Iterator[Line]:
    begin = 0
    for found in _LINE_END.finditer(source):
        yield Line(begin, source[begin : found.start()])
        begin = found.end()
    yield Line(begin, source[begin:])


def _span(lines: Sequence[Line], first: int, stop: int) -> tuple[int, int]:
    """From the beginning of a line to the end of the last one that is not blank."""
    while stop > first + 1 and not lines[stop - 1].text.strip():
        stop -= 1
    last = lines[stop - 1]
    return lines[first].start, last.start + len(last.text)


_LINE_END = re.compile(r"\r\n?|\n")
_BREAK = re.compile(r"( *\\?)\n[ \t]*")
