"""Headlines -> what their terms add up to: the rows of the table, summed over words, word pairs and n-grams.

Rows are found in three ways, with the same result. In compiled code, where it was built (`kernel.pyx`), which is the
fastest for any number of headlines. Else, for a few headlines, in dictionaries of str, term by term; and for many by
the keys of all their terms at once, in NumPy without a Python loop.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from classifier.keys import FOLDED_CODES, Batch, fold_code, ngram_keys, pair_keys, read
from classifier.terms import FOLDED, word_bigrams, words
from classifier.weights import Weights

try:
    from classifier.kernel import Kernel
except ImportError:  # there was no compiler when the package was installed
    Kernel = None  # type: ignore[assignment,misc]

Floats = NDArray[np.float64]
Counts = NDArray[np.intp]

COMPILED = Kernel is not None
"""Whether the compiled code was built."""


class Sums:
    """Adds up the rows of headlines. A sum is of as many numbers as a row of the table has, see `Weights.table`.

    Args:
        compiled: by compiled code, if it was built.
    """

    def __init__(self, weights: Weights, compiled: bool = True) -> None:
        self.weights = weights
        self._kernel = None
        if compiled and COMPILED:
            found_by = (weights.words.keys, weights.words.slots, weights.ngrams.keys, weights.ngrams.slots)
            self._kernel = Kernel(FOLDED_CODES, fold_code, FOLDED, *found_by, weights.table)

    def one(self, headline: str) -> tuple[list[float], int]:
        """Return the sum of one headline, and how many letters its words have."""
        if self._kernel:
            sums, letters = self._kernel.sums([headline])
            return sums[0].tolist(), int(letters[0])
        found = words(headline)
        rows = self._rows_of_terms(found)
        return np.add.reduce(self.weights.table.take(rows, 0), 0, np.float64).tolist(), len("".join(found))

    def many(self, headlines: list[str]) -> tuple[Floats, Counts]:
        """Return the sums (headlines, numbers) and how many letters the words of each have (headlines,)."""
        if self._kernel:
            return self._kernel.sums(headlines)
        batch = read(headlines)
        rows, pairs = self._rows(batch)
        [known_pairs] = pairs.nonzero()
        rows[known_pairs] += self.weights.table.take(pairs[known_pairs], axis=0)
        sums = _segment_sums(np.column_stack([rows, batch.lengths]), batch.counts)
        return sums[:, :-1], sums[:, -1].astype(np.intp)

    def by_word(self, headline: str) -> Floats:
        """Return what each word of one headline adds (words, numbers), half of each pair it is in included."""
        rows, pairs = self._rows(read([headline]))
        for left, pair in enumerate(pairs.tolist()):
            if pair:
                rows[left : left + 2] += self.weights.table[pair] / 2
        return rows

    # One headline, term by term.

    @cached_property
    def _row_of(self) -> tuple[dict[str, int], dict[str, int]]:
        return self.weights.rows()

    def _rows_of_terms(self, found: list[str]) -> list[int]:
        """Return the rows of a headline's terms, given its words."""
        row_of, row_of_ngram = self._row_of
        get = row_of.get
        rows = [get(word, 0) for word in found]
        if 0 in rows:
            unknown = [f" {word} " for word, row in zip(found, rows, strict=True) if not row]
            look = row_of_ngram.get
            # The longest n-gram that begins at each place. Written out, being the innermost loop of all.
            rows += [
                look(t[i : i + 5]) or look(t[i : i + 4]) or look(t[i : i + 3]) or look(t[i : i + 2], 0)
                for t in unknown
                for i in range(len(t) - 1)
            ]
        rows += [row for pair in word_bigrams(found) if (row := get(pair))]
        return rows or [0]

    # Many headlines, by the keys of their terms.

    def _rows(self, batch: Batch) -> tuple[Floats, NDArray[np.int32]]:
        """Return each word's row of the table, worked out where the word is unknown, and where its pair's row is."""
        weights = self.weights
        at, pairs = weights.words.find(np.stack([batch.keys, pair_keys(batch)]))
        rows = weights.table.take(at, axis=0).astype(np.float64)
        unknown = at == 0
        if unknown.any():
            letters = batch.letters[np.repeat(unknown, batch.lengths)]
            ngrams, rows_per_word = ngram_keys(letters, batch.lengths[unknown])
            longest = weights.ngrams.find_last(ngrams)
            longest = np.where(longest, longest + len(weights.words.keys), 0)
            rows[unknown] = _segment_sums(weights.table.take(longest, axis=0), rows_per_word)
        return rows, pairs


def _segment_sums(rows: NDArray[np.floating], lengths: NDArray[np.intp]) -> Floats:
    """Return the sum of each run of rows, run i being `lengths[i]` long; 0 for an empty run."""
    sums = np.zeros((len(lengths), rows.shape[1]))
    full = lengths > 0
    if full.any():
        sums[full] = np.add.reduceat(rows, np.cumsum(lengths[full]) - lengths[full], axis=0, dtype=np.float64)
    return sums
