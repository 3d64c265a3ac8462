"""What every route goes by: who asks, the model in force, at most so much work at a time, all of it counted."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import request
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from classifier import Classifier, Explanation, Prediction
from classifier.terms import fold
from service import notes
from service.access import Caller, Keys
from service.doubtful import Doubtful
from service.metrics import Metrics
from service.models import Models, Refused
from service.problems import Problem
from service.settings import Settings
from service.turns import Turns

_LOG = logging.getLogger(__name__)

_WAIT_SECONDS = 1.0
_RETRY = {"Retry-After": "1"}


@dataclass(frozen=True)
class Answered:
    """The answers to one request, all by the same model."""

    model: Classifier
    predictions: list[Prediction]
    explanations: list[Explanation] | None = None


class Desk:
    """A classifier behind a counter, for all routes of one app.

    Args:
        models: model folder, as in `classifier.load`. Another version published there takes over while the app runs.
        classifier: an already loaded one, instead of a folder; it stays.
        interval: seconds between two looks for another version, and for other keys.
        contested: gives the folded headlines that editors have taken up, with the label they decided on, None while
            they disagree. Their answer is withheld until the model says the same.
        doubtful: keeps uncertain headlines for editors to look at; nothing is kept without it.

    Raises:
        ModelError: the folder holds no model that can be trusted.
        SettingsError: the file of keys cannot be read.
    """

    def __init__(
        self, settings: Settings, models: str | os.PathLike[str] | None = None, classifier: Classifier | None = None,
        interval: float = 1.0, contested: Callable[[], Mapping[str, str | None]] = dict,
        doubtful: Doubtful | None = None,
    ) -> None:  # fmt: skip
        self._contested = contested
        self._doubtful = doubtful
        self.settings = settings
        self.keys = Keys(settings.keys, interval)
        self.metrics = Metrics()
        self._fixed = classifier
        self._watched = None if classifier else Models(models, interval, self._swapped, self._refused)
        self._working = Turns(settings.busy)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    @property
    def model(self) -> Classifier:
        """The classifier in force. A request takes it once, and goes by it however long it takes."""
        if self._watched:
            self._watched.watch()
            return self._watched.classifier
        assert self._fixed
        return self._fixed

    @property
    def refused(self) -> Refused | None:
        """The version that was published but cannot be used, if there is one."""
        return self._watched.refused if self._watched else None

    def admit(self, *roles: str) -> Caller:
        """Return who makes the current request.

        Raises:
            Problem: 401 unknown, 403 without any of these roles, 429 too many requests.
        """
        caller = self.keys.caller(request)
        notes.current().caller = caller.name
        caller.must(*roles)
        rate = self.settings.rate
        if rate and not self._limiter.hit(rate, caller.name if self.keys else str(request.remote_addr)):
            detail = f"At most {rate} for one key."
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(rate.get_expiry())})
        return caller

    @contextmanager
    def work(self) -> Iterator[None]:
        """Work on a request that has arrived, as one of the few at a time; one that works already goes on.

        Nothing that waits for a client or for a database belongs inside: all the others would wait with it.

        Raises:
            Problem: 503 when the others do not finish soon: better told now than piled up.
        """
        note = notes.current()
        if note.works:
            yield
            return
        note.contested = self._contested()
        if not self._working.acquire(timeout=_WAIT_SECONDS):
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "Too busy; try again in a second.", headers=_RETRY)
        note.works = True
        try:
            yield
        finally:
            note.works = False
            self._working.release()

    def classify(
        self, headlines: Sequence[str], *, model: Classifier | None = None, explain: bool = False, **how: Any
    ) -> Answered:
        """Label headlines by the model in force, or by the one a request has taken already.

        Args:
            explain: with the words that drove each answer.
            how: as in `Classifier.classify`.

        Raises:
            Problem: 503 when there is too much to do.
        """
        model = model or self.model
        with self.work():
            explanations = None
            if explain:
                explanations = [model.explain(headline, **how) for headline in headlines]
                predictions = [explanation.prediction for explanation in explanations]
            else:
                predictions = model.classify(headlines, **how)
        note = notes.current()
        if contested := note.contested:
            predictions = [_withheld(prediction, contested) for prediction in predictions]
        if self._doubtful:
            self._doubtful.note(predictions)
        self.metrics.predictions(predictions)
        note.headlines += len(predictions)
        note.version = model.version
        if self.settings.log_headlines:
            _LOG.info("answers", extra={"answers": [[p.headline, p.label, p.reason] for p in predictions]})
        return Answered(model, predictions, explanations)

    def _swapped(self, version: str) -> None:
        self.metrics.swapped()
        _LOG.info("a new version took over", extra={"version": version})

    def _refused(self, refused: Refused) -> None:
        self.metrics.refused()
        _LOG.error("a version is refused", extra={"version": refused.version, "reason": refused.reason})


def _withheld(prediction: Prediction, contested: Mapping[str, str | None]) -> Prediction:
    if prediction.label is None:
        return prediction
    key = fold(prediction.headline)
    agreed = key not in contested or contested[key] == prediction.label
    return prediction if agreed else prediction._replace(label=None, reason="contested")
