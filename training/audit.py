"""Labels of the corpus that a model which has not seen them contradicts: for a person to decide.

Confident learning (Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", 2021):
a label is in doubt when the held-out probability of another topic reaches what that topic's own headlines have on
average. Here it is a few lines on top of the project's own cross-validation, so no library is needed for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from training import lexicon
from training.corpus import Corpus, Line
from training.fit import Recipe, fit_base
from training.resemblance import groups
from training.softmax import softmax

FOLDS = 5


@dataclass(frozen=True)
class Doubt:
    """A headline whose label is in doubt, where it stands, and what the model says instead, with which probability."""

    line: Line
    suggested: str
    probability: float
    own: float
    """Probability of the label that it has."""

    def __str__(self) -> str:
        return f"{self.line.source}\t{self.line.topic}\t{self.suggested}\t{self.probability:.2f}\t{self.line.text}"


def doubts(corpus: Corpus, recipe: Recipe, tell: Callable[[str], None] = lambda _: None) -> list[Doubt]:
    """Return the headlines whose label is in doubt, the most doubtful first.

    Headlines are held out fold by fold, those that share most of their words together; terms stay in training.
    """
    headlines = corpus.of_kind("headline")
    topics = corpus.topics
    labels = np.array([topics.index(line.topic) for line in headlines])
    layers = [layer for folder in corpus.lexicons for layer in lexicon.read_folder(folder)]
    held = np.zeros((len(headlines), len(topics)))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=recipe.seed)
    for number, (_, test) in enumerate(folds.split(headlines, labels, groups([x.text for x in headlines])), 1):
        tell(f"fold {number} of {FOLDS}")
        out = {id(headlines[i]) for i in test}
        rest = replace(corpus, lines=[line for line in corpus.lines if id(line) not in out])
        base = fit_base(rest, layers, recipe)
        for layer in layers:
            base.add(layer)
        held[test] = softmax(base.scores(base.features.transform([headlines[i].text for i in test])))
    typical = np.array([held[labels == k, k].mean() for k in range(len(topics))])
    reached = np.where(held >= typical, held, 0.0)
    reached[np.arange(len(labels)), labels] = 0.0
    other = reached.argmax(axis=1)
    found = [
        Doubt(headlines[i], topics[other[i]], float(reached[i, other[i]]), float(held[i, labels[i]]))
        for i in np.flatnonzero(reached.max(axis=1) > 0)
    ]
    return sorted(found, key=lambda doubt: doubt.own - doubt.probability)
