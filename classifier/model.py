"""Scores, calibrated confidence, abstention and explanation: the classifier itself.

The score of a topic is that of TF-IDF over word (1,2)-grams and over word-bounded character (2,5)-grams, weighed by one
multinomial logistic regression. Each of the two blocks is divided by the Euclidean norm of its *occurrences*, so both
the numerators and the squared norms are plain sums over the words of a headline: every word owns one short row of
numbers, and `sums.py` adds them up.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from classifier.errors import InputError
from classifier.sums import Sums
from classifier.terms import locate
from classifier.topics import describe
from classifier.weights import Weights

Floats = NDArray[np.float64]

Reason = Literal["uncertain", "unfamiliar", "contested"]
"""Why there is no label; `contested` is the service's, while editors disagree with the model."""

_FEW = 16  # up to so many headlines are scored one by one, without NumPy
_CHUNK_LETTERS = 1 << 17  # what NumPy works on at once: enough to amortise its calls, few enough to stay in cache


class Prediction(NamedTuple):
    """The answer for one headline.

    `label` is None when the classifier abstains, and `reason` then says why. `confidence` is the calibrated probability
    of the best topic and `probabilities` holds every topic's, in the model's order, summing to 1. `known_share` is the
    share of letters that stand in words of the model's vocabulary.
    """

    headline: str
    label: str | None
    confidence: float
    probabilities: dict[str, float]
    reason: Reason | None
    version: str
    known_share: float

    @property
    def iptc(self) -> str | None:
        """The label's IPTC Media Topic id, None for `other`, for a newsroom's own label and for no label."""
        return describe(self.label).iptc if self.label else None

    def to_dict(self) -> dict[str, object]:
        """Return the answer as plain data, as the service and the shell print it."""
        headline, label, confidence, probabilities, reason, version, _ = self
        return {
            "headline": headline,
            "label": label,
            # As `round` to six places, at a third of its price: in a batch it would be a sixth of all the work.
            "confidence": int(confidence * 1e6 + 0.5) / 1e6,
            "probabilities": {topic: int(p * 1e6 + 0.5) / 1e6 for topic, p in probabilities.items()},
            "reason": reason,
            "iptc": self.iptc,
            "version": version,
        }


@dataclass(frozen=True, slots=True)
class Driver:
    """A word of the headline (`headline[start:end]`) and its share of the score.

    A share above 0 speaks for the topic, below 0 against it; the absolute shares of a headline sum to 1.
    """

    word: str
    start: int
    end: int
    share: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """A prediction, the topic explained (the best one, also when abstaining) and its words, strongest first."""

    prediction: Prediction
    topic: str
    drivers: list[Driver]


