"""An archive of headlines -> a lexicon: what the words of real headlines say about their topic.

The corpus is fitted first. Its scores are the offset of a second regression, over the words, word pairs and character
n-grams of the archive, whose targets are labels (as far as they are believed) and a teacher's probabilities. So a
lexicon holds just what the corpus did not know, and the sum of both is again one linear model.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from classifier.errors import InputError
from classifier.terms import word_bigrams, words
from training import calibrate, softmax, teacher
from training.archive import ArchiveLine
from training.corpus import Corpus
from training.features import columns
from training.fit import Base, Recipe, Tell, fit_base
from training.lexicon import NGRAM, Lexicon

Floats = NDArray[np.float64]

_UNLABELLED = 0.5
"""How much a headline that only the teacher labelled weighs beside one whose label is believed entirely."""

WITHHELD = "withheld.txt"
"""Beside the lexicons: digests of terms never to be learned, names of private persons foremost."""


@dataclass(frozen=True)
class LearnRecipe:
    """What learning a lexicon is free to choose."""

    min_headlines: int = 3
    min_origins: int = 2
    min_ngram_headlines: int = 25
    """How many headlines a character n-gram must be in; the corpus must have it too."""
    c: float = 4.0
    balance: float = 0.6
    """From 0, every headline of the archive weighs the same, to 1, every topic does within its language."""
    rehearsal: float = 0.1
    """How much the corpus's own headlines and terms weigh, all together, beside the archive."""
    max_iter: int = 120
    folds: int = 5
    unfamiliar: float = 0.01


@dataclass
class Learned:
    """A lexicon, how its targets came about, and how well it does on outlets it has not seen."""

    lexicon: Lexicon
    teacher: str
    accuracy: float
    macro_f1: float
    lines: int
    origins: int


def learn(
    corpus: Corpus, below: list[Lexicon], lines: list[ArchiveLine], withheld: frozenset[str] = frozenset(),
    recipe: LearnRecipe | None = None, base_recipe: Recipe | None = None, judge: Sequence[ArchiveLine] = (),
    tell: Tell = lambda _: None,
) -> Learned:  # fmt: skip
    """Learn a layer on top of a corpus and of the layers below.

    Args:
        judge: labelled headlines that are not learned from, to calibrate on; the archive's own labels, outlet by outlet
            held out in turn, are used when there are none.

    Raises:
        InputError: no term of the archive occurs in enough headlines.
    """
    recipe = recipe or LearnRecipe()
    tell("choosing terms")
    documents = frequent_terms(lines, recipe, withheld)
    if not documents:
        raise InputError(f"no term occurs in {recipe.min_headlines} headlines of {recipe.min_origins} outlets or days")
    topics = corpus.topics
    layer = _empty(topics, len(lines), documents)
    base = fit_base(corpus, [*below, layer], base_recipe or Recipe(), tell)
    for other in below:
        base.add(other)
    tell("asking the teacher")
    matrix = base.features.transform([line.headline for line in lines])
    offset = base.scores(matrix)
    targets, name = _targets(corpus, lines, offset)
    documents |= _frequent_ngrams(matrix, base, lines, recipe)
    layer = _empty(topics, len(lines), documents)
    at = columns(base.features, layer.terms)
    learned = matrix[:, at].tocsr()
    weight = _balance(targets, [line.lang for line in lines], recipe.balance)
    belief = np.array([line.trust if line.label else _UNLABELLED for line in lines])
    weight *= belief / belief.mean()
    rehearsed = _rehearsed(corpus, base, at, Counter(line.lang for line in lines), recipe.rehearsal)
    tell("cross-validating by outlet")
    figures, accuracy, f1 = _cross_validate(learned, targets, offset, weight, rehearsed, lines, topics, recipe)
    if base.familiar is not None:
        # At most so many of the archive's own headlines shall be taken for another language.
        figures["familiarity"] = float(np.quantile(base.familiarity(matrix), recipe.unfamiliar))
    tell("fitting the lexicon")
    weights, intercept = _fit(_Lines(learned, targets, offset, weight), rehearsed, recipe)
    if judge:
        unseen = base.features.transform([line.headline for line in judge])
        scores = base.scores(unseen) + unseen[:, at] @ weights + intercept
        figures |= calibrate.figures(scores, _right(judge, scores, topics))
    lexicon = replace(layer, weights=weights, intercept=intercept, figures=figures)
    return Learned(lexicon, name, accuracy, f1, len(lines), len({line.origin for line in lines}))


