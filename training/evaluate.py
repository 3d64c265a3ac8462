"""Figures: how right, how sure and how silent a model is on labelled headlines it was not trained on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from classifier.errors import InputError
from classifier.topics import LANGUAGES
from training import archive
from training.calibrate import expected_calibration_error
from training.corpus import Corpus

Floats = NDArray[np.float64]
Predict = Callable[[list[str]], Floats]
"""Headlines -> probabilities (headlines, topics)."""


@dataclass(frozen=True, slots=True)
class Item:
    """A labelled headline to be judged on. `alt` is a second label that is right too, or ""."""

    headline: str
    label: str
    alt: str
    set: str
    lang: str


@dataclass(frozen=True)
class Scores:
    """What `score` found for one group of headlines."""

    count: int
    accuracy: float
    macro_f1: float
    """Mean F1 over all topics, a topic that does not occur counting 0 unless it was never predicted either."""
    ece: float
    """Expected calibration error of the confidence."""
    coverage: float
    """Share of headlines that get a label at the model's threshold."""
    covered_accuracy: float
    """Accuracy among those."""


def read_items(paths: Sequence[Path], topics: Sequence[str]) -> list[Item]:
    """Read .tsv (no quoting) or .csv files with the columns `headline`, `label` and, where given, `alt`, `set`, `lang`.

    Raises:
        InputError: a file cannot be read, lacks a column or holds a label the model does not know.
    """
    items = []
    for path in paths:
        for number, row in archive.rows(path, ("headline", "label")):
            label, alt = row["label"], row.get("alt") or ""
            if label not in topics or (alt and alt not in topics):
                raise InputError(f"{path}:{number}: unknown topic '{label}' or '{alt}'")
            items.append(Item(row["headline"], label, alt, row.get("set") or path.stem, row.get("lang") or ""))
    if not items:
        raise InputError("there is nothing to evaluate on: name labelled headlines with EVAL=path")
    return items


def truth_of(items: Sequence[Item], predicted: Sequence[str]) -> list[str]:
    """Return the label each prediction is held against: a prediction equal to `alt` counts as right."""
    return [item.alt if item.alt == guess else item.label for item, guess in zip(items, predicted, strict=True)]


def score(
    items: Sequence[Item], probabilities: Floats, topics: Sequence[str], threshold: float, familiar: NDArray[np.bool_]
) -> Scores:
    """Return the figures for one group of headlines; `familiar` (n,) is False where the model knows too few words."""
    best = [topics[i] for i in probabilities.argmax(axis=1)]
    truth = truth_of(items, best)
    right = np.array([a == b for a, b in zip(truth, best, strict=True)])
    confidence = probabilities.max(axis=1)
    f1 = precision_recall_fscore_support(truth, best, labels=list(topics), average="macro", zero_division=0)[2]
    covered = (confidence >= threshold) & familiar
    return Scores(
        count=len(items),
        accuracy=float(right.mean()),
        macro_f1=float(f1),
        ece=expected_calibration_error(confidence, right),
        coverage=float(covered.mean()),
        covered_accuracy=float(right[covered].mean()) if covered.any() else float("nan"),
    )


def groups(items: Sequence[Item]) -> dict[str, NDArray[np.intp]]:
    """Return the indices of each set, and of each language of a set that has more than one."""
    found: dict[str, list[int]] = {}
    for i, item in enumerate(items):
        found.setdefault(item.set, []).append(i)
        if item.lang in LANGUAGES:
            found.setdefault(f"{item.set} {item.lang}", []).append(i)
    order = {lang: i for i, lang in enumerate(LANGUAGES)}
    names = sorted(found, key=lambda n: (list(found).index(n.split(" ")[0]), order.get(n.rpartition(" ")[2], -1)))
    return {name: np.array(found[name]) for name in names}


def per_topic(items: Sequence[Item], probabilities: Floats, topics: Sequence[str]) -> list[dict[str, float | str]]:
    """Return precision, recall, F1 and support per topic."""
    best = [topics[i] for i in probabilities.argmax(axis=1)]
    columns = precision_recall_fscore_support(truth_of(items, best), best, labels=list(topics), zero_division=0)
    return [
        {"topic": topic, "precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
        for topic, p, r, f, s in zip(topics, *columns, strict=True)
    ]


def confusion(items: Sequence[Item], probabilities: Floats, topics: Sequence[str]) -> NDArray[np.intp]:
    """Return counts (true topic, predicted topic)."""
    best = [topics[i] for i in probabilities.argmax(axis=1)]
    return np.asarray(confusion_matrix(truth_of(items, best), best, labels=list(topics)))


def risk_coverage(right: NDArray[np.bool_], confidence: Floats) -> tuple[Floats, Floats]:
    """Return coverage and accuracy when the least confident answers are withheld one by one."""
    order = np.argsort(-confidence, kind="stable")
    given = np.arange(1, len(order) + 1)
    return given / len(order), np.cumsum(right[order]) / given


def count_table(corpus: Corpus) -> str:
    """Return the corpus counted per topic and language, as a table to print."""
    counts = corpus.counts()
    topics = corpus.topics
    languages = sorted({lang for _, _, lang in counts})
    rows = [f"{'':<10} {'':<10}" + "".join(f"{lang or '-':>8}" for lang in languages) + f"{'all':>8}"]
    for kind in ("headline", "term"):
        for topic in topics:
            numbers = [counts[(kind, topic, lang)] for lang in languages]
            rows.append(f"{kind + 's':<10} {topic:<10}" + "".join(f"{n:>8}" for n in [*numbers, sum(numbers)]))
        total = [sum(counts[(kind, topic, lang)] for topic in topics) for lang in languages]
        rows.append(f"{kind + 's':<10} {'all':<10}" + "".join(f"{n:>8}" for n in [*total, sum(total)]))
    rows.append(f"{len(corpus.neutral)} neutral terms, {len(corpus.patterns)} patterns, {corpus.fingerprint()[:12]}")
    return "\n".join(rows)
