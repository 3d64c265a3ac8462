import http.client
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from classifier import Classifier
from service.app import create_app
from tests.conftest import OPEN, running_server

TICKER = "Le Raja bat le Wydad • Averses orageuses attendues lundi • Bourse de Casablanca : le MASI en hausse"


@pytest.fixture(scope="module")
def client(model: Classifier) -> FlaskClient:
    return create_app(classifier=model).test_client()


def test_json_headlines_get_answers_in_order(client: FlaskClient, model: Classifier) -> None:
    headlines = ["Le Raja bat le Wydad en finale", "Averses orageuses attendues lundi"]
    answer = client.post("/v1/classify", json={"headlines": headlines}).get_json()
    assert [result["headline"] for result in answer["results"]] == headlines
    assert answer["version"] == model.version
    for result in answer["results"]:
        assert list(result) == ["headline", "label", "confidence", "probabilities", "reason", "iptc", "version"]
        assert sum(result["probabilities"].values()) == pytest.approx(1, abs=1e-5)


def test_a_ticker_comes_apart(client: FlaskClient) -> None:
    answer = client.post("/v1/classify", data=TICKER.encode(), content_type="text/plain; charset=utf-8").get_json()
    assert [result["headline"] for result in answer["results"]] == TICKER.split(" • ")
    assert answer["skipped"] == []


def test_some_topics_and_an_explanation_on_request(client: FlaskClient) -> None:
    asked = {"headlines": ["Averses orageuses sur le Rif"], "topics": ["sport", "weather"], "explain": True}
    [result] = client.post("/v1/classify", json=asked).get_json()["results"]
    assert list(result["probabilities"]) == ["sport", "weather"]
    assert {word["word"] for word in result["words"]} == {"Averses", "orageuses", "sur", "le", "Rif"}
    same = client.post("/v1/classify?topics=sport,weather&explain=true", data="Averses orageuses sur le Rif",
                       content_type="text/plain").get_json()  # fmt: skip
    assert same["results"] == [result]


def test_a_request_may_set_its_threshold_and_ask_for_the_best_topics_only(client: FlaskClient) -> None:
    asked = {"headlines": ["Le ministre et le stade sous la pluie"], "threshold": 1, "top_k": 2}
    [result] = client.post("/v1/classify", json=asked).get_json()["results"]
    assert (result["label"], result["reason"]) == (None, "uncertain")
    assert len(result["probabilities"]) == 2
    assert next(iter(result["probabilities"].values())) == result["confidence"]


def test_one_bad_headline_does_not_spoil_the_others_where_a_partial_answer_will_do(client: FlaskClient) -> None:
    good = ["Averses orageuses sur le Rif", "Le Raja bat le Wydad"]
    asked = {"headlines": [5, good[0], "x" * 501, "a" + "\u0301" * 31, good[1], None], "partial": True}
    results = client.post("/v1/classify", json=asked).get_json()["results"]
    assert [result.get("headline") for result in results] == [None, good[0], None, None, good[1], None]
    problems = [result["problem"] for result in results if "problem" in result]
    assert [problem["pointer"] for problem in problems] == [f"/headlines/{i}" for i in (0, 2, 3, 5)]
    assert {problem["status"] for problem in problems} == {422}
    alone = client.post("/v1/classify", json={"headlines": good}).get_json()["results"]
    assert [results[1], results[4]] == alone


def test_a_partial_answer_may_be_all_problems(client: FlaskClient) -> None:
    answer = client.post("/v1/classify", json={"headlines": [1, 2], "partial": True})
    assert answer.status_code == 200
    assert ["problem" in result for result in answer.get_json()["results"]] == [True, True]


@pytest.mark.parametrize(("lang", "name"), [("fr", "Météo"), ("ar", "طقس"), ("es-MX", "Tiempo"), ("EN", "Weather")])
def test_topics_are_named_in_the_language_asked_for(client: FlaskClient, lang: str, name: str) -> None:
    headlines = ["Le ministre et le stade sous la pluie", "Zxqv wrtpl"]
    asked = {"headlines": headlines, "lang": lang, "threshold": 0, "topics": ["weather"]}
    results = client.post("/v1/classify", json=asked).get_json()["results"]
    assert [(result["label"], result["name"]) for result in results] == [("weather", name), (None, None)]
    path = f"/v1/classify?lang={lang}&topics=weather"
    same = client.post(path, data="\n".join(headlines).encode(), content_type="text/plain")
    assert same.get_json()["results"][0]["name"] == name


def test_the_topic_of_an_explanation_obeys_the_threshold(client: FlaskClient) -> None:
    asked = {"headlines": ["Le ministre et le stade sous la pluie"], "threshold": 1, "explain": True}
    [result] = client.post("/v1/classify", json=asked).get_json()["results"]
    assert (result["label"], result["reason"]) == (None, "uncertain")
    assert result["words"]


