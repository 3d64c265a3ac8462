"""Corpus -> scikit-learn pipeline -> `Weights`: the training itself."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import FeatureUnion, Pipeline

from classifier.errors import InputError
from classifier.weights import Weights
from training import calibrate, lexicon, passes
from training.compile import flatten
from training.corpus import Corpus, Line
from training.features import Shape, build, columns, learned_words, listed_words
from training.generate import gibberish
from training.lexicon import Lexicon

Floats = NDArray[np.float64]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Recipe:
    """What training is free to choose; the ablation table of `make evaluate` shows what each choice is worth."""

    generated: int = 20_000
    generated_weight: float = 0.3
    neutral_weight: float = 0.15
    balanced: bool = False
    """Give the topics of a language the same total weight, however many lines each has; for a corpus that has much of
    one topic in one language only."""
    c: float = 10.0
    max_iter: int = 400
    exact_lines: int = 250_000
    """Up to so many lines one matrix holds them all (under 4 GB); more are fitted in passes."""
    known_share: float = 0.3
    gibberish: int = 150
    seed: int = 0


@dataclass
class Base:
    """Features and scores of the corpus alone, before any lexicon is added and before calibration."""

    topics: list[str]
    features: FeatureUnion
    coef: Floats
    """(topics, terms)"""
    intercept: Floats
    """(topics,)"""
    familiar: LogisticRegression | None
    """Tells headlines from foreign lines; None when the corpus has none of these."""

    def scores(self, matrix: csr_matrix) -> Floats:
        """Return scores (documents, topics) of a feature matrix (documents, terms)."""
        return np.asarray(matrix @ self.coef.T + self.intercept)

    def familiarity(self, matrix: csr_matrix) -> Floats:
        """Return the log-odds (documents,) of being a headline in one of our languages."""
        return np.full(matrix.shape[0], 9.0) if self.familiar is None else self.familiar.decision_function(matrix)

    def add(self, layer: Lexicon) -> None:
        """Add a lexicon's weights to those of the same terms.

        Raises:
            InputError: the lexicon was learned for other topics.
        """
        if sorted(layer.topics) != sorted(self.topics):
            raise InputError(f"the lexicon is for the topics {', '.join(layer.topics)}, not {', '.join(self.topics)}")
        at = columns(self.features, layer.terms)
        order = [layer.topics.index(topic) for topic in self.topics]
        self.coef[:, at[at >= 0]] += layer.weights[at >= 0].T[order]
        self.intercept += layer.intercept[order]


@dataclass
class Trained:
    """A pipeline, the weights compiled from it, and what the manifest tells about them."""

    pipeline: Pipeline
    familiar: Pipeline | None
    weights: Weights
    lexicons: list[Lexicon]


def fit(corpus: Corpus, recipe: Recipe | None = None, tell: Tell = lambda _: None) -> Trained:
    """Train on a corpus with its lexicons.

    Args:
        tell: called with the name of each step before it starts.

    Raises:
        InputError: a lexicon is damaged or belongs to other topics.
    """
    recipe = recipe or Recipe()
    return finish(fit_layers(corpus, recipe, tell), recipe)


@dataclass
class Layers:
    """A corpus and its lexicons fitted, and the figures that they were calibrated with."""

    base: Base
    figures: dict[str, float]
    lexicons: list[Lexicon]


def fit_layers(corpus: Corpus, recipe: Recipe, tell: Tell = lambda _: None) -> Layers:
    """Fit a corpus and add its lexicons.

    Raises:
        InputError: a lexicon is damaged or belongs to other topics.
    """
    lexicons = [layer for folder in corpus.lexicons for layer in lexicon.read_folder(folder)]
    base = fit_base(corpus, lexicons, recipe, tell)
    figures: dict[str, float] = {}
    for layer in lexicons:
        base.add(layer)
        figures |= layer.figures  # a later layer was calibrated with the earlier ones in place
    if "temperature" not in figures:
        tell("calibrating")
        figures |= _calibrate_without_archive(corpus, recipe)
    return Layers(base, figures, lexicons)


def fit_base(
    corpus: Corpus, lexicons: list[Lexicon], recipe: Recipe, tell: Tell = lambda _: None, shape: Shape | None = None
) -> Base:
    """Fit the corpus alone, over a vocabulary that has room for the lexicons' terms."""
    tell("generating headlines")
    generated = corpus.generated(recipe.generated, recipe.seed)
    return _fit_lines(corpus, corpus.lines + generated, lexicons, recipe, tell, shape)


