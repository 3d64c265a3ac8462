"""Seeds -> endless inputs like them but wrong: cut, spliced, repeated, with the pieces that break text programs."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

_TEXTS = (
    *"\u0301\u20e3\u0640\u200d\u200e\u202e\u2066\ufeff\x00\x1b\x7f\x85\u2028\u00a0\u202f\u3000\u00ad",
    *"•|·¤\t\n\r\v\x1c-–—«»“”\"'()[]{},:;.!…%_/\\ ",
    *("\ufb03", "½", "ﷺ", "İ", "ß", "ς", "𝐀", "🇲🇦", "👩\u200d👩\u200d👧", "٢٠٢٦", "é", "لا", "\u1e9b\u0323"),
    *("\ud800", "\udfff", "\u0301" * 40, "\u00a0" * 4, "   ", " - ", " — ", " | ", " • ", "\r\n", "1. ", " +++ "),
    *("0", "-1", "1e999", "9" * 40, "2.0", "1e-400", "-0", "NaN", "null", "true", "[]", "{}", '""'),
    *("\\ud800", "\\u0000", "\\", '"headlines":', '"topics":', '"threshold":', '"top_k":', '"explain":'),
    *('"lang":', '"partial":', "sport", "weather", "[" * 12, "]" * 12, '{"a":' * 12, "headline", "headline,label"),
)  # fmt: skip
_NO_TEXTS = (b"\xff", b"\xc0\x80", b"\xe2\x80", b"\xf4\x90\x80\x80")
TOKENS = (*(text.encode("utf-8", "surrogatepass") for text in _TEXTS), *_NO_TEXTS)
"""Marks, joiners, directions, digits of other scripts, halves of characters, JSON's corners, and what is no UTF-8."""

LONGEST = 240
"""Bytes that an input has at most, but for one in `_RARE`, which has a piece repeated thousands of times."""

_RARE = 4000
_LONG = (1000, 10_000, 60_000, 200_000)

Change = Callable[["Mutator", bytes], bytes]


class Mutator:
    """Gives inputs one after another; the same seed gives the same ones.

    Args:
        seeds: what good inputs look like.
        random: what decides.
    """

    def __init__(self, seeds: Sequence[bytes], random: Random) -> None:
        self.pool = list(seeds)
        self._random = random.random

    def __iter__(self) -> Iterator[bytes]:
        pool, kept = self.pool, len(self.pool)
        pool += pool * (200 // kept)
        while True:
            data = self.pick(pool)
            for _ in range(1 + self.below(4)):
                data = self.pick(_CHANGES)(self, data)
            if self.below(_RARE) == 0:
                yield self.blown_up(data)
            data = data[:LONGEST]
            # A third of the pool stays what it was, the rest drifts.
            if self.below(20) == 0:
                pool[kept + self.below(len(pool) - kept)] = data
            yield data

    def below(self, n: int) -> int:
        """Return a whole number from 0 to n - 1."""
        return int(self._random() * n)

    def pick(self, several: Sequence[T]) -> T:
        """Return one of several."""
        return several[int(self._random() * len(several))]

    def cut(self, data: bytes) -> tuple[int, int]:
        """Return where a random piece of up to 30 bytes begins and ends."""
        at = self.below(len(data) + 1)
        return at, min(at + 1 + self.below(30), len(data))

    def blown_up(self, data: bytes) -> bytes:
        """Repeat a short piece until the input is long: what is slower than linear shows itself there."""
        at, end = self.cut(data)
        piece = data[at:end] or b" "
        return data[:at] + piece * (self.pick(_LONG) // len(piece)) + data[end:]


def _insert(mutator: Mutator, data: bytes) -> bytes:
    at = mutator.below(len(data) + 1)
    return data[:at] + mutator.pick(TOKENS) + data[at:]


def _replace(mutator: Mutator, data: bytes) -> bytes:
    at, end = mutator.cut(data)
    return data[:at] + mutator.pick(TOKENS) + data[end:]


def _delete(mutator: Mutator, data: bytes) -> bytes:
    at, end = mutator.cut(data)
    return data[:at] + data[end:]


def _repeat(mutator: Mutator, data: bytes) -> bytes:
    at, end = mutator.cut(data)
    return data[:at] + data[at:end] * (2 + mutator.below(6)) + data[end:]


def _splice(mutator: Mutator, data: bytes) -> bytes:
    other = mutator.pick(mutator.pool)
    return data[: mutator.below(len(data) + 1)] + other[mutator.below(len(other) + 1) :]


def _flip(mutator: Mutator, data: bytes) -> bytes:
    if not data:
        return b"a"
    at = mutator.below(len(data))
    return data[:at] + bytes([data[at] ^ 1 << mutator.below(8)]) + data[at + 1 :]


def _letter(mutator: Mutator, data: bytes) -> bytes:
    # Any character there is, halves included.
    at = mutator.below(len(data) + 1)
    limit = mutator.pick((0x100, 0x800, 0x3000, 0x10000, 0x110000))
    return data[:at] + chr(mutator.below(limit)).encode("utf-8", "surrogatepass") + data[at:]


_CHANGES: tuple[Change, ...] = (_insert, _insert, _replace, _delete, _repeat, _splice, _flip, _letter)
