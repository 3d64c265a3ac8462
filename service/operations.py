"""What those who run the service look at: health, readiness, metrics, and one line of log a request."""

import logging
import re
import uuid

import orjson
from flask import Flask, Response, g, request

from service import desk as desks
from service import metrics
from service.desk import Desk

_LOG = logging.getLogger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def register(app: Flask, desk: Desk) -> None:
    """Add `/healthz`, `/readyz` and `/metrics`; time, count, log and name every request."""

    @app.before_request
    def begin() -> None:
        desks.begin()

    @app.after_request
    def end(response: Response) -> Response:
        asked_id = request.headers.get("X-Request-Id", "")
        request_id = asked_id if _REQUEST_ID.fullmatch(asked_id) else uuid.uuid4().hex
        version = desk.model.version
        seconds = desks.elapsed()
        response.headers["X-Request-Id"] = request_id
        # The version a request went by: another may have taken over since.
        response.headers["X-Model-Version"] = g.get("version", version)
        response.headers["Server-Timing"] = f"app;dur={seconds * 1e3:.2f}"
        # The route and not the path: a client may write anything into a path.
        route = request.url_rule.rule if request.url_rule else "none"
        desk.metrics.request(route, response.status_code, seconds)
        desk.metrics.serving(version)
        about = {
            "id": request_id,
            "method": request.method,
            "route": route,
            "status": response.status_code,
            "ms": round(seconds * 1e3, 2),
            "headlines": g.get("headlines", 0),
            "caller": g.get("caller"),
            "version": g.get("version", version),
        }
        _LOG.info("request", extra=about)
        return response

    @app.get("/healthz")
    def health() -> Response:
        return _json({"status": "ok", "version": desk.model.version})

    @app.get("/readyz")
    def ready() -> Response:
        # The service does not start without a verified model, and never gives one up for a worse.
        return _json({"status": "ready", "version": desk.model.version})

    @app.get("/metrics")
    def figures() -> Response:
        desk.admit("classify")
        return Response(desk.metrics.text(), content_type=metrics.CONTENT_TYPE)


def _json(answer: dict[str, str]) -> Response:
    return Response(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE), mimetype="application/json")
