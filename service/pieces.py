"""A headline in pieces, as the page shows it: words that drove the answer, and characters that must not act."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from classifier import Driver

# What turns the direction of all that follows, breaks the line, or acts on a terminal. Joiners and the marks that have
# no reach (U+200E, U+200F, U+061C) are part of honest Arabic and stay.
_CONTROL = re.compile("([\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb])")


class Piece(NamedTuple):
    """Some of a headline: `kind` is `plain`, `for`, `against` or `control`; `share` is of the score, in [-1, 1]."""

    text: str
    kind: str
    share: float = 0.0

    @property
    def name(self) -> str:
        """A control character's number and name, as U+202E RIGHT-TO-LEFT OVERRIDE."""
        return f"U+{ord(self.text):04X} {unicodedata.name(self.text, '')}".strip()


def pieces(headline: str, drivers: Sequence[Driver]) -> Iterator[Piece]:
    """Give a headline piece by piece; joined, their texts are the headline.

    A word is marked when it weighs at least half as much as the heaviest one.
    """
    at, least = 0, max((abs(driver.share) for driver in drivers), default=0) / 2
    for driver in sorted(drivers, key=lambda driver: driver.start):
        if not driver.share or abs(driver.share) < least:
            continue
        yield from _plain(headline[at : driver.start])
        yield Piece(driver.word, "for" if driver.share > 0 else "against", driver.share)
        at = driver.end
    yield from _plain(headline[at:])


def _plain(text: str) -> Iterator[Piece]:
    for piece in _CONTROL.split(text):
        if piece:
            yield Piece(piece, "control" if _CONTROL.match(piece) else "plain")
