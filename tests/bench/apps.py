"""Flask apps to compare the service with, served by the same gunicorn settings."""

from flask import Flask, jsonify, request

from classifier import storage
from training import publish


def empty() -> Flask:
    """Return an app whose one route reads its request and answers next to nothing."""
    app = Flask(__name__, static_folder=None)

    @app.post("/v1/classify")
    def classify() -> str:
        request.get_data()
        return "{}"

    return app


def pipeline() -> Flask:
    """Return an app that labels with the scikit-learn pipeline, as one would write it in ten lines."""
    app = Flask(__name__, static_folder=None)
    models = storage.default_folder()
    model = publish.load_pipeline(models / storage.current(models))

    @app.post("/v1/classify")
    def classify() -> object:
        headlines = request.get_json()["headlines"]
        found = model.predict_proba(headlines)
        return jsonify(
            results=[
                {"headline": text, "label": model.classes_[row.argmax()], "confidence": float(row.max())}
                for text, row in zip(headlines, found, strict=True)
            ]
        )

    return app
