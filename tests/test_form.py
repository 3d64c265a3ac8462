"""The editor's page as the server sends it: the form and its limits, languages, files, access."""

import io
import tomllib
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifier import Classifier, Driver
from classifier.topics import LANGUAGES
from service import access, asked, page, texts
from service.app import create_app
from service.pieces import pieces
from service.settings import Settings
from tests.conftest import OPEN, ROOT

TICKER = "Le Raja bat le Wydad • Averses orageuses attendues lundi • Bourse de Casablanca : le MASI en hausse"
PARTS = "multipart/form-data; boundary=x"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def client(model: Classifier) -> FlaskClient:
    return create_app(classifier=model, settings=OPEN).test_client()


def test_a_pasted_ticker_comes_back_as_rows(client: FlaskClient) -> None:
    answer = client.post("/", data={"text": TICKER})
    assert answer.status_code == 200
    assert [answer.text.count(f'data-headline="{headline}"') for headline in TICKER.split(" • ")] == [1, 1, 1]
    assert answer.headers["Content-Security-Policy"] == page.POLICY
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_file_counts_before_the_text_and_is_shown(client: FlaskClient) -> None:
    file = (io.BytesIO("\ufeffNeige sur le Rif\r\nLe Raja bat le Wydad".encode()), "ticker.txt")
    answer = client.post("/", data={"text": "Autre chose que cela", "file": file})
    assert answer.text.count('class="row ') == 2
    assert "Neige sur le Rif\r\nLe Raja" in answer.text
    assert "Autre chose" not in answer.text


def test_no_file_chosen_is_no_file(client: FlaskClient) -> None:
    answer = client.post("/", data={"text": TICKER, "file": (io.BytesIO(b""), "")})
    assert answer.text.count('class="row ') == 3


def test_what_is_skipped_or_unreadable_is_shown(client: FlaskClient) -> None:
    prose = "Il y a longtemps que cela dure et personne ne sait pourquoi. " * 6
    answer = client.post("/", data={"text": f"{TICKER} • e{chr(0x301) * 31}\n{prose}"})
    assert answer.text.count('class="row ') == 3
    assert prose.strip() in answer.text
    assert "1 × illisible" in answer.text


@pytest.mark.parametrize(
    ("percent", "labels"), [("0", 3), ("100", 0), ("", None), (None, None)], ids=["none", "all", "empty", "own"]
)
def test_the_threshold_of_the_form_decides_without_scripts(
    client: FlaskClient, model: Classifier, percent: str | None, labels: int | None
) -> None:
    answer = client.post("/", data={"text": TICKER} | ({} if percent is None else {"threshold": percent}))
    own = sum(prediction.label is not None for prediction in model.classify(TICKER.split(" • ")))
    assert answer.text.count('data-state="labelled"') == (own if labels is None else labels)


