# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""Headlines -> sums of rows, compiled: what `sums.py` does in Python and NumPy, character by character.

Optional: built with the package where there is a C compiler, done without elsewhere. Same folding (the table of
`keys.py`), same keys, same rows, so the same results; the tests hold one against the other. It reads memory-mapped
arrays as they are, and keeps nothing between calls.
"""

from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc

import numpy as np

from classifier import keys
from classifier.terms import CHAR_NGRAM_LENGTHS

# As numbers of C, which is what makes them fast.
cdef uint64_t RADIX = keys.RADIX, SPACE = keys.SPACE
cdef uint32_t UNSEEN = keys.UNSEEN, NOTHING = keys.NOTHING, SEVERAL = keys.SEVERAL
cdef Py_ssize_t LONGEST = CHAR_NGRAM_LENGTHS[-1]


cdef struct Table:
    # An index of keys and the position of its first key's row, see `index.py`.
    const uint64_t* keys
    const int32_t* slots
    uint64_t mask
    int shift
    Py_ssize_t first


cdef struct Word:
    Py_ssize_t start  # where it begins in the padded text, the space before it included
    Py_ssize_t length
    uint64_t key
    uint64_t power  # the radix to its length
    uint64_t pair  # the key of the pair it ends
    Py_ssize_t row


cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define prefetch(address) __builtin_prefetch(address)
    #else
    #define prefetch(address) ((void)0)
    #endif
    """
    void prefetch(const void* address) noexcept nogil


cdef inline void seek(const Table* table, uint64_t key) noexcept nogil:
    """Ask for the memory where the search for a key begins."""
    prefetch(&table.slots[key >> table.shift])


cdef inline Py_ssize_t find(const Table* table, uint64_t key) noexcept nogil:
    """Return the row of a key, 0 for one that is not there."""
    cdef uint64_t slot = key >> table.shift
    cdef int32_t found = table.slots[slot]
    while found and table.keys[found - 1] != key:
        slot = (slot + 1) & table.mask
        found = table.slots[slot]
    return found + table.first if found else 0


cdef Table table_of(const uint64_t[::1] keys, const int32_t[::1] slots, Py_ssize_t first):
    cdef Table table
    table.keys = &keys[0] if keys.shape[0] else NULL
    table.slots = &slots[0]
    table.mask = <uint64_t>slots.shape[0] - 1
    table.shift = 65 - (<object>slots.shape[0]).bit_length()
    table.first = first
    return table