def _fit_lines(
    corpus: Corpus, lines: list[Line], lexicons: list[Lexicon], recipe: Recipe, tell: Tell, shape: Shape | None = None
) -> Base:
    neutral = [term for _, term in corpus.neutral]
    foreign = corpus.foreign + (gibberish(recipe.gibberish, recipe.seed) if corpus.foreign else [])
    if len(lines) > recipe.exact_lines:
        return _fit_in_passes(corpus.topics, lines, neutral, foreign, lexicons, recipe, tell)
    tell("counting terms")
    features = build(lines, neutral, lexicons, shape)
    # Single precision: the fit is all reading of memory, and takes half the time.
    everything = features.fit_transform([line.text for line in lines] + neutral + foreign).astype(np.float32)
    matrix = everything[: len(lines) + len(neutral)]
    topics = corpus.topics
    # A word of no topic is a document of every topic at once.
    rows = vstack([matrix[: len(lines)]] + [matrix[len(lines) :]] * len(topics)).tocsr()
    labels = [line.topic for line in lines] + [topic for topic in topics for _ in neutral]
    weight = _weights(lines, len(neutral) * len(topics), recipe)
    tell("fitting the logistic regression")
    logistic = LogisticRegression(C=recipe.c, max_iter=recipe.max_iter)
    logistic.fit(rows, labels, sample_weight=weight)
    familiar = _fit_familiar(everything, len(foreign), recipe) if foreign else None
    return Base(topics, features, *_in_order(logistic, topics), familiar)


def _fit_in_passes(
    topics: list[str], lines: list[Line], neutral: list[str], foreign: list[str], lexicons: list[Lexicon],
    recipe: Recipe, tell: Tell,
) -> Base:  # fmt: skip
    tell("counting terms, a chunk of lines at a time")
    how = passes.PassRecipe()
    texts = [line.text for line in lines]
    listed = listed_words([line.text for line in lines if line.kind == "term"] + neutral)
    features = passes.features(texts + neutral, listed | learned_words(lexicons), lexicons, how)
    tell("fitting in passes")
    labels = [line.topic for line in lines] + [topic for topic in topics for _ in neutral]
    weight = np.array(_weights(lines, len(neutral) * len(topics), recipe))
    sgd = passes.fit(features, texts + neutral * len(topics), labels, weight, recipe.seed, how)
    familiar = None
    if foreign:
        some = np.random.default_rng(recipe.seed).permutation(len(texts))[: passes.CHUNK]
        familiar = _fit_familiar(features.transform([texts[i] for i in some] + foreign), len(foreign), recipe)
    return Base(topics, features, *_in_order(sgd, topics), familiar)


def _weights(lines: list[Line], neutral: int, recipe: Recipe) -> list[float]:
    """Return the weight of each line, then that of each neutral document."""
    weight = [recipe.generated_weight if line.kind == "generated" else 1.0 for line in lines]
    if recipe.balanced:
        weight = _balance(lines, weight)
    return weight + [recipe.neutral_weight] * neutral


def _balance(lines: list[Line], weight: list[float]) -> list[float]:
    """Return weights under which every topic weighs the same within a language, the language keeping its total.

    Per language, since a topic that has many lines in one language alone would be favoured by that language's very
    letters.
    """
    mass: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for line, w in zip(lines, weight, strict=True):
        mass[line.lang][line.topic] += w  # type: ignore[assignment]  # a counter of weights, not of things
    return [
        w * mass[line.lang].total() / (len(mass[line.lang]) * mass[line.lang][line.topic])
        for line, w in zip(lines, weight, strict=True)
    ]