@pytest.mark.parametrize(
    ("body", "kind", "status", "told"),
    [
        ("text=", FORM, 422, "on en a trouvé 0"),
        ("", FORM, 422, "on en a trouvé 0"),
        ("text=" + "a%0A" * 501, FORM, 422, "on en a trouvé 501"),
        ("text=" + "a" * (asked.MAX_BODY + 1), FORM, 413, "256 Kio"),
        ("text=" + "a" * (4 * asked.MAX_BODY), FORM, 413, "256 Kio"),
        ("text=Neige&threshold=101", FORM, 422, "whole number"),
        ("text=Neige&threshold=%D9%A1", FORM, 422, "whole number"),
        ("text=\xff", FORM, 400, "UTF-8"),
        ("text=Neige", "text/plain", 415, "Il faut du texte"),
        ("text=Neige", "multipart/form-data", 400, "UTF-8"),
        ("--x\r\ntext", PARTS, 400, "UTF-8"),
        ("--x\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n" * 9 + "--x--", PARTS, 413, "256 Kio"),
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_answered_says_why_on_the_page(
    client: FlaskClient, body: str, kind: str, status: int, told: str
) -> None:
    answer = client.post("/", data=body.encode("latin-1"), content_type=kind)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    [alert] = [part.partition("</p>")[0] for part in answer.text.split('role="alert">')[1:]]
    assert told in alert


def test_a_file_that_is_not_utf8_is_refused(client: FlaskClient) -> None:
    answer = client.post("/", data={"file": (io.BytesIO("Météo".encode("latin-1")), "a.txt")})
    assert answer.status_code == 400


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from([FORM, PARTS, "multipart/form-data; boundary=", "", "text/html"]))
def test_whatever_is_sent_is_answered_or_refused(client: FlaskClient, body: bytes, kind: str) -> None:
    for sent in (body, b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + body, b"text=" + body):
        assert client.post("/", data=sent, content_type=kind).status_code in (200, 400, 413, 415, 422)


def test_as_much_as_the_interface_takes_the_form_takes_too(client: FlaskClient) -> None:
    text = ("هطول أمطار غزيرة على المرتفعات " * 9 + "\n") * 400
    text = text.encode()[: asked.MAX_BODY].decode(errors="ignore")
    assert client.post("/", data={"text": text}).status_code == 200


@pytest.mark.parametrize(
    ("query", "liked", "lang"),
    [("", "", "fr"), ("", "de", "fr"), ("", "ar-MA,fr;q=.5", "ar"), ("?lang=es", "ar", "es"), ("?lang=EN-us", "", "en"),
     ("?lang=%22%3E%3Cscript%3E", "en", "en")],
)  # fmt: skip
def test_the_page_speaks_the_readers_language(client: FlaskClient, query: str, liked: str, lang: str) -> None:
    answer = client.get("/" + query, headers={"Accept-Language": liked})
    assert f'<html lang="{lang}" dir="{"rtl" if lang == "ar" else "ltr"}">' in answer.text
    assert answer.headers["Content-Language"] == lang
    assert texts.of(lang)["intro"] in answer.text.replace("&#39;", "'")


def test_every_language_says_the_same_things() -> None:
    told = {lang: tomllib.loads((ROOT / "service" / "texts" / f"{lang}.toml").read_text()) for lang in LANGUAGES}
    for lang in LANGUAGES:
        assert list(told[lang]) == list(told["fr"])
        for key, text in told[lang].items():
            assert text.count("{") == told["fr"][key].count("{"), (lang, key)


def test_another_language_keeps_the_text(client: FlaskClient) -> None:
    answer = client.post("/?lang=ar", data={"text": TICKER, "language": ""})
    assert answer.text.count('class="row ') == 3
    assert client.post("/?lang=ar", data={"text": "", "language": ""}).status_code == 200


def test_the_example_has_answers_in_every_language(client: FlaskClient) -> None:
    assert client.post("/", data={"text": "", "example": "1"}).text.count('class="row ') == 12


def test_where_there_are_keys_the_page_wants_one(model: Classifier, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    key = access.add(keys, "desk", ["classify"])
    correcting = access.add(keys, "other", ["correct"])
    asking = create_app(classifier=model, settings=Settings(keys=keys), interval=0).test_client()
    for method in ("GET", "POST"):
        answer = asking.open("/", method=method, data={"text": TICKER})
        assert (answer.status_code, answer.mimetype) == (401, "text/html")
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        assert "<textarea" not in answer.text
        assert asking.open("/", method=method, data={"text": TICKER}, auth=("x", key)).status_code == 200
        assert asking.open("/", method=method, auth=("x", correcting)).status_code == 403


def test_correcting_is_offered_only_where_it_is_kept(client: FlaskClient) -> None:
    routes = {rule.rule for rule in client.application.url_map.iter_rules()}
    assert ('class="fix' in client.post("/", data={"text": TICKER}).text) == ("/v1/corrections" in routes)


@pytest.mark.parametrize(
    "path",
    ["static/page.css", "static/page.js", "static/sheet.js", "static/correct.js", "static/export.js", "widget.js"],
)
def test_its_files_are_sent_once(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/{path}")
    assert answer.mimetype == ("text/css" if path.endswith("css") else "text/javascript")
    assert len(answer.data) > 500
    assert client.get(f"/{path}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("name", ["..", "../page.py", "%2e%2e%2fpage.py", "page.html", "page.css/", "", "page.css%00"])
def test_no_other_file_can_be_named(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_the_pieces_of_a_headline_are_the_headline() -> None:
    headline = "Le Raja\u202e bat\x00 le Wydad"
    drivers = [Driver("Wydad", 17, 22, -0.25), Driver("Raja", 3, 7, 0.5), Driver("bat", 9, 12, 0.2)]
    found = list(pieces(headline, drivers))
    assert "".join(piece.text for piece in found) == headline
    assert [(piece.text, piece.kind) for piece in found if piece.kind != "plain"] == [
        ("Raja", "for"), ("\u202e", "control"), ("\x00", "control"), ("Wydad", "against"),
    ]  # fmt: skip
    assert found[2].name == "U+202E RIGHT-TO-LEFT OVERRIDE"


def test_characters_that_turn_or_break_the_line_are_named_instead(client: FlaskClient) -> None:
    answer = client.post("/", data={"text": "Le Raja \u202ebat le Wydad"})
    shown = answer.text.partition('<p class="headline">')[2].partition("</p>")[0]
    assert "\u202e" not in shown
    assert "U+202E RIGHT-TO-LEFT OVERRIDE" in shown
