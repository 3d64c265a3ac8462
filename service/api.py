"""The service's own interface, `/v1`: label headlines, describe the model."""

from typing import Any

import orjson
from flask import Blueprint, Response, request

from classifier import Explanation, Prediction
from classifier.topics import describe
from service import asked, notes, openapi
from service.asked import Asked
from service.desk import Answered, Desk


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes of the interface, around a desk."""
    routes = Blueprint("api", __name__)

    @routes.post("/v1/classify")
    def classify() -> Response:
        desk.admit("classify")
        model = desk.model
        text = asked.receive(request)
        with desk.work():
            wanted = asked.read(request, text, model.topics)
            how = {"topics": wanted.topics, "threshold": wanted.threshold}
            answered = desk.classify(wanted.headlines, model=model, explain=wanted.explain, **how)
            answer: dict[str, object] = {"version": model.version, "results": _results(answered, wanted)}
            if wanted.skipped is not None:
                answer["skipped"] = wanted.skipped
            answer["ms"] = round(notes.current().seconds * 1e3, 2)
            return _json(answer)

    @routes.get("/v1/model")
    def describe_model() -> Response:
        desk.admit("classify")
        model, refused = desk.model, desk.refused
        weights = model.weights
        return _json(
            {
                "version": model.version,
                "topics": [describe(label)._asdict() for label in model.topics],
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

    @routes.get("/openapi.json")
    def contract() -> Response:
        return _json(openapi.describe(desk.model))

    return routes


def _results(answered: Answered, wanted: Asked) -> list[dict[str, Any]]:
    """Return one result a headline, in order, a headline that could not be read having its problem in place."""
    results = [prediction.to_dict() for prediction in answered.predictions]
    for result, explanation in zip(results, answered.explanations or (), strict=False):
        result["words"] = _words(explanation)
    for result, prediction in zip(results, answered.predictions, strict=True):
        if wanted.top_k:
            result["probabilities"] = _best(prediction, wanted.top_k)
        if wanted.lang:
            label = prediction.label
            result["name"] = describe(label).names.get(wanted.lang, label) if label else None
    for position, problem in wanted.problems:  # in rising order, so each finds its place
        results.insert(position, {"problem": problem.to_dict()})
    return results


def _best(prediction: Prediction, top_k: int) -> dict[str, float]:
    best = sorted(prediction.probabilities.items(), key=lambda item: -item[1])[:top_k]
    return {topic: round(probability, 6) for topic, probability in best}


def _words(explanation: Explanation) -> list[dict[str, object]]:
    return [
        {"word": driver.word, "start": driver.start, "end": driver.end, "share": round(driver.share, 4)}
        for driver in explanation.drivers
    ]


def _json(answer: dict[str, Any]) -> Response:
    # A hundred predictions take a tenth of the time that the standard library needs to write them.
    return Response(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE), content_type="application/json")
