"""Superdesk, by the HTTP interface that its iMatrics integration calls: `article/analysis` and `article/store`.

Superdesk takes nothing but 200 for an answer, authenticates by user and key, and reads every field of a concept that is
given here.
"""

from typing import Any

from flask import Blueprint, Response, request

from classifier.feed_reader import plain
from classifier.topics import describe, language
from service import asked
from service.adapters.shared import answer, topic_named, trusted
from service.corrections import Corrections
from service.desk import Desk


def blueprint(desk: Desk, corrections: Corrections) -> Blueprint:
    """Return the routes that Superdesk calls, around a desk."""
    routes = Blueprint("superdesk", __name__)

    @routes.post("/article/analysis")
    def analysis() -> Response:
        desk.admit("classify")
        article = asked.read_json(request)
        headline, lang = _headline(article), language(article.get("language")) or "en"
        predictions = desk.classify([headline] if headline else []).predictions
        concepts = [_concept(found.label, found.confidence, lang) for found in predictions if found.label]
        return answer({"uuid": _guid(article), "concepts": concepts, "broader": []})

    @routes.post("/article/store")
    def store() -> Response:
        caller = desk.admit("correct")
        article = asked.read_json(request)
        headline, label = _headline(article), _label(article, desk.model.topics)
        if headline and label:
            guid = _guid(article)
            corrections.report(
                id=None, headline=headline, label=label, author=caller.name,
                trusted=trusted(caller), note=f"Superdesk {guid}", version=desk.model.version,
            )  # fmt: skip
        return answer({"uuid": _guid(article), "error": False})

    return routes


def _guid(article: dict[str, Any]) -> str:
    guid = article.get("uuid", "")
    if not isinstance(guid, str) or len(guid) > 500 or not guid.isprintable():
        raise asked.wrong("/uuid", "uuid is a text of up to 500 characters.")
    return guid


def _headline(article: dict[str, Any]) -> str:
    headline = article.get("headline", "")
    asked.check([headline], lambda _: "/headline")
    return plain(headline).strip()  # its editors may put mark-up there


def _concept(label: str, confidence: float, lang: str) -> dict[str, Any]:
    topic = describe(label)
    link = {"source": "iptc", "relationType": "exactMatch", "id": topic.iptc, "uri": "", "url": ""}
    return {
        "uuid": topic.iptc or label,
        "title": topic.names[lang],
        # A category belongs to the Media Topics, a topic to the newsroom.
        "type": "category" if topic.iptc else "topic",
        "weight": round(confidence, 6),
        "source": "headline-topics",
        "aliases": sorted({*topic.names.values()} - {topic.names[lang]}),
        "broader": "",
        "links": [link] if topic.iptc else [],
    }


def _label(article: dict[str, Any], topics: tuple[str, ...]) -> str | None:
    """Return the topic that the editor left on the article; None when it is not one topic of ours."""
    concepts = article.get("concepts", [])
    if not isinstance(concepts, list) or not all(isinstance(concept, dict) for concept in concepts):
        raise asked.wrong("/concepts", "concepts is a list of objects.")
    named = (topic_named(concept.get("uuid"), topics) for concept in concepts if isinstance(concept.get("uuid"), str))
    found = {label for label in named if label}
    return found.pop() if len(found) == 1 else None
