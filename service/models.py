"""The classifier in force, replaced while the service runs when another version is published."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from classifier import Classifier, ModelError, load, storage


@dataclass(frozen=True)
class Refused:
    """A version that was published but cannot be used, and why; the one before it stays in force."""

    version: str
    reason: str


class Models:
    """Watches `current.json` and loads what it names, off the request path.

    `classifier` is assigned once a new version is loaded and verified: whoever took it before goes on with what they
    took. A folder that holds one version only is never watched.

    Args:
        folder: as in `classifier.load`.
        interval: seconds between two looks.
        swapped: told the version that took over.
        refused: told of each version that cannot be used.

    Raises:
        ModelError: there is no model to begin with.
    """

    def __init__(
        self, folder: str | os.PathLike[str] | None = None, interval: float = 1.0,
        swapped: Callable[[str], None] = lambda _: None, refused: Callable[["Refused"], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self.folder = storage.default_folder() if folder is None else Path(folder)
        self.interval = interval
        self.classifier: Classifier = _warm(load(self.folder))
        self.refused: Refused | None = None
        self._tell_swapped, self._tell_refused = swapped, refused
        self._watching = 0  # the process whose thread watches: threads do not survive the fork of a worker
        self._lock = threading.Lock()

    def watch(self) -> None:
        """Make sure that this process watches; costs next to nothing when it does."""
        if self._watching == os.getpid() or (self.folder / "manifest.json").is_file():
            return
        with self._lock:
            if self._watching != os.getpid():
                self._watching = os.getpid()
                threading.Thread(target=self._watch, name="models", daemon=True).start()

    def refresh(self) -> None:
        """Look once: load the version in force if it is another one."""
        version = "unknown"
        try:
            version = storage.current(self.folder)
            if version == self.classifier.version:
                self.refused = None
            elif self.refused is None or self.refused.version != version:
                self.classifier = _warm(load(self.folder / version))
                self.refused = None
                self._tell_swapped(version)
        except (ModelError, OSError) as error:
            known, self.refused = self.refused, Refused(version, str(error))
            if self.refused != known:
                self._tell_refused(self.refused)

    def _watch(self) -> None:
        while True:
            time.sleep(self.interval)
            self.refresh()


def _warm(classifier: Classifier) -> Classifier:
    """Return the classifier after a first answer, which is the slow one."""
    classifier.classify(["a"])
    return classifier
