"""The versions of a models folder: which there are, which is in force, and back to the one before."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier import storage
from classifier.errors import InputError, ModelError

KEEP = 10
"""Versions kept when a new one is published, besides the one in force and the one before it."""


@dataclass(frozen=True)
class Version:
    """A published version: when it was made, from which data, and what for."""

    name: str
    in_force: bool
    created: str
    data: str
    corrections: int
    forced: str | None
    damage: str | None
    """Why it cannot be used, None if it can."""

    def __str__(self) -> str:
        told = self.damage or f"{self.created[:16]}  data {self.data[:12]}  {self.corrections:>5} corrections"
        return f"{'*' if self.in_force else ' '} {self.name}  {told}" + (
            f"  forced: {self.forced}" if self.forced else ""
        )


@contextmanager
def locked(models: Path) -> Iterator[None]:
    """Hold a models folder for a training; the lock goes with its process, however that ends.

    Raises:
        InputError: another training holds it.
    """
    models.mkdir(parents=True, exist_ok=True)
    with (models / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(f"another training is under way in {models}: try again when it is done") from error
        yield


def listed(models: Path) -> list[Version]:
    """Return the versions in a models folder, newest first.

    Raises:
        ModelError: nothing is published there.
    """
    current = storage.current(models)
    found = [_version(file.parent, current) for file in models.glob("*/manifest.json")]
    return sorted(found, key=lambda version: (version.created, version.name), reverse=True)


def roll_back(models: Path, version: str | None = None) -> str:
    """Put a version in force, the one before this one when None, and return its name. A running service follows.

    Raises:
        ModelError: there is no such version, or it is damaged.
        InputError: there is none before.
    """
    chosen = version or storage.previous(models)
    if chosen is None:
        raise InputError(f"{models} knows of no version before {storage.current(models)}: name one with VERSION=")
    if Path(chosen).name != chosen or not (models / chosen / "manifest.json").is_file():
        raise ModelError(f"{models} has no version {chosen!r}")
    storage.load(models / chosen)
    storage.set_current(models, chosen)
    return chosen


def prune(models: Path, keep: int = KEEP) -> list[str]:
    """Remove the oldest versions beyond `keep`, never the one in force nor the one before it; return their names."""
    spared = {storage.current(models), storage.previous(models)}
    gone = [version.name for version in listed(models) if version.name not in spared][keep:]
    for name in gone:
        shutil.rmtree(models / name)
    return gone


def _version(folder: Path, current: str) -> Version:
    facts: dict[str, Any] = {}
    damage = None
    try:
        facts = storage.read_manifest(folder)
    except ModelError as error:
        damage = str(error)
    learned = facts.get("corrections") or {}
    return Version(
        name=folder.name,
        in_force=folder.name == current,
        created=str(facts.get("created", "")),
        data=str((facts.get("data") or {}).get("fingerprint", "")),
        corrections=int(learned.get("count", 0)),
        forced=learned.get("forced"),
        damage=damage,
    )
