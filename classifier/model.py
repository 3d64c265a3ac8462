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
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from classifier.errors import InputError
from classifier.index import Index
from classifier.keys import Batch, ngram_keys, pair_keys, read
from classifier.terms import locate, word_bigrams, words
from classifier.topics import describe

Floats = NDArray[np.float64]

Reason = Literal["uncertain", "unfamiliar"]

_FEW = 16  # up to so many headlines go term by term
_CHUNK_LETTERS = 1 << 17  # what NumPy works on at once: enough to amortise its calls, few enough to stay in cache


@dataclass(frozen=True)
class Weights:
    """What training leaves behind: flat tables of terms, and what turns scores into answers.

    Row 0 of every table is zero and stands for an unknown term. A row holds what one occurrence of its term adds to
    each topic's score before normalising, then to the familiarity (the log-odds of a headline being in one of our
    languages at all), then to the squared norm: topics + 2 columns.
    """

    topics: tuple[str, ...]
    vocabulary: NDArray[np.uint8]
    """The terms as UTF-8 text, one a line: words, word pairs, character n-grams, each in the order of its rows."""
    words: Index
    """Finds the rows of words and word pairs."""
    word_rows: Floats
    """(1 + words + pairs, topics + 2)"""
    spellings: Floats
    """(1 + words, topics + 3): the sums over the character n-grams of each word, and its letters if not a number."""
    chars: Index
    """Finds the rows of character n-grams."""
    char_rows: Floats
    """(1 + n-grams, topics + 2): an n-gram's own figures and those of the shorter ones it begins with, which are all
    terms too; so that the longest n-gram found at a place speaks for all that begin there."""
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
        return len(self.word_rows) + len(self.char_rows) - 2

    def terms(self) -> tuple[list[str], list[str]]:
        """Return words and word pairs, and character n-grams, as text."""
        terms = self.vocabulary.tobytes().decode().split("\n")
        n_words = len(self.word_rows) - 1
        return terms[:n_words], terms[n_words:]


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for one headline.

    `label` is None when the classifier abstains, and `reason` then says why. `confidence` is the calibrated probability
    of the best topic and `probabilities` holds every topic's, in the model's order, summing to 1.
    """

    headline: str
    label: str | None
    confidence: float
    probabilities: dict[str, float]
    reason: Reason | None
    version: str

    @property
    def iptc(self) -> str | None:
        """The label's IPTC Media Topic id, None for `other`, for a newsroom's own label and for no label."""
        return describe(self.label).iptc if self.label else None

    def to_dict(self) -> dict[str, object]:
        """Return the answer as plain data, as the service and the shell print it."""
        return {
            "headline": self.headline,
            "label": self.label,
            "confidence": round(self.confidence, 6),
            "probabilities": {topic: round(p, 6) for topic, p in self.probabilities.items()},
            "reason": self.reason,
            "iptc": self.iptc,
            "version": self.version,
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
        """
        texts = _checked(headlines)
        columns = self._columns(topics)
        threshold = self.weights.threshold if threshold is None else threshold
        if not 0 <= threshold <= 1:
            raise InputError(f"threshold must be between 0 and 1, not {threshold}")
        names = self.topics if topics is None else tuple(topics)
        rows: list[list[float]] = []
        familiar: list[bool] = []
        if len(texts) <= _FEW:
            for text in texts:
                scores, share = self._score_one(words(text))
                rows.append(_softmax_one(scores[:-1] if topics is None else [scores[c] for c in columns]))
                familiar.append(self._is_familiar(scores[-1], share))
        else:
            for chunk in _chunks(texts):
                table, shares = self._scores(read(chunk))
                rows += _softmax(table[:, columns]).tolist()
                familiar += map(self._is_familiar, table[:, -1].tolist(), shares.tolist())
        return [
            self._prediction(text, names, row, is_familiar, threshold)
            for text, row, is_familiar in zip(texts, rows, familiar, strict=True)
        ]

    def probabilities(self, headlines: Iterable[str]) -> Floats:
        """Return calibrated probabilities of shape (headlines, topics), columns in the order of `topics`."""
        return _softmax(self._all_scores(headlines)[:, :-1])

    def familiarity(self, headlines: Iterable[str]) -> Floats:
        """Return the log-odds, of shape (headlines,), that each is a headline in one of the corpus's languages."""
        return self._all_scores(headlines)[:, -1]

    def explain(self, headline: str, *, topics: Sequence[str] | None = None) -> Explanation:
        """Return the prediction for one headline with the words that drove its best topic.

        A word's share is its centred log-odds contribution (against the mean over topics), character n-grams and half
        of each word pair it is in included, divided by the sum of all absolute contributions.
        """
        [prediction] = self.classify([headline], topics=topics)
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
        self, text: str, names: Sequence[str], row: list[float], familiar: bool, threshold: float
    ) -> Prediction:
        confidence = max(row)
        reason: Reason | None = None
        if not familiar:
            reason = "unfamiliar"
        elif confidence < threshold:
            reason = "uncertain"
        label = None if reason else names[row.index(confidence)]
        return Prediction(text, label, confidence, dict(zip(names, row, strict=True)), reason, self.version)

    def _is_familiar(self, familiarity: float, known_share: float) -> bool:
        return known_share > 0 and known_share >= self.weights.known_share and familiarity >= self.weights.familiarity

    def _columns(self, topics: Sequence[str] | None) -> list[int]:
        if topics is None:
            return list(range(len(self.topics)))
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
        words, ngrams = self.weights.terms()
        return {term: row for row, term in enumerate(words, 1)}, {term: row for row, term in enumerate(ngrams, 1)}

    def _score_one(self, found: list[str]) -> tuple[list[float], float]:
        """Return one headline's scores, topics + 1 of them, and the share of letters in known words."""
        if not found:
            return self._intercept, 0.0
        weights = self.weights
        row_of, row_of_ngram = self._row_of
        at = [row_of.get(word, 0) for word in found]
        pairs = [row for pair in word_bigrams(found) if (row := row_of.get(pair))]
        spelling = _total(weights.spellings, at)
        if 0 in at:
            get = row_of_ngram.get
            padded = [f" {word} " for word, row in zip(found, at, strict=True) if not row]
            # The longest n-gram that begins at each place. Written out, being the innermost loop of all.
            ngrams = [
                get(text[i : i + 5]) or get(text[i : i + 4]) or get(text[i : i + 3]) or get(text[i : i + 2], 0)
                for text in padded
                for i in range(len(text) - 1)
            ]
            spelling[:-1] += _total(weights.char_rows, ngrams)
        *word, word_squares = _total(weights.word_rows, at + pairs).tolist()
        *chars, char_squares, known = spelling.tolist()
        word_norm, char_norm = math.sqrt(word_squares) or 1.0, math.sqrt(char_squares) or 1.0
        scores = [i + w / word_norm + c / char_norm for i, w, c in zip(self._intercept, word, chars, strict=True)]
        return scores, known / sum(map(len, found))

    # Many headlines at a time, by the keys of their terms.

    def _all_scores(self, headlines: Iterable[str]) -> Floats:
        scores = [self._scores(read(chunk))[0] for chunk in _chunks(_checked(headlines))]
        return np.concatenate([np.empty((0, len(self._intercept))), *scores])

    def _scores(self, batch: Batch) -> tuple[Floats, Floats]:
        """Return scores (headlines, topics + 1) and the share of letters in known words (headlines,)."""
        word, spelling = self._rows(batch)
        at = self.weights.words.find(pair_keys(batch))
        known_pairs = np.flatnonzero(at)
        word[known_pairs] += self.weights.word_rows[at[known_pairs]]
        sums = _segment_sums(np.column_stack([word, spelling, batch.lengths]), batch.counts)
        width = word.shape[1]
        known, letters = sums[:, -2], sums[:, -1]
        scores = self.weights.intercept + _normalised(sums[:, :width]) + _normalised(sums[:, width:-2])
        return scores, known / np.maximum(letters, 1)

    def _rows(self, batch: Batch) -> tuple[Floats, Floats]:
        """Return each word's row of `word_rows` and its row of `spellings`, worked out where it is unknown."""
        weights = self.weights
        at = weights.words.find(batch.keys)
        word, spelling = weights.word_rows.take(at, axis=0), weights.spellings.take(at, axis=0)
        unknown = at == 0
        if unknown.any():
            letters = batch.letters[np.repeat(unknown, batch.lengths)]
            ngrams, rows_per_word = ngram_keys(letters, batch.lengths[unknown])
            found = np.zeros(len(ngrams), dtype=np.int32)
            for column in ngrams.T[::-1]:  # longest first
                missing = np.flatnonzero(found == 0)
                found[missing] = weights.chars.find(column[missing])
            spelling[unknown, :-1] = _segment_sums(weights.char_rows.take(found, axis=0), rows_per_word)
        return word, spelling

    def _contributions(self, batch: Batch) -> Floats:
        """Return the centred part that each word of one headline has in the scores, of shape (words, topics)."""
        word, spelling = self._rows(batch)
        for left, at in enumerate(self.weights.words.find(pair_keys(batch)).tolist()):
            if at:
                word[left : left + 2] += self.weights.word_rows[at] / 2
        parts = np.zeros((len(word), len(self.topics)))
        for block in (word, spelling[:, :-1]):
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


def _total(table: Floats, rows: list[int]) -> Floats:
    total: Floats = np.add.reduce(table.take(rows, 0), 0)
    return total


def _segment_sums(rows: Floats, lengths: NDArray[np.intp]) -> Floats:
    """Return the sum of each run of rows, run i being `lengths[i]` long; 0 for an empty run."""
    sums = np.zeros((len(lengths), rows.shape[1]))
    full = lengths > 0
    if full.any():
        sums[full] = np.add.reduceat(rows, np.cumsum(lengths[full]) - lengths[full], axis=0)
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
