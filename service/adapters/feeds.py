"""RSS and Atom: a feed in, the same feed with a category in each item out."""

from http import HTTPStatus

from flask import Blueprint, Response, request

from classifier import InputError, feeds
from service import asked
from service.desk import Desk
from service.problems import Problem

TYPES = ("application/rss+xml", "application/atom+xml", "application/xml", "text/xml")


def blueprint(desk: Desk) -> Blueprint:
    """Return the route, around a desk."""
    routes = Blueprint("feeds", __name__)

    @routes.post("/v1/feed")
    def classify() -> Response:
        desk.admit("classify")
        asked.check_query(request)
        feed = _read()
        asked.check(feed.headlines, lambda _: "")
        labelled = feed.labelled(desk.classify(feed.headlines).predictions)
        # Without a charset: the feed itself says what it is written in.
        return Response(labelled, content_type=request.mimetype)

    return routes


def _read() -> feeds.Feed:
    if request.content_encoding or request.mimetype not in TYPES:
        told = f"Send {', '.join(TYPES)} without Content-Encoding, not {request.content_type or 'nothing'}."
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, told)
    try:
        return feeds.read(asked.read_bytes(request))
    except InputError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"The feed cannot be read: {error}.") from error
