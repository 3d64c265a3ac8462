"""IPTC ninjs: a news item in, the same item with its topic among its subjects out."""

import json

from flask import Blueprint, Response, request

from classifier import InputError, ninjs
from service import asked
from service.desk import Desk


def blueprint(desk: Desk) -> Blueprint:
    """Return the route, around a desk."""
    routes = Blueprint("ninjs", __name__)

    @routes.post("/v1/ninjs")
    def classify() -> Response:
        desk.admit("classify")
        asked.check_query(request, "version")
        version = request.args.get("version", ninjs.VERSIONS[0])
        if version not in ninjs.VERSIONS:
            raise asked.wrong("", f"The parameter version is {' or '.join(ninjs.VERSIONS)}.")
        item = asked.read_json(request)
        headline = _headline(item)
        [prediction] = desk.classify([headline]).predictions
        try:
            labelled = ninjs.labelled(item, prediction, version)
        except InputError as error:
            raise asked.wrong("/subjects" if version == "3.1" else "/subject", f"It is no list: {error}.") from error
        # orjson has no whole numbers of over 64 bits, and an item has what it came with.
        return Response(json.dumps(labelled, ensure_ascii=False) + "\n", mimetype="application/json")

    return routes


def _headline(item: ninjs.Item) -> str:
    try:
        headline = ninjs.headline(item)
    except InputError as error:
        raise asked.wrong("/headlines", f"An item needs a headline: {error}.") from error
    asked.check([headline], lambda _: "/headlines")
    return headline
