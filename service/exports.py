"""Corrections as JSON Lines and CSV."""

import csv
import io
import json
from collections.abc import Iterable, Iterator

from service.corrections import Kept

COLUMNS = ("id", "headline", "label", "status", "author", "note", "version", "replaces", "at")

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def jsonl(corrections: Iterable[Kept]) -> Iterator[str]:
    """Yield a line a correction."""
    for kept in corrections:
        told = kept.to_dict()
        yield json.dumps({name: told[name] for name in COLUMNS}, ensure_ascii=False) + "\n"


def as_csv(corrections: Iterable[Kept]) -> Iterator[str]:
    """Yield a heading and a row a correction, safe to open in a spreadsheet.

    What a spreadsheet would take for a formula has an apostrophe before it, as OWASP advises ("CSV Injection").
    """
    yield _row(list(COLUMNS))
    for kept in corrections:
        told = kept.to_dict()
        yield _row([_safe(told[name]) for name in COLUMNS])


def _safe(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _row(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
