"""Labelling on several cores: in order, with at most a few batches under way."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from pathlib import Path

from classifier.errors import ClassifierError
from classifier.formats import Record
from classifier.label import Labelled, Manner, label
from classifier.model import Classifier
from classifier.storage import load

_AHEAD = 3  # batches a worker: one in hand, and more than enough waiting while the one before is written

_classifier: Classifier  # a worker's own, there from its start


def on_cores(folder: Path, jobs: int, manner: Manner, batches: Iterator[list[Record]]) -> Iterator[Labelled]:
    """Yield the batches labelled, in order, by `jobs` processes that share one copy of the model's tables.

    Raises:
        ClassifierError: a worker died; or what `label` raises.
    """
    # Forking a process that has threads is unsafe, and numpy has some.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=_start, initargs=(folder,)) as pool:
        under_way: deque[Future[Labelled]] = deque()
        try:
            for batch in batches:
                under_way.append(pool.submit(_label, manner, batch))
                if len(under_way) >= _AHEAD * jobs:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        except BrokenProcessPool as error:
            raise ClassifierError("a worker process died") from error
        finally:
            pool.shutdown(cancel_futures=True)


def _start(folder: Path) -> None:
    global _classifier
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says what happens then
    threading.Thread(target=_follow, daemon=True).start()
    _classifier = load(folder)


def _follow() -> None:
    """End with the parent, which cannot say so when it is killed."""
    if parent := multiprocessing.parent_process():
        wait([parent.sentinel])
    os._exit(1)


def _label(manner: Manner, batch: list[Record]) -> Labelled:
    return label(_classifier, manner, batch)
