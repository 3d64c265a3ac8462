import csv
import io
import json
import os
import resource
import signal
import socket
import threading
import time
import uuid
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import Classifier
from service import access
from service.__main__ import main
from service.app import create_app
from service.corrections import Corrections, standing
from service.problems import Problem
from service.store import Row, Store
from tests.conftest import OPEN, server

KILLS = int(os.environ.get("KILLS", "20"))
HEADLINE = "Le ministre et le stade sous la pluie"


@pytest.fixture
def kept(database: str) -> Corrections:
    return Corrections(Store(database), quorum=2, quota=50)


def report(kept: Corrections, author: str, label: str, headline: str = HEADLINE, trusted: bool = False) -> str:
    return kept.report(id=uuid.uuid4().hex, headline=headline, label=label, author=author, trusted=trusted).status


def test_one_report_is_a_report_and_two_people_are_a_decision(kept: Corrections) -> None:
    assert report(kept, "anna", "sport") == "reported"
    assert report(kept, "anna", "sport") == "reported"
    assert kept.accepted() == []
    assert report(kept, "bilal", "sport", "LE MINISTRE et le stade, sous la pluie !") == "accepted"
    assert [(found.row.label, found.status) for found in kept.accepted()] == [("sport", "accepted")]


def test_those_who_disagree_wait_for_a_reviewer(kept: Corrections) -> None:
    report(kept, "anna", "sport")
    assert report(kept, "bilal", "weather") == "conflict"
    assert report(kept, "carla", "weather") == "conflict"
    assert kept.contested() == {"le ministre et le stade sous la pluie": None}
    [votes] = kept.votes().values()
    assert [vote.row.author for vote in votes] == ["anna", "bilal", "carla"]
    assert report(kept, "rita", "politics", trusted=True) == "accepted"
    assert kept.contested() == {"le ministre et le stade sous la pluie": "politics"}
    assert [found.status for found in kept.listed()] == ["overruled"] * 3 + ["accepted"]


def test_an_author_may_change_their_mind_but_has_one_vote(kept: Corrections) -> None:
    report(kept, "anna", "sport")
    report(kept, "bilal", "weather")
    assert report(kept, "anna", "weather") == "accepted"
    assert {found.row.label for found in kept.accepted()} == {"weather"}


def test_the_same_id_is_the_same_vote_and_another_content_a_conflict(kept: Corrections) -> None:
    first = kept.report(id="abcdefgh", headline=HEADLINE, label="sport", author="anna", trusted=False)
    again = kept.report(id="abcdefgh", headline=HEADLINE, label="sport", author="anna", trusted=False)
    assert (first.repeated, again.repeated) == (False, True)
    assert first.row == again.row
    with pytest.raises(Problem, match="has this id"):
        kept.report(id="abcdefgh", headline=HEADLINE, label="other", author="anna", trusted=False)
    # A new version may have taken over before a client tries again.
    later = kept.report(id="abcdefgh", headline=HEADLINE, label="sport", author="anna", trusted=False, version="new")
    assert (later.repeated, later.row) == (True, first.row)
    # Another author's ids are their own.
    assert not kept.report(id="abcdefgh", headline=HEADLINE, label="sport", author="bilal", trusted=False).repeated
    assert len(kept.listed()) == 2


def test_without_an_id_what_is_in_force_is_said_once(kept: Corrections) -> None:
    said = {"id": None, "headline": HEADLINE, "author": "cms", "trusted": False}
    told = [kept.report(label=label, **said) for label in ("sport", "sport", "weather", "sport", "sport")]  # type: ignore[arg-type]
    assert [one.repeated for one in told] == [False, True, False, False, True]
    assert [one.row.label for one in kept.listed()] == ["sport", "weather", "sport"]


@pytest.mark.parametrize("character", ["\x1b", "\u202e", "\uffff", "🦁"])
def test_any_character_is_kept_as_it_is(client: FlaskClient, character: str) -> None:
    answer = client.post("/v1/corrections", json=sent(headline=HEADLINE + character, note=character))
    assert answer.status_code == 201
    assert answer.get_json()["note"] == character


