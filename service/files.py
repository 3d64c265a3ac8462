"""The files that the page and the widget are made of, sent once and then only when they change."""

import hashlib
from functools import cache
from http import HTTPStatus
from importlib.resources import files

from flask import Blueprint, Response, request

from service.problems import Problem

_SCRIPT, _STYLE = "text/javascript", "text/css"
_PAGE = {"page.css": _STYLE, "page.js": _SCRIPT, "sheet.js": _SCRIPT, "correct.js": _SCRIPT, "export.js": _SCRIPT}


def add(routes: Blueprint) -> None:
    """Add `/static/...`, what the page loads, and `/widget.js`, what pages of other sites load. They need no key."""

    @routes.get("/static/<name>")
    def static(name: str) -> Response:
        # A name from a fixed list: no path ever comes from a client.
        if name not in _PAGE:
            raise Problem(HTTPStatus.NOT_FOUND, "There is no such file.")
        return _file(name, _PAGE[name])

    @routes.get("/widget.js")
    def widget() -> Response:
        return _file("widget.js", _SCRIPT)


@cache
def _content(name: str) -> tuple[bytes, str]:
    content = files("service").joinpath("static", name).read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:32]


def _file(name: str, kind: str) -> Response:
    content, digest = _content(name)
    response = Response(content, content_type=f"{kind}; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(digest)
    response.make_conditional(request)
    return response
