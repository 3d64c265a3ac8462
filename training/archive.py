"""Read a newsroom's archive: headlines by the thousand, most of them without a label."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from classifier.errors import InputError
from classifier.terms import fold


@dataclass(frozen=True, slots=True)
class ArchiveLine:
    """A headline of an archive.

    `alt` is a second label that is right too. `origin` is its outlet or else its day, "" when the file tells neither.
    """

    headline: str
    label: str | None
    alt: str | None
    lang: str
    origin: str
    trust: float
    """How far a label is to be believed, 0 to 1; meaningless without one."""


def read(paths: Iterable[Path], topics: list[str] | None, trust: float = 0.5) -> list[ArchiveLine]:
    """Read .csv or .tsv files (no quoting) with a header line; a headline that was read before is left out.

    Columns: `headline`, and as far as they exist `label`, `alt`, `lang`, `source`, `date`, `trust`.

    Args:
        topics: the labels that may occur; labels are not looked at when None.
        trust: how far labels are believed where the file has no column `trust`. Publishers' sections agree with a
            careful reader on about nine lines in ten.

    Raises:
        InputError: a file cannot be read, has no column `headline`, or holds an unknown label or trust.
    """
    found: dict[str, ArchiveLine] = {}
    for path in paths:
        for number, row in rows(path):
            headline, label = (row.get("headline") or "").strip(), (topics and row.get("label")) or None
            alt = row.get("alt") or None if label else None
            for known in (label, alt):
                if topics and known and known not in topics:
                    raise InputError(f"{path}:{number}: unknown topic '{known}', expected one of {', '.join(topics)}")
            try:
                believed = float(row.get("trust") or trust)
            except ValueError as error:
                raise InputError(f"{path}:{number}: trust is a number from 0 to 1") from error
            if not 0 <= believed <= 1:
                raise InputError(f"{path}:{number}: trust is a number from 0 to 1")
            origin = row.get("source") or row.get("date") or ""
            line = ArchiveLine(headline, label, alt, row.get("lang") or "", origin, believed)
            if key := fold(headline):
                found.setdefault(key, line)
    return list(found.values())


def rows(path: Path, needed: tuple[str, ...] = ("headline",)) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a .csv or .tsv file (no quoting) with their line numbers.

    Raises:
        InputError: the file cannot be read or lacks a column.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    opened = io.StringIO(text, newline="")
    if path.suffix == ".tsv":
        table = csv.DictReader(opened, delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        table = csv.DictReader(opened)
    if missing := [name for name in needed if name not in (table.fieldnames or ())]:
        raise InputError(f"{path}:1: no column {' or '.join(missing)}")
    for row in table:
        yield table.line_num, row
