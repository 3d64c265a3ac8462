"""How far a few words carry: what corrections would do to headlines that merely hold a rare word of theirs.

A handful of planted corrections with one rare word can turn every headline that holds it, while no figure on held-out
headlines moves, since none of them holds it. So the word is put into headlines of other topics, and how many turn is
counted.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifier import Classifier
from classifier.terms import words
from training.corpus import Corpus
from training.corrections import Correction

RARE = 20
"""A word in fewer lines of the corpus than this is rare: there is little to hold against what is said of it."""

MOST_WORDS = 200
PROBES = 200
PROBE_WORDS = 3
"""Words of a headline that the rare one is put before: short ones are what a single word turns."""


@dataclass(frozen=True)
class Pull:
    """A rare word, the label that corrections gave it, and the share of other headlines that it carries over to it."""

    word: str
    label: str
    corrections: int
    share: float


def pulls(
    before: Classifier, after: Classifier, corpus: Corpus, corrections: Sequence[Correction], seed: int = 0
) -> list[Pull]:
    """Return what each rare word of the corrections does, strongest first; the commonest `MOST_WORDS` are tried."""
    common = Counter(word for line in corpus.lines for word in set(words(line.text)))
    told: Counter[tuple[str, str]] = Counter(
        (word, correction.label) for correction in corrections for word in set(words(correction.headline))
    )
    rare = [(pair, count) for pair, count in told.most_common() if common[pair[0]] < RARE][:MOST_WORDS]
    headlines = [line.text for line in corpus.of_kind("headline")]
    some = np.random.default_rng(seed).permutation(len(headlines))[:PROBES]
    probes = [" ".join(headlines[i].split()[:PROBE_WORDS]) for i in some]
    found = [
        Pull(word, label, count, _share(before, after, [f"{word} {probe}" for probe in probes], label))
        for (word, label), count in rare
    ]
    return sorted(found, key=lambda pull: -pull.share)


def new_words(before: Classifier, corrections: Sequence[Correction]) -> list[str]:
    """Return the words of the corrections that the model does not have, which their letters have to speak for."""
    known = before.weights.rows()[0]
    return sorted({word for c in corrections for word in words(c.headline)} - set(known))


def best(classifier: Classifier, headlines: Sequence[str]) -> list[str]:
    """Return the best topic of each headline, abstaining or not."""
    return [classifier.topics[i] for i in classifier.probabilities(headlines).argmax(axis=1)]


def _share(before: Classifier, after: Classifier, headlines: list[str], label: str) -> float:
    """Return the share of headlines, of those that had another label, that turn to this one."""
    turned = [b == label for a, b in zip(best(before, headlines), best(after, headlines), strict=True) if a != label]
    return float(np.mean(turned)) if turned else 0.0