def test_what_is_withdrawn_is_no_vote_any_more(kept: Corrections) -> None:
    anna, rita = access.Caller("anna", frozenset({"correct"})), access.Caller("rita", frozenset({"correct", "review"}))
    kept.report(id="anna-0001", headline=HEADLINE, label="sport", author="anna", trusted=False)
    kept.report(id="bilal-001", headline=HEADLINE, label="sport", author="bilal", trusted=False)
    with pytest.raises(Problem, match="no correction of yours"):
        kept.withdraw("bilal-001", anna)
    kept.withdraw("bilal-001", rita)
    assert [found.status for found in kept.listed()] == ["reported", "withdrawn"]
    kept.report(id="anna-0002", headline=HEADLINE, label="weather", author="anna", trusted=False)
    kept.withdraw("anna-0002", anna)  # and what it had replaced does not come back
    assert {found.status for found in kept.listed()} == {"withdrawn"}
    assert kept.contested() == {}


def test_an_author_has_a_quota_a_day(kept: Corrections) -> None:
    for number in range(kept.quota):
        report(kept, "anna", "sport", f"headline {number}")
    with pytest.raises(Problem, match="At most 50 corrections a day"):
        report(kept, "anna", "sport", "one more")
    assert report(kept, "bilal", "sport", "one more") == "reported"
    assert len(kept.listed()) == kept.quota + 1


def test_two_processes_see_each_others_corrections(kept: Corrections, database: str) -> None:
    other = Corrections(Store(database), quorum=2)
    report(kept, "anna", "sport")
    assert other.contested() == {}
    report(kept, "bilal", "sport")
    time.sleep(1.1)
    assert other.contested() == {"le ministre et le stade sous la pluie": "sport"}


def test_many_writers_at_once_lose_nothing(kept: Corrections) -> None:
    threads = [
        threading.Thread(target=lambda n=n: [report(kept, f"editor {n}", "sport", f"headline {i}") for i in range(10)])
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept.listed()) == 60
    assert len(kept.accepted()) == 10


VOTES = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["sport", "other"]), st.booleans(), st.booleans()), max_size=12
)


@settings(deadline=None)
@given(VOTES, st.integers(1, 4))
def test_a_standing_follows_from_the_votes_in_force(votes: list[tuple[str, str, bool, bool]], quorum: int) -> None:
    rows = [
        Row(i, str(i), author, trusted, "k", "k", label, "", None, None, "", withdrawn)
        for i, (author, label, trusted, withdrawn) in enumerate(votes)
    ]
    found = standing(rows, quorum)
    last = {row.author: row for row in rows if not row.withdrawn}
    assert found.voters == len(last)
    assert (found.status == "accepted") == (found.label is not None)
    if any(row.trusted for row in last.values()):
        assert found.status == "accepted"
    elif len({row.label for row in last.values()}) > 1:
        assert found.status == "conflict"
    else:
        assert (found.status == "accepted") == (len(last) >= quorum)


# Over HTTP


@pytest.fixture
def client(model: Classifier, database: str) -> FlaskClient:
    return create_app(classifier=model, settings=replace(OPEN, database=database)).test_client()


def sent(**more: object) -> dict[str, object]:
    return {"id": uuid.uuid4().hex, "headline": HEADLINE, "label": "sport", **more}


