"""What editors corrected: one report is a report, several that agree are a decision, and a reviewer's word is one."""

import logging
import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

import sqlalchemy as sa

from classifier.terms import fold
from service.access import Caller
from service.problems import Problem
from service.store import CORRECTIONS, Row, Store, now

Status = Literal["reported", "accepted", "conflict", "overruled", "withdrawn"]

_LOG = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0
_HOURS = 24


@dataclass(frozen=True)
class Standing:
    """What the votes on a headline come to.

    `label` is what was decided, None while it is not; `voters` how many people have a vote in force.
    """

    status: Literal["reported", "accepted", "conflict"]
    label: str | None
    voters: int


@dataclass(frozen=True)
class Kept:
    """A correction, and what became of it."""

    row: Row
    status: Status
    votes: int
    """How many people vote for its label."""
    needed: int
    """How many it takes to accept it, a reviewer aside."""
    repeated: bool = False
    """Whether it had been sent before."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as the service answers and exports it."""
        row = self.row
        return {
            "id": row.id,
            "headline": row.headline,
            "label": row.label,
            "status": self.status,
            "votes": self.votes,
            "needed": self.needed,
            "author": row.author,
            "note": row.note,
            "version": row.version,
            "replaces": row.replaces,
            "at": row.at,
        }


class Corrections:
    """Corrections, kept and counted.

    Args:
        quorum: how many people must agree.
        quota: corrections that one author may send a day.
    """

    def __init__(self, store: Store, quorum: int = 2, quota: int = 500) -> None:
        self.store = store
        self.quorum = quorum
        self.quota = quota
        self._lock = threading.Lock()
        self._looked = 0.0
        self._seen: int | None = None
        self._contested: dict[str, str | None] = {}

    def report(
        self, *, id: str | None, headline: str, label: str, author: str, trusted: bool,  # noqa: A002 - it is one
        note: str = "", version: str | None = None, replaces: str | None = None,
    ) -> Kept:  # fmt: skip
        """Keep a correction; it is on the disk when this returns. The same id again is the same vote.

        A person has one vote a headline, the last one. With None, of a client that makes no ids, the same label again
        is the same vote.

        Raises:
            Problem: 409 another correction has this id, 422 a text holds U+0000, 429 the author's quota is used up,
                503, 507 as in `Store`.
        """
        key = fold(headline)
        told = {"author": author, "headline": headline, "label": label, "note": note}
        more = {"trusted": trusted, "key": key, "version": version, "replaces": replaces, "at": now()}
        for name, value in (told | {"version": version or ""}).items():
            if "\0" in value:
                detail = f"{name} holds U+0000, which not every database can keep."
                raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, f"/{name}")
        with self.store.writing() as connection:
            earlier = self._sent(connection, id, told) if id else self._vote(connection, author, key, label)
            if not earlier and self.store.count_since(connection, author, _HOURS) >= self.quota:
                detail = f"At most {self.quota} corrections a day for one author."
                raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": "3600"})
            row = earlier or self.store.add(connection, id=id or uuid.uuid4().hex, **told, **more)
            about = self.store.rows(connection, CORRECTIONS.c.key == key)
        self._looked = 0.0
        return self._kept(row, about, repeated=bool(earlier))

    def _sent(self, connection: sa.Connection, id: str, told: dict[str, str]) -> Row | None:  # noqa: A002
        """Return the correction that has been sent with this id already."""
        rows = self.store.rows(connection, CORRECTIONS.c.author == told["author"], CORRECTIONS.c.id == id)
        # The version and the label replaced are not compared: both may have changed before a client tries again.
        if rows and any(getattr(rows[0], name) != value for name, value in told.items()):
            raise Problem(HTTPStatus.CONFLICT, "Another correction has this id: give a new one its own.", "/id")
        return rows[0] if rows else None

    def _vote(self, connection: sa.Connection, author: str, key: str, label: str) -> Row | None:
        """Return the author's vote in force on a headline, if it is for this label."""
        vote = _votes(self.store.rows(connection, CORRECTIONS.c.key == key)).get(author)
        return vote if vote and vote.label == label else None

    def withdraw(self, id: str, caller: Caller) -> None:  # noqa: A002
        """Withdraw a correction: of the caller's own, or of anybody's for a reviewer.

        Its author has no vote on the headline then: what it had replaced does not come back.

        Raises:
            Problem: 404 there is none that is the caller's to withdraw.
        """
        with self.store.writing() as connection:
            rows = self.store.rows(connection, CORRECTIONS.c.id == id)
            mine = [row for row in rows if row.author == caller.name] or rows * ("review" in caller.roles)
            if not mine:
                raise Problem(HTTPStatus.NOT_FOUND, "There is no correction of yours with this id.")
            for row in mine:
                self.store.withdraw(connection, row)
        self._looked = 0.0

    def get(self, id: str, caller: Caller) -> Kept:  # noqa: A002
        """Return a correction of the caller's own, or of anybody's for a reviewer.

        Raises:
            Problem: 404 there is none that is the caller's to see.
        """
        with self.store.reading() as connection:
            rows = self.store.rows(connection, CORRECTIONS.c.id == id)
            mine = [row for row in rows if row.author == caller.name] or rows * ("review" in caller.roles)
            if not mine:
                raise Problem(HTTPStatus.NOT_FOUND, "There is no correction of yours with this id.")
            about = self.store.rows(connection, CORRECTIONS.c.key == mine[0].key)
        return self._kept(mine[0], about)

    def listed(self, after: int = 0, limit: int | None = None) -> list[Kept]:
        """Return corrections, oldest first, from one on."""
        about = self._about()
        every = sorted((row for rows in about.values() for row in rows if row.seq > after), key=lambda row: row.seq)
        return [self._kept(row, about[row.key]) for row in every[:limit]]

    def votes(self) -> dict[str, list[Kept]]:
        """Return the votes in force by folded headline: one a person, oldest first; no headline without any."""
        votes = {key: (rows, _votes(rows).values()) for key, rows in self._about().items()}
        return {key: [self._kept(row, rows) for row in found] for key, (rows, found) in votes.items() if found}

    def accepted(self) -> list[Kept]:
        """Return what may be learned: one correction for each headline that was decided."""
        last = {kept.row.key: kept for kept in self.listed() if kept.status == "accepted"}
        return list(last.values())

    def contested(self) -> dict[str, str | None]:
        """Return the folded headlines that editors have taken up, with the label they decided on, None for a conflict.

        A headline is in conflict here once as many people as make a quorum have voted and do not agree. Looked up in
        memory; another process's changes are seen within a second.
        """
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return self._contested
        with self._lock:
            if time.monotonic() - self._looked >= _LOOK_SECONDS:
                self._look()
                self._looked = time.monotonic()
        return self._contested

    def _look(self) -> None:
        try:
            if not self.store.is_there():
                self._contested, self._seen = {}, None
                return
            changes = self.store.changes()
            if changes != self._seen:
                with self.store.reading() as connection:
                    rows = self.store.rows(connection, CORRECTIONS.c.withdrawn.is_(False))
                self._contested, self._seen = self._decided(rows), changes
        except Problem as problem:
            # Answers do not wait for a database that is down: what was contested stays so.
            _LOG.error("corrections cannot be read", extra={"reason": problem.detail})

    def _about(self) -> dict[str, list[Row]]:
        with self.store.reading() as connection:
            return _by_headline(self.store.rows(connection))

    def _decided(self, rows: Sequence[Row]) -> dict[str, str | None]:
        found = {key: standing(votes, self.quorum) for key, votes in _by_headline(rows).items()}
        return {
            key: stands.label
            for key, stands in found.items()
            if stands.status == "accepted" or (stands.status == "conflict" and stands.voters >= self.quorum)
        }

    def _kept(self, row: Row, about: Sequence[Row], repeated: bool = False) -> Kept:
        stands = standing(about, self.quorum)
        votes = sum(vote.label == row.label for vote in _votes(about).values())
        status: Status = stands.status
        if row.withdrawn:
            status = "withdrawn"
        elif stands.label is not None and stands.label != row.label:
            status = "overruled"
        return Kept(row, status, votes, self.quorum, repeated)


def standing(about: Iterable[Row], quorum: int) -> Standing:
    """Return what the votes on one headline come to."""
    votes = _votes(about)
    trusted = [vote for vote in votes.values() if vote.trusted]
    labels = {vote.label for vote in votes.values()}
    if trusted:
        return Standing("accepted", max(trusted, key=lambda vote: vote.seq).label, len(votes))
    if len(labels) > 1:
        return Standing("conflict", None, len(votes))
    if len(votes) >= quorum:
        return Standing("accepted", labels.pop(), len(votes))
    return Standing("reported", None, len(votes))


def _by_headline(rows: Iterable[Row]) -> dict[str, list[Row]]:
    about: dict[str, list[Row]] = {}
    for row in rows:
        about.setdefault(row.key, []).append(row)
    return about


def _votes(about: Iterable[Row]) -> dict[str, Row]:
    """Return each author's vote: the last one that was not withdrawn."""
    last = {row.author: row for row in sorted(about, key=lambda row: row.seq) if not row.withdrawn}
    return dict(sorted(last.items(), key=lambda vote: vote[1].seq))
