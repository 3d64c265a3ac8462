"""Refusals as `application/problem+json` (RFC 9457)."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from flask import Flask, Response, current_app
from werkzeug.exceptions import HTTPException


class Problem(Exception):
    """A request that is refused: raised anywhere below a view, answered as problem+json.

    Args:
        status: HTTP status, 4xx, or 503 when it would be granted later.
        detail: what is wrong and what would be right, for the person who sent it.
        pointer: JSON pointer to the field at fault, where there is one.
        headers: what the answer's head must tell beside, as Retry-After.
    """

    def __init__(
        self, status: HTTPStatus, detail: str, pointer: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.pointer = pointer
        self.headers = headers or {}

    def to_dict(self) -> dict[str, object]:
        """Return the refusal as plain data."""
        told: dict[str, object] = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
        }
        return told if self.pointer is None else told | {"pointer": self.pointer}


def register(app: Flask) -> None:
    """Answer every refusal and every failure of the app as problem+json."""
    app.register_error_handler(Problem, answer)
    app.register_error_handler(HTTPException, _http_exception)
    app.register_error_handler(Exception, _failure)


def answer(problem: Problem) -> Response:
    """Return the response that tells of a problem."""
    text = json.dumps(problem.to_dict(), ensure_ascii=False) + "\n"
    return Response(text, problem.status.value, problem.headers, content_type="application/problem+json")


def _http_exception(error: HTTPException) -> Response:
    # What a 405 must tell.
    headers = {name: value for name, value in error.get_headers() if name.lower() == "allow"}
    return answer(Problem(HTTPStatus(error.code or 500), error.description or "", headers=headers))


def _failure(error: Exception) -> Response:
    # The log has the traceback; the client learns nothing of our insides.
    current_app.logger.error("request failed", exc_info=error)
    detail = "The request could not be handled; the service's log says why."
    return answer(Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail))
