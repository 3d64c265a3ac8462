"""Where the shell command reads records from: standard input, or a file of any of the formats."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Self

from classifier import formats, parquet
from classifier.errors import InputError
from classifier.formats import Record

STDIN = "-"


class Source:
    """An open source; `kind` is its format, guessed when not given, and `first` its first record.

    Raises:
        InputError: it cannot be read as what it is said to be.
        OSError: the file cannot be opened.
    """

    def __init__(self, name: str, kind: str | None = None) -> None:
        self.name = name
        self.read = 0  # records given
        with ExitStack() as opened:
            stream = sys.stdin.buffer if name == STDIN else opened.enter_context(Path(name).open("rb"))
            self._stream = stream
            self.kind = kind or formats.of_name(name, ("parquet",)) or ""
            if self.kind == "parquet":
                self._open_parquet()
            else:
                lines = formats.chunks(stream)
                start = next(lines, [])
                self.kind = self.kind or formats.guess(name, start)
                self._batches = formats.records(self.kind, chain([start], lines))
            self._ahead = next(filter(None, self._batches), [])
            self._opened = opened.pop_all()
        self.first = self._ahead[0] if self._ahead else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def batches(self, start: int = 0) -> Iterator[list[Record]]:
        """Yield batches of records, in order, from record `start` on."""
        if self.kind == "parquet":
            batches = parquet.records(self.name, start)
            self.read = start
        else:
            batches = self._after(start)
        for batch in batches:
            self.read += len(batch)
            yield batch

    def share(self) -> float:
        """Return how much of a file has been read, from 0 to 1."""
        if self.kind == "parquet":
            return self.read / (self._rows or 1)
        return self._stream.tell() / (Path(self.name).stat().st_size or 1)

    def _open_parquet(self) -> None:
        if self.name == STDIN:
            raise InputError("Parquet is read from a file, not from standard input")
        self._rows = parquet.count(self.name)
        self._batches = parquet.records(self.name)

    def _after(self, start: int) -> Iterator[list[Record]]:
        for batch in chain([self._ahead], self._batches):
            if start < len(batch):
                yield batch[start:]
            start = max(0, start - len(batch))


def sized(batches: Iterator[list[Record]], least: int) -> Iterator[list[Record]]:
    """Put batches together until they have `least` records; none is parted."""
    together: list[Record] = []
    for batch in batches:
        together += batch
        if len(together) >= least:
            yield together
            together = []
    if together:
        yield together
