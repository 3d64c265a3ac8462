"""Scores, calibrated confidence, abstention and explanation: the classifier itself.

The score of a topic is that of TF-IDF over word (1,2)-grams and over word-bounded character (2,5)-grams, weighed by one
multinomial logistic regression. Each of the two blocks is divided by the Euclidean norm of its *occurrences*, so both
the numerators and the squared norms are plain sums over the words of a headline: every word owns one short row of
numbers. Rows are found in two ways, with the same result: for a few headlines in dictionaries of str, term by term; for
many by the keys of all their terms at once, in NumPy from code points to probabilities, which is faster from some
sixteen headlines on and needs no dictionaries.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from classifier.errors import InputError
from classifier.index import Index
from classifier.keys import Batch, ngram_keys, pair_keys, read
from classifier.terms import locate, word_bigrams, words
from classifier.topics import describe

Floats = NDArray[np.float64]

Reason = Literal["uncertain", "unfamiliar", "contested"]
"""Why there is no label; `contested` is the service's, while editors disagree with the model."""

_FEW = 16  # up to so many headlines go term by term
_CHUNK_LETTERS = 1 << 17  # what NumPy works on at once: enough to amortise its calls, few enough to stay in cache


@dataclass(frozen=True)
class Weights:
    """What training leaves behind: one flat table of terms, and what turns scores into answers."""

    topics: tuple[str, ...]
    vocabulary: NDArray[np.uint8]
    """The terms as UTF-8 text, one a line: words, word pairs, character n-grams."""
    table: NDArray[np.float32]
    """(1 + terms, 2 * (topics + 2) + 1): row i + 1 is what one occurrence of term i adds, row 0 is zero.

    First to the block of words: to each topic's score before normalising, to the familiarity (the log-odds of being a
    headline in one of our languages at all) and to the squared norm; then the same to the block of characters; then to
    the letters in known words, a number having none. A word's row holds the sums over its character n-grams too. That
    of an n-gram holds those of the shorter ones it begins with, all of them terms as well, so the longest n-gram found
    at a place speaks for all that begin there.
    """
    words: Index
    """Finds words and word pairs, which have the first rows."""
    ngrams: Index
    """Finds character n-grams, which have the rows after them."""
    intercept: Floats
    """(topics + 1,)"""
    threshold: float = 0.0
    """Confidence under which the classifier abstains as `uncertain`."""
    familiarity: float = 0.0
    """Familiarity under which it abstains as `unfamiliar`."""
    known_share: float = 0.0
    """Share of letters standing in known words under which it abstains as `unfamiliar`."""

    @property
    def n_terms(self) -> int:
        """How many words, word pairs and character n-grams there are."""
        return len(self.table) - 1

    def rows(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return the rows of words and word pairs, and those of character n-grams."""
        terms = self.vocabulary.tobytes().decode().split("\n")
        n_words = len(self.words.keys)
        return (
            {term: row for row, term in enumerate(terms[:n_words], 1)},
            {term: row for row, term in enumerate(terms[n_words:], n_words + 1)},
        )


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
    """

    def __init__(self, weights: Weights, version: str = "unpublished") -> None:
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
                scores, share = self._score_one(words(text))
                row = _softmax_one([scores[c] for c in columns] if columns else scores[:-1])
                predictions.append(self._prediction(text, names, row, scores[-1], share, threshold))
        else:
            for chunk in _chunks(texts):
                table, shares = self._scores(read(chunk))
                rows = _softmax(table[:, columns] if columns else table[:, :-1]).tolist()
                for text, row, familiarity, share in zip(
                    chunk, rows, table[:, -1].tolist(), shares.tolist(), strict=True
                ):
                    predictions.append(self._prediction(text, names, row, familiarity, share, threshold))
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
        parts = self._contributions(read([headline]))[:, self.topics.index(topic)]
        total = float(np.abs(parts).sum()) or 1.0
        drivers = [
            Driver(headline[w.start : w.end], w.start, w.end, part / total)
            for w, part in zip(located, parts.tolist(), strict=True)
        ]
        return Explanation(prediction, topic, sorted(drivers, key=lambda d: -abs(d.share)))

    def _prediction(
        self, text: str, names: Sequence[str], row: list[float], familiarity: float, share: float, threshold: float
    ) -> Prediction:
        weights, confidence = self.weights, max(row)
        reason: Reason | None = None
        if share <= 0 or share < weights.known_share or familiarity < weights.familiarity:
            reason = "unfamiliar"
        elif confidence < threshold:
            reason = "uncertain"
        label = None if reason else names[row.index(confidence)]
        return Prediction(text, label, confidence, dict(zip(names, row, strict=True)), reason, self.version, share)

    def _columns(self, topics: Sequence[str]) -> list[int]:
        if isinstance(topics, str) or not topics:
            raise InputError("topics must be a list with at least one topic")
        for topic in topics:
            if topic not in self.topics:
                raise InputError(f"unknown topic {topic!r}, expected some of {', '.join(self.topics)}")
        if len(set(topics)) < len(topics):
            raise InputError("a topic is named twice")
        return [self.topics.index(topic) for topic in topics]

    # One headline at a time, term by term.

    @cached_property
    def _row_of(self) -> tuple[dict[str, int], dict[str, int]]:
        return self.weights.rows()

    def _score_one(self, found: list[str]) -> tuple[list[float], float]:
        """Return one headline's scores, topics + 1 of them, and the share of letters in known words."""
        if not found:
            return self._intercept, 0.0
        row_of, row_of_ngram = self._row_of
        get = row_of.get
        rows = [get(word, 0) for word in found]
        if 0 in rows:
            unknown = [f" {word} " for word, row in zip(found, rows, strict=True) if not row]
            look = row_of_ngram.get
            # The longest n-gram that begins at each place. Written out, being the innermost loop of all.
            rows += [
                look(t[i : i + 5]) or look(t[i : i + 4]) or look(t[i : i + 3]) or look(t[i : i + 2], 0)
                for t in unknown
                for i in range(len(t) - 1)
            ]
        rows += [row for pair in word_bigrams(found) if (row := get(pair))]
        *sums, known = np.add.reduce(self.weights.table.take(rows, 0), 0, np.float64).tolist()
        width = len(sums) // 2
        word_norm, char_norm = math.sqrt(sums[width - 1]) or 1.0, math.sqrt(sums[-1]) or 1.0
        scores = [
            start + word / word_norm + char / char_norm
            for start, word, char in zip(self._intercept, sums, sums[width:], strict=False)
        ]
        return scores, known / len("".join(found))

    # Many headlines at a time, by the keys of their terms.

    def _all_scores(self, headlines: Iterable[str]) -> Floats:
        scores = [self._scores(read(chunk))[0] for chunk in _chunks(_checked(headlines))]
        return np.concatenate([np.empty((0, len(self._intercept))), *scores])

    def _scores(self, batch: Batch) -> tuple[Floats, Floats]:
        """Return scores (headlines, topics + 1) and the share of letters in known words (headlines,)."""
        rows, pairs = self._rows(batch)
        [known_pairs] = pairs.nonzero()
        rows[known_pairs] += self.weights.table.take(pairs[known_pairs], axis=0)
        sums = _segment_sums(np.column_stack([rows, batch.lengths]), batch.counts)
        known, letters = sums[:, -2], sums[:, -1]
        return self.weights.intercept + sum(map(_normalised, self._blocks(sums))), known / np.maximum(letters, 1)

    def _rows(self, batch: Batch) -> tuple[Floats, NDArray[np.int32]]:
        """Return each word's row of the table, worked out where the word is unknown, and where its pair's row is."""
        weights = self.weights
        at, pairs = weights.words.find(np.stack([batch.keys, pair_keys(batch)]))
        rows = weights.table.take(at, axis=0).astype(np.float64)
        unknown = at == 0
        if unknown.any():
            letters = batch.letters[np.repeat(unknown, batch.lengths)]
            ngrams, rows_per_word = ngram_keys(letters, batch.lengths[unknown])
            longest = weights.ngrams.find_last(ngrams)
            longest = np.where(longest, longest + len(weights.words.keys), 0)
            rows[unknown] = _segment_sums(weights.table.take(longest, axis=0), rows_per_word)
        return rows, pairs

    def _blocks(self, rows: Floats) -> tuple[Floats, Floats]:
        """Return the parts of rows or sums that are of words and of characters, of shape (n, topics + 2) each."""
        width = len(self.topics) + 2
        return rows[:, :width], rows[:, width : 2 * width]

    def _contributions(self, batch: Batch) -> Floats:
        """Return the centred part that each word of one headline has in the scores, of shape (words, topics)."""
        rows, pairs = self._rows(batch)
        for left, pair in enumerate(pairs.tolist()):
            if pair:
                rows[left : left + 2] += self.weights.table[pair] / 2
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


def _segment_sums(rows: NDArray[np.floating], lengths: NDArray[np.intp]) -> Floats:
    """Return the sum of each run of rows, run i being `lengths[i]` long; 0 for an empty run."""
    sums = np.zeros((len(lengths), rows.shape[1]))
    full = lengths > 0
    if full.any():
        sums[full] = np.add.reduceat(rows, np.cumsum(lengths[full]) - lengths[full], axis=0, dtype=np.float64)
    return sums


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
