"""A hash table of 64-bit keys in two flat arrays: looked up a batch at a time, and memory-mapped as it is.

Linear probing at a load of at most a quarter, so that a key that is not there mostly meets an empty slot at once. Where
a search starts are the key's top bits, which the keys' own arithmetic has mixed.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from classifier.keys import Keys


@dataclass(frozen=True)
class Index:
    """Finds the position of a key among `keys` (terms,), by way of `slots`, whose number is a power of two.

    A slot holds 1 + the position of a key, or 0.
    """

    keys: Keys
    slots: NDArray[np.int32]

    @classmethod
    def of(cls, keys: Keys) -> Self:
        """Return the index of these keys.

        Raises:
            ValueError: two keys are the same.
        """
        if len(np.unique(keys)) < len(keys):
            raise ValueError("two terms share a key")
        index = cls(keys, np.zeros(1 << max((4 * len(keys) - 1).bit_length(), 1), dtype=np.int32))
        pending, wanted = np.arange(len(keys)), index._start(keys)
        while len(pending):
            # Of all that want a slot the first gets it if it is free; the others look at the next.
            distinct, first = np.unique(wanted, return_index=True)
            free = index.slots[distinct] == 0
            placed = first[free]
            index.slots[distinct[free]] = pending[placed] + 1
            pending, wanted = np.delete(pending, placed), np.delete(wanted, placed)
            wanted = (wanted + 1) & (len(index.slots) - 1)
        return index

    def find(self, keys: Keys) -> NDArray[np.int32]:
        """Return 1 + the position of each key, 0 for one that is not here, of the shape of `keys`."""
        keys_flat = keys.ravel()
        at = self._start(keys_flat)
        found = self.slots.take(at)
        [looking] = found.nonzero()
        wrong = self.keys.take(found[looking] - 1) != keys_flat[looking]
        looking = looking[wrong]
        while len(looking):
            slots = (at[looking] + 1) & (len(self.slots) - 1)
            positions = self.slots.take(slots)
            at[looking], found[looking] = slots, positions
            # An empty slot's position wraps to the last key, which is as good as any: 0 stays 0.
            wrong = (self.keys.take(positions - 1) != keys_flat[looking]) & (positions != 0)
            looking = looking[wrong]
        return found.reshape(keys.shape)

    def find_last(self, keys: Keys) -> NDArray[np.int32]:
        """Return, for each row of keys (n, m), what `find` says of the last of them that is here, of shape (n,)."""
        found = self.find(keys)
        last = found[:, 0]
        for column in found.T[1:]:
            last = np.where(column, column, last)
        return last

    @property
    def _shift(self) -> int:
        return 64 - (len(self.slots).bit_length() - 1)

    def _start(self, keys: Keys) -> NDArray[np.intp]:
        return (keys >> np.uint64(self._shift)).astype(np.intp)
