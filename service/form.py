"""What the page's form sends: a ticker typed, pasted or in a file, and a threshold."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from service import asked
from service.problems import Problem

# A form writes a byte as three characters, and says a little beside the text.
_MOST = 3 * asked.MAX_BODY + 4096
_KINDS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True)
class Form:
    """One form as it was sent."""

    text: str = ""
    percent: int | None = None
    """The threshold, in whole hundredths; the model's own when None."""
    button: str = ""
    """Which button sent it: `sort`, `example` or `language`."""


def read(request: Request) -> Form:
    """Read a form.

    Raises:
        Problem: 400 no form or a file that is not UTF-8, 408, 413 too large, 415 another media type.
    """
    if request.mimetype not in _KINDS or request.content_encoding:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send {' or '.join(_KINDS)}.")
    body = asked.read_bytes(request, _MOST)
    # In memory, being small: nothing a client sends is written to a disk.
    parser = FormDataParser(lambda *_, **__: io.BytesIO(), max_form_memory_size=_MOST, max_form_parts=8, silent=False)
    try:
        stream = io.BytesIO(body)
        _, fields, files = parser.parse(stream, request.mimetype, len(body), request.mimetype_params)
    except RequestEntityTooLarge as error:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The form has too many fields.") from error
    except ValueError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "The form cannot be read.") from error
    file = files["file"].read() if "file" in files else b""
    return Form(_text(file or fields.get("text", "").encode()), _percent(fields.get("threshold")), _button(fields))


def _text(sent: bytes) -> str:
    if len(sent) > asked.MAX_BODY:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The text may have {asked.MAX_BODY} bytes.")
    try:
        return sent.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"The file is not UTF-8: see byte {error.start}.") from error


def _percent(sent: str | None) -> int | None:
    if not sent:
        return None
    if not (sent.isascii() and sent.isdigit() and len(sent) <= 3 and int(sent) <= 100):
        raise asked.wrong("/threshold", "threshold is a whole number between 0 and 100.")
    return int(sent)


def _button(fields: Mapping[str, str]) -> str:
    return next((name for name in ("example", "language") if name in fields), "sort")
