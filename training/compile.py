"""Coefficients of a fitted pipeline -> the flat tables that the classifier adds up."""

import numpy as np
from numpy.typing import NDArray

from classifier.index import Index
from classifier.keys import Keys, keys, ngram_keys

Floats = NDArray[np.float64]


def word_tables(terms: list[str], rows: Floats, chars: Index, char_rows: Floats) -> tuple[list[str], Floats, Floats]:
    """Return words and word pairs in the order of the tables, their rows, and the spellings of the words.

    Args:
        terms: words and word pairs, in any order.
        rows: (terms, topics + 2), what each adds.
        chars: finds the rows of `char_rows`, as made by `char_tables`.
    """
    is_pair = np.array([" " in term for term in terms], dtype=bool)
    order = np.argsort(is_pair, kind="stable")  # words first, so that one row number serves both tables
    ordered = [terms[i] for i in order]
    words = ordered[: len(terms) - int(is_pair.sum())]
    return ordered, _with_zero(rows[order]), _spellings(words, chars, char_rows)


def char_tables(ngrams: list[str], rows: Floats) -> tuple[list[str], Floats]:
    """Return the character n-grams, and rows that include those of the shorter n-grams each begins with.

    Any prefix that is no term itself becomes one that adds nothing.
    """
    known = set(ngrams)
    absent = {ngram[:n] for ngram in ngrams for n in range(2, len(ngram))} - known
    every = ngrams + sorted(absent)
    row_of = {ngram: row for row, ngram in enumerate(every, 1)}
    table = _with_zero(np.vstack([rows, np.zeros((len(absent), rows.shape[1]))]))
    for ngram in sorted(every, key=len):
        table[row_of[ngram]] += table[row_of.get(ngram[:-1], 0)]
    return every, table


def index(terms: list[str]) -> Index:
    """Return the index that finds the row of each term."""
    return Index.of(keys(terms))


def _spellings(words: list[str], chars: Index, char_rows: Floats) -> Floats:
    letters: Keys = np.array([ord(letter) for word in words for letter in word], dtype=np.uint64)
    ngrams, rows_per_word = ngram_keys(letters, np.array([len(word) for word in words], dtype=np.intp))
    owner = np.repeat(np.arange(len(words)), rows_per_word)
    sums = np.zeros((len(words), char_rows.shape[1] + 1))
    found = np.zeros(len(ngrams), dtype=np.int32)
    for column in ngrams.T:  # the longest comes last
        at = chars.find(column)
        found = np.where(at, at, found)
    for column in range(char_rows.shape[1]):
        sums[:, column] = np.bincount(owner, char_rows[found, column], minlength=len(words))
    # A number says nothing about the language it stands in.
    sums[:, -1] = [0 if word.isdigit() else len(word) for word in words]
    return _with_zero(sums)


def _with_zero(rows: Floats) -> Floats:
    """Put the row of an unknown term first."""
    return np.vstack([np.zeros((1, rows.shape[1])), rows])
