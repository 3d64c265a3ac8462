"""The part of the contract that editors and reviewers use: paths and schemas of `service.editing` for `openapi`."""

from typing import Any

from service.asked import MAX_CHARACTERS
from service.editing import MAX_NOTE, MAX_PAGE

_TEXT = {"type": "string"}
_KEPT = {"type": "string", "pattern": r"^[^\u0000]*$"}
_OPTIONAL = {"type": ["string", "null"]}


def paths(topics: list[str], refused: dict[str, Any], problem: dict[str, Any]) -> dict[str, Any]:
    """Return the paths of corrections.

    Args:
        refused: the responses that any route may give.
        problem: the response that tells of a problem.
    """
    refused = refused | {"503": problem}

    def operation(name: str, summary: str, answers: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"operationId": name, "summary": summary, "responses": {**answers, **refused}, **more}

    one = _of("A correction.", {"$ref": "#/components/schemas/Correction"})
    several = _of("Corrections.", {"$ref": "#/components/schemas/Corrections"})
    waiting = _of("Headlines to look at, most urgent first.", {"$ref": "#/components/schemas/Queue"})
    found = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]+$"}}
    unknown = {"404": problem}
    limit = _number("limit", 1, MAX_PAGE)
    wrong = {"422": problem}
    body = {"required": True, "content": {"application/json": {"schema": _sent(topics)}}}
    kept = dict.fromkeys(("201", "200"), one) | dict.fromkeys(("409", "413", "415", "422", "507"), problem)
    return {
        "/v1/corrections": {
            "post": operation("correct", "Keep a correction; the same id again is the same one.", kept,
                              requestBody=body),
            "get": operation("corrections", "All corrections, oldest first.", {"200": several} | wrong,
                             parameters=[_number("after", 0, 1 << 31), limit]),
        },
        "/v1/corrections/{id}": {
            "get": operation("correction", "A correction of one's own; any for a reviewer.", {"200": one} | unknown,
                             parameters=[found]),
            "delete": operation("withdraw", "Withdraw a correction.",
                                {"204": {"description": "It is no vote any more."}} | unknown, parameters=[found]),
        },
        "/v1/queue": {"get": operation("queue", "What is most worth an editor's minute.", {"200": waiting} | wrong,
                                       parameters=[limit])},
        "/v1/corrections.jsonl": {"get": operation("exportLines", "All corrections, one a line.",
                                                   {"200": _of("Lines.", _TEXT, "application/x-ndjson")})},
        "/v1/corrections.csv": {"get": operation("exportTable", "All corrections, safe to open in a spreadsheet.",
                                                 {"200": _of("A table.", _TEXT, "text/csv")})},
    }  # fmt: skip


def schemas(topics: list[str]) -> dict[str, Any]:
    """Return the schemas that `paths` refers to."""
    count = {"type": "integer", "minimum": 0}
    properties = {
        "id": _TEXT,
        "headline": _TEXT,
        "label": {"enum": topics},
        "status": {"enum": ["reported", "accepted", "conflict", "overruled", "withdrawn"]},
        "votes": count,
        "needed": count,
        "author": _TEXT,
        "note": _TEXT,
        "version": _OPTIONAL,
        "replaces": _OPTIONAL,
        "at": _TEXT,
    }
    correction = _closed(properties)
    page = {"type": "array", "items": {"$ref": "#/components/schemas/Correction"}, "maxItems": MAX_PAGE}
    several = _closed({"corrections": page, "next": {"type": ["integer", "null"]}})
    item = _closed(
        {
            "headline": _TEXT,
            "reason": {"enum": ["conflict", "reported", "uncertain"]},
            "best": {"enum": topics},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
            "corrections": page | {"description": "What was said of it already; reviewers alone see it."},
        }
    )
    queue = _closed({"queue": {"type": "array", "items": item, "maxItems": MAX_PAGE}, "version": _TEXT})
    return {"Correction": correction, "Corrections": several, "Queue": queue}


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def _sent(topics: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["id", "headline", "label"],
        "additionalProperties": False,
        "properties": {
            "id": {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$"},
            "headline": {**_KEPT, "minLength": 1, "maxLength": MAX_CHARACTERS},
            "label": {"enum": topics},
            "note": {**_KEPT, "maxLength": MAX_NOTE},
            "version": {**_KEPT, "maxLength": 64, "description": "The model that gave the label it replaces."},
            "replaces": {"enum": topics},
        },
    }


def _number(name: str, least: int, most: int) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "integer", "minimum": least, "maximum": most}}


def _of(description: str, schema: dict[str, Any], kind: str = "application/json") -> dict[str, Any]:
    return {"description": description, "content": {kind: {"schema": schema}}}
