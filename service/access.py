"""Who asks, and what they may do: API keys, kept as hashes in a file, and the roles they have."""

import base64
import binascii
import hashlib
import hmac
import json
import logging
import math
import os
import secrets
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Request

from service.problems import Problem
from service.settings import SettingsError

ROLES = ("classify", "correct", "review")

_LOG = logging.getLogger(__name__)
# Bearer is not offered beside it: browsers take a second challenge on the line for a broken first one, and do not ask.
_CHALLENGE = 'Basic realm="Headline topics", charset="UTF-8"'


@dataclass(frozen=True)
class Caller:
    """Who makes a request; `name` is what their corrections and the log go by."""

    name: str
    roles: frozenset[str]

    def must(self, *roles: str) -> None:
        """Go on only with one of these roles.

        Raises:
            Problem: 403 without any.
        """
        if self.roles.isdisjoint(roles):
            raise Problem(HTTPStatus.FORBIDDEN, f"This key may not {' or '.join(roles)}.")


ANYBODY = Caller("anybody", frozenset(ROLES))
"""Who asks a service that has no keys, and is reached from its own machine alone."""


class Keys:
    """The API keys in a file. It is read again when it changes, so a key can be revoked while the service runs.

    Keys are 256 random bits, so their SHA-256 is as good at rest as a slow hash, and a thousand times cheaper.

    Args:
        file: where they are; there are none until it exists.
        interval: seconds between two looks for changes.

    Raises:
        SettingsError: the file is there but cannot be read.
    """

    def __init__(self, file: Path, interval: float = 1.0) -> None:
        self.file = file
        self.interval = interval
        self._looked = -math.inf
        self._seen: tuple[int, int] | None = None
        self._callers: dict[str, Caller] = {}
        self._look()

    def __bool__(self) -> bool:
        # Once there were keys, a file that is gone means that nobody may come in, not that everybody may.
        return self._seen is not None

    def caller(self, request: Request) -> Caller:
        """Return who makes this request, by its bearer token, or by the password of Basic authentication.

        Raises:
            Problem: 401 without a valid key, where there are keys.
        """
        self._look()
        if not self:
            return ANYBODY
        digest = hashlib.sha256(_key(request).encode("utf-8", "surrogatepass")).hexdigest()
        # All are compared, each in constant time: how long it takes tells nothing of any of them.
        found = [caller for known, caller in self._callers.items() if hmac.compare_digest(known, digest)]
        if not found:
            raise Problem(HTTPStatus.UNAUTHORIZED, "Send an API key, as bearer token or Basic password.",
                          headers={"WWW-Authenticate": _CHALLENGE})  # fmt: skip
        return found[0]

    def _look(self) -> None:
        now = time.monotonic()
        if now < self._looked + self.interval:
            return
        self._looked = now
        try:
            about = self.file.stat()
        except OSError:
            self._callers = {}
            return
        stamp = (about.st_mtime_ns, about.st_ino)
        if stamp == self._seen:
            return
        try:
            entries = read(self.file)
        except SettingsError as error:
            if not self:
                raise
            _LOG.error("keys stay as they were", extra={"reason": str(error)})
        else:
            self._callers = {entry["sha256"]: Caller(entry["name"], frozenset(entry["roles"])) for entry in entries}
        self._seen = stamp


def read(file: Path) -> list[dict[str, Any]]:
    """Return the entries of a key file: `name`, `roles`, `sha256`.

    Raises:
        SettingsError: it is no key file.
    """
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))["keys"]
        for entry in entries:
            if (
                not isinstance(entry["name"], str)
                or not set(entry["roles"]) <= set(ROLES)
                or len(entry["sha256"]) != 64
            ):
                raise ValueError
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{file} is not a file of API keys") from error
    return list(entries)


def add(file: Path, name: str, roles: Iterable[str]) -> str:
    """Make a key, keep its hash in the file and return it: it can be told this once only.

    Raises:
        SettingsError: the name is taken or empty, a role is unknown, or the file is no key file.
    """
    entries = read(file) if file.exists() else []
    roles = sorted(set(roles), key=ROLES.index) if set(roles) <= set(ROLES) else []
    if not roles:
        raise SettingsError(f"roles are some of {', '.join(ROLES)}")
    if not name.isprintable() or not 1 <= len(name) <= 64 or any(entry["name"] == name for entry in entries):
        raise SettingsError("a key needs a name that no other key has, of up to 64 characters")
    key = secrets.token_urlsafe(32)
    _write(file, [*entries, {"name": name, "roles": roles, "sha256": hashlib.sha256(key.encode()).hexdigest()}])
    return key


def revoke(file: Path, name: str) -> None:
    """Take the key of this name out of the file.

    Raises:
        SettingsError: there is none, or the file is no key file.
    """
    entries = read(file)
    left = [entry for entry in entries if entry["name"] != name]
    if len(left) == len(entries):
        raise SettingsError(f"{file} has no key named {name!r}")
    _write(file, left)


def _write(file: Path, entries: list[dict[str, Any]]) -> None:
    descriptor, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")  # readable by its owner alone
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump({"keys": entries}, out, ensure_ascii=False, indent=1)
        out.flush()
        os.fsync(descriptor)
    Path(beside).replace(file)


def _key(request: Request) -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""
