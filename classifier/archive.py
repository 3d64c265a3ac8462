"""An archive from end to end: read, labelled here, on several cores or on a cluster, and written."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from classifier import parquet
from classifier.errors import InputError
from classifier.formats import Record
from classifier.label import Labelled, Manner, label
from classifier.model import Classifier
from classifier.output import Done, Output, origin
from classifier.progress import Progress
from classifier.source import STDIN, Source, sized
from classifier.storage import load, locate

_RECORDS = 2048
"""What is handed on at a time: enough to amortise the handing, little enough to lose."""


class Task(NamedTuple):
    """What to label, and how."""

    name: str
    """A file, or `STDIN`."""
    kind: str | None = None
    """One of `formats.INPUTS`; guessed when None."""
    model: str | None = None
    """As in `load`."""
    manner: Manner = Manner()
    jobs: int = 1
    dask: str | None = None
    """Address of a scheduler, to label on its cluster."""


def jobs(text: str) -> int:
    """Read a number of cores.

    Raises:
        InputError: it is neither a number from 1 on nor `all`.
    """
    if text in ("all", "0"):
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not (text.isascii() and text.isdigit()):
        raise InputError(f"--jobs is a whole number, or all, not {text!r}")
    return int(text)


def onto(task: Task, out: TextIO) -> None:
    """Label a source onto a stream.

    Raises:
        ClassifierError: the source, the manner or the model cannot be used.
    """
    if task.manner.to == "parquet":
        raise InputError("Parquet is written into a file: --out names it")
    folder = locate(task.model)
    classifier = load(folder)
    with Source(task.name, task.kind) as source:
        manner = _fitted(task.manner, classifier, source)
        out.write(manner.header())
        shown = Path(task.name).is_file() and not out.isatty()  # how much of a pipe is read nobody knows
        with closing(Progress(sys.stderr, source.share, shown=shown)) as progress:
            done = 0
            for labelled in _labelled(task, manner, classifier, folder, source.batches()):
                out.write(labelled.text)
                out.flush()
                done += labelled.records
                progress(done)


def into(task: Task, target: Path, *, overwrite: bool = False, seconds: float = 1.0) -> Done:
    """Label a source into a file; go on where a run before was ended.

    Args:
        overwrite, seconds: as in `Output`.

    Raises:
        ClassifierError: the source, the manner or the model cannot be used, or the file must not be written.
    """
    if task.name == STDIN or Path(task.name).is_fifo():
        raise InputError("--out wants a file to read, which another run could read again")
    if target.exists() and target.samefile(task.name):
        raise InputError(f"{target} is what is read: --out wants another file")
    folder = locate(task.model)
    classifier = load(folder)
    made_from = origin(task.name)
    with Source(task.name, task.kind) as source:
        manner = _fitted(task.manner, classifier, source)
        made_from |= {"format": source.kind, "options": manner._asdict(), "model": classifier.version}
        with Output(target, made_from, overwrite=overwrite, seconds=seconds) as output:
            if not output.done.bytes:
                output.write(Labelled(manner.header(), 0, 0, 0))
            progress = Progress(sys.stderr, source.share, output.done.records)
            with closing(progress):
                batches = sized(source.batches(output.done.records), _RECORDS)
                for labelled in _labelled(task, manner, classifier, folder, batches):
                    output.write(labelled)
                    progress(output.done.records)
            if origin(task.name) != {"input": made_from["input"]}:
                raise InputError(f"{task.name} has changed meanwhile")
            output.finish(_table(task, manner, classifier, source.kind) if manner.to == "parquet" else None)
            return output.done


def _fitted(manner: Manner, classifier: Classifier, source: Source) -> Manner:
    classifier.classify([], topics=manner.topics, threshold=manner.threshold)  # refuses what is wrong before all else
    if manner.to == "parquet":
        parquet.pyarrow()
        if source.kind == "jsonl":
            raise InputError("objects of JSON need not be alike, as rows of Parquet are: --to jsonl keeps them")
    return manner.given(source.first) if source.first else manner


def _table(task: Task, manner: Manner, classifier: Classifier, kind: str) -> Callable[[Path, Path], None]:
    """Return what writes Parquet: the source read again, with its answers beside it."""

    def make(answers: Path, target: Path) -> None:
        def write(rows: Iterable[Any]) -> None:
            parquet.write(target, rows, answers, manner.names(), manner.topics or classifier.topics)

        if kind == "parquet":
            write(parquet.tables(task.name))
            return
        with Source(task.name, kind) as again:
            write(parquet.texts(sized(again.batches(), parquet.ROW_GROUP), list(manner.columns or ("headline",))))

    return make


def _labelled(
    task: Task, manner: Manner, classifier: Classifier, folder: Path, batches: Iterator[list[Record]]
) -> Iterable[Labelled]:
    # What not everybody needs is imported when it is needed: pools and clusters are slow to come, or not installed.
    if task.dask:
        from classifier.cluster import on_dask

        return on_dask(classifier, task.dask, manner, sized(batches, _RECORDS))
    if task.jobs > 1:
        from classifier.workers import on_cores

        return on_cores(folder, task.jobs, manner, sized(batches, _RECORDS))
    return (label(classifier, manner, batch) for batch in batches)
