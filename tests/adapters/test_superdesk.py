"""Against what Superdesk's iMatrics integration sends, and reads in the answers."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from classifier import Classifier
from service import access
from service.app import create_app
from tests.adapters.conftest import Kept

FIELDS = "?conceptFields=uuid,title,type,shortDescription,aliases,source,author,weight,broader,links"
ARTICLE: dict[str, Any] = {
    "uuid": "urn:newsml:desk.example:2026-01-01:1", "pubStatus": False, "language": "fr-MA",
    "headline": "Le Raja bat le Wydad en finale de la Botola", "body": ["Le stade etait plein."],
}  # fmt: skip
SPORT = {"uuid": "medtop:15000000", "title": "Sport", "type": "category"}
WEATHER = {"uuid": "medtop:17000000", "title": "Météo", "type": "category"}


def read_by_superdesk(concept: dict[str, Any]) -> dict[str, Any]:
    """Take of a concept what Superdesk takes of it, as strictly."""
    tag = {"name": concept["title"], "qcode": concept["uuid"], "parent": concept.get("broader") or None,
           "aliases": concept.get("aliases", []), "altids": {"imatrics": concept["uuid"]}}  # fmt: skip
    for link in concept.get("links", []):
        if link["source"].lower() == "iptc" and link["relationType"] == "exactMatch":
            tag["altids"]["medtop"] = link["id"].removeprefix("medtop:")
    assert concept["type"] in ("category", "topic")
    assert 0 <= concept["weight"] <= 1
    return tag


def test_an_article_gets_its_media_topic(client: FlaskClient) -> None:
    answer = client.post(f"/article/analysis{FIELDS}", json=ARTICLE)
    assert answer.status_code == 200
    told = answer.get_json()
    [tag] = [read_by_superdesk(concept) for concept in told["concepts"] + told["broader"]]
    assert (tag["name"], tag["qcode"], tag["altids"]["medtop"]) == ("Sport", "medtop:15000000", "15000000")
    assert "Deportes" in tag["aliases"]


def test_mark_up_in_a_headline_is_not_read(client: FlaskClient, kept: Kept) -> None:
    marked = ARTICLE | {"headline": "<p>Le <b>Raja</b> bat le Wydad &amp; gagne</p>", "concepts": [SPORT]}
    client.post("/article/store", json=marked)
    assert kept.corrections[0]["headline"] == "Le Raja bat le Wydad & gagne"


@pytest.mark.parametrize("headline", ["", "   ", "zzz qqq xxx www"])
def test_an_article_without_an_answer_gets_no_concept(client: FlaskClient, headline: str) -> None:
    told = client.post("/article/analysis", json={"headline": headline, "body": []}).get_json()
    assert (told["concepts"], told["broader"]) == ([], [])


def test_what_an_editor_left_on_an_article_is_a_correction_once(client: FlaskClient, kept: Kept) -> None:
    stored = ARTICLE | {"pubStatus": True, "concepts": [WEATHER, {"uuid": "x", "title": "Rabat", "type": "place"}]}
    for _ in range(2):
        assert client.post("/article/store", json=stored).status_code == 200
    [correction] = kept.corrections
    assert (correction["headline"], correction["label"]) == (ARTICLE["headline"], "weather")
    assert (correction["author"], correction["trusted"]) == ("anybody", True)
    assert ARTICLE["uuid"] in correction["note"]
    for concept in (SPORT, WEATHER):  # an editor who changes their mind, and again
        client.post("/article/store", json=stored | {"concepts": [concept]})
    assert [correction["label"] for correction in kept.corrections] == ["weather", "sport", "weather"]


@pytest.mark.parametrize("concepts", [[], [SPORT, WEATHER], [{"uuid": "x", "title": "Rabat", "type": "place"}], [{}]])
def test_no_topic_or_several_are_no_correction(client: FlaskClient, kept: Kept, concepts: list[Any]) -> None:
    assert client.post("/article/store", json=ARTICLE | {"concepts": concepts}).status_code == 200
    assert kept.corrections == []


def test_user_and_key_of_superdesk_admit_it_to_what_its_roles_allow(
    model: Classifier, kept: Kept, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    key = access.add(file, "superdesk", ["classify", "correct"])
    client = create_app(classifier=model, settings=replace(kept.settings, keys=file)).test_client()
    basic = {"Authorization": "Basic " + base64.b64encode(f"superdesk:{key}".encode()).decode()}
    assert client.post("/article/analysis", json=ARTICLE).status_code == 401
    assert client.post("/article/analysis", json=ARTICLE, headers=basic).status_code == 200
    stored = ARTICLE | {"concepts": [WEATHER]}
    assert client.post("/article/store", json=stored, headers=basic).status_code == 200
    assert (kept.corrections[0]["author"], kept.corrections[0]["trusted"]) == ("superdesk", False)


@pytest.mark.parametrize(
    ("path", "change", "pointer"),
    [
        ("analysis", {"headline": 7}, "/headline"),
        ("analysis", {"headline": "x" * 501}, "/headline"),
        ("analysis", {"uuid": 10**30}, "/uuid"),
        ("analysis", {"uuid": "\ud800"}, ""),
        ("store", {"concepts": {}}, "/concepts"),
        ("store", {"concepts": ["sport"]}, "/concepts"),
        ("store", {"uuid": "a\nb", "concepts": [SPORT]}, "/uuid"),
    ],
)
def test_a_wrong_article_is_a_problem(client: FlaskClient, path: str, change: dict[str, Any], pointer: str) -> None:
    answer = client.post(f"/article/{path}", json=ARTICLE | change)
    assert answer.content_type == "application/problem+json"
    assert (answer.status_code, answer.json and answer.json["pointer"]) == (422, pointer)
