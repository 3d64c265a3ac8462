"""Coefficients of a fitted pipeline -> the flat table that the classifier adds up."""

import numpy as np
from numpy.typing import NDArray

from classifier.index import Index
from classifier.keys import Keys, keys, ngram_keys

Floats = NDArray[np.float64]


def flatten(
    words: list[str], word_rows: Floats, ngrams: list[str], ngram_rows: Floats
) -> tuple[list[str], NDArray[np.float32], Index, Index]:
    """Return the terms in the order of the table, the table, and the indexes of its words and n-grams.

    Args:
        words: words and word pairs, in any order.
        word_rows: (words, topics + 2), what each adds.
        ngrams: character n-grams. A prefix of one that is no n-gram itself becomes one that adds nothing.
        ngram_rows: (ngrams, topics + 2)
    """
    width = word_rows.shape[1]
    ngrams, ngram_rows = _with_prefixes(ngrams, ngram_rows)
    finds_ngram = Index.of(keys(ngrams))
    spellings = np.zeros((len(words), width))
    letters = np.zeros(len(words))
    single = np.array([" " not in word for word in words], dtype=bool)
    alone = [word for word in words if " " not in word]
    spellings[single] = _spellings(alone, finds_ngram, ngram_rows)
    # A number says nothing about the language it stands in.
    letters[single] = [0 if word.isdigit() else len(word) for word in alone]
    table = np.zeros((1 + len(words) + len(ngrams), 2 * width + 1), dtype=np.float32)
    table[1 : 1 + len(words)] = np.column_stack([word_rows, spellings, letters])
    table[1 + len(words) :, width:-1] = ngram_rows
    return words + ngrams, table, Index.of(keys(words)), finds_ngram


def _with_prefixes(ngrams: list[str], rows: Floats) -> tuple[list[str], Floats]:
    """Return n-grams and rows that include those of the shorter n-grams each begins with."""
    absent = {ngram[:n] for ngram in ngrams for n in range(2, len(ngram))}.difference(ngrams)
    every = ngrams + sorted(absent)
    row_of = {ngram: row for row, ngram in enumerate(every)}
    table = np.vstack([rows, np.zeros((len(absent), rows.shape[1]))])
    for ngram in sorted(every, key=len):
        if (prefix := row_of.get(ngram[:-1])) is not None:
            table[row_of[ngram]] += table[prefix]
    return every, table


def _spellings(words: list[str], finds_ngram: Index, ngram_rows: Floats) -> Floats:
    letters: Keys = np.array([ord(letter) for word in words for letter in word], dtype=np.uint64)
    ngrams, rows_per_word = ngram_keys(letters, np.array([len(word) for word in words], dtype=np.intp))
    found = finds_ngram.find_last(ngrams)  # the longest comes last
    owner = np.repeat(np.arange(len(words)), rows_per_word)[found > 0]
    at = found[found > 0] - 1
    return np.column_stack([np.bincount(owner, column[at], minlength=len(words)) for column in ngram_rows.T])
