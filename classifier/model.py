"""Scores, calibrated confidence, abstention and explanation: the classifier itself.

The score of a topic is that of TF-IDF over word (1,2)-grams and over word-bounded character (2,5)-grams, weighed by one
multinomial logistic regression. Each of the two blocks is divided by the Euclidean norm of its *occurrences*, so both
the numerators and the squared norms are plain sums over the words of a headline: every word owns one short row of
numbers, worked out at its first sight and remembered.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from classifier.errors import InputError
from classifier.terms import char_ngrams, locate, word_bigrams, words
from classifier.topics import describe

Floats = NDArray[np.float64]

Reason = Literal["uncertain", "unfamiliar"]

_MEMO_WORDS = 1 << 16
_MEMO_WORD_LENGTH = 40  # longer ones are noise or hostile: worked out each time, never kept


@dataclass(frozen=True)
class Weights:
    """What training leaves behind: one table of terms, and what turns scores into answers.

    `per_term` is (terms, topics + 1): what one occurrence of a term adds to each topic's score before normalising, and
    in the last column to the familiarity, the log-odds of a headline being in one of our languages at all. `squares`
    is (terms,): what it adds to the squared norm. The first `n_words` terms are words and word pairs, the others are
    character n-grams. `intercept` is (topics + 1,).
    """

    topics: tuple[str, ...]
    vocabulary: list[str]
    n_words: int
    per_term: NDArray[np.float32]
    squares: NDArray[np.float32]
    intercept: Floats
    threshold: float = 0.0
    """Confidence under which the classifier abstains as `uncertain`."""
    familiarity: float = 0.0
    """Familiarity under which it abstains as `unfamiliar`."""
    known_share: float = 0.0
    """Share of letters standing in known words under which it abstains as `unfamiliar`."""


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


class _Memo:
    """Rows of words already met. Only ever grows; a full one is replaced whole, so readers need no lock."""

    def __init__(self, width: int) -> None:
        self.slots: dict[str, int] = {}
        self.rows = np.zeros((_MEMO_WORDS, width))


class Classifier:
    """Says which topic headlines belong to. Safe to share between threads; build one with `classifier.load()`."""

    def __init__(self, weights: Weights, version: str = "unpublished") -> None:
        self.weights = weights
        self.version = version
        self.topics = weights.topics
        n, k = weights.n_words, len(weights.topics)
        self._words = {term: i for i, term in enumerate(weights.vocabulary[:n])}
        self._chars = {term: i for i, term in enumerate(weights.vocabulary[n:], n)}
        # One row per term: scores, familiarity, and the squared norm.
        self._table = np.column_stack([weights.per_term, weights.squares])
        # One row per word: its word-block sums, its character-block sums, and its letters if the word is known.
        self._width = k + 2
        self._memo = _Memo(2 * self._width + 1)
        self._lock = threading.Lock()

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
        names = [self.topics[c] for c in columns]
        scores, known = self._scores([words(text) for text in texts])
        familiar = (known >= self.weights.known_share) & (known > 0) & (scores[:, -1] >= self.weights.familiarity)
        probabilities = _softmax(scores[:, columns])
        best = probabilities.argmax(axis=1)
        return [
            self._prediction(text, dict(zip(names, row, strict=True)), names[winner], is_familiar, threshold)
            for text, row, winner, is_familiar in zip(
                texts, probabilities.tolist(), best.tolist(), familiar.tolist(), strict=True
            )
        ]

    def probabilities(self, headlines: Iterable[str]) -> Floats:
        """Return calibrated probabilities of shape (headlines, topics), columns in the order of `topics`."""
        return _softmax(self._scores([words(text) for text in _checked(headlines)])[0][:, :-1])

    def familiarity(self, headlines: Iterable[str]) -> Floats:
        """Return the log-odds, of shape (headlines,), that each is a headline in one of the corpus's languages."""
        return self._scores([words(text) for text in _checked(headlines)])[0][:, -1]

    def explain(self, headline: str, *, topics: Sequence[str] | None = None) -> Explanation:
        """Return the prediction for one headline with the words that drove its best topic.

        A word's share is its centred log-odds contribution (against the mean over topics), character n-grams and half
        of each word pair it is in included, divided by the sum of all absolute contributions.
        """
        [prediction] = self.classify([headline], topics=topics)
        topic = max(prediction.probabilities, key=prediction.probabilities.__getitem__)
        located = locate(headline)
        parts = self._contributions([word.text for word in located])[:, self.topics.index(topic)]
        total = float(np.abs(parts).sum()) or 1.0
        drivers = [
            Driver(headline[w.start : w.end], w.start, w.end, part / total)
            for w, part in zip(located, parts.tolist(), strict=True)
        ]
        return Explanation(prediction, topic, sorted(drivers, key=lambda d: -abs(d.share)))

    def _prediction(
        self, text: str, probabilities: dict[str, float], best: str, familiar: bool, threshold: float
    ) -> Prediction:
        confidence = probabilities[best]
        reason: Reason | None = None
        if not familiar:
            reason = "unfamiliar"
        elif confidence < threshold:
            reason = "uncertain"
        return Prediction(text, None if reason else best, confidence, probabilities, reason, self.version)

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

    def _scores(self, headlines: list[list[str]]) -> tuple[Floats, Floats]:
        """Return scores (headlines, topics + 1) and the share of letters in known words (headlines,)."""
        lengths = np.array([len(h) for h in headlines], dtype=np.intp)
        sums = _segment_sums(self._rows([word for h in headlines for word in h]), lengths)
        word_sums, char_sums, known = sums[:, : self._width], sums[:, self._width : -1], sums[:, -1]
        pairs = [[i for pair in word_bigrams(h) if (i := self._words.get(pair)) is not None] for h in headlines]
        pair_lengths = np.array([len(p) for p in pairs], dtype=np.intp)
        word_sums = word_sums + _segment_sums(self._table[[i for p in pairs for i in p]], pair_lengths)
        scores = self.weights.intercept + _normalised(word_sums) + _normalised(char_sums)
        letters = np.array([sum(map(len, h)) for h in headlines], dtype=np.float64)
        return scores, known / np.maximum(letters, 1)

    def _rows(self, batch: list[str]) -> Floats:
        """Return the rows of words, worked out or remembered, of shape (words, 2 * (topics + 2) + 1)."""
        memo = self._memo
        slots = [memo.slots.get(word, -1) for word in batch]
        if -1 not in slots:
            return memo.rows[slots]
        missing = list(dict.fromkeys(word for word, slot in zip(batch, slots, strict=True) if slot < 0))
        rows = self._work_out(missing)
        self._remember(missing, rows)
        result = memo.rows[slots]
        position = {word: i for i, word in enumerate(missing)}
        fresh = [i for i, slot in enumerate(slots) if slot < 0]
        result[fresh] = rows[[position[batch[i]] for i in fresh]]
        return result

    def _work_out(self, distinct: list[str]) -> Floats:
        rows = np.zeros((len(distinct), 2 * self._width + 1))
        known = [(i, index) for i, word in enumerate(distinct) if (index := self._words.get(word)) is not None]
        if known:
            at, found = map(list, zip(*known, strict=True))
            rows[at, : self._width] = self._table[found]
            # A number says nothing about the language it stands in.
            rows[at, -1] = [0 if distinct[i].isdigit() else len(distinct[i]) for i in at]
        get = self._chars.get
        ngrams = [[i for gram in char_ngrams(word) if (i := get(gram)) is not None] for word in distinct]
        lengths = np.array([len(n) for n in ngrams], dtype=np.intp)
        rows[:, self._width : -1] = _segment_sums(self._table[[i for n in ngrams for i in n]], lengths)
        return rows

    def _remember(self, distinct: list[str], rows: Floats) -> None:
        with self._lock:
            memo = self._memo
            for word, row in zip(distinct, rows, strict=True):
                slot = len(memo.slots)
                if slot == _MEMO_WORDS:
                    self._memo = memo = _Memo(rows.shape[1])
                    slot = 0
                if word not in memo.slots and len(word) <= _MEMO_WORD_LENGTH:
                    memo.rows[slot] = row  # before the slot is published, or another thread might read zeros
                    memo.slots[word] = slot

    def _contributions(self, headline: list[str]) -> Floats:
        """Return each word's centred part of the scores, of shape (words, topics)."""
        rows = self._rows(headline)
        word_part, char_part = rows[:, : self._width].copy(), rows[:, self._width : -1]
        for left, pair in enumerate(word_bigrams(headline)):
            if (index := self._words.get(pair)) is not None:
                word_part[left : left + 2] += self._table[index] / 2
        parts = np.zeros((len(headline), len(self.topics)))
        for block in (word_part, char_part):
            parts += block[:, :-2] / np.sqrt(block[:, -1].sum() or 1.0)
        return np.asarray(parts - parts.mean(axis=1, keepdims=True))


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
        starts = np.cumsum(lengths[full]) - lengths[full]
        # Weights are kept in single precision to be small, and added up in double to be exact.
        sums[full] = np.add.reduceat(rows, starts, axis=0, dtype=np.float64)
    return sums


def _normalised(sums: Floats) -> Floats:
    """Divide (n, topics + 2) sums by the root of their last column; a headline without known terms scores 0."""
    squares = sums[:, -1:]
    return np.asarray(sums[:, :-1] / np.sqrt(np.where(squares > 0, squares, 1.0)))


def _softmax(scores: Floats) -> Floats:
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))
