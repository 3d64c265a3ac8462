"""What training leaves behind, as the classifier reads it: one flat table of terms."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.index import Index

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """What training leaves behind: one flat table of terms, and what turns scores into answers."""

    topics: tuple[str, ...]
    vocabulary: NDArray[np.uint8]
    """The terms as UTF-8 text, one a line: words, word pairs, character n-grams."""
    table: NDArray[np.float32]
    """(1 + terms, 2 * (topics + 2) + 1): row i + 1 is what one occurrence of term i adds, row 0 is zero.

    First to the block of words: to each topic's score before normalising, to the familiarity (the log-odds of being a
    headline in one of our languages at all) and to the squared norm; then the same to the block of characters; then to
    the letters in known words, a number having none. A word's row holds the sums over its character n-grams too. That
    of an n-gram holds those of the shorter ones it begins with, all of them terms as well, so the longest n-gram found
    at a place speaks for all that begin there.
    """
    words: Index
    """Finds words and word pairs, which have the first rows."""
    ngrams: Index
    """Finds character n-grams, which have the rows after them."""
    intercept: Floats
    """(topics + 1,)"""
    threshold: float = 0.0
    """Confidence under which the classifier abstains as `uncertain`."""
    familiarity: float = 0.0
    """Familiarity under which it abstains as `unfamiliar`."""
    known_share: float = 0.0
    """Share of letters standing in known words under which it abstains as `unfamiliar`."""

    @property
    def n_terms(self) -> int:
        """How many words, word pairs and character n-grams there are."""
        return len(self.table) - 1

    def rows(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return the rows of words and word pairs, and those of character n-grams."""
        terms = self.vocabulary.tobytes().decode().split("\n")
        n_words = len(self.words.keys)
        return (
            {term: row for row, term in enumerate(terms[:n_words], 1)},
            {term: row for row, term in enumerate(terms[n_words:], n_words + 1)},
        )
