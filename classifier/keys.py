"""Headlines -> words and n-grams as 64-bit keys, a whole batch at once and without a Python loop.

The key of a text is the polynomial `sum over j of c_j * r**(j + 1)` of its code points, modulo 2**64. Being a sum, it
is worked out for all words of a batch by one segmented sum, and for all n-grams by one addition a length. Keys stand
for terms: that no two terms of a model share one is checked when the model is made, and a text outside it meets one of
its keys by chance less than once in 10**12 look-ups.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.terms import CHAR_NGRAM_LENGTHS, FOLDED

Keys = NDArray[np.uint64]
Counts = NDArray[np.intp]

RADIX = 0x9E3779B97F4A7C15  # odd, so that no power of it loses bits; the golden ratio's digits spread them well

SPACE, _END = 32, 10  # every letter is above them
UNSEEN, NOTHING, SEVERAL = 0, 1, 2
_SPACE_KEY = np.uint64(SPACE * RADIX & (1 << 64) - 1)


@dataclass(frozen=True, slots=True)
class Batch:
    """The folded words of some headlines, one after another.

    `letters` holds the code points of all words, `lengths` (words,) how many each has, `keys` (words,) their keys and
    `counts` (headlines,) how many words each headline has.
    """

    letters: Keys
    lengths: Counts
    keys: Keys
    counts: Counts


def keys(texts: list[str]) -> Keys:
    """Return the key of each text, taken as it stands, of shape (texts,)."""
    lengths = np.array([len(text) for text in texts], dtype=np.intp)
    return _keys(_code_points("".join(texts)).astype(np.uint64), lengths)


def read(headlines: list[str]) -> Batch:
    """Return the words of headlines: those of `terms.words`, without making a str of any of them."""
    folded = _fold(headlines)
    is_letter = folded > SPACE
    letters = folded[is_letter].astype(np.uint64)
    edges = np.flatnonzero(np.diff(is_letter, prepend=False, append=False))
    starts, ends = edges[::2], edges[1::2]
    lengths = ends - starts
    before = np.searchsorted(starts, np.flatnonzero(folded == _END))
    return Batch(letters, lengths, _keys(letters, lengths), np.diff(before, prepend=0))


def pair_keys(batch: Batch) -> Keys:
    """Return, for each word, the key of the word pair it begins, of shape (words,); 0 for a headline's last word."""
    pairs = np.zeros(len(batch.keys), dtype=np.uint64)
    if len(pairs):
        powers = _powers(int(batch.lengths.max()) + 1)
        shift = powers[batch.lengths[:-1]]
        pairs[:-1] = batch.keys[:-1] + shift * (_SPACE_KEY + powers[1] * batch.keys[1:])
        last = np.cumsum(batch.counts)[batch.counts > 0] - 1
        pairs[last] = 0
    return pairs


def ngram_keys(letters: Keys, lengths: Counts) -> tuple[Keys, Counts]:
    """Return the keys of the character n-grams of words, and how many rows each word has.

    The keys are of shape (letters + 2 * words, n-gram lengths): a row per character of the words padded with a space on
    either side, a column per length, in rising order. Where the word ends first, the n-gram is what is left of it.
    """
    padded_lengths, longest = lengths + 2, CHAR_NGRAM_LENGTHS[-1]
    ends = np.cumsum(padded_lengths)
    count = int(padded_lengths.sum())
    padded = np.full(count + longest, SPACE, dtype=np.uint64)
    inner = np.ones(count, dtype=bool)
    inner[ends - 1] = inner[ends - padded_lengths] = False
    padded[:count][inner] = letters
    left = np.repeat(ends, padded_lengths) - np.arange(count)  # characters from here to the end of the word
    result = np.empty((count, len(CHAR_NGRAM_LENGTHS)), dtype=np.uint64)
    sums = np.zeros(count, dtype=np.uint64)
    for n, power in enumerate(_powers(longest + 1)[1:], 1):
        sums += padded[n - 1 : n - 1 + count] * (power * (left >= n))
        if n in CHAR_NGRAM_LENGTHS:
            result[:, CHAR_NGRAM_LENGTHS.index(n)] = sums
    return result, padded_lengths


def _powers(count: int) -> Keys:
    """Return the radix to the powers 0 to count - 1, modulo 2**64."""
    factors = np.full(count, RADIX, dtype=np.uint64)
    factors[:1] = 1
    return np.multiply.accumulate(factors)


def _keys(letters: Keys, lengths: Counts) -> Keys:
    result = np.zeros(len(lengths), dtype=np.uint64)
    full = lengths > 0
    if full.any():
        ends = np.cumsum(lengths)
        position = np.arange(len(letters)) - np.repeat(ends - lengths, lengths)
        scaled = letters * _powers(int(lengths.max()) + 1)[position + 1]
        result[full] = np.add.reduceat(scaled, (ends - lengths)[full])
    return result


def _code_points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


# Code point -> folded code point, or one of the three marks above. Zeroed memory costs nothing until it is touched.
FOLDED_CODES = np.zeros(0x110000, dtype=np.uint32)


def _fold(headlines: list[str]) -> NDArray[np.uint32]:
    """Return folded code points, spaces between words, an end after each headline."""
    codes = _code_points("\n".join([*headlines, ""]))
    folded = FOLDED_CODES[codes]
    if not folded.all():
        for unseen in np.unique(codes[folded == UNSEEN]).tolist():
            FOLDED_CODES[unseen] = fold_code(unseen)
        folded = FOLDED_CODES[codes]
    if (folded == SEVERAL).any():
        # Rare (ligatures, fractions): folded as text first. Folding twice is folding once, so the rest is unchanged.
        return _fold([headline.translate(FOLDED) for headline in headlines])
    ends = np.cumsum([len(headline) + 1 for headline in headlines], dtype=np.intp) - 1
    folded[ends] = _END
    return folded[folded != NOTHING] if (folded == NOTHING).any() else folded


def fold_code(code: int) -> int:
    """Return what a code point folds to: another one, a space, or one of the marks above."""
    folded = FOLDED[code]
    if not folded:
        return NOTHING
    if folded.isspace():
        return SPACE
    return ord(folded) if len(folded) == 1 else SEVERAL
