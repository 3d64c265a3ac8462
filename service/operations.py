"""What those who run the service look at: health, readiness, metrics, and one line of log a request."""

import logging
import os
import re
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import orjson
from flask import Flask, Response, request
from werkzeug.wsgi import ClosingIterator

from service import metrics, notes
from service.desk import Desk
from service.headers import SECURITY
from service.notes import Note

_LOG = logging.getLogger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def register(app: Flask, desk: Desk) -> None:
    """Add `/healthz`, `/readyz` and `/metrics`; name, time, count and log every request."""
    app.wsgi_app = Recorder(app.wsgi_app, desk)  # type: ignore[method-assign]

    @app.before_request
    def begin() -> None:
        # The route and not the path: a client may write anything into a path.
        if rule := request.url_rule:
            notes.current().route = rule.rule

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


class Recorder:
    """WSGI around the whole app: sees every answer, whoever wrote it, and counts it once it is sent."""

    def __init__(self, app: WSGIApplication, desk: Desk) -> None:
        self.app = app
        self.desk = desk

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request as WSGI wants it."""
        note = environ[notes.KEY] = Note()
        asked_id = environ.get("HTTP_X_REQUEST_ID", "")
        note.id = asked_id if _REQUEST_ID.fullmatch(asked_id) else os.urandom(16).hex()

        def start(status: str, headers: list[tuple[str, str]], *error: object) -> object:
            note.status = int(status[:3])
            # The version a request went by: another may have taken over since.
            note.version = note.version or self.desk.model.version
            told = {name for name, _ in headers}
            headers += [(name, value) for name, value in SECURITY if name not in told]
            headers += [
                ("X-Request-Id", note.id),
                ("X-Model-Version", note.version),
                ("Server-Timing", f"app;dur={note.seconds * 1e3:.2f}"),
            ]
            return start_response(status, headers, *error)  # type: ignore[arg-type]

        answer = self.app(environ, start)  # type: ignore[arg-type]
        return ClosingIterator(answer, lambda: self._record(note, environ["REQUEST_METHOD"]))

    def _record(self, note: Note, method: str) -> None:
        seconds = note.seconds
        self.desk.metrics.request(note.route, note.status, seconds)
        self.desk.metrics.serving(self.desk.model.version)
        about = {
            "id": note.id,
            "worker": os.getpid(),
            "method": method,
            "route": note.route,
            "status": note.status,
            "ms": round(seconds * 1e3, 2),
            "headlines": note.headlines,
            "caller": note.caller,
            "version": note.version,
        }
        _LOG.info("request", extra=about)


def _json(answer: dict[str, str]) -> Response:
    return Response(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE), content_type="application/json")
