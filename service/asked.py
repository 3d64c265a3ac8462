"""Request bodies -> what was asked, or a `Problem` that says what is wrong and where."""

import json
import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from itertools import groupby
from typing import Any

from flask import Request

from classifier import ticker
from classifier.topics import LANGUAGES, language
from service.problems import Problem

MAX_BODY = 256 * 1024
MAX_HEADLINES = 500
MAX_CHARACTERS = 500
MAX_MARKS = 30
"""Most combining marks in a row: more is no writing, and piles up over the lines above."""
MAX_DEPTH = 8

_JSON_FIELDS = ("headlines", "explain", "topics", "threshold", "top_k", "lang", "partial")

_QUERY = ("explain", "topics", "lang")


@dataclass(frozen=True)
class Asked:
    """What a request wants labelled, and how."""

    headlines: list[str]
    topics: list[str] | None = None
    explain: bool = False
    threshold: float | None = None
    top_k: int | None = None
    lang: str | None = None
    """One of `topics.LANGUAGES`: what the answer names its topics in."""
    skipped: list[str] | None = None
    """What a pasted page held beside its headlines; None when no page was pasted."""
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    """The headlines that cannot be read, by their position among those sent, where a partial answer will do."""


def receive(request: Request) -> str:
    """Return the body of a request to classify, once all of it has arrived.

    Raises:
        Problem: 400 not UTF-8 or it ends early, 408 it stops arriving, 413 too large, 415 another media type, 422 an
            unknown parameter.
    """
    kind = _media_type(request)
    if request.environ.get("QUERY_STRING"):
        _check_query(request, _QUERY if kind == "text/plain" else ())
    return _text(request)


def read(request: Request, text: str, topics: tuple[str, ...]) -> Asked:
    """Read a request to classify.

    Args:
        text: its body, as received.
        topics: the labels the model knows.

    Raises:
        Problem: 400 not JSON, 422 a field is wrong.
    """
    asked = _from_json(text) if _media_type(request) == "application/json" else _from_text(text, request)
    _check_topics(asked.topics, topics)
    return asked


def read_paste(text: str) -> Asked:
    """Read a text that was pasted: what in it cannot be read is among the `problems`, all else is answered.

    Raises:
        Problem: 422 it has no headline, or too many.
    """
    reading = ticker.read(text)
    problems = _problems(reading.headlines)
    refused = {position for position, _ in problems}
    good = [headline for i, headline in enumerate(reading.headlines) if i not in refused]
    return Asked(good, explain=True, skipped=reading.skipped, problems=problems)


def read_json(request: Request, depth: int = 32, untyped: bool = False) -> dict[str, Any]:
    """Read a body that is one JSON object of whatever fields, as other tools send it, no less strictly.

    Args:
        depth: levels of lists and objects that it may have.
        untyped: whether a body without a media type will do too.

    Raises:
        Problem: 400 not UTF-8 or not JSON, 413 too large, 415 another media type, 422 no object, or half a character.
    """
    _check_encoding(request)
    if request.mimetype != "application/json" and not (untyped and not request.content_type):
        told = f"Send application/json, not {request.content_type or 'nothing'}."
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, told)
    value = _parse(text := _text(request), depth)
    if not isinstance(value, dict):
        raise wrong("", "The body is an object.")
    if "\\ud" in text.lower() and _has_half_characters(json.dumps(value, ensure_ascii=False)):
        raise wrong("", "The body holds half a character (a lone surrogate).")
    return value


def check(headlines: list[Any], pointer: Callable[[int], str]) -> None:
    """Refuse what may not be a headline, by where it stands in the request.

    Raises:
        Problem: 422 one is no text, too long or cannot be written, or there are too many.
    """
    if len(headlines) > MAX_HEADLINES:
        raise wrong("", f"Send up to {MAX_HEADLINES} headlines a request, not {len(headlines)}.")
    for position, problem in _problems(headlines) if headlines else ():
        raise wrong(pointer(position), problem.detail)


