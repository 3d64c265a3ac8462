"""Scores and true topics of held-out headlines -> temperature and threshold."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from training.softmax import softmax

Floats = NDArray[np.float64]

TARGET_ACCURACY = 0.97
"""Accuracy wanted among the headlines that get a label, a little above the 95 % that is promised."""


def temperature(scores: Floats, right: NDArray[np.bool_]) -> float:
    """Return the number that scores (n, topics) are divided by so that confidence is the chance of being right.

    Temperature scaling as in Guo et al., "On Calibration of Modern Neural Networks" (2017), fitted to whether the best
    topic is right, (n,), since a headline may have two right topics: the log-loss of the confidence is minimised.
    """

    def loss(log_t: float) -> float:
        confidence = np.clip(softmax(scores / np.exp(log_t)).max(axis=1), 1e-9, 1 - 1e-9)
        return float(-np.log(np.where(right, confidence, 1 - confidence)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def threshold(confidence: Floats, right: NDArray[np.bool_], target: float = TARGET_ACCURACY) -> float:
    """Return the lowest confidence above which the share of right answers reaches the target; 0 if all may be given.

    It is read off the risk-coverage curve: headlines sorted by confidence, and the accuracy of each head of that list.
    """
    order = np.argsort(-confidence, kind="stable")
    accuracy = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(accuracy >= target)
    if not len(enough):
        return float(confidence.max())
    last = enough[-1]
    return 0.0 if last == len(order) - 1 else float(confidence[order[last]])


def figures(scores: Floats, right: NDArray[np.bool_]) -> dict[str, float]:
    """Return `temperature` and `threshold` for scores (n, topics) and whether the best topic of each is right (n,)."""
    t = temperature(scores, right)
    return {"temperature": t, "threshold": threshold(softmax(scores / t).max(axis=1), right)}


def expected_calibration_error(confidence: Floats, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Return the mean gap between confidence and accuracy over equally wide bins, each weighed by its size.

    Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning" (2015).
    """
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs(confidence[index == b].sum() - right[index == b].sum()) for b in range(bins)]
    return float(sum(gaps) / max(len(confidence), 1))
