"""What waits for an editor: what others wait for first, then what the model is least sure of."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from classifier import Classifier, Prediction
from service import access
from service.app import create_app
from service.corrections import Corrections
from service.doubtful import Doubtful
from service.queue import diverse, queue, waiting
from service.store import Store
from tests.conftest import OPEN

ANNA = access.Caller("anna", frozenset({"classify", "correct"}))
RITA = access.Caller("rita", frozenset(access.ROLES))


def answered(headline: str, confidence: float = 0.4, reason: Any = "uncertain") -> Prediction:
    probabilities = {"sport": confidence, "weather": 1 - confidence}
    return Prediction(headline, None, confidence, probabilities, reason, "v", 1.0)


@pytest.fixture
def store(database: str) -> Store:
    return Store(database)


@pytest.fixture
def kept(store: Store) -> Corrections:
    kept = Corrections(store)
    for author, headline, label in [
        ("bilal", "un titre vu autrement", "sport"), ("carla", "un titre vu autrement", "other"),
        ("bilal", "un titre sur la pluie", "weather"), ("anna", "un titre d'Anna", "sport"),
        ("bilal", "un titre décidé", "sport"), ("carla", "un titre décidé", "sport"),
    ]:  # fmt: skip
        kept.report(id=None, headline=headline, label=label, author=author, trusted=False)
    return kept


def test_reviewers_settle_conflicts_first_and_see_who_said_what(model: Classifier, kept: Corrections) -> None:
    found = queue(model, waiting(kept, None, RITA, 10), 10)
    assert [(item.reason, item.prediction.headline) for item in found] == [
        ("conflict", "un titre vu autrement"),
        ("reported", "un titre sur la pluie"),
        ("reported", "un titre d'Anna"),
    ]
    assert [(vote.row.author, vote.row.label) for vote in found[0].reported] == [("bilal", "sport"), ("carla", "other")]
    assert len(queue(model, waiting(kept, None, RITA, 2), 2)) == 2


def test_editors_give_a_second_opinion_that_does_not_know_the_first(model: Classifier, kept: Corrections) -> None:
    found = queue(model, waiting(kept, None, ANNA, 10), 10)
    assert [item.to_dict() | {"best": "", "confidence": 0} for item in found] == [
        {"headline": "un titre sur la pluie", "reason": "reported", "best": "", "confidence": 0, "corrections": []}
    ]


def test_what_is_withdrawn_waits_for_nobody(model: Classifier, kept: Corrections) -> None:
    for found in kept.listed():
        kept.withdraw(found.row.id, RITA)
    assert queue(model, waiting(kept, None, RITA, 10), 10) == []


def test_the_newest_uncertain_headlines_are_kept_once_and_nothing_else(store: Store) -> None:
    doubtful = Doubtful(store, kept=3)
    doubtful.note([answered("sûr", 0.9, None), answered("inconnu", 0.3, "unfamiliar"), answered("nul \0")])
    doubtful.write()
    assert doubtful.newest(10) == {}
    for number in range(6):
        doubtful.note([answered(f"titre {number}")])
        doubtful.write()
    doubtful.note([answered("Titre 4 !"), answered("titre 4")])
    doubtful.write()
    assert list(doubtful.newest(10).values()) == ["titre 4", "titre 5"]  # titre 3 is the fourth back


def test_what_is_noted_is_written_within_seconds_and_what_cannot_be_is_let_go(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    doubtful = Doubtful(store)
    doubtful.note([answered("un titre")])
    until = time.monotonic() + 20
    while not (store.is_there() and doubtful.newest(1)) and time.monotonic() < until:
        time.sleep(0.05)
    assert doubtful.newest(1) == {"un titre": "un titre"}
    nowhere = Doubtful(Store(f"sqlite:///{tmp_path}/no/where.db"))
    nowhere.note([answered("un titre")])
    nowhere.write()
    assert "uncertain headlines are not kept" in caplog.text


def test_uncertain_headlines_come_last_without_those_that_somebody_judged(
    model: Classifier, kept: Corrections, store: Store
) -> None:
    unsure = ["Le ministre sous la pluie", "un titre sur la pluie", "Bourse et stade"]
    doubtful = Doubtful(store)
    wary = Classifier(replace(model.weights, threshold=1.0))
    doubtful.note(wary.classify(unsure))
    doubtful.write()
    found = [(item.reason, item.prediction.headline) for item in queue(wary, waiting(kept, doubtful, ANNA, 10), 10)]
    assert found[0] == ("reported", "un titre sur la pluie")
    assert sorted(found[1:]) == [("uncertain", "Bourse et stade"), ("uncertain", "Le ministre sous la pluie")]
    # A model that has learned since is not uncertain any more.
    sure = Classifier(replace(model.weights, threshold=0.0))
    assert {item.reason for item in queue(sure, waiting(kept, doubtful, ANNA, 10), 10)} == {"reported"}


def test_the_least_confident_come_first_and_their_like_last() -> None:
    told = [
        answered("Le Raja bat le Wydad", 0.3), answered("Le Raja bat le Wydad au stade", 0.35),
        answered("Pluie sur Rabat", 0.7), answered("Bourse en hausse", 0.5),
    ]  # fmt: skip
    order = ["Le Raja bat le Wydad", "Bourse en hausse", "Pluie sur Rabat", "Le Raja bat le Wydad au stade"]
    assert [prediction.headline for prediction in diverse(told, 10)] == order
    assert [prediction.headline for prediction in diverse(told, 2)] == order[:2]


@given(st.lists(st.tuples(st.text(alphabet="abc ", max_size=8), st.floats(0, 1))), st.integers(0, 20))
def test_as_many_are_offered_as_there_are(told: list[tuple[str, float]], limit: int) -> None:
    found = diverse([answered(headline, confidence) for headline, confidence in told], limit)
    assert len(found) == min(limit, len(told))


def asked(client: FlaskClient, limit: int = 20) -> Any:
    return client.get(f"/v1/queue?limit={limit}").get_json()


def test_over_http_uncertain_headlines_are_offered_where_they_are_kept(model: Classifier, tmp_path: Path) -> None:
    headlines = {"headlines": ["Le ministre et le stade sous la pluie"], "threshold": 1}
    for kept in (False, True):
        settings = replace(OPEN, database=f"sqlite:///{tmp_path}/{kept}.db", keep_uncertain=kept)
        wary = Classifier(replace(model.weights, threshold=1.0))
        client = create_app(classifier=wary, settings=settings).test_client()
        assert client.post("/v1/classify", json=headlines).get_json()["results"][0]["reason"] == "uncertain"
        until = time.monotonic() + (20 if kept else 1.5)
        while not (found := asked(client)["queue"]) and time.monotonic() < until:
            time.sleep(0.05)
        assert [(item["reason"], item["headline"]) for item in found] == [
            ("uncertain", headlines["headlines"][0])
        ] * kept
    assert client.get("/v1/queue?limit=0").status_code == 422
