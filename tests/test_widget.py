"""The widget in a page of another origin, as a CMS embeds it, on a real server."""

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from service import access
from tests.conftest import opened, server, violations

CMS = """<!doctype html><html lang="{lang}"><title>CMS</title>
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src {service} 'unsafe-inline'; connect-src {service}">
<main><h1>CMS</h1><form id="form"><label for="title">Titre</label> <input id="title" name="title">
<headline-topic {attributes}></headline-topic><button type="reset">Effacer</button></form></main>
<script>
  window.heard = [];
  addEventListener("headline-topic", (event) => heard.push(event.detail));
</script>
<script type="module" src="{service}/widget.js"></script>
"""
SPORT = "Botola : le Raja bat le Wydad en finale (2-1)"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Keep the tests' output clean."""


@pytest.fixture(scope="module")
def cms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Where another site is, and the folder its pages are in."""
    folder = tmp_path_factory.mktemp("cms")
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_port}", folder
        site.shutdown()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    file = tmp_path_factory.mktemp("keys") / "keys.json"
    return file, access.add(file, "cms", ["classify"])


@pytest.fixture(scope="module")
def service(models: Path, cms: tuple[str, Path], keys: tuple[Path, str]) -> Iterator[str]:
    with server(models, WORKERS="1", ORIGINS=cms[0], KEYS=str(keys[0])) as running:
        yield f"http://127.0.0.1:{running.port}"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened(browser) as page:
        yield page


def embed(
    page: Page, cms: tuple[str, Path], service: str, key: str, attributes: str = 'for="title"', lang: str = "fr"
) -> None:
    site, folder = cms
    attributes = f'name="topic" delay="50" key="{key}" {attributes}'
    (folder / "cms.html").write_text(CMS.format(service=service, attributes=attributes, lang=lang), encoding="utf-8")
    page.goto(f"{site}/cms.html")
    expect(page.locator("headline-topic:defined")).to_be_attached()


@pytest.fixture
def cms_page(page: Page, cms: tuple[str, Path], service: str, keys: tuple[Path, str]) -> Page:
    embed(page, cms, service, keys[1])
    return page


def value(page: Page) -> object:
    return page.evaluate("new FormData(document.getElementById('form')).get('topic')")


def heard(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("heard")
    return found


def answered(page: Page, path: str, answer: dict[str, Any]) -> None:
    """Answer what the widget asks from now on, where a test needs one answer for certain."""
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "Authorization, Content-Type"}
    page.route(f"**/v1/{path}", lambda route: route.fulfill(json=answer, headers=headers))


def suggestion(page: Page, answer: dict[str, Any]) -> None:
    answered(page, "classify", {"results": [answer]})


SURE = {"label": "sport", "confidence": 0.93, "probabilities": {"sport": 0.93, "other": 0.07}, "reason": None}


def test_a_suggestion_comes_while_typing_and_is_accepted(cms_page: Page, model: Any) -> None:
    cms_page.locator("#title").press_sequentially(SPORT)
    expect(cms_page.get_by_role("status")).to_contain_text("Sport")
    [expected] = model.classify([SPORT])
    last = heard(cms_page)[-1]
    assert (last["headline"], last["label"]) == (SPORT, expected.label)
    assert last["confidence"] == pytest.approx(expected.confidence, abs=1e-5)
    assert not last["accepted"]
    assert value(cms_page) is None
    suggestion(cms_page, SURE)
    cms_page.fill("#title", SPORT + " !")
    expect(cms_page.get_by_role("status")).to_have_text("Rubrique proposée : Sport 93 %")
    cms_page.get_by_role("button", name="Accepter").click()
    expect(cms_page.get_by_role("status")).to_have_text("Rubrique retenue : Sport")
    assert value(cms_page) == "sport"
    assert heard(cms_page)[-1] == {
        "headline": SPORT + " !",
        "label": "sport",
        "confidence": 0.93,
        "accepted": True,
        "corrected": False,
    }


def test_another_topic_may_be_chosen_by_keyboard_alone(cms_page: Page) -> None:
    suggestion(cms_page, SURE)
    cms_page.locator("#title").press_sequentially(SPORT)
    expect(cms_page.get_by_role("button", name="Accepter")).to_be_visible()
    cms_page.keyboard.press("Tab")
    expect(cms_page.get_by_role("button", name="Accepter")).to_be_focused()
    cms_page.keyboard.press("Tab")
    expect(cms_page.get_by_role("combobox")).to_be_focused()
    cms_page.keyboard.press("P")  # Politique
    expect(cms_page.get_by_role("status")).to_contain_text("Rubrique retenue : Politique")
    assert value(cms_page) == "politics"
    last = heard(cms_page)[-1]
    assert (last["label"], last["accepted"], last["corrected"]) == ("politics", False, True)


def test_only_the_last_headline_written_is_asked_about(cms_page: Page) -> None:
    asked: list[str] = []
    cms_page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    cms_page.evaluate("""text => {
        const field = document.getElementById("title");
        for (let i = 1; i <= text.length; i++) {
            field.value = text.slice(0, i);
            field.dispatchEvent(new Event("input", { bubbles: true }));
        }
    }""", SPORT)  # fmt: skip
    expect(cms_page.get_by_role("status")).not_to_be_empty()
    assert [detail["headline"] for detail in heard(cms_page)] == [SPORT]
    assert len(asked) == 1


def test_a_slow_answer_to_an_older_headline_is_dropped(cms_page: Page) -> None:
    held: list[Any] = []
    cms_page.route("**/v1/classify", lambda route: held.append(route) if not held else route.continue_())
    with cms_page.expect_request("**/v1/classify"):
        cms_page.fill("#title", "Averses attendues lundi")
    cms_page.fill("#title", SPORT)
    expect(cms_page.get_by_role("status")).not_to_be_empty()
    assert [detail["headline"] for detail in heard(cms_page)] == [SPORT]


def test_it_has_a_field_of_its_own_and_a_key_as_property(
    page: Page, cms: tuple[str, Path], service: str, keys: tuple[Path, str]
) -> None:
    embed(page, cms, service, "wrong", "auto", lang="en")
    field = page.get_by_role("textbox", name="Headline", exact=True)
    field.fill(SPORT)
    expect(page.get_by_role("status")).to_have_text("No suggestion: the service does not answer (401).")
    page.evaluate("key => { document.querySelector('headline-topic').key = key; }", keys[1])
    suggestion(page, SURE)
    expect(page.get_by_role("status")).to_contain_text("Sport")
    field.fill(SPORT + " !")
    expect(page.get_by_role("status")).to_have_text("Suggested topic : Sport 93%")
    assert value(page) == "sport"
    assert page.evaluate("document.querySelector('headline-topic').form.id") == "form"


def test_resetting_the_form_and_an_empty_headline_take_the_topic_back(cms_page: Page) -> None:
    suggestion(cms_page, SURE)
    for again in ("reset", "empty"):
        cms_page.fill("#title", SPORT)
        cms_page.get_by_role("button", name="Accepter").click()
        assert value(cms_page) == "sport"
        if again == "reset":
            cms_page.get_by_role("button", name="Effacer").click()
        else:
            cms_page.fill("#title", "")
        expect(cms_page.get_by_role("status")).to_be_empty()
        assert value(cms_page) is None


@pytest.mark.parametrize(
    "attack", ["<img src=x onerror=document.title='pwned'>", "</select><script>document.title='pwned'</script>"]
)
def test_nothing_in_a_headline_or_an_answer_acts(cms_page: Page, attack: str) -> None:
    answered(cms_page, "model", {"topics": [{"label": attack, "names": {"fr": attack}}]})
    suggestion(cms_page, SURE | {"label": attack})
    cms_page.fill("#title", attack)
    expect(cms_page.get_by_role("status")).to_contain_text(attack)
    assert cms_page.title() == "CMS"


def test_a_site_that_is_not_named_gets_nothing(
    browser: Browser, service: str, keys: tuple[Path, str], tmp_path: Path
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path))) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        about = CMS.format(service=service, attributes=f'for="title" key="{keys[1]}"', lang="fr")
        (tmp_path / "cms.html").write_text(about)
        with opened(browser) as page, page.expect_event("requestfailed") as failed:
            page.goto(f"http://127.0.0.1:{site.server_port}/cms.html")
        site.shutdown()
    assert failed.value.url == f"{service}/widget.js"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["fr", "ar"])
def test_it_is_accessible(
    browser: Browser, cms: tuple[str, Path], service: str, keys: tuple[Path, str], lang: str, theme: str
) -> None:
    with opened(browser, color_scheme=theme) as page:
        embed(page, cms, service, keys[1], lang=lang)
        suggestion(page, SURE)
        page.fill("#title", SPORT)
        expect(page.get_by_role("combobox")).to_be_visible()
        assert violations(page) == []
