"""Refusals as `application/problem+json` (RFC 9457)."""

import json
from http import HTTPStatus

from flask import Flask, Response, current_app
from werkzeug.exceptions import HTTPException


class Problem(Exception):
    """A request that is refused: raised anywhere below a view, answered as problem+json.

    Args:
        status: HTTP status, 4xx.
        detail: what is wrong and what would be right, for the person who sent it.
        pointer: JSON pointer to the field at fault, where there is one.
    """

    def __init__(self, status: HTTPStatus, detail: str, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.pointer = pointer


def register(app: Flask) -> None:
    """Answer every refusal and every failure of the app as problem+json."""
    app.register_error_handler(Problem, lambda problem: _answer(problem.status, problem.detail, problem.pointer))
    app.register_error_handler(HTTPException, _http_exception)
    app.register_error_handler(Exception, _failure)


def _http_exception(error: HTTPException) -> Response:
    answer = _answer(HTTPStatus(error.code or 500), error.description or "")
    for name, value in error.get_headers():
        if name.lower() == "allow":  # what a 405 must tell
            answer.headers[name] = value
    return answer


def _failure(error: Exception) -> Response:
    # The log has the traceback; the client learns nothing of our insides.
    current_app.logger.error("request failed", exc_info=error)
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "The request could not be handled; the service's log says why.")


def _answer(status: HTTPStatus, detail: str, pointer: str | None = None) -> Response:
    body: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    if pointer is not None:
        body["pointer"] = pointer
    text = json.dumps(body, ensure_ascii=False) + "\n"
    return Response(text, status.value, content_type="application/problem+json")