def test_writing_with_accents_and_vowel_signs_is_not_refused(client: FlaskClient) -> None:
    headlines = ["المَغْرِبُ يَفُوزُ بِكَأْسِ أُمَمِ إِفْرِيقِيَا", "E\u0301lections a\u0300 Fe\u0300s", "Việt Nam " * 20]
    assert client.post("/v1/classify", json={"headlines": headlines}).status_code == 200


def test_every_answer_names_its_request_its_model_and_the_time_it_took(client: FlaskClient, model: Classifier) -> None:
    answer = client.post("/v1/classify", json={"headlines": ["x"]})
    assert answer.get_json()["ms"] >= 0
    assert answer.headers["X-Model-Version"] == model.version
    for path, status in (("/healthz", 200), ("/readyz", 200), ("/nowhere", 404)):
        answer = client.get(path, headers={"X-Request-Id": "desk-7.a_b"})
        assert (answer.status_code, answer.headers["X-Request-Id"]) == (status, "desk-7.a_b")
        assert float(answer.headers["Server-Timing"].removeprefix("app;dur=")) >= 0
    forged = client.get("/healthz", headers={"X-Request-Id": "<script>"}).headers["X-Request-Id"]
    assert len(forged) == 32
    assert client.get("/healthz").headers["X-Request-Id"] != forged


def test_an_unknown_host_is_refused_where_hosts_are_configured(model: Classifier) -> None:
    client = create_app(classifier=model, settings=replace(OPEN, hosts=("desk.example",))).test_client()
    assert client.get("/healthz", headers={"Host": "desk.example"}).status_code == 200
    refused = client.get("/healthz", headers={"Host": "evil.example"})
    assert (refused.status_code, refused.content_type) == (400, "application/problem+json")


def test_the_model_is_described_in_four_languages(client: FlaskClient) -> None:
    answer = client.get("/v1/model").get_json()
    weather = next(topic for topic in answer["topics"] if topic["label"] == "weather")
    assert weather == {
        "label": "weather",
        "iptc": "medtop:17000000",
        "names": {"fr": "Météo", "en": "Weather", "es": "Tiempo", "ar": "طقس"},
    }
    assert answer["limits"]["headlines"] == 500


def test_health(client: FlaskClient, model: Classifier) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok", "version": model.version}


JSON = "application/json"
TEXT = "text/plain"
REFUSALS = [
    (b"", JSON, 400, "not JSON", None),
    (b"{", JSON, 400, "line 1, column 2", None),
    (b'{"headlines": ["\xe9"]}', JSON, 400, "not UTF-8", None),
    ('{"headlines": ["x"]}'.encode("utf-16"), JSON, 400, "not UTF-8", None),
    (b'{"headlines": ["x"], "headlines": []}', JSON, 400, "twice", None),
    (b'{"headlines": ["x"], "explain": NaN}', JSON, 400, "NaN", None),
    (b"[" * 100_000, JSON, 400, "nested", None),
    (b'{"headlines": ' + b"[" * 8 + b'"x"' + b"]" * 8 + b"}", JSON, 400, "nested", None),
    (b'{"headlines": ["x"], "threshold": 1e400}', JSON, 400, "too large", None),
    (b'{"headlines": ["x"], "threshold": -Infinity}', JSON, 400, "Infinity", None),
    (b'{"headlines": ["x"], "threshold": 1.5}', JSON, 422, "between 0 and 1", "/threshold"),
    (b'{"headlines": ["x"], "threshold": true}', JSON, 422, "between 0 and 1", "/threshold"),
    (b'{"headlines": ["x"], "threshold": null}', JSON, 422, "between 0 and 1", "/threshold"),
    (b'{"headlines": ["x"], "top_k": 0}', JSON, 422, "1 or more", "/top_k"),
    (b'{"headlines": ["x"], "top_k": true}', JSON, 422, "1 or more", "/top_k"),
    (b'{"headlines": ["x"], "top_k": 1.5}', JSON, 422, "1 or more", "/top_k"),
    (json.dumps({"headlines": ["a", "e" + "\u0301" * 31]}).encode(), JSON, 422, "marks in a row", "/headlines/1"),
    (json.dumps({"headlines": ["\ufdfa" * 30]}).encode(), JSON, 422, "Written out", "/headlines/0"),
    (("x" + "\u0489" * 40).encode(), TEXT, 422, "marks in a row", "/headlines/0"),
    (b'{"headlines": ["x"], "partial": 1}', JSON, 422, "true or false", "/partial"),
    (b'{"headlines": [], "partial": true}', JSON, 422, "1 to 500", "/headlines"),
    (b'{"headlines": ["x"], "lang": "de"}', JSON, 422, "fr, en, es, ar", "/lang"),
    (b'{"headlines": ["x"], "lang": null}', JSON, 422, "fr, en, es, ar", "/lang"),
    (b"[]", JSON, 422, "object", ""),
    (b"null", JSON, 422, "object", ""),
    (b"{}", JSON, 422, "list of texts", "/headlines"),
    (b'{"headlines": "x"}', JSON, 422, "list of texts", "/headlines"),
    (b'{"headlines": [1]}', JSON, 422, "list of texts", "/headlines"),
    (b'{"headlines": []}', JSON, 422, "1 to 500", "/headlines"),
    (json.dumps({"headlines": ["x"] * 501}).encode(), JSON, 422, "not 501", "/headlines"),
    (json.dumps({"headlines": ["a", "x" * 501]}).encode(), JSON, 422, "500 characters", "/headlines/1"),
    (b'{"headlines": ["\\ud800"]}', JSON, 422, "surrogate", "/headlines/0"),
    (b'{"headlines": ["x"], "explain": 1}', JSON, 422, "true or false", "/explain"),
    (b'{"headlines": ["x"], "topics": "sport"}', JSON, 422, "list of texts", "/topics"),
    (b'{"headlines": ["x"], "topics": null}', JSON, 422, "list of texts", "/topics"),
    (b'{"headlines": ["x"], "topics": []}', JSON, 422, "at least one", "/topics"),
    (b'{"headlines": ["x"], "topics": ["sport", "sport"]}', JSON, 422, "none twice", "/topics"),
    (b'{"headlines": ["x"], "topics": ["sport", "golf"]}', JSON, 422, "Unknown topic", "/topics/1"),
    (b'{"headlines": ["x"], "model": "/etc/passwd"}', JSON, 422, "Unknown field", "/model"),
    (b"", TEXT, 422, "no headline", None),
    (b" \n\t ... \n", TEXT, 422, "no headline", None),
    (b"M\xe9t\xe9o", TEXT, 400, "not UTF-8", None),
    ("\n".join(f"titre {i}" for i in range(501)).encode(), TEXT, 422, "not 501", "/headlines"),
    (b"x" * (256 * 1024 + 1), TEXT, 413, "262144 bytes", None),
    (b"<a/>", "application/xml", 415, "application/json or text/plain", None),
    (b"x", "text/plain; charset=latin-1", 415, "UTF-8", None),
    (b"x", "", 415, "nothing", None),
]


