"""The service's contract as OpenAPI 3.1, kept true by a test that asks whatever it allows and checks every answer."""

from typing import Any

from classifier import Classifier
from classifier.ninjs import VERSIONS
from classifier.topics import LANGUAGES
from service import editing_contract
from service.adapters.feeds import TYPES as FEED_TYPES
from service.asked import MAX_BODY, MAX_CHARACTERS, MAX_HEADLINES

_TEXT = {"type": "string"}
_PROBLEM = {
    "description": "Refused; `detail` says why and what would be right, `pointer` which field it is about.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}

_REFUSED = dict.fromkeys(("400", "401", "403", "429"), _PROBLEM)


def describe(classifier: Classifier) -> dict[str, Any]:
    """Return the document for a service around this classifier, whose topics it names."""
    topics = list(classifier.topics)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Headline topics",
            "version": "1",
            "description": "Says which topic a headline belongs to, or honestly none. Routes that speak other tools'"
            " protocols (Superdesk, Label Studio, Open Inference) are described by those, not here.",
        },
        "paths": {
            "/v1/classify": {"post": _classify(topics)},
            "/v1/ninjs": {"post": _ninjs()},
            "/v1/feed": {"post": _feed()},
            **editing_contract.paths(topics, _REFUSED, _PROBLEM),
            "/v1/model": {"get": _get("describeModel", "The model in force, its topics and the limits.", "Model")},
            "/healthz": {"get": _get("health", "The process is up.", "Status")},
            "/readyz": {"get": _get("ready", "A verified model is loaded.", "Status")},
            "/metrics": {"get": _metrics()},
            "/openapi.json": {"get": _get("contract", "This document.", None)},
        },
        "components": {
            "schemas": _schemas(topics) | editing_contract.schemas(topics),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic", "description": "The key as password, with any name."},
            },
        },
        "security": [{}, {"bearer": []}, {"basic": []}],
    }


def _classify(topics: list[str]) -> dict[str, Any]:
    choice = {"type": "array", "items": {"enum": topics}, "minItems": 1, "uniqueItems": True}
    lang = {"enum": list(LANGUAGES)}
    explain = {"type": "boolean", "default": False, "description": "Add the words that drove each answer."}
    body = {
        "type": "object",
        "required": ["headlines"],
        "additionalProperties": False,
        "properties": {
            "headlines": {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_HEADLINES,
                "items": {"type": "string", "maxLength": MAX_CHARACTERS},
            },
            "lang": {
                **lang,
                "description": "Name the topics in this language too; no label depends on it.",
            },
            "partial": {
                "type": "boolean",
                "default": False,
                "description": "Answer what can be read, and give the problem of each other headline in its place.",
            },
            "topics": {**choice, "description": "Answer among these alone."},
            "explain": explain,
            "threshold": {
                "type": "number",
                "minimum": 0,
                "maximum": 1,
                "description": "Abstain below this confidence instead of the model's own threshold.",
            },
            "top_k": {
                "type": "integer",
                "minimum": 1,
                "description": "Give the probabilities of the best topics only.",
            },
        },
    }
    return {
        "operationId": "classify",
        "summary": "Label headlines, a ticker or a pasted page.",
        "parameters": [
            {"name": "explain", "in": "query", "schema": {"enum": ["true", "false"]},
             "description": "For text/plain: add the words that drove each answer."},
            {"name": "topics", "in": "query", "schema": {"type": "array", "items": {"enum": topics}, "minItems": 1,
             "uniqueItems": True}, "style": "form", "explode": False,
             "description": "For text/plain: answer among these alone."},
            {"name": "lang", "in": "query", "schema": lang, "description": "For text/plain: name the topics in it."},
        ],
        "requestBody": {
            "required": True,
            "description": f"At most {MAX_BODY} bytes.",
            "content": {"application/json": {"schema": body}, "text/plain": {"schema": _TEXT}},
        },
        "responses": {
            "200": _answer("One result a headline, in order.", "Answer"),
            **dict.fromkeys(("400", "408", "413", "415", "422", "503"), _PROBLEM),
            **_REFUSED,
        },
    }  # fmt: skip


