from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from classifier import Classifier
from service.app import create_app
from tests.conftest import OPEN

ORIGIN = "https://cms.example"


@pytest.fixture(scope="module")
def closed(model: Classifier) -> FlaskClient:
    return create_app(classifier=model, settings=OPEN).test_client()


@pytest.fixture(scope="module")
def opened(model: Classifier) -> FlaskClient:
    return create_app(classifier=model, settings=replace(OPEN, origins=(ORIGIN,))).test_client()


@pytest.mark.parametrize(("path", "status"), [("/healthz", 200), ("/v1/model", 200), ("/nowhere", 404)])
def test_every_answer_carries_security_headers(closed: FlaskClient, path: str, status: int) -> None:
    answer = closed.get(path)
    assert answer.status_code == status
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def preflight(client: FlaskClient, origin: str) -> dict[str, str]:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    return dict(client.options("/v1/classify", headers=asked).headers)


def test_no_other_site_may_call_unless_configured(closed: FlaskClient) -> None:
    assert not [name for name in preflight(closed, ORIGIN) if name.startswith("Access-Control")]
    assert "Access-Control-Allow-Origin" not in closed.get("/healthz", headers={"Origin": ORIGIN}).headers


def test_a_configured_site_may_call_and_no_other(opened: FlaskClient) -> None:
    told = preflight(opened, ORIGIN)
    assert told["Access-Control-Allow-Origin"] == ORIGIN
    assert "POST" in told["Access-Control-Allow-Methods"]
    assert "Content-Type" in told["Access-Control-Allow-Headers"]
    answer = opened.post("/v1/classify", json={"headlines": ["x"]}, headers={"Origin": ORIGIN})
    assert (answer.headers["Access-Control-Allow-Origin"], answer.headers["Vary"]) == (ORIGIN, "Origin")
    for other in ("https://evil.example", "https://cms.example.evil.example", "null", ""):
        assert "Access-Control-Allow-Origin" not in preflight(opened, other)