def check_query(request: Request, *known: str) -> None:
    """Refuse parameters in the URL that are not known.

    Raises:
        Problem: 422 there is another one.
    """
    if request.query_string:
        _check_query(request, known)


def _check_encoding(request: Request) -> None:
    if request.environ.get("HTTP_CONTENT_ENCODING"):
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body without Content-Encoding.")


def _media_type(request: Request) -> str:
    _check_encoding(request)
    if request.environ.get("CONTENT_TYPE") == "application/json":  # as most write it: nothing to parse
        return "application/json"
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype not in ("application/json", "text/plain") or charset not in ("utf-8", "utf8", "us-ascii"):
        wanted = "application/json or text/plain, in UTF-8"
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send {wanted}, not {request.content_type or 'nothing'}.")
    return request.mimetype


def _check_query(request: Request, known: tuple[str, ...]) -> None:
    for name in request.args:
        if name not in known:
            told = ", ".join(known) or "none, it is all in the body"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"Unknown parameter in the URL; known ones are {told}.")


def read_bytes(request: Request, most: int = MAX_BODY) -> bytes:
    """Read a whole body.

    Args:
        most: bytes that it may have.

    Raises:
        Problem: 400 it ends early, 408 it stops arriving, 413 too large.
    """
    # One byte more than allowed tells "too large" from "just fits", also for a body sent in chunks without a length.
    length = request.content_length or 0
    too_large = length > most
    try:
        body = b"" if too_large else request.stream.read(most + 1)
    except BlockingIOError as error:  # the server's sockets have a timeout
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, "The body stopped arriving.") from error
    except Exception as error:  # each server has its own for a chunk that is cut or no chunk at all
        raise Problem(HTTPStatus.BAD_REQUEST, "The body ends too early or is not in well-formed chunks.") from error
    if len(body) < length <= most:
        raise Problem(HTTPStatus.BAD_REQUEST, f"The body ends early: {len(body)} bytes of {length}.")
    if too_large or len(body) > most:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body may have {most} bytes.")
    return body


def _text(request: Request) -> str:
    try:
        return read_bytes(request).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"The body is not UTF-8: see byte {error.start}.") from error


def _from_text(text: str, request: Request) -> Asked:
    reading = ticker.read(text)
    if not reading.headlines:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "There is no headline in the text.")
    if problems := _problems(reading.headlines):
        raise problems[0][1]
    explain = request.args.get("explain", "false")
    if explain not in ("true", "false"):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The parameter explain is true or false.")
    topics = request.args["topics"].split(",") if "topics" in request.args else None
    lang = _language(request.args.get("lang"))
    return Asked(reading.headlines, topics, explain == "true", lang=lang, skipped=reading.skipped)


