"""Rows of Parquet, with the extra `parquet`: a row group's batch at a time, however large the file."""

from collections.abc import Iterator
from itertools import accumulate

from classifier.errors import InputError
from classifier.formats import Record

_BATCH = 1024


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


def _opened(name: str) -> "ParquetFile":  # type: ignore[name-defined]  # noqa: F821
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise InputError("Parquet wants pyarrow: pip install 'headline-topics[parquet]'") from error
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
