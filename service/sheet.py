"""A pasted text -> what the page shows of it: rows, what was skipped, and the threshold they go by."""

from dataclasses import dataclass

from classifier import Classifier, Explanation, Prediction
from service import asked
from service.desk import Desk
from service.form import Form
from service.pieces import Piece, pieces


@dataclass(frozen=True)
class Row:
    """A headline as the page shows it: its best topic, also when there is no label, and why there is none."""

    headline: str
    best: str
    confidence: float
    state: str
    """`labelled`, or the reason for abstaining."""
    pieces: list[Piece]


@dataclass(frozen=True)
class Sheet:
    """All that one pasted text gave."""

    rows: list[Row]
    skipped: list[str]
    unreadable: int
    """How many headlines could not be read."""
    threshold: float

    @property
    def labelled(self) -> int:
        """How many rows have a label."""
        return sum(row.state == "labelled" for row in self.rows)

    @property
    def expected(self) -> float | None:
        """The expected accuracy: the mean of the calibrated confidences of the labelled rows; None without any."""
        above = [row.confidence for row in self.rows if row.state == "labelled"]
        return sum(above) / len(above) if above else None


def hundredths(share: float) -> int:
    """Return where the slider stands for a threshold."""
    return int(share * 100 + 0.5)


def read(desk: Desk, model: Classifier, sent: Form) -> Sheet:
    """Answer what a form holds.

    Raises:
        Problem: 422 it has no headline, or too many; 503 there is too much to do.
    """
    wanted = asked.read_paste(sent.text)
    own = model.weights.threshold
    # The slider has hundredths, the model's own threshold is finer: left alone, it is the model's that counts.
    threshold = own if sent.percent in (None, hundredths(own)) else (sent.percent or 0) / 100
    answered = desk.classify(wanted.headlines, model=model, explain=True, threshold=threshold)
    pairs = zip(answered.predictions, answered.explanations or (), strict=True)
    rows = [_row(prediction, explanation) for prediction, explanation in pairs]
    return Sheet(rows, wanted.skipped or [], len(wanted.problems), threshold)


def _row(prediction: Prediction, explanation: Explanation) -> Row:
    drivers = [] if prediction.reason == "unfamiliar" else explanation.drivers
    return Row(
        prediction.headline,
        explanation.topic,
        prediction.confidence,
        prediction.reason or "labelled",
        list(pieces(prediction.headline, drivers)),
    )
