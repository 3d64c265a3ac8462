"""`/v1/ninjs` and `/v1/feed`: what comes in goes out again, with topics."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from classifier import Classifier, feeds
from classifier.feed_reader import SCHEME

ITEM = {"uri": "urn:desk:1", "headlines": [{"value": "Le Raja bat le Wydad en finale"}], "n": 10**30, "f": 1.5}
RSS = (
    "<?xml version='1.0' encoding='ISO-8859-1'?>\n<rss version='2.0'><channel>\n"
    "<item><title>Averses orageuses attendues lundi à Fès</title></item>\n"
    "<item><title>Le Raja bat le Wydad en finale</title></item>\n<item><title>zzz qqq xxx</title></item>\n"
    "</channel></rss>\n"
).encode("iso-8859-1")
LONG = b"<rss><channel><item><title>" + b"x" * 501 + b"</title></item></channel></rss>"


def test_a_ninjs_item_comes_back_with_its_subject(client: FlaskClient) -> None:
    answer = client.post("/v1/ninjs", json=ITEM)
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    told = answer.get_json()
    assert told.pop("subjects")[0]["uri"] == f"{SCHEME}15000000"
    assert told == ITEM


def test_the_older_ninjs_is_written_on_request(client: FlaskClient) -> None:
    item = {"uri": "urn:desk:1", "headline": "Le Raja bat le Wydad en finale", "language": "ar"}
    [subject] = client.post("/v1/ninjs?version=1.6", json=item).get_json()["subject"]
    assert (subject["name"], subject["code"]) == ("رياضة", "15000000")


@pytest.mark.parametrize(
    ("path", "item", "status", "pointer"),
    [
        ("/v1/ninjs?version=2", ITEM, 422, ""),
        ("/v1/ninjs?verson=3.1", ITEM, 422, None),
        ("/v1/ninjs", {}, 422, "/headlines"),
        ("/v1/ninjs", [], 422, ""),
        ("/v1/ninjs", {"headline": "x" * 501}, 422, "/headlines"),
        ("/v1/ninjs", ITEM | {"subjects": {}}, 422, "/subjects"),
        ("/v1/ninjs?version=1.6", ITEM | {"subject": 1}, 422, "/subject"),
        ("/v1/ninjs", ITEM | {"body": "\ud800"}, 422, ""),
        ("/v1/ninjs", ITEM | {"deep": json.loads("[" * 33 + "]" * 33)}, 400, None),
    ],
)
def test_a_wrong_item_is_a_problem(client: FlaskClient, path: str, item: Any, status: int, pointer: str | None) -> None:
    answer = client.post(path, data=json.dumps(item), content_type="application/json")
    assert answer.content_type == "application/problem+json"
    assert (answer.status_code, answer.get_json(force=True).get("pointer")) == (status, pointer)


@pytest.mark.parametrize("kind", ["application/rss+xml", "application/atom+xml", "application/xml", "text/xml"])
def test_a_feed_comes_back_with_its_categories(client: FlaskClient, model: Classifier, kind: str) -> None:
    answer = client.post("/v1/feed", data=RSS, content_type=f"{kind}; charset=iso-8859-1")
    assert (answer.status_code, answer.content_type) == (200, kind)
    feed = feeds.read(RSS)
    assert answer.data == feed.labelled(model.classify(feed.headlines))
    assert f'finale</title><category domain="{SCHEME}">15000000</category></item>'.encode() in answer.data
    assert b"xxx</title></item>" in answer.data


def test_a_feed_without_items_comes_back_as_it_was(client: FlaskClient) -> None:
    empty = b"<rss><channel><title>Fil</title></channel></rss>"
    assert client.post("/v1/feed", data=empty, content_type="text/xml").data == empty


@pytest.mark.parametrize(
    ("path", "body", "kind", "status", "told"),
    [
        ("/v1/feed", RSS, "application/json", 415, "application/rss+xml"),
        ("/v1/feed", RSS, "", 415, "nothing"),
        ("/v1/feed?lang=fr", RSS, "text/xml", 422, "Unknown parameter"),
        ("/v1/feed", b"", "text/xml", 422, "not XML"),
        ("/v1/feed", b"<html/>", "text/xml", 422, "neither RSS nor Atom"),
        ("/v1/feed", b'<!DOCTYPE rss [<!ENTITY a "b">]><rss/>', "text/xml", 422, "entities"),
        ("/v1/feed", LONG, "text/xml", 422, "500 characters"),
        ("/v1/feed", b" " * (256 * 1024 + 1), "text/xml", 413, "262144"),
    ],
)
def test_a_wrong_feed_is_a_problem(
    client: FlaskClient, path: str, body: bytes, kind: str, status: int, told: str
) -> None:
    answer = client.post(path, data=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert told in answer.get_json(force=True)["detail"]


def test_a_compressed_feed_is_refused(client: FlaskClient) -> None:
    answer = client.post("/v1/feed", data=RSS, headers={"Content-Type": "text/xml", "Content-Encoding": "gzip"})
    assert answer.status_code == 415