def test_a_correction_is_created_once_and_told_where_it_is(client: FlaskClient) -> None:
    body = sent(note="vu au stade", version="abc", replaces="weather")
    first = client.post("/v1/corrections", json=body)
    again = client.post("/v1/corrections", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json() == again.get_json() == client.get(first.headers["Location"]).get_json()
    assert first.get_json() | {"at": ""} == body | {
        "status": "accepted", "votes": 1, "needed": 2, "author": "anybody", "at": ""
    }  # fmt: skip
    assert client.post("/v1/corrections", json=body | {"label": "other"}).status_code == 409
    assert client.delete(first.headers["Location"]).status_code == 204
    assert client.get(first.headers["Location"]).get_json()["status"] == "withdrawn"
    assert client.delete("/v1/corrections/nobody-knows").status_code == 404


def test_a_contested_headline_is_withheld_until_the_model_says_the_same(client: FlaskClient) -> None:
    asked = {"headlines": [HEADLINE, HEADLINE.upper(), "Autre chose"], "threshold": 0, "topics": ["weather", "sport"]}
    before = client.post("/v1/classify", json=asked).get_json()["results"]
    other = "sport" if before[0]["label"] == "weather" else "weather"
    made = client.post("/v1/corrections", json=sent(label=other))
    after = client.post("/v1/classify", json=asked).get_json()["results"]
    assert [(result["label"], result["reason"]) for result in after[:2]] == [(None, "contested")] * 2
    assert after[2] == before[2]
    assert after[0]["probabilities"] == before[0]["probabilities"]
    client.delete(made.headers["Location"])
    client.post("/v1/corrections", json=sent(label=before[0]["label"]))
    assert client.post("/v1/classify", json=asked).get_json()["results"] == before


def test_reviewers_page_through_all_and_export_them(client: FlaskClient) -> None:
    for number in range(5):
        client.post("/v1/corrections", json=sent(headline=f'=HYPERLINK("x") {number}', note="+1"))
    first = client.get("/v1/corrections?limit=3").get_json()
    rest = client.get(f"/v1/corrections?limit=3&after={first['next']}").get_json()
    assert [len(first["corrections"]), len(rest["corrections"]), rest["next"]] == [3, 2, None]
    lines = [json.loads(line) for line in client.get("/v1/corrections.jsonl").get_data(as_text=True).splitlines()]
    assert [line["headline"] for line in lines] == [f'=HYPERLINK("x") {number}' for number in range(5)]
    rows = list(csv.DictReader(io.StringIO(client.get("/v1/corrections.csv").get_data(as_text=True), newline="")))
    assert [row["headline"] for row in rows] == [f'\'=HYPERLINK("x") {number}' for number in range(5)]
    assert {row["note"] for row in rows} == {"'+1"}


def test_roles_say_who_may_correct_and_who_may_review(model: Classifier, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    keys = {role: access.add(file, role, [role]) for role in access.ROLES}
    keys["other"] = access.add(file, "other", ["correct"])
    settings = replace(OPEN, keys=file, database=f"sqlite:///{tmp_path}/c.db")
    client = create_app(classifier=model, settings=settings).test_client()

    def asked(who: str, method: str, path: str, **how: object) -> int:
        return client.open(path, method=method, headers={"Authorization": f"Bearer {keys[who]}"}, **how).status_code

    body = sent()
    assert asked("classify", "POST", "/v1/corrections", json=body) == 403
    assert asked("correct", "POST", "/v1/corrections", json=body) == 201
    assert asked("correct", "GET", "/v1/corrections") == 403
    assert asked("review", "GET", "/v1/corrections") == 200
    assert [asked(role, "GET", "/v1/queue") for role in access.ROLES] == [403, 200, 200]
    assert asked("other", "GET", f"/v1/corrections/{body['id']}") == 404
    assert asked("review", "GET", f"/v1/corrections/{body['id']}") == 200
    assert asked("other", "DELETE", f"/v1/corrections/{body['id']}") == 404
    assert asked("correct", "DELETE", f"/v1/corrections/{body['id']}") == 204
    assert asked("review", "DELETE", f"/v1/corrections/{body['id']}") == 204


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [({"id": "short"}, 422, "/id"), ({"id": "a/b/c/d/e"}, 422, "/id"), ({"id": None}, 422, "/id"),
     ({"headline": 1}, 422, "/headline"), ({"headline": "x" * 501}, 422, "/headline"),
     ({"headline": "..."}, 422, "/headline"), ({"headline": "a" + "\u0301" * 31}, 422, "/headline"),
     ({"label": "golf"}, 422, "/label"), ({"replaces": "golf"}, 422, "/replaces"), ({"note": "x" * 501}, 422, "/note"),
     ({"note": ["x"]}, 422, "/note"), ({"note": "x\0"}, 422, "/note"), ({"headline": "x\0"}, 422, "/headline"),
     ({"version": "x" * 65}, 422, "/version"), ({"author": "me"}, 422, "/author")],
)  # fmt: skip
def test_a_wrong_correction_is_refused_and_not_kept(
    model: Classifier, tmp_path: Path, change: dict[str, object], status: int, pointer: str
) -> None:
    settings = replace(OPEN, database=f"sqlite:///{tmp_path}/c.db")
    client = create_app(classifier=model, settings=settings).test_client()
    refused = client.post("/v1/corrections", json=sent(**change))
    assert (refused.status_code, refused.get_json(force=True).get("pointer")) == (status, pointer)
    assert client.get("/v1/corrections").get_json()["corrections"] == []


def test_a_database_that_cannot_be_used_is_a_503_and_classifying_goes_on(model: Classifier) -> None:
    client = create_app(classifier=model, settings=OPEN).test_client()
    refused = client.post("/v1/corrections", json=sent())
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert client.post("/v1/classify", json={"headlines": [HEADLINE]}).status_code == 200
    down = replace(OPEN, database="postgresql+psycopg://desk@127.0.0.1:1/none")
    client = create_app(classifier=model, settings=down).test_client()
    assert client.post("/v1/classify", json={"headlines": [HEADLINE]}).status_code == 200
    assert client.post("/v1/corrections", json=sent()).status_code == 503


def test_a_full_disk_is_a_507_and_loses_nothing(tmp_path: Path) -> None:
    kept = Corrections(Store(f"sqlite:///{tmp_path}/c.db"), quota=10_000)
    told: list[str] = []
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))

    def fill() -> None:
        for number in range(3000):
            name = f"correction-{number}"
            kept.report(id=name, headline=f"{number} " + "x" * 400, label="sport", author="anna", trusted=False)
            told.append(name)

    try:
        with pytest.raises(Problem) as refused:
            fill()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert refused.value.status == 507
    assert len(told) > 50
    again = Corrections(Store(f"sqlite:///{tmp_path}/c.db"))
    assert [found.row.id for found in again.listed()] == told