def _parse(text: str, depth: int) -> object:
    try:
        value = _DECODER.decode(text)
        # Too few brackets to nest that deep, as in most bodies, needs no walk through all of them.
        if text.count("[") + text.count("{") > depth and _too_deep(value, depth):
            raise RecursionError
    except (ValueError, RecursionError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {_reason(error)}.") from error
    return value


def _from_json(text: str) -> Asked:
    body = _parse(text, MAX_DEPTH)
    if not isinstance(body, dict):
        raise wrong("", 'The body is an object such as {"headlines": ["..."]}.')
    for name in body:
        if name not in _JSON_FIELDS:
            raise wrong(f"/{name}", f"Unknown field; known ones are {', '.join(_JSON_FIELDS)}.")
    for name in ("explain", "partial"):
        if not isinstance(body.get(name, False), bool):
            raise wrong(f"/{name}", f"{name} is true or false.")
    headlines, partial = body.get("headlines"), body.get("partial", False)
    if not isinstance(headlines, list) or not (partial or _is_texts(headlines)):
        raise wrong("/headlines", "headlines is a list of texts.")
    problems = _problems(headlines)
    if problems and not partial:
        raise problems[0][1]
    if "topics" in body and not _is_texts(body["topics"]):
        raise wrong("/topics", "topics is a list of texts.")
    threshold, top_k = body.get("threshold"), body.get("top_k")
    if "threshold" in body and not _is_share(threshold):
        raise wrong("/threshold", "threshold is a number between 0 and 1.")
    if "top_k" in body and not _is_count(top_k):
        raise wrong("/top_k", "top_k is a whole number, 1 or more.")
    lang = _language(body.get("lang"), given="lang" in body)
    refused = {position for position, _ in problems}
    good = [headline for i, headline in enumerate(headlines) if i not in refused] if refused else headlines
    return Asked(
        good, body.get("topics"), body.get("explain", False), threshold, top_k and int(top_k), lang, problems=problems
    )


def _language(tag: object, given: bool = False) -> str | None:
    if tag is None and not given:
        return None
    found = language(tag)
    if not found:
        raise wrong("/lang", f"lang is one of {', '.join(LANGUAGES)}, or a tag that begins so, as fr-MA.")
    return found


def _problems(headlines: list[Any]) -> list[tuple[int, Problem]]:
    """Return what is wrong with which headline.

    Raises:
        Problem: 422 there are none, or too many.
    """
    if not 1 <= len(headlines) <= MAX_HEADLINES:
        raise wrong("/headlines", f"Send 1 to {MAX_HEADLINES} headlines a request, not {len(headlines)}.")
    # All at once first, which is what a good request costs; then only those that one of the checks concerns.
    suspects: Sequence[int] = range(len(headlines))
    if _is_texts(headlines) and max(map(len, headlines)) <= MAX_CHARACTERS:
        together = "\n".join(headlines)
        if together.isascii():
            return []
        if not _has_half_characters(together):
            special = set(filter(_is_special, set(together)))
            suspects = [i for i in suspects if not special.isdisjoint(headlines[i])] if special else []
    found = ((i, _fault(headlines[i])) for i in suspects)
    return [(i, wrong(f"/headlines/{i}", fault)) for i, fault in found if fault]


def _fault(headline: object) -> str | None:
    if not isinstance(headline, str):
        return "A headline is a text."
    if len(headline) > MAX_CHARACTERS:
        return f"A headline may have {MAX_CHARACTERS} characters, not {len(headline)}."
    if _has_half_characters(headline):
        return "The headline holds half a character (a lone surrogate)."
    if any(is_mark and len(list(run)) > MAX_MARKS for is_mark, run in groupby(headline, _is_mark)):
        return f"The headline has more than {MAX_MARKS} combining marks in a row."
    if len(unicodedata.normalize("NFKC", headline)) > MAX_CHARACTERS:
        return f"Written out, the headline has more than {MAX_CHARACTERS} characters."
    return None


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me")


@lru_cache(maxsize=1 << 14)
def _is_special(character: str) -> bool:
    """Return whether a character is a combining mark, or one that normalising makes several of (eighteen at most)."""
    return _is_mark(character) or len(unicodedata.normalize("NFKC", character)) > 1


def _has_half_characters(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _check_topics(asked: list[str] | None, known: tuple[str, ...]) -> None:
    if asked is None:
        return
    if not asked or len(set(asked)) < len(asked):
        raise wrong("/topics", "topics names at least one topic, none twice.")
    for i, topic in enumerate(asked):
        if topic not in known:
            raise wrong(f"/topics/{i}", f"Unknown topic; the model knows {', '.join(known)}.")


def _too_deep(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and (levels == 0 or any(_too_deep(item, levels - 1) for item in value))


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_count(value: object) -> bool:
    # 2.0 is a whole number in JSON.
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 1 and value == int(value)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and set(map(type, value)) <= {str}


def wrong(pointer: str, detail: str) -> Problem:
    """Return the problem of a field: 422, and where it stands."""
    # A field's name comes from the client: kept short and free of what a terminal or a log would act on.
    shown = "".join(c if c.isprintable() else "?" for c in pointer[:100])
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, shown)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key occurs twice in one object")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


# Making one takes longer than reading a headline with it.
_DECODER = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constant, parse_float=_finite)


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