def _fit_familiar(matrix: csr_matrix, foreign: int, recipe: Recipe) -> LogisticRegression:
    """Fit what tells our lines from the foreign ones, which are the last rows."""
    ours = np.arange(matrix.shape[0]) < matrix.shape[0] - foreign
    logistic = LogisticRegression(C=recipe.c, class_weight="balanced", max_iter=recipe.max_iter).fit(matrix, ours)
    logistic.coef_, logistic.intercept_ = logistic.coef_.astype(np.float64), logistic.intercept_.astype(np.float64)
    return logistic


def _in_order(logistic: LogisticRegression | SGDClassifier, topics: list[str]) -> tuple[Floats, Floats]:
    """Return coefficients and intercept with one row per topic; scikit-learn keeps a single row for two topics."""
    coef, intercept = logistic.coef_.astype(np.float64), logistic.intercept_.astype(np.float64)
    if len(topics) == 2:
        coef, intercept = np.vstack([-coef, coef]) / 2, np.concatenate([-intercept, intercept]) / 2
    order = [list(logistic.classes_).index(topic) for topic in topics]
    return coef[order], intercept[order]


def finish(layers: Layers, recipe: Recipe) -> Trained:
    """Return the pipeline and the weights to serve."""
    base, figures = layers.base, layers.figures
    idf = np.concatenate([base.features[block]["tfidf"].idf_ for block in ("words", "chars")])
    squares = np.concatenate([base.features[block]["tfidf"].squares_ for block in ("words", "chars")])
    known = base.familiar
    coef = np.vstack([base.coef / figures["temperature"], np.zeros(len(idf)) if known is None else known.coef_[0]])
    per_term = (coef * idf).T
    intercept = np.append(base.intercept / figures["temperature"], 9.0 if known is None else known.intercept_[0])
    words, ngrams = (base.features[block]["count"].get_feature_names_out().tolist() for block in ("words", "chars"))
    rows = np.column_stack([per_term, squares])
    terms, table, finds_word, finds_ngram = flatten(words, rows[: len(words)], ngrams, rows[len(words) :])
    weights = Weights(
        topics=tuple(base.topics),
        vocabulary=np.frombuffer("\n".join(terms).encode(), dtype=np.uint8),
        table=table,
        words=finds_word,
        ngrams=finds_ngram,
        intercept=intercept,
        threshold=figures["threshold"],
        familiarity=figures.get("familiarity", 0.0),
        known_share=recipe.known_share,
    )
    logistic = _logistic(base.topics, coef[:-1], intercept[:-1])
    familiar = None if known is None else Pipeline([("features", base.features), ("familiar", known)])
    pipeline = Pipeline([("features", base.features), ("topic", logistic)])
    return Trained(pipeline, familiar, weights, layers.lexicons)


def _logistic(topics: list[str], coef: Floats, intercept: Floats) -> LogisticRegression:
    """Return a fitted logistic regression with these coefficients (topics, terms)."""
    logistic = LogisticRegression()
    order = np.argsort(topics)
    logistic.classes_ = np.array(topics)[order]
    logistic.coef_, logistic.intercept_ = coef[order], intercept[order]
    if len(topics) == 2:
        logistic.coef_, logistic.intercept_ = np.diff(logistic.coef_, axis=0), np.diff(logistic.intercept_)
    logistic.n_features_in_ = coef.shape[1]
    return logistic


def _calibrate_without_archive(corpus: Corpus, recipe: Recipe) -> dict[str, float]:
    """Hold out a fifth of the headlines, fit the rest, and calibrate on what was held out.

    Headlines written by the same hand are easier than a newsroom's own: figures learned from an archive are better.
    """
    headlines = corpus.of_kind("headline")
    held = np.random.default_rng(recipe.seed).random(len(headlines)) < 0.2
    test = [line for line, out in zip(headlines, held, strict=True) if out]
    kept = [line for line, out in zip(headlines, held, strict=True) if not out] + corpus.of_kind("term")
    if not test or {line.topic for line in kept} != set(corpus.topics):
        return {"temperature": 1.0, "threshold": 0.0}
    base = _fit_lines(corpus, kept + corpus.generated(recipe.generated, recipe.seed), [], recipe, lambda _: None)
    scores = base.scores(base.features.transform([line.text for line in test]))
    truth = np.array([base.topics.index(line.topic) for line in test])
    return calibrate.figures(scores, scores.argmax(axis=1) == truth)