class _Lines(NamedTuple):
    """What is fitted: columns (n, terms), targets and offset (n, topics), weight (n,)."""

    columns: csr_matrix
    targets: Floats
    offset: Floats
    weight: Floats


def _fit(lines: _Lines, rehearsed: _Lines, recipe: LearnRecipe) -> tuple[Floats, Floats]:
    columns, targets, offset, weight = (
        vstack([lines.columns, rehearsed.columns], format="csr"),
        *(np.concatenate(pair) for pair in zip(lines[1:], rehearsed[1:], strict=True)),
    )
    return softmax.fit(columns, targets, weight=weight, offset=offset, c=recipe.c, max_iter=recipe.max_iter)


def _rehearsed(corpus: Corpus, base: Base, at: NDArray[np.intp], lines: Counter[str], share: float) -> _Lines:
    """Return the corpus's own headlines and terms, so that what it knows is not unlearned where an archive is silent.

    A word that an archive has in long headlines alone, beside others that say more, must still do by itself. Called
    rehearsal where networks learn one task after another (Robins 1995).

    Args:
        lines: how many headlines the archive has in which language; those of the corpus weigh in proportion.
        share: what all together weigh beside the archive.
    """
    own = [*corpus.of_kind("headline"), *corpus.of_kind("term")]
    matrix = base.features.transform([line.text for line in own])
    topics = corpus.topics
    targets = np.array([[float(line.topic == topic) for topic in topics] for line in own])
    size = Counter(line.lang for line in own)
    told = {lang: lines[lang] / count for lang, count in size.items()}
    weight = np.array([told[line.lang] if any(told.values()) else 1.0 for line in own])
    return _Lines(matrix[:, at].tocsr(), targets, base.scores(matrix), weight * share * lines.total() / weight.sum())


def _empty(topics: list[str], headlines: int, documents: dict[str, int]) -> Lexicon:
    zero = np.zeros((len(documents), len(topics)))
    counts = np.array(list(documents.values()), dtype=np.float64)
    return Lexicon(topics, headlines, list(documents), counts, zero, np.zeros(len(topics)))


def _frequent_ngrams(matrix: csr_matrix, base: Base, lines: list[ArchiveLine], recipe: LearnRecipe) -> dict[str, int]:
    """Return the character n-grams of the corpus found in enough headlines of enough outlets, marked, with counts."""
    n_words = len(base.features["words"]["count"].vocabulary_)
    present = (matrix[:, n_words:] > 0).astype(np.float64)
    documents = np.asarray(present.sum(axis=0)).ravel()
    numbers = {origin: i for i, origin in enumerate(dict.fromkeys(line.origin for line in lines))}
    owner = csr_matrix((np.ones(len(lines)), ([numbers[line.origin] for line in lines], range(len(lines)))))
    spread = np.asarray(((owner @ present) > 0).sum(axis=0)).ravel()
    least, origins = _floors(lines, recipe.min_ngram_headlines, recipe)
    enough = (documents >= least) & (spread >= origins)
    names = base.features["chars"]["count"].get_feature_names_out()
    return {NGRAM + names[i]: int(documents[i]) for i in np.flatnonzero(enough)}


def frequent_terms(lines: list[ArchiveLine], recipe: LearnRecipe, withheld: frozenset[str]) -> dict[str, int]:
    """Return the words and word pairs found in enough headlines of enough outlets or days, with their headline counts.

    Where the archive tells neither outlet nor day, a term must be in twice as many headlines instead.
    """
    count: Counter[str] = Counter()
    origins: defaultdict[str, set[str]] = defaultdict(set)
    for line in lines:
        found = words(line.headline)
        for term in {*found, *word_bigrams(found)}:
            count[term] += 1
            origins[term].add(line.origin)
    least, spread = _floors(lines, recipe.min_headlines, recipe)
    return {
        term: n
        for term, n in sorted(count.items())
        if n >= least and len(origins[term]) >= spread and digest(term) not in withheld
    }