def _ninjs() -> dict[str, Any]:
    headline = {"type": "string", "maxLength": MAX_CHARACTERS}
    main = {"type": "object", "required": ["value"], "properties": {"value": headline, "role": _TEXT}}
    item = {
        "type": "object",
        "anyOf": [{"required": ["headlines"]}, {"required": ["headline"]}],
        "properties": {
            "headlines": {"type": "array", "minItems": 1, "items": main},
            "headline": headline,
            "language": _TEXT,
            "subjects": {"type": "array"},
            "subject": {"type": "array"},
        },
    }
    return {
        "operationId": "classifyNinjs",
        "summary": "Add its topic to the subjects of a ninjs item.",
        "parameters": [
            {"name": "version", "in": "query", "schema": {"enum": list(VERSIONS), "default": VERSIONS[0]},
             "description": "How subjects are written: as subjects, or as the older subject."},
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": item}}},
        "responses": {
            "200": _answer("The same item, and its topic.", None),
            **dict.fromkeys(("400", "408", "413", "415", "422", "503"), _PROBLEM),
            **_REFUSED,
        },
    }  # fmt: skip


def _feed() -> dict[str, Any]:
    content = {kind: {"schema": _TEXT} for kind in FEED_TYPES}
    labelled = _answer("The same feed, byte for byte, and a category in every item that got a label.", None)
    return {
        "operationId": "classifyFeed",
        "summary": "Add a category to every item of an RSS or Atom feed.",
        "requestBody": {"required": True, "description": f"At most {MAX_BODY} bytes.", "content": content},
        "responses": {
            "200": labelled | {"content": content},
            **dict.fromkeys(("400", "408", "413", "415", "422", "503"), _PROBLEM),
            **_REFUSED,
        },
    }


def _get(operation: str, summary: str, schema: str | None) -> dict[str, Any]:
    return {"operationId": operation, "summary": summary, "responses": {"200": _answer(summary, schema), **_REFUSED}}


def _metrics() -> dict[str, Any]:
    told = {"description": "Figures of all workers.", "content": {"text/plain": {"schema": _TEXT}}}
    return {"operationId": "metrics", "summary": "Figures for Prometheus.", "responses": {"200": told, **_REFUSED}}


def _answer(description: str, schema: str | None) -> dict[str, Any]:
    found = {"$ref": f"#/components/schemas/{schema}"} if schema else {"type": "object"}
    header = {"schema": _TEXT}
    return {
        "description": description,
        "headers": dict.fromkeys(("X-Request-Id", "X-Model-Version", "Server-Timing"), header),
        "content": {"application/json": {"schema": found}},
    }


def _object(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object that has just these properties; one whose name ends in _ may be missing."""
    return {
        "type": "object",
        "required": [name for name in properties if not name.endswith("_")],
        "properties": {name.removesuffix("_"): schema for name, schema in properties.items()},
        "additionalProperties": False,
    }


def _schemas(topics: list[str]) -> dict[str, Any]:
    share = {"type": "number", "minimum": 0, "maximum": 1}
    offset = {"type": "integer", "minimum": 0}
    word = _object(word=_TEXT, start=offset, end=offset, share={"type": "number", "minimum": -1, "maximum": 1})
    result = _object(
        headline=_TEXT,
        label={"enum": [*topics, None]},
        confidence=share,
        probabilities={"type": "object", "propertyNames": {"enum": topics}, "additionalProperties": share},
        reason={"enum": ["uncertain", "unfamiliar", "contested", None]},
        iptc={"type": ["string", "null"]},
        version=_TEXT,
        words_={"type": "array", "items": word},
        name_={"type": ["string", "null"]},
    )
    problem = {"$ref": "#/components/schemas/Problem"}
    names = {"type": "object", "additionalProperties": _TEXT}
    topic = _object(label={"enum": topics}, iptc={"type": ["string", "null"]}, names=names)
    refused = _object(version=_TEXT, reason=_TEXT)
    return {
        "Answer": _object(
            version=_TEXT,
            results={
                "type": "array",
                "items": {"anyOf": [result, _object(problem=problem)]},
                "minItems": 1,
                "maxItems": MAX_HEADLINES,
            },
            skipped_={"type": "array", "items": _TEXT},
            ms={"type": "number", "minimum": 0},
        ),
        "Model": _object(
            version=_TEXT,
            topics={"type": "array", "items": topic},
            threshold=share,
            terms=offset,
            refused={"anyOf": [refused, {"type": "null"}]},
            limits=_object(body_bytes=offset, headlines=offset, headline_characters=offset),
        ),
        "Status": _object(status={"enum": ["ok", "ready"]}, version=_TEXT),
        "Problem": _object(type=_TEXT, title=_TEXT, status={"type": "integer"}, detail=_TEXT, pointer_=_TEXT),
    }
