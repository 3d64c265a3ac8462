"""The editor's page in a browser, on a real server."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from service import access, texts
from tests.conftest import opened, server, violations

TICKER = [
    "Botola : le Raja bat le Wydad (2-1)",
    "Averses orageuses attendues lundi sur le Rif",
    "Bourse de Casablanca : le MASI termine en hausse",
    "Le ministre et le stade sous la pluie",
    "أمطار غزيرة على مرتفعات الأطلس",
    "Xyzzy plugh qwrtp zzkk",
]
ATTACKS = [
    "<script>document.documentElement.id='pwned'</script> Le Raja bat le Wydad",
    "<img src=x onerror=\"document.documentElement.id='pwned'\"> Averses lundi",
    "\"><svg onload=document.documentElement.id='pwned'> Bourse",
    "' onfocus=document.documentElement.id='pwned' autofocus x='",
    "</textarea><script>document.documentElement.id='pwned'</script>",
    "</template></li></ol><iframe srcdoc='<script>parent.document.documentElement.id=1</script>'>",
    "<!-- <a href=javascript:alert(1)>Neige</a>",
    "{{ 7*7 }} {% for x in y %} ${7*7} &lt;b&gt; &amp;",
    "<style>*{display:none}</style> <base href=//evil.example/> <form action=//evil.example>",
]


Credentials = dict[str, str]


@pytest.fixture(scope="module")
def service(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Credentials]]:
    """Where a real server is that keeps corrections, and how an editor, who is no reviewer, logs in."""
    folder = tmp_path_factory.mktemp("page")
    key = access.add(folder / "keys.json", "anna", ["classify", "correct"])
    kept = {"KEYS": str(folder / "keys.json"), "DATABASE_URL": f"sqlite:///{folder}/c.db", "QUORUM": "3"}
    with server(models, WORKERS="1", **kept) as running:
        yield f"http://127.0.0.1:{running.port}/", {"username": "anna", "password": key}


@pytest.fixture(scope="module")
def place(service: tuple[str, Credentials]) -> str:
    return service[0]


@pytest.fixture(scope="module")
def login(service: tuple[str, Credentials]) -> Credentials:
    return service[1]


@pytest.fixture
def page(browser: Browser, place: str, login: Credentials) -> Iterator[Page]:
    with opened(browser, viewport={"width": 1400, "height": 900}, http_credentials=login) as page:
        page.goto(place)
        yield page


def sort(page: Page, headlines: list[str] = TICKER) -> None:
    page.fill("#text", "\n".join(headlines))
    page.click("[name=sort]")
    expect(page.locator(".row")).to_have_count(len(headlines))


def states(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all(".row", "rows => rows.map(row => row.dataset.state)")
    return found


def confidences(page: Page) -> list[float]:
    found: list[float] = page.eval_on_selector_all(".row", "rows => rows.map(row => Number(row.dataset.confidence))")
    return found


def slide(page: Page, hundredths: int) -> None:
    page.locator("#threshold").evaluate(
        "(slider, to) => { slider.value = to; slider.dispatchEvent(new Event('input')); }", hundredths
    )


def corrections(page: Page) -> list[tuple[str, str | None]]:
    """Return what is sent to the corrections from now on, once it is answered: the method and the label."""
    heard: list[tuple[str, str | None]] = []

    def note(response: Response) -> None:
        if "/v1/corrections" in response.url and response.ok:
            sent = response.request.post_data_json
            heard.append((response.request.method, sent["label"] if sent else None))

    page.on("response", note)
    return heard


def test_pasting_is_all_it_takes(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", " • ".join(TICKER))
    page.focus("#text")
    page.keyboard.press("Control+V")
    expect(page.locator(".row .headline")).to_have_text(TICKER)
    first = page.locator(".row").first
    expect(first.locator(".topic")).to_have_text("Sport")
    expect(first.locator(".topic")).to_be_visible()
    assert first.locator(".fill").get_attribute("width") == f"{confidences(page)[0] * 100:.1f}"
    expect(page.locator("#status")).to_contain_text("Avec rubrique")


def test_a_file_dropped_anywhere_comes_apart(page: Page) -> None:
    page.evaluate("""text => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([text], 'fil.txt', { type: 'text/plain' }));
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }""", "\n".join(TICKER))  # fmt: skip
    expect(page.locator(".row .headline")).to_have_text(TICKER)
    expect(page.locator("#text")).to_have_value("\n".join(TICKER))


def test_abstentions_say_why_and_what_is_skipped_is_shown(page: Page) -> None:
    prose = "Cela dure depuis longtemps et personne ne sait vraiment pourquoi ni comment. " * 5
    page.fill("#text", " • ".join(TICKER) + "\n" + prose)
    page.click("[name=sort]")
    unfamiliar = page.locator(".row").nth(5)
    expect(unfamiliar.locator(".verdict")).to_have_text("Inconnu", use_inner_text=True)
    slide(page, 100)
    expect(page.locator(".row").first.locator(".verdict")).to_have_text(
        "Incertain\nau mieux Sport", use_inner_text=True
    )
    page.locator(".skipped summary").click()
    expect(page.locator(".skipped li")).to_have_text([prose.strip()])


def test_hover_and_focus_show_what_the_words_weigh(page: Page) -> None:
    sort(page)
    page.mouse.move(0, 0)
    row = page.locator(".row").first
    word = row.locator(".word", has_text="Wydad")
    shown = "word => getComputedStyle(word, '::after').visibility"
    assert word.evaluate(shown) == "hidden"
    assert word.evaluate("word => getComputedStyle(word, '::after').content").startswith('"+')
    row.hover()
    assert word.evaluate(shown) == "visible"
    page.mouse.move(0, 0)
    assert word.evaluate(shown) == "hidden"
    row.focus()
    assert word.evaluate(shown) == "visible"
    assert re.search(r"Wydad \d+ %", row.locator(".why").inner_text())


@pytest.mark.parametrize("hundredths", [0, 60, 95, 100])
def test_the_slider_says_at_once_what_would_be_labelled_and_how_right(page: Page, hundredths: int) -> None:
    sort(page)
    hard = [state in ("unfamiliar", "contested") for state in states(page)]
    slide(page, hundredths)
    above = [c for c, no in zip(confidences(page), hard, strict=True) if c >= hundredths / 100 and not no]
    expect(page.locator("#labelled")).to_have_text(str(len(above)))
    expect(page.locator("#unlabelled")).to_have_text(str(len(TICKER) - len(above)))
    assert states(page).count("labelled") == len(above)
    mean = sum(above) / len(above) if above else 0
    wanted = "—" if not above else "> 99 %" if mean >= 0.995 else f"{round(mean * 100)} %"
    expect(page.locator("#expected")).to_have_text(wanted)


def test_scripts_and_server_agree_on_every_threshold(page: Page) -> None:
    sort(page)
    for hundredths in (0, 70, 90):
        slide(page, hundredths)
        here = states(page)
        with page.expect_response("**/?lang=*"):
            page.click("[name=sort]")
        expect(page.locator("#sheet")).not_to_have_attribute("aria-busy", "true")
        assert states(page) == here


def test_arrows_move_and_numbers_correct_and_u_takes_back(page: Page) -> None:
    sort(page)
    heard = corrections(page)
    page.locator(".row").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".row").nth(1)).to_be_focused()
    before = states(page)[1]
    page.keyboard.press("2")
    row = page.locator(".row").nth(1)
    expect(row.locator(".said")).to_have_text(re.compile(r"Signalé : \d+ voix sur \d+ Annuler"))
    expect(row.locator(".topic")).to_have_text("Politique")
    expect(page.locator("#status")).to_contain_text("Signalé")
    page.keyboard.press("3")  # another one replaces it
    expect(row.locator(".topic")).to_have_text("Économie")
    page.keyboard.press("End")
    expect(page.locator(".row").last).to_be_focused()
    page.keyboard.press("u")  # undoes it, wherever the focus is
    expect(row.locator(".topic")).to_have_text("Politique")
    expect(row).to_be_focused()
    page.keyboard.press("Control+z")
    expect(row.locator(".said")).to_have_text("Correction annulée.")
    expect(row).to_have_attribute("data-state", before)
    assert heard == [("POST", "politics"), ("POST", "economy"), ("POST", "politics"), ("DELETE", None)]


@pytest.mark.parametrize(("digit", "letter"), [("&", "u"), ("١", "ع")], ids=["AZERTY", "Arabic"])
def test_keys_count_by_their_place_on_any_keyboard(page: Page, digit: str, letter: str) -> None:
    sort(page)
    row = page.locator(".row").nth(1)
    row.dispatch_event("keydown", {"key": digit, "code": "Digit1", "bubbles": True})
    expect(row.locator(".topic")).to_have_text("Sport")
    row.dispatch_event("keydown", {"key": letter, "code": "KeyU", "bubbles": True})
    expect(row.locator(".said")).to_have_text("Correction annulée.")


def test_correcting_by_mouse_and_by_buttons(page: Page) -> None:
    sort(page)
    heard = corrections(page)
    row = page.locator(".row").nth(3)
    row.get_by_role("button", name="Corriger").click()
    expect(row.locator(".choose button").first).to_be_focused()
    row.locator(".choose").get_by_text("Météo").click()
    expect(row.locator(".said")).to_contain_text("Signalé")
    expect(row).to_have_attribute("data-state", "corrected")
    row.get_by_role("button", name="Annuler").click()
    expect(row.locator(".said")).to_have_text("Correction annulée.")
    assert heard == [("POST", "weather"), ("DELETE", None)]


def test_a_correction_that_is_refused_or_lost_is_not_shown_as_kept(page: Page) -> None:
    sort(page)
    row = page.locator(".row").first
    row.focus()
    page.route("**/v1/corrections", lambda route: route.fulfill(status=422, json={"detail": "Not this one."}))
    page.keyboard.press("4")
    expect(row.locator(".said")).to_have_text("Correction non enregistrée. Not this one.")
    page.unroute("**/v1/corrections")
    lost: list[str] = []
    page.route("**/v1/corrections", lambda route: (lost.append(route.request.post_data_json["id"]), route.abort()))
    page.keyboard.press("3")
    expect(row.locator(".said")).to_have_text("Le service ne répond pas. Réessayez.")
    with page.expect_event("requestfailed", lambda _: len(lost) == 4):
        page.keyboard.press("3")
    assert len(set(lost)) == 1
    expect(row).not_to_have_attribute("data-state", "corrected")


def test_a_correction_lost_once_is_sent_again_as_the_same(page: Page) -> None:
    sort(page)
    ids: list[str] = []
    page.route("**/v1/corrections", lambda route: (ids.append(route.request.post_data_json["id"]),
               route.abort() if len(ids) == 1 else route.continue_()))  # fmt: skip
    page.locator(".row").first.focus()
    page.keyboard.press("5")
    expect(page.locator(".said").first).to_contain_text("Signalé")
    assert len(ids) == 2
    assert len(set(ids)) == 1
    page.keyboard.press("u")
    expect(page.locator(".said").first).to_have_text("Correction annulée.")


def test_correcting_goes_away_where_nothing_keeps_corrections(page: Page) -> None:
    page.route("**/v1/corrections", lambda route: route.fulfill(status=404))
    sort(page)
    page.locator(".row").first.focus()
    page.keyboard.press("2")
    expect(page.locator(".fix")).to_have_count(0)
    page.keyboard.press("3")
    expect(page.locator(".said")).to_have_count(0)


def test_a_topic_can_be_looked_at_alone(page: Page) -> None:
    sort(page)
    slide(page, 0)
    page.get_by_role("button", name="Sport").click()
    assert page.get_by_role("button", name="Sport").get_attribute("aria-pressed") == "true"
    shown = page.locator(".row:visible")
    sport = page.locator('.row[data-state="labelled"][data-best="sport"]')
    assert shown.count() == sport.count() >= 1
    slide(page, 100)
    expect(page.locator("#no-match")).to_be_visible()
    page.get_by_role("button", name="Tous").click()
    expect(shown).to_have_count(len(TICKER))


def test_a_headline_corrected_under_a_filter_stays_in_sight(page: Page) -> None:
    sort(page)
    slide(page, 0)
    page.get_by_role("button", name="Sport").click()
    page.locator(".row:visible").first.focus()
    page.keyboard.press("2")
    row = page.locator('.row[data-corrected="politics"]')
    expect(row.locator(".said")).to_contain_text("Signalé")
    expect(row).to_be_focused()
    page.keyboard.press("u")
    expect(row).to_have_count(0)


def taken(page: Page, kind: str) -> str:
    with page.expect_download() as waiting:
        page.click(f'[data-export="{kind}"]')
    assert waiting.value.suggested_filename == f"headlines.{kind}"
    return waiting.value.path().read_text(encoding="utf-8")


def test_what_is_shown_can_be_taken_away(page: Page) -> None:
    formulas = ["=HYPERLINK(1) le Raja bat le Wydad", "+212 averses lundi", '@masi Bourse <en> "hausse" & l\'or']
    sort(page, [*TICKER[:3], *formulas])
    slide(page, 0)
    answers = json.loads(taken(page, "json"))
    assert [answer["headline"] for answer in answers] == [*TICKER[:3], *formulas]
    assert (answers[0]["label"], answers[0]["iptc"]) == ("sport", "medtop:15000000")
    table = taken(page, "csv")
    assert table.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(table[1:], newline="")))
    assert [row["headline"] for row in rows[:4]] == [*TICKER[:3], "'" + formulas[0]]
    assert not any(value[:1] in "=+@-" for row in rows for value in row.values() if value)
    feed = ElementTree.fromstring(taken(page, "rss"))
    assert [title.text for title in feed.findall("channel/item/title")] == [*TICKER[:3], *formulas]
    page.get_by_role("button", name="Sport").click()
    assert {answer["label"] for answer in json.loads(taken(page, "json"))} == {"sport"}


def test_copying_says_so(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sort(page)
    slide(page, 0)
    page.click('[data-export="copy"]')
    expect(page.locator('[data-export="copy"]')).to_have_text("Copié.")
    assert f"Sport\t{TICKER[0]}\n" in (told := page.evaluate("navigator.clipboard.readText()"))
    assert told.endswith(f"Inconnu\t{TICKER[5]}")


def test_arabic_reads_from_right_to_left(page: Page, place: str) -> None:
    page.goto(place + "?lang=ar")
    sort(page)
    assert page.evaluate("getComputedStyle(document.documentElement).direction") == "rtl"
    row = page.locator(".row").first
    verdict, headline = row.locator(".verdict").bounding_box(), row.locator(".headline").bounding_box()
    assert verdict
    assert headline
    assert verdict["x"] > headline["x"]
    direction = "row => getComputedStyle(row.querySelector('bdi')).direction"
    assert [page.locator(".row").nth(i).evaluate(direction) for i in (0, 4)] == ["ltr", "rtl"]


def test_another_language_keeps_the_text_and_its_answers(page: Page) -> None:
    sort(page)
    page.get_by_role("button", name="Español").click()
    expect(page.locator(".row").first.locator(".topic")).to_have_text("Deportes")


def test_nothing_in_a_headline_acts(page: Page, place: str) -> None:
    page.goto(place + "?lang=%22%3E%3Cscript%3Edocument.documentElement.id='pwned'%3C/script%3E")
    sort(page, ATTACKS)
    page.locator(".row").first.focus()
    for _ in ATTACKS:
        page.keyboard.press("2")
        page.keyboard.press("ArrowDown")
    expect(page.locator('.row[data-state="corrected"]')).to_have_count(len(ATTACKS))
    expect(page.locator(".row .headline")).to_have_text(ATTACKS)
    page.locator("form").evaluate("form => HTMLFormElement.prototype.submit.call(form)")  # and without scripts' help
    expect(page.locator(".row .headline")).to_have_text(ATTACKS)
    assert page.evaluate("document.documentElement.id") == ""
    assert page.locator("iframe, base, .row img, .row style, .row script").count() == 0


def test_characters_that_turn_the_line_show_themselves(page: Page) -> None:
    sort(page, ["Le Raja \u202ebat le Wydad", "Averses lundi"])
    expect(page.locator(".control")).to_have_text("U+202E")
    assert json.loads(taken(page, "json"))[0]["headline"] == "Le Raja \u202ebat le Wydad"


def test_without_scripts_it_works_too(browser: Browser, place: str, login: Credentials) -> None:
    with opened(browser, java_script_enabled=False, http_credentials=login) as page:
        page.goto(place)
        sort(page)
        expect(page.locator(".row .headline")).to_have_text(TICKER)
        expect(page.locator(".row").first.locator(".topic")).to_have_text("Sport")
        for scripted in (".filter", ".export", ".fix"):
            expect(page.locator(scripted).first).to_be_hidden()
        page.locator("#threshold").focus()
        page.keyboard.press("End")
        page.get_by_role("button", name="Appliquer").click()
        expect(page.locator("#labelled")).to_have_text("0")


def test_a_key_in_the_address_is_enough(browser: Browser, place: str, login: Credentials) -> None:
    with opened(browser) as page:
        page.goto(place.replace("://", f"://{login['username']}:{login['password']}@"))
        sort(page)
        page.locator(".row").first.focus()
        page.keyboard.press("2")
        expect(page.locator(".said").first).to_contain_text("Signalé")


def test_everything_comes_from_the_service_itself(page: Page, place: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    sort(page)
    taken(page, "rss")
    assert len(asked) >= 5
    assert [url for url in asked if not url.startswith((place, "data:image/", "blob:" + place))] == []


def test_problems_are_told_on_the_page_and_keep_the_text(page: Page) -> None:
    page.fill("#text", "a\n" * 501)
    page.click("[name=sort]")
    expect(page.get_by_role("alert")).to_have_text("Il faut de 1 à 500 titres ; on en a trouvé 501.")
    expect(page.locator("#text")).to_have_value("a\n" * 501)
    page.route("**/?lang=*", lambda route: route.abort())
    page.click("[name=sort]")
    expect(page.get_by_role("alert")).to_have_text("Le service ne répond pas. Réessayez.")


@pytest.mark.parametrize("width", [320, 360, 800, 1400])
@pytest.mark.parametrize("lang", ["fr", "ar"])
def test_no_width_needs_scrolling_sideways(page: Page, place: str, width: int, lang: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{place}?lang={lang}")
    sort(page, [*TICKER, "Anticonstitutionnellement" * 8])
    page.locator(".fix").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["fr", "ar"])
def test_it_is_accessible(browser: Browser, place: str, lang: str, theme: str, login: Credentials) -> None:
    with opened(browser, color_scheme=theme, http_credentials=login) as page:
        page.goto(f"{place}?lang={lang}")
        assert violations(page) == []
        page.click("[name=sort]")
        expect(page.get_by_role("alert")).to_be_visible()
        assert violations(page) == []
        sort(page, [*TICKER, "Le Raja \u202ebat le Wydad"])
        page.locator(".row").first.focus()
        page.keyboard.press("2")
        expect(page.locator(".said").first).not_to_be_empty()
        page.locator(".fix").nth(2).click()
        page.locator(".guide summary").click()
        assert violations(page) == []
        page.locator(".row").first.press("u")
        expect(page.locator(".said").first).to_have_text(texts.of(lang)["undone"])