def _floors(lines: list[ArchiveLine], headlines: int, recipe: LearnRecipe) -> tuple[int, int]:
    """Return in how many headlines, of how many origins, a term must be: twice as many where no origin is told."""
    told = any(line.origin for line in lines)
    return (headlines, recipe.min_origins) if told else (2 * headlines, 1)


def digest(term: str) -> str:
    """Return what stands for a term in the withheld list, which must not spell out the names it protects."""
    return hashlib.sha256(f"headline term: {term}".encode()).hexdigest()[:16]


def read_withheld(folder: Path) -> frozenset[str]:
    """Return the digests of a lexicon folder's withheld list, none when there is no such file."""
    file = folder / WITHHELD
    return frozenset(file.read_text(encoding="utf-8").split()) if file.exists() else frozenset()


def _targets(corpus: Corpus, lines: list[ArchiveLine], offset: Floats) -> tuple[Floats, str]:
    """Return (lines, topics) targets and the teacher's name."""
    topics = corpus.topics
    encoder = teacher.find_encoder()
    if encoder is None:
        taught, name = softmax.softmax(offset), "none installed: the corpus model taught itself"
    else:
        vectors = teacher.embed(encoder, [line.headline for line in lines])
        own = corpus.of_kind("headline")
        own_vectors = teacher.embed(encoder, [line.text for line in own])
        known = [i for i, line in enumerate(lines) if line.label]
        labels = [line.label for line in lines if line.label]
        predict = teacher.fit(own_vectors, [line.topic for line in own], vectors[known], labels, topics)
        taught, name = predict(vectors), encoder.name
    targets = np.array(taught, dtype=np.float64)
    for i, line in enumerate(lines):
        if line.label:
            targets[i] *= 1 - line.trust
            for label in (line.label, line.alt or line.label):
                targets[i, topics.index(label)] += line.trust / 2
    return targets, name


def _balance(targets: Floats, langs: list[str], power: float) -> Floats:
    """Return weights (lines,) that bring the topics of a language closer to weighing the same; their mean is 1.

    An archive whose Spanish is a sports paper must not teach that Spanish is sport.
    """
    weight = np.ones(len(langs))
    lang_of = np.array(langs)
    for lang in set(langs):
        here = lang_of == lang
        mass = np.maximum(targets[here].sum(axis=0), 1.0)
        raw = targets[here] @ (mass.mean() / mass) ** power
        weight[here] = raw / raw.mean()
    return weight


def _cross_validate(
    columns: csr_matrix, targets: Floats, offset: Floats, weight: Floats, rehearsed: _Lines, lines: list[ArchiveLine],
    topics: list[str], recipe: LearnRecipe,
) -> tuple[dict[str, float], float, float]:  # fmt: skip
    """Return calibration figures, accuracy and macro-F1 on outlets (or days) held out in turn.

    Judged on the labels that are believed most; without labels nothing can be judged and nothing is calibrated. The
    teacher is not fitted again for each part, so its targets know a little of what is held out.
    """
    labelled = [i for i, line in enumerate(lines) if line.label]
    groups = [line.origin or line.headline for line in lines]
    if len(set(groups)) < recipe.folds or not labelled:
        return {}, float("nan"), float("nan")
    held = np.zeros_like(targets)
    for train, test in GroupKFold(recipe.folds).split(columns, groups=groups):
        part = _Lines(columns[train], targets[train], offset[train], weight[train])
        weights, intercept = _fit(part, rehearsed, recipe)
        held[test] = offset[test] + columns[test] @ weights + intercept
    most = max(lines[i].trust for i in labelled)
    judged = np.array([i for i in labelled if lines[i].trust == most])
    scores, sample = held[judged], [lines[i] for i in judged]
    right = _right(sample, scores, topics)
    guesses = [topics[k] for k in scores.argmax(axis=1)]
    truth = [guess if ok else line.label for line, guess, ok in zip(sample, guesses, right, strict=True)]
    f1 = float(f1_score(truth, guesses, average="macro"))
    return calibrate.figures(scores, right), float(right.mean()), f1


def _right(lines: Sequence[ArchiveLine], scores: Floats, topics: list[str]) -> NDArray[np.bool_]:
    """Return for each line (n,) whether its best topic is its label or its second one."""
    best = [topics[k] for k in scores.argmax(axis=1)]
    return np.array([guess in (line.label, line.alt) for line, guess in zip(lines, best, strict=True)])