class Classifier:
    """Says which topic headlines belong to. Safe to share between threads; build one with `classifier.load()`.

    Pickling one for another process costs little where its tables are memory-mapped and the pickler knows how to pass
    that on, as joblib's does.

    Args:
        compiled: score by compiled code, where it was built; with the same results, several times as fast.
    """

    def __init__(self, weights: Weights, version: str = "unpublished", compiled: bool = True) -> None:
        self._sums = Sums(weights, compiled)
        self.weights = weights
        self.version = version
        self.topics = weights.topics
        self._intercept: list[float] = weights.intercept.tolist()

    def __reduce__(self) -> tuple[type[Self], tuple[Weights, str]]:
        return type(self), (self.weights, self.version)

    def classify(
        self,
        headlines: Iterable[str],
        *,
        topics: Sequence[str] | None = None,
        threshold: float | None = None,
    ) -> list[Prediction]:
        """Label headlines, in order.

        Args:
            headlines: any number of texts; a single str is refused, since its letters would be taken for headlines.
            topics: answer among these alone, probabilities renormalised; all topics when None.
            threshold: abstain below this confidence instead of the model's own threshold.

        Raises:
            InputError: a headline is not a str, a topic is unknown or named twice, a threshold is outside [0, 1].

        >>> model = classifier.load()
        >>> answers = model.classify(["Averses orageuses attendues lundi", "Le MASI recule", "asdf qwrtz"])
        >>> [(answer.label, answer.reason) for answer in answers]
        [('weather', None), ('economy', None), (None, 'unfamiliar')]
        >>> model.classify(["Le Raja gagne"], topics=["golf"])
        Traceback (most recent call last):
        ...
        classifier.errors.InputError: unknown topic 'golf', expected some of sport, politics, economy, weather, other
        """
        texts = _checked(headlines)
        columns = None if topics is None else self._columns(topics)
        threshold = self.weights.threshold if threshold is None else threshold
        if not 0 <= threshold <= 1:
            raise InputError(f"threshold must be between 0 and 1, not {threshold}")
        names = self.topics if topics is None else tuple(topics)
        predictions: list[Prediction] = []
        if len(texts) <= _FEW:
            for text in texts:
                scores, share = self._score_one(text)
                row = _softmax_one([scores[c] for c in columns] if columns else scores[:-1])
                predictions += self._predictions([text], names, [row], scores[-1:], [share], threshold)
        else:
            for chunk in _chunks(texts):
                table, shares = self._scores(chunk)
                rows = _softmax(table[:, columns] if columns else table[:, :-1]).tolist()
                predictions += self._predictions(chunk, names, rows, table[:, -1].tolist(), shares.tolist(), threshold)
        return predictions

    def probabilities(self, headlines: Iterable[str]) -> Floats:
        """Return calibrated probabilities of shape (headlines, topics), columns in the order of `topics`.

        >>> model = classifier.load()
        >>> probabilities = model.probabilities(["Le Raja bat le Wydad", "Averses orageuses attendues lundi"])
        >>> probabilities.shape
        (2, 5)
        >>> [model.topics[column] for column in probabilities.argmax(axis=1)]
        ['sport', 'weather']
        """
        return _softmax(self._all_scores(headlines)[:, :-1])

    def familiarity(self, headlines: Iterable[str]) -> Floats:
        """Return the log-odds, of shape (headlines,), that each is a headline in one of the corpus's languages.

        >>> french, german = classifier.load().familiarity(["Le Raja bat le Wydad", "Das Wetter bleibt wechselhaft"])
        >>> bool(french > german)
        True
        """
        return self._all_scores(headlines)[:, -1]

    def explain(
        self, headline: str, *, topics: Sequence[str] | None = None, threshold: float | None = None
    ) -> Explanation:
        """Return the prediction for one headline, as `classify` gives it, with the words that drove its best topic.

        A word's share is its centred log-odds contribution (against the mean over topics), character n-grams and half
        of each word pair it is in included, divided by the sum of all absolute contributions.

        >>> explained = classifier.load().explain("Averses orageuses attendues lundi")
        >>> explained.topic, explained.drivers[0].word, explained.drivers[0].start
        ('weather', 'orageuses', 8)
        """
        [prediction] = self.classify([headline], topics=topics, threshold=threshold)
        topic = max(prediction.probabilities, key=prediction.probabilities.__getitem__)
        located = locate(headline)
        parts = self._contributions(headline)[:, self.topics.index(topic)]
        total = float(np.abs(parts).sum()) or 1.0
        drivers = [
            Driver(headline[w.start : w.end], w.start, w.end, part / total)
            for w, part in zip(located, parts.tolist(), strict=True)
        ]
        return Explanation(prediction, topic, sorted(drivers, key=lambda d: -abs(d.share)))

    def _predictions(
        self, texts: list[str], names: Sequence[str], rows: list[list[float]], familiarities: list[float],
        shares: list[float], threshold: float,
    ) -> Iterator[Prediction]:  # fmt: skip
        least_share, least_familiarity = self.weights.known_share, self.weights.familiarity
        version = self.version
        for text, row, familiarity, share in zip(texts, rows, familiarities, shares, strict=True):
            confidence, label = max(row), None
            reason: Reason | None = None
            if share <= 0 or share < least_share or familiarity < least_familiarity:
                reason = "unfamiliar"
            elif confidence < threshold:
                reason = "uncertain"
            else:
                label = names[row.index(confidence)]
            probabilities = dict(zip(names, row, strict=True))
            yield Prediction(text, label, confidence, probabilities, reason, version, share)

    def _columns(self, topics: Sequence[str]) -> list[int]:
        if isinstance(topics, str) or not topics:
            raise InputError("topics must be a list with at least one topic")
        for topic in topics:
            if topic not in self.topics:
                raise InputError(f"unknown topic {topic!r}, expected some of {', '.join(self.topics)}")
        if len(set(topics)) < len(topics):
            raise InputError("a topic is named twice")
        return [self.topics.index(topic) for topic in topics]

    def _score_one(self, text: str) -> tuple[list[float], float]:
        """Return one headline's scores, topics + 1 of them, and the share of letters in known words."""
        (*sums, known), letters = self._sums.one(text)
        if not letters:
            return self._intercept, 0.0
        width = len(sums) // 2
        word_norm, char_norm = math.sqrt(sums[width - 1]) or 1.0, math.sqrt(sums[-1]) or 1.0
        scores = [
            start + word / word_norm + char / char_norm
            for start, word, char in zip(self._intercept, sums, sums[width:], strict=False)
        ]
        return scores, known / letters

    def _all_scores(self, headlines: Iterable[str]) -> Floats:
        scores = [self._scores(chunk)[0] for chunk in _chunks(_checked(headlines))]
        return np.concatenate([np.empty((0, len(self._intercept))), *scores])

    def _scores(self, texts: list[str]) -> tuple[Floats, Floats]:
        """Return scores (headlines, topics + 1) and the share of letters in known words (headlines,)."""
        sums, letters = self._sums.many(texts)
        return self.weights.intercept + sum(map(_normalised, self._blocks(sums))), sums[:, -1] / np.maximum(letters, 1)

    def _blocks(self, rows: Floats) -> tuple[Floats, Floats]:
        """Return the parts of rows or sums that are of words and of characters, of shape (n, topics + 2) each."""
        width = len(self.topics) + 2
        return rows[:, :width], rows[:, width : 2 * width]

    def _contributions(self, headline: str) -> Floats:
        """Return the centred part that each word of one headline has in the scores, of shape (words, topics)."""
        rows = self._sums.by_word(headline)
        parts = np.zeros((len(rows), len(self.topics)))
        for block in self._blocks(rows):
            parts += block[:, :-2] / np.sqrt(block[:, -1].sum() or 1.0)
        return np.asarray(parts - parts.mean(axis=1, keepdims=True))


def _chunks(texts: list[str]) -> Iterator[list[str]]:
    """Give the headlines in runs of about `_CHUNK_LETTERS` letters."""
    start = letters = 0
    for i, text in enumerate(texts):
        letters += len(text)
        if letters >= _CHUNK_LETTERS:
            yield texts[start : i + 1]
            start, letters = i + 1, 0
    if start < len(texts):
        yield texts[start:]


def _checked(headlines: Iterable[str]) -> list[str]:
    if isinstance(headlines, str):
        raise InputError("headlines must be a list of str, not one str")
    texts = list(headlines)
    for text in texts:
        if not isinstance(text, str):
            raise InputError(f"a headline must be a str, not {type(text).__name__}")
    return texts


def _normalised(sums: Floats) -> Floats:
    """Divide (n, topics + 2) sums by the root of their last column; a headline without known terms scores 0."""
    squares = sums[:, -1:]
    return np.asarray(sums[:, :-1] / np.sqrt(np.where(squares > 0, squares, 1.0)))


def _softmax(scores: Floats) -> Floats:
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def _softmax_one(scores: list[float]) -> list[float]:
    top = max(scores)
    exponentials = [math.exp(score - top) for score in scores]
    total = sum(exponentials)
    return [e / total for e in exponentials]
