"""The editor's page: a ticker comes apart into headlines, each with its topic. Served whole, scripts or not."""

import hashlib
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.resources import files

import orjson
from flask import Blueprint, Response, current_app, render_template, request

from classifier import Explanation, Prediction, ticker
from classifier.topics import LANGUAGES, describe
from service import asked, form, texts
from service.access import Caller
from service.desk import Desk
from service.form import Form
from service.pieces import Piece, pieces
from service.problems import Problem

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_STATIC = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "sheet.js": "text/javascript",
    "correct.js": "text/javascript",
    "export.js": "text/javascript",
}
_CORRECTIONS = "/v1/corrections"
_TOLD_TO_SCRIPTS = (
    "percent", "all", "none", "copied", "copy_failed", "sending", "reported", "accepted", "conflict", "undone", "undo",
    "failed", "unreachable", "corrected", "expected", "count_labelled", "count_none", "title",
    "uncertain", "unfamiliar", "contested",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A headline as the page shows it: its best topic, also when there is no label, and why there is none."""

    headline: str
    best: str
    confidence: float
    state: str
    """`labelled`, or the reason for abstaining."""
    pieces: list[Piece]


@dataclass(frozen=True)
class Sheet:
    """All that one pasted text gave."""

    rows: list[Row]
    skipped: list[str]
    unreadable: int
    version: str


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes of the page and of its files, around a desk."""
    routes = Blueprint("page", __name__)

    @routes.route("/", methods=["GET", "POST"])
    def page() -> Response:
        sent, sheet, caller, problem = Form(), None, None, None
        try:
            caller = desk.admit("classify")
            if request.method == "POST":
                sent = form.read(request)
                if sent.button == "example":
                    sent = Form(_example())
                if sent.text or sent.button == "sort":
                    sheet = _sheet(desk, sent)
        except Problem as refusal:
            problem = refusal
        return _render(desk, caller, sent, sheet, problem)

    @routes.get("/static/<name>")
    def static(name: str) -> Response:
        # A name from a fixed list: no path ever comes from a client.
        if name not in _STATIC:
            raise Problem(HTTPStatus.NOT_FOUND, "There is no such file.")
        return _file(name, _STATIC[name])

    @routes.get("/widget.js")
    def widget() -> Response:
        return _file("widget.js", "text/javascript")

    return routes


def _sheet(desk: Desk, sent: Form) -> Sheet:
    wanted = asked.read_paste(sent.text)
    model = desk.model
    # The slider has hundredths, the model's own threshold is finer: left alone, it is the model's that counts.
    own = sent.percent is None or sent.percent == round(model.weights.threshold * 100)
    threshold = None if own or sent.percent is None else sent.percent / 100
    answered = desk.classify(wanted.headlines, model=model, explain=True, threshold=threshold)
    pairs = zip(answered.predictions, answered.explanations or (), strict=True)
    rows = [_row(prediction, explanation) for prediction, explanation in pairs]
    return Sheet(rows, wanted.skipped or [], len(wanted.problems), model.version)


def _row(prediction: Prediction, explanation: Explanation) -> Row:
    drivers = [] if prediction.reason == "unfamiliar" else explanation.drivers
    return Row(
        prediction.headline,
        explanation.topic,
        prediction.confidence,
        prediction.reason or "labelled",
        list(pieces(prediction.headline, drivers)),
    )


def _render(desk: Desk, caller: Caller | None, sent: Form, sheet: Sheet | None, problem: Problem | None) -> Response:
    language = _language()
    said = texts.of(language)
    model = desk.model
    own = model.weights.threshold
    body = render_template(
        "page.html",
        lang=language,
        languages={tag: texts.of(tag) for tag in LANGUAGES},
        t=said,
        told=orjson.dumps({key: said[key] for key in _TOLD_TO_SCRIPTS}).decode(),
        allowed=caller is not None,
        correcting=caller is not None and "correct" in caller.roles and _keeps_corrections(),
        topics={label: describe(label).names.get(language, label) for label in model.topics},
        iptc={label: describe(label).iptc for label in model.topics},
        text=sent.text,
        sheet=sheet,
        problem=_told(problem, said, sent),
        own=own,
        threshold=own if sent.percent is None or sent.percent == round(own * 100) else sent.percent / 100,
        plain=lambda text: pieces(text, ()),
        percent=lambda share: said["percent"].format(_hundredths(share)),
    )
    headers = dict(problem.headers) if problem else {}
    headers |= {
        "Content-Security-Policy": POLICY,
        "Content-Language": language,
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
    }
    return Response(body, problem.status.value if problem else 200, headers, content_type="text/html; charset=utf-8")


def _hundredths(share: float) -> str:
    # Nothing short of certain is told as certain.
    return "> 99" if 0.995 <= share < 1 else str(round(share * 100)).replace("-", "−")


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
    return files(texts).joinpath("example.txt").read_text(encoding="utf-8")


@cache
def _content(name: str) -> tuple[bytes, str]:
    content = files("service").joinpath("static", name).read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:32]


def _file(name: str, kind: str) -> Response:
    content, digest = _content(name)
    response = Response(content, content_type=f"{kind}; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(digest)
    response.make_conditional(request)
    return response
