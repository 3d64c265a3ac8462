"""Rows of Parquet, in and out, with the extra `parquet`: a batch at a time, however large the file."""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

from classifier.errors import InputError
from classifier.formats import Record

_BATCH = 1024
ROW_GROUP = 1 << 16
"""Rows of a group that is written, as many readers want them."""


def count(name: str) -> int:
    """Return how many rows the file has.

    Raises:
        InputError: it is not Parquet, or pyarrow is not installed.
    """
    return int(_opened(name).metadata.num_rows)


def records(name: str, start: int = 0) -> Iterator[list[Record]]:
    """Yield batches of rows from row `start` on; row groups before it are not read.

    Raises:
        InputError: it is not Parquet, damaged, or has no texts under `headline`; or pyarrow is not installed.
    """
    file = _opened(name)
    sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    groups = [i for i, end in enumerate(accumulate(sizes)) if end > start]
    row = sum(sizes) - sum(sizes[i] for i in groups)
    try:
        for part in file.iter_batches(_BATCH, row_groups=groups) if groups else ():
            batch = part.slice(max(0, start - row)).to_pylist() if row + len(part) > start else []
            row += len(part)
            yield [_checked(record, row - len(batch) + i) for i, record in enumerate(batch, 1)]
    except (OSError, ValueError) as error:
        raise error if isinstance(error, InputError) else InputError(f"{name}: {_line(error)}") from error


def tables(name: str) -> Iterator[Any]:
    """Yield the rows as Arrow has them, all columns with the types they have; first of all none, to tell these.

    Raises:
        InputError: as in `records`.
    """
    file = _opened(name)
    yield pyarrow().RecordBatch.from_pylist([], file.schema_arrow)
    try:
        yield from file.iter_batches(ROW_GROUP)
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: {_line(error)}") from error


def texts(batches: Iterable[list[Record]], columns: list[str]) -> Iterator[Any]:
    """Yield records that hold nothing but texts as `tables` does."""
    arrow = pyarrow()
    schema = arrow.schema([(column, arrow.string()) for column in columns])
    yield arrow.RecordBatch.from_pylist([], schema)
    for batch in batches:
        yield arrow.RecordBatch.from_pylist(batch, schema)


def write(target: Path, rows: Iterable[Any], answers: Path, names: dict[str, str], topics: Iterable[str]) -> None:
    """Write rows with their answers beside them.

    Args:
        rows: as `tables` or `texts` yields them.
        answers: JSON Lines, one object a row.
        names: the fields of an answer, and what their columns are called.
        topics: what the probabilities are of.

    Raises:
        InputError: there are not as many answers as rows.
    """
    arrow = pyarrow()
    from pyarrow.parquet import ParquetWriter

    number, text = arrow.float64(), arrow.string()
    kinds = {"confidence": number, "probabilities": arrow.struct([(topic, number) for topic in topics])}
    fields = arrow.schema([(field, kinds.get(field, text)) for field in names])
    with ExitStack() as opened:
        lines = opened.enter_context(answers.open(encoding="utf-8"))
        writer = None
        for batch in rows:
            found = [json.loads(line) for line in islice(lines, batch.num_rows)]
            if len(found) < batch.num_rows:
                raise InputError(f"{answers} has fewer answers than there are rows")
            added = arrow.RecordBatch.from_pylist(found, fields)
            schema = arrow.schema([*batch.schema, *(field.with_name(names[field.name]) for field in fields)])
            writer = writer or opened.enter_context(ParquetWriter(target, schema))
            if found:
                writer.write_batch(arrow.RecordBatch.from_arrays([*batch.columns, *added.columns], schema=schema))


def pyarrow() -> Any:
    """Return pyarrow, which not everybody has.

    Raises:
        InputError: it is not installed.
    """
    try:
        import pyarrow as arrow
    except ImportError as error:
        raise InputError("Parquet wants pyarrow: pip install 'headline-topics[parquet]'") from error
    return arrow


def _opened(name: str) -> Any:
    pyarrow()
    from pyarrow.parquet import ParquetFile

    try:
        file = ParquetFile(name)
    except ValueError as error:  # pyarrow's own errors are such
        raise InputError(f"{name}: {_line(error)}") from error
    if "headline" not in file.schema_arrow.names:
        raise InputError(f"{name}: no column 'headline'")
    return file


def _checked(record: Record, number: int) -> Record:
    if not isinstance(record["headline"], str):
        raise InputError(f"row {number}: no text under 'headline'")
    return record


def _line(error: Exception) -> str:
    return str(error).partition("\n")[0]