@pytest.mark.parametrize(("body", "content_type", "status", "detail", "pointer"), REFUSALS)
def test_bad_requests_are_refused_with_a_problem(
    client: FlaskClient, body: bytes, content_type: str, status: int, detail: str, pointer: str | None
) -> None:
    answer = client.post("/v1/classify", data=body, headers={"Content-Type": content_type})
    problem = json.loads(answer.data)
    assert answer.content_type == "application/problem+json"
    assert (answer.status_code, problem["status"], problem.get("pointer")) == (status, status, pointer)
    assert detail in problem["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/v1/classify", 405), ("DELETE", "/healthz", 405)]
)
def test_wrong_paths_and_methods_are_problems_too(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert status != 405 or answer.headers["Allow"]


def test_compressed_bodies_are_refused(client: FlaskClient) -> None:
    answer = client.post("/v1/classify", data=b"x", headers={"Content-Type": TEXT, "Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_a_failure_of_ours_tells_the_client_nothing(model: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(classifier=model)
    monkeypatch.setattr(Classifier, "classify", lambda *_, **__: 1 / 0)
    answer = app.test_client().post("/v1/classify", json={"headlines": ["x"]})
    assert answer.status_code == 500
    assert b"division" not in answer.data


@pytest.fixture(scope="module")
def port(models: Path) -> Iterator[int]:
    with running_server(models) as port:
        yield port


def test_the_real_server_answers_on_one_connection(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(3):
        connection.request("POST", "/v1/classify", TICKER.encode(), {"Content-Type": TEXT})
        response = connection.getresponse()
        assert response.status == 200
        assert len(json.loads(response.read())["results"]) == 3
    connection.close()


@pytest.mark.parametrize("size", [1000, 256 * 1024 + 1, 900_000])
def test_a_chunked_body_is_read_whole_or_refused_whole(port: int, size: int) -> None:
    body = "\n".join(f"Le Raja bat le Wydad {i}" for i in range(40)).ljust(size).encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    blocks = (body[i : i + 8192] for i in range(0, len(body), 8192))
    try:
        connection.request("POST", "/v1/classify", blocks, {"Content-Type": TEXT}, encode_chunked=True)
    except (BrokenPipeError, ConnectionResetError):
        assert size > 256 * 1024  # refused while it was still being sent
    response = connection.getresponse()
    answer = json.loads(response.read())
    if size > 256 * 1024:
        assert (response.status, answer["status"]) == (413, 413)
    else:
        assert len(answer["results"]) == 40
    connection.close()


def test_a_service_without_a_model_says_so_and_does_not_start(tmp_path: Path) -> None:
    from classifier import ModelError

    with pytest.raises(ModelError, match="make train"):
        create_app(tmp_path)
