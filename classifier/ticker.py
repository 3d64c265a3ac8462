"""A ticker strip, or a page pasted with one in it -> headlines.

Tickers join headlines by runs of no-break spaces, tabs, bullets, pipes, newlines or dashes. What editors write inside a
headline never parts it: ` : `, `...`, ` / `, a score like 2-1, `Raja - Wydad`, a quotation.
"""

import re
from dataclasses import dataclass, field

MAX_HEADLINE = 300
"""Characters; a longer piece is prose. The longest of 50,000 real headlines has fewer."""

MIN_STRIP = 3
"""Pieces that make a line a strip, where a page has to be told from a list of headlines."""

_MARKS = "•●○◦∙‣⁃▪▫■□◆◇★☆►▶▸◄◀❖✦✱¤|¦‖│┃"
# A separator of its own kind each, strongest first: one found in a line decides how that line is read. None begins with
# a run of spaces, which would be tried anew at each of them: pieces are stripped afterwards anyway.
_SEPARATORS = (
    re.compile(f"[{_MARKS}]+"),
    re.compile(r"\t+"),
    # Single no-break spaces belong to French punctuation; two plain spaces happen in a headline by mistake.
    re.compile(r"\u00a0[ \u202f]*\u00a0| {3,}"),
    re.compile(r" (?:\+{2,}|\*{2,}|/{2,}|>{2,}|#{2,}) "),
    re.compile(r" · |  [-–—] | [-–—]  "),
)
_DASHES = tuple(re.compile(rf" {dash} ") for dash in "—–-")
_LEADING = re.compile(rf"^(?:[{_MARKS}·*+>#–—-]+\s+|\d{{1,3}}[.)]\s+(?=\D))")
_LINE_BREAKS = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_QUOTES = {"«": "»", "“": "”", "„": "“", "(": ")", "[": "]", "‘": "’", "‹": "›"}
_QUOTE = re.compile("[" + re.escape("".join([*_QUOTES, *_QUOTES.values(), '"'])) + "]")
_ENDS_SENTENCE = (".", "!", "…", ";", ",")


@dataclass(frozen=True)
class Reading:
    """What was read: the headlines in order, and the pieces of the text that were not taken for headlines."""

    headlines: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def read(text: str) -> Reading:
    """Read every headline of a ticker, of a list with one headline a line, or of a page copied with its ticker.

    A text with a line of prose (longer than any headline) is a page: then only its strips count, or, if it has none,
    its lines that do not end like a sentence. What is left out is in `skipped`, so nothing is lost from view.

    >>> read("Botola : Raja - Wydad (2-1) • Bourse : le MASI recule • Averses ce lundi").headlines
    ['Botola : Raja - Wydad (2-1)', 'Bourse : le MASI recule', 'Averses ce lundi']
    """
    lines = [pieces for line in _LINE_BREAKS.split(text) if (pieces := split(line))]
    is_page = any(len(piece) > MAX_HEADLINE for pieces in lines for piece in pieces)
    has_strip = any(len(pieces) >= MIN_STRIP for pieces in lines)
    reading = Reading()
    for pieces in lines:
        for piece in pieces:
            wanted = len(piece) <= MAX_HEADLINE
            if is_page and has_strip:
                wanted = wanted and len(pieces) >= MIN_STRIP
            elif is_page:
                wanted = wanted and not piece.endswith(_ENDS_SENTENCE)
            (reading.headlines if wanted else reading.skipped).append(piece)
    return reading


def split(line: str) -> list[str]:
    """Return the headlines of one line, without separators and leading bullets or numbers.

    The strongest separator in the line is taken, and it alone: bullets inside a tab-parted headline would be odd,
    dashes inside a bulleted one are usual.
    """
    for separator in _SEPARATORS:
        pieces = _clean(separator.split(line))
        if len(pieces) > 1 and not _is_rubric(pieces, line):
            return pieces
    whole = _clean([line])
    return _split_at_dashes(whole[0]) if whole else []


def _clean(pieces: list[str]) -> list[str]:
    stripped = (_LEADING.sub("", piece.strip()).strip() for piece in pieces)
    return [piece for piece in stripped if any(c.isalnum() for c in piece)]


def _is_rubric(pieces: list[str], line: str) -> bool:
    """Tell `Justice | Dix ans de prison pour ...`, one headline with its rubric, from two headlines."""
    return len(pieces) == 2 and "|" in line and min(len(piece.split()) for piece in pieces) <= 2


def _split_at_dashes(line: str) -> list[str]:
    """Split at spaced dashes only where all pieces read like headlines; an aside between dashes never does."""
    for dash in _DASHES:
        cuts = _outside_quotations(line, [match.span() for match in dash.finditer(line)])
        edges = [0, *(edge for cut in cuts for edge in cut), len(line)]
        pieces = [line[a:b].strip() for a, b in zip(edges[::2], edges[1::2], strict=True)]
        if len(pieces) >= MIN_STRIP and all(_reads_like_a_headline(piece) for piece in pieces):
            return pieces
    return [line]


def _reads_like_a_headline(piece: str) -> bool:
    first = next((c for c in piece if c.isalnum()), "")
    return bool(first) and not first.islower() and len(piece.split()) >= 4


def _outside_quotations(line: str, cuts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the cuts that no quotation or bracket is open at."""
    marks = [(match.start(), match.group()) for match in _QUOTE.finditer(line)]
    last = {mark: at for at, mark in marks}
    outside: list[tuple[int, int]] = []
    closable: set[str] | None = None
    for cut in cuts:
        # An apostrophe is no quotation mark; an opening mark that is never closed guards nothing. Which ones can still
        # be closed changes once for each kind, so that marks are read a few times over at most.
        still = {opening for opening, closing in _QUOTES.items() if last.get(closing, -1) >= cut[0]}
        if still != closable:
            closable, read, awaited, straight = still, 0, list[str](), False
        while read < len(marks) and marks[read][0] < cut[0]:
            mark = marks[read][1]
            read += 1
            if awaited and mark == awaited[-1]:
                awaited.pop()
            elif mark in closable:
                awaited.append(_QUOTES[mark])
            elif mark == '"':
                straight = not straight
        if not awaited and not (straight and last['"'] >= cut[0]):
            outside.append(cut)
    return outside
