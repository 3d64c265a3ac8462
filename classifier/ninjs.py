"""IPTC ninjs, news items as JSON: find an item's headline, and add its topic to the item's subjects.

Of the standard's versions 3.1 and 1.6 are written, whose names differ; items of the versions between are near enough to
one of them to be read.
"""

import uuid
from typing import Any

from classifier.errors import InputError
from classifier.feed_reader import SCHEME, plain
from classifier.model import Prediction
from classifier.topics import describe, language

VERSIONS = ("3.1", "1.6")

Item = dict[str, Any]


def headline(item: Item) -> str:
    """Return the headline of an item: the main one of `headlines`, the first if none is, or its `headline`.

    Raises:
        InputError: it has none.
    """
    headlines = item.get("headlines", [{"value": item.get("headline")}])
    if not isinstance(headlines, list) or not headlines or not all(isinstance(one, dict) for one in headlines):
        raise InputError("the item has no list of headlines, and no headline")
    main = next((one for one in headlines if one.get("role") == "main"), headlines[0])
    text = main.get("value")
    if not isinstance(text, str):
        raise InputError("the item has no headline that is a text")
    kind = main.get("contentType", main.get("contenttype"))  # as 2.x had it
    return plain(text) if kind == "text/html" else text


def labelled(item: Item, prediction: Prediction, version: str = VERSIONS[0]) -> Item:
    """Return an item with its topic among its subjects; without a label, or with that subject already, as it is.

    Args:
        version: one of `VERSIONS`, which says how subjects are written.

    Raises:
        InputError: its subjects are no list.
    """
    field = "subjects" if version == "3.1" else "subject"
    subjects = item.get(field, [])
    if not isinstance(subjects, list):
        raise InputError(f"{field} is no list")
    if prediction.label is None:
        return item
    named = _named(prediction.label, version)
    if any(isinstance(one, dict) and named.items() <= one.items() for one in subjects):
        return item
    subject = {
        "name": describe(prediction.label).names[language(item.get("language")) or "en"],
        "rel": "about",
        **named,
        "creator": f"headline-topics {prediction.version}",
        "confidence": round(prediction.confidence * 100),
    }
    return item | {field: [*subjects, subject]}


def item_of(record: dict[str, Any], prediction: Prediction) -> Item:
    """Return a ninjs 3.1 item for a headline; one and the same headline has one and the same `uri`."""
    uri = record.get("uri")
    return labelled(
        {
            "uri": uri if isinstance(uri, str) else uuid.uuid5(uuid.NAMESPACE_URL, prediction.headline).urn,
            "type": "text",
            "headlines": [{"value": prediction.headline}],
        },
        prediction,
    )


def _named(label: str, version: str) -> dict[str, str]:
    code = (describe(label).iptc or "").partition(":")[2]
    if version == "3.1":
        return {"uri": SCHEME + code} if code else {"literal": label}
    return {"scheme": SCHEME, "code": code} if code else {"code": label}
