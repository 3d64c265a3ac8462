"""The editor's page: a ticker comes apart into headlines, each with its topic. Served whole, scripts or not."""

from functools import cache
from http import HTTPStatus
from importlib.resources import files as packaged

import orjson
from flask import Blueprint, Response, current_app, render_template, request

from classifier import Classifier, ticker
from classifier.topics import LANGUAGES, describe
from service import files, form, sheet, texts
from service.access import Caller
from service.desk import Desk
from service.form import Form
from service.pieces import pieces
from service.problems import Problem
from service.sheet import Sheet, hundredths

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_CORRECTIONS = "/v1/corrections"
_TOLD_TO_SCRIPTS = (
    "percent", "copied", "copy_failed", "sending", "reported", "accepted", "conflict", "undone", "undo", "failed",
    "unreachable", "expected", "count_labelled", "count_none", "title", "uncertain", "unfamiliar", "contested",
)  # fmt: skip


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes of the page and of its files, around a desk."""
    routes = Blueprint("page", __name__)
    files.add(routes)

    @routes.route("/", methods=["GET", "POST"])
    def page() -> Response:
        model, sent = desk.model, Form()
        caller = found = problem = None
        try:
            caller = desk.admit("classify")
            if request.method == "POST":
                sent = form.read(request)
                if sent.button == "example":
                    sent = Form(_example())
                if sent.text or sent.button == "sort":
                    found = sheet.read(desk, model, sent)
        except Problem as refusal:
            problem = refusal
        return _answer(_render(model, caller, sent, found, problem), problem)

    return routes


def _render(model: Classifier, caller: Caller | None, sent: Form, found: Sheet | None, problem: Problem | None) -> str:
    language = _language()
    said = texts.of(language)
    topics = [describe(label) for label in model.topics]
    own = model.weights.threshold
    return render_template(
        "page.html",
        lang=language,
        languages={tag: texts.of(tag) for tag in LANGUAGES},
        t=said,
        told=orjson.dumps({key: said[key] for key in _TOLD_TO_SCRIPTS}).decode(),
        allowed=caller is not None,
        correcting=caller is not None and "correct" in caller.roles and _keeps_corrections(),
        topics={topic.label: topic.names.get(language, topic.label) for topic in topics},
        iptc={topic.label: topic.iptc or "" for topic in topics},
        # Eight colours, told apart in light and dark; a ninth topic shares one, and has its own name.
        colours={topic.label: f"t{i % 8}" for i, topic in enumerate(topics)},
        text=sent.text,
        sheet=found,
        problem=_told(problem, said, sent),
        version=model.version,
        own=own,
        hundredths=hundredths,
        plain=lambda text: pieces(text, ()),
        percent=lambda share: said["percent"].format(_shown(share)),
    )


def _answer(body: str, problem: Problem | None) -> Response:
    headers = dict(problem.headers) if problem else {}
    headers |= {
        "Content-Security-Policy": POLICY,
        "Content-Language": _language(),
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
    }
    return Response(body, problem.status.value if problem else 200, headers, content_type="text/html; charset=utf-8")


def _shown(share: float) -> str:
    # Nothing short of certain is told as certain.
    return "> 99" if 0.995 <= share < 1 else f"{'−' if share < 0 else ''}{hundredths(abs(share))}"


def _told(problem: Problem | None, said: dict[str, str], sent: Form) -> dict[str, str] | None:
    """Return a refusal in the reader's language, where it is one that the page may bring about, and as it is."""
    if problem is None:
        return None
    known = problem.status.value != HTTPStatus.UNPROCESSABLE_ENTITY or problem.pointer == "/headlines"
    text = said.get(f"problem_{problem.status.value}", "") if known else ""
    found = len(ticker.read(sent.text).headlines) if "{found}" in text else 0
    return {"text": text.format(found=found), "detail": problem.detail}


def _keeps_corrections() -> bool:
    return any(rule.rule == _CORRECTIONS for rule in current_app.url_map.iter_rules())


def _language() -> str:
    """Return the language asked for in the URL, or else the one the browser likes best, or else French."""
    wanted = request.args.get("lang", "").partition("-")[0].lower()
    return wanted if wanted in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "fr"


@cache
def _example() -> str:
    return packaged(texts).joinpath("example.txt").read_text(encoding="utf-8")
