"""A whole archive labelled into a file: what is done stays done, whatever ends the run.

Answers go to `FILE.part`, and `FILE.journal` says how far they can be trusted: its first line what they were made from,
then a line for every stretch that is on the disk. Another run by the same command cuts `FILE.part` to the last of these
and goes on there; at the end it is renamed to `FILE`, or `FILE` is made of it.
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Self

from classifier.errors import InputError
from classifier.label import Labelled

_HEAD = 1 << 20
_SECONDS = 1.0


class Done(NamedTuple):
    """How far a run is: records read, those of them that have a label or kept theirs, and bytes written."""

    records: int = 0
    labelled: int = 0
    kept: int = 0
    bytes: int = 0


def origin(name: str, **how: object) -> dict[str, object]:
    """Return what answers are made from: the input file, by size, time and beginning, and how it is labelled."""
    facts = Path(name).stat()
    with Path(name).open("rb") as file:
        head = hashlib.sha256(file.read(_HEAD)).hexdigest()
    return {"input": {"bytes": facts.st_size, "changed": facts.st_mtime_ns, "head": head}, **how}


class Output:
    """The file that an archive is labelled into.

    Args:
        target: the finished file.
        made_from: as `origin` returns it; answers made from anything else are not mixed with these.
        overwrite: a finished file is replaced at the end, and an unfinished one made from anything else is dropped.
        seconds: what a kill may cost at most, beyond the batches under way.

    Raises:
        InputError: the file is there, or its unfinished part was made from something else or is being written.
    """

    def __init__(
        self, target: Path, made_from: dict[str, object], *, overwrite: bool = False, seconds: float = _SECONDS
    ) -> None:
        self.target = target
        self._part, self._journal = (target.with_name(target.name + end) for end in (".part", ".journal"))
        self._overwrite, self._seconds = overwrite, seconds
        made_from = json.loads(json.dumps(made_from))  # as the journal has it
        self._refuse_finished()
        self._log = self._locked()
        try:
            self._refuse_finished()  # the other run may have ended in between
            self.done = self._found(made_from)
            if self.done == Done():
                self._log.truncate(0)
                self._note(made_from)
            self._out = self._part.open("r+b" if self._part.exists() else "w+b")
        except BaseException:
            self._log.close()
            raise
        self._out.truncate(self.done.bytes)
        self._out.seek(self.done.bytes)
        _sync_folder(target)
        self._noted = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.note()
        self._out.close()
        self._log.close()

    def write(self, labelled: Labelled) -> None:
        """Write the answers to some records."""
        data = labelled.text.encode("utf-8", "backslashreplace")
        self._out.write(data)
        counts = (labelled.records, labelled.labelled, labelled.kept, len(data))
        self.done = Done(*(a + b for a, b in zip(self.done, counts, strict=True)))
        if time.monotonic() - self._noted >= self._seconds:
            self.note()

    def note(self) -> None:
        """Put all that was written on the disk, and only then say so in the journal."""
        self._out.flush()
        os.fsync(self._out.fileno())
        self._note(self.done._asdict())
        self._noted = time.monotonic()

    def finish(self, make: Callable[[Path, Path], None] | None = None) -> None:
        """Give the file its name.

        Args:
            make: makes the file, its second argument, of the answers in the first; they are it, when None.
        """
        self.note()
        self._refuse_finished()
        if make:
            made = self.target.with_name(self.target.name + ".made")
            make(self._part, made)
            with made.open("rb") as file:
                os.fsync(file.fileno())
            made.replace(self.target)
            _sync_folder(self.target)
            self._part.unlink()
        else:
            self._part.replace(self.target)
            _sync_folder(self.target)
        self._journal.unlink(missing_ok=True)

    def _refuse_finished(self) -> None:
        if self.target.exists() and not self._overwrite:
            raise InputError(f"{self.target} is there already; --overwrite replaces it")

    def _locked(self) -> BinaryIO:
        log = self._journal.open("a+b")
        try:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            log.close()
            raise InputError(f"{self.target} is being written by another run") from error
        return log

    def _found(self, made_from: dict[str, Any]) -> Done:
        """Return how far the runs before this one came, and cut off a line of the journal that a kill left torn."""
        self._log.seek(0)
        whole = self._log.read().rpartition(b"\n")[0]
        try:
            begun, *notes = [json.loads(line) for line in whole.splitlines()] or [{}]
            reached = [Done(**note) for note in notes]
            changed = [key for key in made_from if begun.get(key) != made_from[key]]
        except (ValueError, TypeError, AttributeError) as error:
            raise InputError(f"{self._journal} is there, and is no journal of this command") from error
        self._log.truncate(len(whole) + 1 if whole else 0)
        if changed and self._part.exists() and not self._overwrite:
            raise InputError(f"{self._part} was begun with another {changed[0]}; --overwrite starts again")
        size = self._part.stat().st_size if self._part.exists() and not changed else 0
        return max((done for done in reached if done.bytes <= size), default=Done())

    def _note(self, facts: dict[str, Any]) -> None:
        self._log.write(json.dumps(facts).encode() + b"\n")
        self._log.flush()
        os.fsync(self._log.fileno())


def _sync_folder(file: Path) -> None:
    descriptor = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