cdef class Kernel:
    """The tables of one model, looked up by compiled code.

    Args:
        folded: code point -> folded code point or one of the marks of `keys.py`; filled on first sight.
        fold_code: works out what `folded` does not know yet.
        translation: what `str.translate` folds a text with that has a character of several.
        word_keys, word_slots, ngram_keys, ngram_slots, table: those of `Weights`.
    """

    cdef uint32_t[::1] folded
    cdef object fold_code, translation, arrays
    cdef const float[:, ::1] rows
    cdef Table words, ngrams

    def __init__(self, folded, fold_code, translation, word_keys, word_slots, ngram_keys, ngram_slots, table):
        self.folded, self.fold_code, self.translation = folded, fold_code, translation
        self.arrays = (word_keys, word_slots, ngram_keys, ngram_slots)  # kept, since they are read by address
        self.rows = table
        self.words = table_of(word_keys, word_slots, 0)
        self.ngrams = table_of(ngram_keys, ngram_slots, len(word_keys))

    def sums(self, list headlines):
        """Return the sums (headlines, numbers) and how many letters the words of each have (headlines,)."""
        cdef Py_ssize_t i, count = len(headlines), longest = 0
        result, letters = np.zeros((count, self.rows.shape[1])), np.zeros(count, dtype=np.intp)
        if not count:
            return result, letters
        cdef double[:, ::1] sums = result
        cdef Py_ssize_t[::1] counted = letters
        texts = [self.simple(headline) for headline in headlines]
        for i in range(count):
            longest = max(longest, len(<str>texts[i]))
        # At most every second character ends a word; a padded text begins and ends with a space.
        cdef uint64_t* padded = <uint64_t*>malloc((longest + 2) * sizeof(uint64_t))
        cdef Word* words = <Word*>malloc((longest // 2 + 1) * sizeof(Word))
        try:
            if not padded or not words:
                raise MemoryError
            for i in range(count):
                counted[i] = self.add_up(padded, words, self.read(texts[i], padded, words), &sums[i, 0])
        finally:
            free(padded)
            free(words)
        return result, letters

    cdef str simple(self, str text):
        """Return the text, folded already where a character folds to several; fold what was never seen."""
        cdef Py_UCS4 character
        cdef uint32_t code
        for character in text:
            code = self.folded[character]
            if code == UNSEEN:
                code = self.folded[character] = self.fold_code(<int>character)
            if code == SEVERAL:
                return self.simple(text.translate(self.translation))
        return text

    cdef Py_ssize_t read(self, str text, uint64_t* padded, Word* words):
        """Write the folded words with a space around each, and what each of them is; return how many there are."""
        cdef Py_UCS4 character
        cdef uint64_t code, key = 0, power = 1
        cdef Py_ssize_t count = 0, end = 1
        padded[0] = SPACE
        words[0].start = 0
        for character in text:
            code = self.folded[character]
            if code > SPACE:
                power *= RADIX
                key += code * power
                padded[end] = code
                end += 1
            elif code != NOTHING and power != 1:
                count = self.end_word(padded, words, count, end, key, power)
                words[count].start = end
                end += 1
                key, power = 0, 1
        return self.end_word(padded, words, count, end, key, power) if power != 1 else count

    cdef Py_ssize_t end_word(
        self, uint64_t* padded, Word* words, Py_ssize_t count, Py_ssize_t end, uint64_t key, uint64_t power
    ) noexcept nogil:
        cdef Word* word = &words[count]
        padded[end] = SPACE
        word.length, word.key, word.power = end - 1 - word.start, key, power
        seek(&self.words, key)
        if count:
            word.pair = words[count - 1].key + words[count - 1].power * RADIX * (SPACE + key)
            seek(&self.words, word.pair)
        return count + 1

    cdef Py_ssize_t add_up(self, const uint64_t* padded, Word* words, Py_ssize_t count, double* sums) noexcept nogil:
        """Add the rows of a headline's terms; return how many letters its words have."""
        cdef Py_ssize_t i, letters = 0
        # What memory is asked for early arrives while other words are looked up: half of all the time is waiting.
        for i in range(count):
            self.ask(words[i].key)
            if i:
                self.ask(words[i].pair)
        for i in range(count):
            letters += words[i].length
            words[i].row = find(&self.words, words[i].key)
            if words[i].row:
                self.add(words[i].row, sums)
            else:
                self.seek_ngrams(padded + words[i].start, words[i].length + 2)
            if i:
                self.add(find(&self.words, words[i].pair), sums)
        for i in range(count):
            if not words[i].row:
                self.add_ngrams(padded + words[i].start, words[i].length + 2, sums)
        return letters

    cdef inline void ask(self, uint64_t key) noexcept nogil:
        """Ask for the memory that the first look at a key will read next."""
        cdef int32_t found = self.words.slots[key >> self.words.shift]
        if found:
            prefetch(&self.words.keys[found - 1])
            prefetch(&self.rows[found, 0])
            prefetch(&self.rows[found, self.rows.shape[1] - 1])

    cdef void seek_ngrams(self, const uint64_t* padded, Py_ssize_t length) noexcept nogil:
        cdef Py_ssize_t start, end
        cdef uint64_t key, power
        for start in range(length - 1):
            power = RADIX
            key = padded[start] * power
            for end in range(start + 1, min(start + LONGEST, length)):
                power *= RADIX
                key += padded[end] * power
                seek(&self.ngrams, key)

    cdef void add_ngrams(self, const uint64_t* padded, Py_ssize_t length, double* sums) noexcept nogil:
        """Add, for each place of a padded word, the row of the longest n-gram that begins there."""
        cdef Py_ssize_t start, end, row, longest
        cdef uint64_t key, power
        for start in range(length - 1):
            power, longest = RADIX, 0
            key = padded[start] * power
            for end in range(start + 1, min(start + LONGEST, length)):
                power *= RADIX
                key += padded[end] * power
                row = find(&self.ngrams, key)
                if not row:
                    break  # what an n-gram begins with is a term too
                longest = row
            self.add(longest, sums)

    cdef inline void add(self, Py_ssize_t row, double* sums) noexcept nogil:
        cdef Py_ssize_t column
        if row:
            for column in range(self.rows.shape[1]):
                sums[column] += self.rows[row, column]
