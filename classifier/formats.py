"""Headlines in and answers out, as streams: lines, tickers, CSV, JSON Lines; and news items out, as ninjs."""

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, TextIO

from classifier import ninjs, ticker
from classifier.errors import InputError
from classifier.model import Prediction

Record = dict[str, Any]
"""What a headline came with; its text is under `headline`."""

INPUTS = ("lines", "ticker", "csv", "jsonl")
OUTPUTS = ("table", "jsonl", "csv", "ninjs")

MAX_TICKER_BYTES = 4 << 20
_CHUNK = 1 << 16


def chunks(stream: BinaryIO) -> Iterator[list[str]]:
    """Yield the lines of a stream as they arrive, without their ends: a slow pipe is answered line by line.

    Raises:
        InputError: a line is not UTF-8.
    """
    rest, number = b"", 0
    # What read1 has is used at once; a plain read would wait for a full buffer.
    read1: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    while block := read1(_CHUNK):
        *complete, rest = (rest + block).split(b"\n") if b"\n" in block else ([rest + block])
        if complete:
            yield [_decode(line, number + i) for i, line in enumerate(complete, 1)]
            number += len(complete)
    if rest:
        yield [_decode(rest, number + 1)]


def _decode(line: bytes, number: int) -> str:
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise InputError(f"line {number}: not UTF-8") from error


def guess(name: str, first: list[str]) -> str:
    """Return the input format, from the file's name and its first lines."""
    suffix = name.rpartition(".")[2].lower()
    if suffix in ("csv", "jsonl"):
        return suffix
    start = first[0] if first else ""
    if start.lstrip().startswith("{"):
        return "jsonl"
    if _is_header(start):
        return "csv"
    return "ticker" if any(len(ticker.split(line)) >= ticker.MIN_STRIP for line in first) else "lines"


def _is_header(line: str) -> bool:
    try:
        return "," in line and "headline" in next(csv.reader([line]), [])
    except csv.Error:
        return False


def records(kind: str, lines: Iterable[list[str]]) -> Iterator[list[Record]]:
    """Yield batches of records, in order, from chunks of lines.

    Raises:
        InputError: a record cannot be read, or a ticker is larger than `MAX_TICKER_BYTES`.
    """
    if kind == "ticker":
        yield [{"headline": headline} for headline in ticker.read("\n".join(_whole(lines))).headlines]
    elif kind == "csv":
        yield from _csv_records(lines)
    elif kind == "jsonl":
        number = 0
        for chunk in lines:
            yield [_json_record(line, number + i) for i, line in enumerate(chunk, 1) if line.strip()]
            number += len(chunk)
    else:
        for chunk in lines:
            yield [{"headline": line.strip()} for line in chunk if line.strip()]


def _whole(lines: Iterable[list[str]]) -> Iterator[str]:
    size = 0
    for chunk in lines:
        size += sum(map(len, chunk))
        if size > MAX_TICKER_BYTES:
            raise InputError(f"a ticker of over {MAX_TICKER_BYTES} characters; for a long list use --from lines")
        yield from chunk


def _csv_records(lines: Iterable[list[str]]) -> Iterator[list[Record]]:
    rows = csv.DictReader((line + "\n" for chunk in lines for line in chunk), strict=True)
    batch: list[Record] = []
    try:
        if "headline" not in (rows.fieldnames or ()):
            raise InputError("line 1: no column 'headline'")
        for row in rows:
            if None in row or None in row.values():
                raise InputError(f"line {rows.line_num}: another number of fields than the first line")
            batch.append(row)
            if len(batch) == 1024:
                yield batch
                batch = []
    except csv.Error as error:
        raise InputError(f"line {rows.line_num}: {error}") from error
    yield batch


def _json_record(line: str, number: int) -> Record:
    try:
        record = json.loads(line, parse_constant=_not_finite, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise InputError(f"line {number}: not JSON") from error
    if not isinstance(record, dict) or not isinstance(record.get("headline"), str):
        raise InputError(f"line {number}: not an object with a text under 'headline'")
    return record


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _not_finite(text)


def _not_finite(text: str) -> float:
    # Read as infinity or no number, it would be written as what is no JSON.
    raise ValueError(f"{text[:20]} is no finite number")


class Writer:
    """Writes answers to a text stream in one of `OUTPUTS`.

    What a record came with is kept beside its answer in `jsonl` and `csv`; of it `ninjs` has the `uri` alone.
    """

    def __init__(self, kind: str, out: TextIO) -> None:
        self.kind = kind
        self.out = out
        self._csv: Any = None

    def write(self, batch: list[Record], predictions: list[Prediction]) -> None:
        """Write one batch of answers and flush it."""
        for record, prediction in zip(batch, predictions, strict=True):
            if self.kind == "table":
                self.out.write(_row(prediction))
            elif self.kind == "ninjs":
                self.out.write(json.dumps(ninjs.item_of(record, prediction), ensure_ascii=False) + "\n")
            else:
                answer = prediction.to_dict()
                merged = record | {_free(key, record): value for key, value in answer.items() if key != "headline"}
                self._write_merged(merged)
        self.out.flush()

    def _write_merged(self, merged: Record) -> None:
        if self.kind == "jsonl":
            self.out.write(json.dumps(merged, ensure_ascii=False) + "\n")
            return
        merged = {key: value for key, value in merged.items() if not isinstance(value, dict)}
        if self._csv is None:
            self._csv = csv.DictWriter(_UnixLines(self.out), list(merged), extrasaction="ignore", lineterminator="\r\n")
            self._csv.writeheader()
        self._csv.writerow(merged)


class _UnixLines:
    """Ends rows with a line feed; only a writer told to end them with both marks quotes a field with a return in it."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, row: str) -> int:
        return self._out.write(row.removesuffix("\r\n") + "\n")


def _free(key: str, record: Record) -> str:
    """Return a column name that does not overwrite what the record already has."""
    return f"predicted_{key}" if key in record else key


def _row(prediction: Prediction) -> str:
    answer = prediction.label or f"({prediction.reason})"
    shown = "".join(c if c.isprintable() else " " for c in prediction.headline)
    return f"{answer:<12} {prediction.confidence:4.0%}  {shown}\n"
