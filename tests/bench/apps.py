"""Flask apps to compare the service with, served by the same gunicorn settings."""

from collections.abc import Iterable
from typing import Any

from flask import Flask, request

from classifier import Classifier, Prediction, load, storage
from service.app import create_app
from training import publish


def empty() -> Flask:
    """Return an app whose one route reads its request and answers next to nothing."""
    app = Flask(__name__, static_folder=None)

    @app.post("/v1/classify")
    def classify() -> str:
        request.get_data()
        return "{}"

    return app


class OfPipeline(Classifier):
    """The classifier's answers, scored by the scikit-learn pipeline it was compiled from."""

    def __init__(self, compiled: Classifier) -> None:
        super().__init__(compiled.weights, compiled.version)
        self.pipeline = publish.load_pipeline(storage.default_folder() / compiled.version)

    def classify(self, headlines: Iterable[str], **_: Any) -> list[Prediction]:
        texts = list(headlines)
        rows = self.pipeline.predict_proba(texts).tolist()
        names = self.pipeline.classes_.tolist()
        known = [9.0] * len(texts), [1.0] * len(texts)
        return list(self._predictions(texts, names, rows, *known, self.weights.threshold))


def pipeline() -> Flask:
    """Return the service itself around the pipeline."""
    return create_app(classifier=OfPipeline(load()))
