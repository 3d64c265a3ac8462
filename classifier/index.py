"""A hash table of 64-bit keys in two flat arrays: looked up a batch at a time, and memory-mapped as it is.

Linear probing at a load of at most one half. Where a search starts are the key's top bits, which the keys' own
arithmetic has mixed.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from classifier.keys import Keys

Rows = NDArray[np.int32]


@dataclass(frozen=True)
class Index:
    """Keys and the row of each, of shape (slots,), a power of two; row 0 stands for an empty slot."""

    keys: Keys
    rows: Rows

    @classmethod
    def of(cls, keys: Keys, first_row: int = 1) -> Self:
        """Return the index that finds row `first_row + i` for `keys[i]`.

        Raises:
            ValueError: two keys are the same.
        """
        if len(np.unique(keys)) < len(keys):
            raise ValueError("two terms share a key")
        bits = max(int(2 * len(keys)).bit_length(), 1)
        index = cls(np.zeros(1 << bits, dtype=np.uint64), np.zeros(1 << bits, dtype=np.int32))
        pending, slots = np.arange(len(keys)), index._start(keys)
        while len(pending):
            # Of all that want a slot the first gets it if it is free; the others look at the next.
            wanted, first = np.unique(slots, return_index=True)
            free = index.rows[wanted] == 0
            placed = first[free]
            index.keys[wanted[free]] = keys[pending[placed]]
            index.rows[wanted[free]] = pending[placed] + first_row
            pending, slots = np.delete(pending, placed), np.delete(slots, placed)
            slots = (slots + 1) & (len(index.rows) - 1)
        return index

    def find(self, keys: Keys) -> Rows:
        """Return the row of each key, 0 for one that is not here, of shape (keys,)."""
        slots = self._start(keys)
        found = self.rows[slots]
        missed = np.flatnonzero((self.keys[slots] != keys) & (found != 0))
        found[missed] = 0
        slots = slots[missed]
        while len(missed):
            slots = (slots + 1) & (len(self.rows) - 1)
            rows = self.rows[slots]
            hit = self.keys[slots] == keys[missed]
            found[missed] = np.where(hit, rows, 0)
            going = (rows != 0) & ~hit
            missed, slots = missed[going], slots[going]
        return found

    @property
    def _shift(self) -> int:
        return 64 - (len(self.rows).bit_length() - 1)

    def _start(self, keys: Keys) -> NDArray[np.intp]:
        return (keys >> np.uint64(self._shift)).astype(np.intp)
