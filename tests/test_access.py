import base64
import json
from pathlib import Path

import limits
import pytest
from flask.testing import FlaskClient

from classifier import Classifier
from service import access
from service.__main__ import main
from service.app import create_app
from service.settings import Settings, SettingsError

ASKED = {"headlines": ["Le Raja bat le Wydad"]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def client(model: Classifier, file: Path, rate: str | None = None) -> FlaskClient:
    settings = Settings(keys=file, rate=limits.parse(rate) if rate else None)
    return create_app(classifier=model, settings=settings, interval=0).test_client()


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_without_a_key_file_everybody_may_ask(model: Classifier, file: Path) -> None:
    assert client(model, file).post("/v1/classify", json=ASKED).status_code == 200


def test_with_keys_only_who_has_one_may_ask(model: Classifier, file: Path) -> None:
    key = access.add(file, "desk", ["classify"])
    asking = client(model, file)
    assert asking.post("/v1/classify", json=ASKED, headers=bearer(key)).status_code == 200
    basic = base64.b64encode(f"anybody:{key}".encode()).decode()
    assert asking.post("/v1/classify", json=ASKED, headers={"Authorization": f"Basic {basic}"}).status_code == 200


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer wrong", "bearer \udc80", "Basic ", "Basic %%%", "Basic d3Jvbmc=", "Basic /w==", "x"],
)
def test_a_missing_or_wrong_key_is_refused_with_a_challenge(model: Classifier, file: Path, header: str) -> None:
    access.add(file, "desk", ["classify"])
    for path in ("/v1/model", "/metrics"):
        answer = client(model, file).get(path, headers={"Authorization": header})
        assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_health_and_contract_need_no_key(model: Classifier, file: Path) -> None:
    access.add(file, "desk", ["classify"])
    for path in ("/healthz", "/readyz", "/openapi.json"):
        assert client(model, file).get(path).status_code == 200


def test_a_key_without_the_role_is_forbidden(model: Classifier, file: Path) -> None:
    key = access.add(file, "desk", ["correct"])
    assert client(model, file).post("/v1/classify", json=ASKED, headers=bearer(key)).status_code == 403


def test_a_revoked_key_is_refused_at_once_and_a_new_one_taken(model: Classifier, file: Path) -> None:
    old = access.add(file, "old", ["classify"])
    asking = client(model, file)
    new = access.add(file, "new", ["classify"])
    access.revoke(file, "old")
    assert asking.get("/v1/model", headers=bearer(old)).status_code == 401
    assert asking.get("/v1/model", headers=bearer(new)).status_code == 200


def test_a_key_file_that_goes_away_lets_nobody_in(model: Classifier, file: Path) -> None:
    key = access.add(file, "desk", ["classify"])
    asking = client(model, file)
    file.unlink()
    assert asking.get("/v1/model").status_code == 401
    assert asking.get("/v1/model", headers=bearer(key)).status_code == 401


def test_a_key_file_damaged_while_running_leaves_the_keys_as_they_were(model: Classifier, file: Path) -> None:
    key = access.add(file, "desk", ["classify"])
    asking = client(model, file)
    file.write_text("{")
    assert asking.get("/v1/model", headers=bearer(key)).status_code == 200
    assert asking.get("/v1/model").status_code == 401
    with pytest.raises(SettingsError, match="not a file of API keys"):
        client(model, file)


def test_the_file_holds_no_key_and_only_its_owner_reads_it(file: Path) -> None:
    key = access.add(file, "desk", ["review", "classify"])
    assert key not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert [(entry["name"], entry["roles"]) for entry in access.read(file)] == [("desk", ["classify", "review"])]


@pytest.mark.parametrize(
    ("name", "roles", "told"),
    [("", ["classify"], "needs a name"), ("x" * 65, ["classify"], "needs a name"),
     ("a\nb", ["classify"], "needs a name"), ("desk", ["classify"], "no other key"),
     ("new", [], "roles are"), ("new", ["admin"], "roles are")],
)  # fmt: skip
def test_keys_that_cannot_be_meant_are_refused(file: Path, name: str, roles: list[str], told: str) -> None:
    access.add(file, "desk", ["classify"])
    with pytest.raises(SettingsError, match=told):
        access.add(file, name, roles)
    assert len(access.read(file)) == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": 1}', '{"keys": [{}]}',
                                  '{"keys": [{"name": 1, "roles": [], "sha256": ""}]}'])  # fmt: skip
def test_what_is_no_key_file_is_refused(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError, match="not a file of API keys"):
        access.read(file)


def test_a_key_has_its_own_rate_and_is_told_when_to_come_back(model: Classifier, file: Path) -> None:
    one, other = (access.add(file, name, ["classify"]) for name in ("one", "other"))
    asking = client(model, file, "3/hour")
    answers = [asking.get("/v1/model", headers=bearer(one)) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 3600
    assert asking.get("/v1/model", headers=bearer(other)).status_code == 200


def test_the_shell_makes_and_revokes_keys(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEYS", str(file))
    assert main(["key", "desk", "--roles", "classify,correct"]) == 0
    assert len(capsys.readouterr().out.strip()) == 43
    assert main(["key", "desk"]) == 2
    assert capsys.readouterr().err == "service: a key needs a name that no other key has, of up to 64 characters\n"
    assert main(["key", "desk", "--revoke"]) == 0
    assert json.loads(file.read_text()) == {"keys": []}
    assert main(["key", "desk", "--revoke"]) == 2
