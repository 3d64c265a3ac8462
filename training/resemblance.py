"""Corpus lines that come too close to headlines which are not ours."""

from collections import defaultdict
from collections.abc import Iterable

from classifier.terms import words
from training.corpus import Corpus, Line

SHARED = 0.7
"""Share of words two headlines may have in common, of all the words they have (Jaccard)."""
_MIN_WORDS = 4


def close_lines(corpus: Corpus, headlines: Iterable[str], shared: float = SHARED) -> list[str]:
    """Return one `file: text` per corpus headline that shares too many words with any of the given headlines.

    Headlines of fewer than four words are formulas that anybody would write.
    """
    index: defaultdict[str, list[frozenset[str]]] = defaultdict(list)
    for headline in headlines:
        if len(bag := frozenset(words(headline))) >= _MIN_WORDS:
            # Two bags that share this much share a word among the longest ones of either.
            for word in _telling(bag, shared):
                index[word].append(bag)
    return [f"{line.source}: too close to a real headline: {line.text}" for line in corpus.of_kind("headline")
            if _is_close(line, index, shared)]  # fmt: skip


def _is_close(line: Line, index: dict[str, list[frozenset[str]]], shared: float) -> bool:
    bag = frozenset(words(line.text))
    if len(bag) < _MIN_WORDS:
        return False
    candidates = (other for word in bag if word in index for other in index[word])
    return any(len(bag & other) >= shared * len(bag | other) for other in candidates)


def _telling(bag: frozenset[str], shared: float) -> list[str]:
    """Return words of which any bag similar to this one must hold at least one: more than may differ."""
    may_differ = int((1 - shared) * len(bag))
    return sorted(bag, key=lambda word: (-len(word), word))[: may_differ + 1]


def groups(texts: list[str], shared: float = 0.5) -> list[int]:
    """Return a group number for each text; texts that share so many words, directly or by way of others, have the same.

    What is held out for judging must not have its twin among what is learned from.
    """
    bags = [frozenset(words(text)) for text in texts]
    group = list(range(len(texts)))

    def root(i: int) -> int:
        while group[i] != i:
            group[i] = group[group[i]]
            i = group[i]
        return i

    index: defaultdict[str, list[int]] = defaultdict(list)
    for i, bag in enumerate(bags):
        for other in {other for word in bag for other in index.get(word, ())}:
            if len(bag & bags[other]) >= shared * len(bag | bags[other]):
                group[root(i)] = root(other)
        for word in _telling(bag, shared):
            index[word].append(i)
    return [root(i) for i in range(len(texts))]
