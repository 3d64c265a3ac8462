"""Headlines that never repeat, to be timed on."""

import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from training import read

UNKNOWN_WORDS = 0.02
"""Share of words made unknown. With the corpus's own rare words that gives about one a headline, as many as the default
model does not know in headlines that its figures were not learned from."""


def headlines(seed: int = 0) -> Iterator[str]:
    """Give new headlines for ever: the beginning of one of the corpus and the end of another in the same language.

    Some words get two letters swapped.
    """
    chosen = random.Random(seed)
    halves: defaultdict[str, tuple[list[list[str]], list[list[str]]]] = defaultdict(lambda: ([], []))
    lines = read.read([read.OWN]).of_kind("headline")
    for line in lines:
        words = line.text.split()
        halves[line.lang][0].append(words[: len(words) // 2])
        halves[line.lang][1].append(words[len(words) // 2 :])
    seen: set[str] = set()
    while True:
        beginnings, ends = halves[chosen.choice(lines).lang]
        words = chosen.choice(beginnings) + chosen.choice(ends)
        headline = " ".join(_misspelt(word, chosen) if chosen.random() < UNKNOWN_WORDS else word for word in words)
        if headline not in seen:
            seen.add(headline)
            yield headline


def from_file(file: Path) -> Iterator[str]:
    """Give the distinct lines of a file, once each."""
    yield from dict.fromkeys(line for line in file.read_text(encoding="utf-8").splitlines() if line.strip())


def _misspelt(word: str, chosen: random.Random) -> str:
    at = chosen.randrange(max(len(word) - 1, 1))
    return word[:at] + word[at : at + 2][::-1] + word[at + 2 :] + chosen.choice("aeiou")