def test_kills_under_load_lose_no_acknowledged_correction_and_count_none_twice(models: Path, tmp_path: Path) -> None:
    """Clients send, and send again with the same id until they are answered, while the whole service is killed."""
    database = f"sqlite:///{tmp_path}/corrections.db"
    acknowledged: list[str] = []
    done = threading.Event()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def client(number: int) -> None:
        count = 0
        while not done.is_set():
            count += 1
            name = f"client-{number}-{count}"
            body = json.dumps(sent(id=name, headline=f"Titre {number} {count}"))
            while not done.is_set():
                try:
                    with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                        connection.request("POST", "/v1/corrections", body, {"Content-Type": "application/json"})
                        status = connection.getresponse().status
                except (OSError, HTTPException):
                    time.sleep(0.05)
                    continue
                if status in (200, 201):
                    acknowledged.append(name)
                    break

    clients = [threading.Thread(target=client, args=(number,)) for number in range(4)]
    for thread in clients:
        thread.start()
    for _ in range(KILLS):
        before = len(acknowledged)
        with server(models, killed=True, PORT=str(port), DATABASE_URL=database, QUOTA="1000000") as running:
            until = time.monotonic() + 30
            while len(acknowledged) < before + 12 and time.monotonic() < until:
                time.sleep(0.005)
            os.killpg(running.process.pid, signal.SIGKILL)
            running.process.wait()
    done.set()
    for thread in clients:
        thread.join()
    found = [kept.row.id for kept in Corrections(Store(database)).listed()]
    assert len(acknowledged) >= 12 * KILLS
    assert set(acknowledged) <= set(found)
    assert len(set(found)) == len(found)


def test_the_shell_exports_what_may_be_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/c.db"
    monkeypatch.setenv("DATABASE_URL", url)
    assert main(["export", "--accepted"]) == 0
    assert capsys.readouterr().out == ""
    kept = Corrections(Store(url))
    report(kept, "anna", "sport", "un titre")
    report(kept, "rita", "weather", "deux titres", trusted=True)
    assert main(["export", "--accepted"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert (json.loads(line)["headline"], json.loads(line)["status"]) == ("deux titres", "accepted")
    assert main(["export", "--to", "csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    monkeypatch.setenv("DATABASE_URL", "mysql+nothing://x")
    assert main(["export"]) == 2
    assert "DATABASE_URL is no URL" in capsys.readouterr().err
