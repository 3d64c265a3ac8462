"""What editors and reviewers send and see: the routes of corrections."""

import re
from http import HTTPStatus
from typing import Any

import orjson
from flask import Blueprint, Response, request

from service import asked, exports
from service.asked import wrong
from service.corrections import Corrections
from service.desk import Desk
from service.doubtful import Doubtful
from service.problems import Problem
from service.queue import queue, waiting

_FIELDS = ("id", "headline", "label", "note", "version", "replaces")
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
MAX_NOTE = 500
MAX_PAGE = 500


def blueprint(desk: Desk, corrections: Corrections, doubtful: Doubtful | None = None) -> Blueprint:
    """Return the routes of corrections."""
    routes = Blueprint("editing", __name__)

    @routes.post("/v1/corrections")
    def report() -> Response:
        caller = desk.admit("correct")
        told = _read(desk.model.topics)
        kept = corrections.report(**told, author=caller.name, trusted="review" in caller.roles)
        desk.metrics.corrected(kept.status)
        answer = _json(kept.to_dict(), HTTPStatus.OK if kept.repeated else HTTPStatus.CREATED)
        answer.headers["Location"] = f"/v1/corrections/{kept.row.id}"
        return answer

    @routes.get("/v1/corrections")
    def listed() -> Response:
        desk.admit("review")
        asked.check_query(request, "after", "limit")
        limit = _number("limit", 100, MAX_PAGE)
        page = corrections.listed(_number("after", 0, 1 << 31), limit)
        following = page[-1].row.seq if len(page) == limit else None
        return _json({"corrections": [kept.to_dict() for kept in page], "next": following})

    @routes.get("/v1/corrections/<id>")
    def one(id: str) -> Response:  # noqa: A002
        return _json(corrections.get(id, desk.admit("correct", "review")).to_dict())

    @routes.delete("/v1/corrections/<id>")
    def withdraw(id: str) -> Response:  # noqa: A002
        corrections.withdraw(id, desk.admit("correct", "review"))
        return Response(status=HTTPStatus.NO_CONTENT)

    @routes.get("/v1/queue")
    def queued() -> Response:
        caller = desk.admit("correct", "review")
        asked.check_query(request, "limit")
        limit, model = _number("limit", 20, MAX_PAGE), desk.model
        kept = waiting(corrections, doubtful, caller, limit)
        with desk.work():
            found = queue(model, kept, limit)
        return _json({"queue": [item.to_dict() for item in found], "version": model.version})

    @routes.get("/v1/corrections.jsonl")
    def export_jsonl() -> Response:
        desk.admit("review")
        return Response(exports.jsonl(corrections.listed()), content_type="application/x-ndjson")

    @routes.get("/v1/corrections.csv")
    def export_csv() -> Response:
        desk.admit("review")
        return Response(exports.as_csv(corrections.listed()), content_type="text/csv; charset=utf-8")

    return routes


def _read(topics: tuple[str, ...]) -> dict[str, Any]:
    """Return a correction as it was sent.

    Raises:
        Problem: 400, 413, 415 as in `asked.read`, 422 a field is missing or wrong.
    """
    if request.mimetype != "application/json":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send application/json, in UTF-8.")
    asked.check_query(request)
    body = asked.read_json(request)
    for name in body:
        if name not in _FIELDS:
            raise wrong(f"/{name}", f"Unknown field; known ones are {', '.join(_FIELDS)}.")
    for name in ("id", "headline", "label"):
        if not isinstance(body.get(name), str):
            raise wrong(f"/{name}", f"{name} is a text, and needed.")
    for name in ("note", "version", "replaces"):
        if not isinstance(body.get(name), str | None) or len(body.get(name) or "") > MAX_NOTE:
            raise wrong(f"/{name}", f"{name} is a text of at most {MAX_NOTE} characters.")
    if not _ID.fullmatch(body["id"]):
        raise wrong("/id", "id is 8 to 64 of the characters A-Z a-z 0-9 . _ -; make a new one for each correction.")
    asked.check([body["headline"]], lambda _: "/headline")
    for name in ("label", "replaces"):
        if body.get(name) is not None and body[name] not in topics:
            raise wrong(f"/{name}", f"Unknown topic; the model knows {', '.join(topics)}.")
    if not any(character.isalnum() for character in body["headline"]):
        raise wrong("/headline", "There is nothing to read in the headline.")
    if len(body.get("version") or "") > 64:  # as the table has it
        raise wrong("/version", "version is the name of a model.")
    return {"note": "", **{name: value for name, value in body.items() if value is not None}}


def _number(name: str, default: int, most: int) -> int:
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) <= most and (int(text) > 0 or name == "after")):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"The parameter {name} is a whole number, at most {most}.")
    return int(text)


def _json(answer: dict[str, Any], status: int = HTTPStatus.OK) -> Response:
    body = orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE)
    return Response(body, status, content_type="application/json")
