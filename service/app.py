"""The HTTP service: `create_app()` makes it, importing does nothing."""

import os
import re
import time
import uuid
from collections.abc import Sequence

import orjson
from flask import Flask, Response, g, request

from classifier import Classifier, Explanation, Prediction
from classifier.topics import describe
from service import asked, openapi, problems
from service.models import Models

HOSTS_VARIABLE = "HOSTS"

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def create_app(
    models: str | os.PathLike[str] | None = None, classifier: Classifier | None = None, interval: float = 1.0,
    hosts: Sequence[str] | None = None,
) -> Flask:  # fmt: skip
    """Return a Flask app around a classifier.

    Args:
        models: model folder, as in `classifier.load`. Another version published there takes over while the app runs.
        classifier: an already loaded one, instead of a folder; it stays.
        interval: seconds between two looks for another version.
        hosts: names the service goes by; a request for another one is refused. $HOSTS, comma-separated, when None;
            any name will do if that is empty too.

    Raises:
        ModelError: the folder holds no model that can be trusted.
    """
    watched = None if classifier else Models(models, interval)

    def in_force() -> Classifier:
        """Return the classifier that a whole request goes by, however long it takes."""
        if watched:
            watched.watch()
            return watched.classifier
        assert classifier
        return classifier

    app = Flask(__name__, static_folder=None)
    known_hosts = os.environ.get(HOSTS_VARIABLE, "").split(",") if hosts is None else hosts
    app.config["TRUSTED_HOSTS"] = [host.strip() for host in known_hosts if host.strip()] or None
    problems.register(app)

    @app.post("/v1/classify")
    def classify() -> Response:
        model = in_force()
        wanted = asked.read(request, model.topics)
        predictions = model.classify(wanted.headlines, topics=wanted.topics, threshold=wanted.threshold)
        results = [prediction.to_dict() for prediction in predictions]
        if wanted.top_k:
            for result, prediction in zip(results, predictions, strict=True):
                best = sorted(prediction.probabilities.items(), key=lambda item: -item[1])[: wanted.top_k]
                result["probabilities"] = {topic: round(probability, 6) for topic, probability in best}
        if wanted.explain:
            for result, prediction in zip(results, predictions, strict=True):
                result["words"] = _words(model, prediction, wanted.topics)
        answer: dict[str, object] = {"version": model.version, "results": results}
        if request.mimetype == "text/plain":
            answer["skipped"] = wanted.skipped
        return _json(answer)

    @app.get("/v1/model")
    def describe_model() -> Response:
        model = in_force()
        refused = watched.refused if watched else None
        topics = [describe(label)._asdict() for label in model.topics]
        weights = model.weights
        return _json(
            {
                "version": model.version,
                "topics": topics,
                "threshold": weights.threshold,
                "terms": weights.n_terms,
                "refused": {"version": refused.version, "reason": refused.reason} if refused else None,
                "limits": {
                    "body_bytes": asked.MAX_BODY,
                    "headlines": asked.MAX_HEADLINES,
                    "headline_characters": asked.MAX_CHARACTERS,
                },
            }
        )

    @app.get("/openapi.json")
    def contract() -> Response:
        return _json(openapi.describe(in_force()))

    @app.get("/readyz")
    def ready() -> Response:
        # The service does not start without a verified model, and never gives one up for a worse.
        return _json({"status": "ready", "version": in_force().version})

    @app.before_request
    def begin() -> None:
        g.begun = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        asked_id = request.headers.get("X-Request-Id", "")
        response.headers["X-Request-Id"] = asked_id if _REQUEST_ID.fullmatch(asked_id) else uuid.uuid4().hex
        now = time.perf_counter()
        response.headers["Server-Timing"] = f"app;dur={(now - g.get('begun', now)) * 1e3:.2f}"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    @app.get("/healthz")
    def health() -> Response:
        return _json({"status": "ok", "version": in_force().version})

    return app


def _json(answer: dict[str, object]) -> Response:
    # A hundred predictions take a tenth of the time that the standard library needs to write them.
    return Response(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE), mimetype="application/json")


def _words(model: Classifier, prediction: Prediction, topics: list[str] | None) -> list[dict[str, object]]:
    explanation: Explanation = model.explain(prediction.headline, topics=topics)
    return [
        {"word": driver.word, "start": driver.start, "end": driver.end, "share": round(driver.share, 4)}
        for driver in explanation.drivers
    ]
