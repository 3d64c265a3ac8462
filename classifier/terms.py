"""Headline -> words -> terms. The one tokeniser, shared by training and serving.

Folding is decided character by character (compatibility decomposition of the case-folded character, marks
dropped), never over the whole string: so it is linear whatever comes in, and every folded character knows which
original character it came from.
"""

import sys
import unicodedata
from itertools import pairwise
from typing import NamedTuple

CHAR_NGRAM_LENGTHS = range(2, 6)
"""Lengths, in characters, of the n-grams taken inside a word padded with one space on either side, repeats kept: those
of scikit-learn's `analyzer="char_wb"`."""

_TATWEEL = "\N{ARABIC TATWEEL}"


class Word(NamedTuple):
    """A folded word and where it stands in the headline: `headline[start:end]`, in code points."""

    text: str
    start: int
    end: int


class _FoldTable(dict[int, str]):
    """Code point -> its folded characters; what separates words becomes a space. Filled on first sight."""

    def __missing__(self, code_point: int) -> str:
        folded = self[code_point] = _fold_character(chr(code_point))
        return folded


def _fold_character(character: str) -> str:
    kept = []
    # Decomposing after case folding may bring capitals back (as in U+1D400), hence folded on both sides.
    for part in unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character.casefold()).casefold()):
        category = unicodedata.category(part)
        if category in ("Mn", "Me", "Cf") or part == _TATWEEL:
            continue  # marks, joiners and direction marks stand inside words without changing them
        if category == "Nd":
            part = str(unicodedata.decimal(part))  # ٢٠٢٦ and 2026 are one term
        kept.append(part if part.isalnum() or part == "_" else " ")
    # Interned, since the same few hundred pieces are looked up millions of times.
    return sys.intern("".join(kept))


FOLDED = _FoldTable()
"""What `str.translate` folds with. Folding a folded text changes nothing."""


def words(headline: str) -> list[str]:
    """Return the folded words of a headline, in order.

    >>> words("Météo : l'Équipe d'Agadir, الأمطارُ")
    ['meteo', 'l', 'equipe', 'd', 'agadir', 'الامطار']
    """
    return headline.translate(FOLDED).split()


def fold(headline: str) -> str:
    """Return the folded words joined by single spaces: the text that every n-gram is taken from."""
    return " ".join(words(headline))


def locate(headline: str) -> list[Word]:
    """Return the folded words with their offsets; their texts are exactly `words(headline)`.

    A character that folds to several words (as some ligatures do) gives them all its own offsets.
    """
    found: list[Word] = []
    text, start, end = "", 0, 0
    for offset, character in enumerate(headline):
        folded = FOLDED[ord(character)]
        for position, piece in enumerate(folded.split(" ")):
            if position and text:
                found.append(Word(text, start, end))
                text = ""
            if piece:
                if not text:
                    start = offset
                text += piece
                end = offset + 1
    if text:
        found.append(Word(text, start, end))
    return found


def word_bigrams(folded_words: list[str]) -> list[str]:
    """Return each pair of neighbouring words, joined by a space."""
    return [f"{left} {right}" for left, right in pairwise(folded_words)]
