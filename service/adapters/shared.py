"""What the adapters have in common: handing on a correction, finding a topic by the name a tool gives it, answering."""

from typing import Any

import orjson
from flask import Response

from classifier.topics import describe
from service.access import Caller


def trusted(caller: Caller) -> bool:
    """Return whether this caller's corrections count at once.

    A tool has one key for all its users and may name whom it likes, so it is the key that counts, not the user.
    """
    return "review" in caller.roles


def topic_named(name: str, topics: tuple[str, ...]) -> str | None:
    """Return the topic that goes by a name: its label, its Media Topic id or its name in one of the four languages."""
    wanted = name.strip().casefold()
    for label in topics:
        topic = describe(label)
        if wanted in {label.casefold(), topic.iptc, *(known.casefold() for known in topic.names.values())}:
            return label
    return None


def answer(value: dict[str, Any], status: int = 200) -> Response:
    """Return an answer of JSON."""
    return Response(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE), status, mimetype="application/json")
