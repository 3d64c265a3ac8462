"""Corrections in a database, durable before they are acknowledged: SQLite by default, PostgreSQL by its URL.

One table, to which rows are only added, and in which they are only marked as withdrawn; so the history stays. A counter
beside it tells other processes that something changed. Uncertain headlines have a table of their own.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from service.problems import Problem
from service.settings import SettingsError

_METADATA = sa.MetaData()

CORRECTIONS = sa.Table(
    "corrections",
    _METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(64), nullable=False),
    sa.Column("author", sa.String(64), nullable=False),
    sa.Column("trusted", sa.Boolean, nullable=False),
    sa.Column("key", sa.Text, nullable=False, index=True),
    sa.Column("headline", sa.Text, nullable=False),
    sa.Column("label", sa.String(40), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("version", sa.String(64)),
    sa.Column("replaces", sa.String(40)),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("withdrawn", sa.Boolean, nullable=False),
    sa.UniqueConstraint("author", "id"),
)
DOUBTFUL = sa.Table(
    "doubtful",
    _METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("headline", sa.Text, nullable=False),
)
_CHANGES = sa.Table("changes", _METADATA, sa.Column("count", sa.Integer, nullable=False))

_BUSY_SECONDS = 5
_BUSY = {"Retry-After": "1"}


@dataclass(frozen=True, slots=True)
class Row:
    """A correction as it was sent, and by whom; `key` is the folded headline, `at` a time in UTC."""

    seq: int
    id: str
    author: str
    trusted: bool
    key: str
    headline: str
    label: str
    note: str
    version: str | None
    replaces: str | None
    at: str
    withdrawn: bool


class Store:
    """The table of corrections.

    Each use has a connection of its own: corrections are rare, and so none is shared over a fork or gone stale.

    Args:
        url: as SQLAlchemy takes it, `sqlite:///file.db` or `postgresql+psycopg://...`.

    Raises:
        SettingsError: it is no such URL, or its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            self.url = sa.make_url(url)
            self.url.get_dialect().import_dbapi()
        except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
            raise SettingsError("DATABASE_URL is no URL of a database whose driver is installed") from error
        self._lock = threading.Lock()
        self._engine: sa.Engine | None = None

    @contextmanager
    def writing(self, counted: bool = True) -> Iterator[sa.Connection]:
        """Give a connection in a transaction that no other writer is in; what it did is on the disk when it ends.

        Args:
            counted: whether it changes corrections, which other processes look at again then.

        Raises:
            Problem: 507 the disk is full, 503 the database is locked or cannot be reached.
        """
        with _told(), self._connected().begin() as connection:
            if self.url.get_backend_name() == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(7_413_011)))
            yield connection
            if counted:
                connection.execute(_CHANGES.update().values(count=_CHANGES.c.count + 1))

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection to read by.

        Raises:
            Problem: 503 the database is locked or cannot be reached.
        """
        with _told(), self._connected().connect() as connection:
            yield connection

    def is_there(self) -> bool:
        """Return whether there can be any correction yet: a file of SQLite is made by the first one."""
        file = self.url.database
        return self.url.get_backend_name() != "sqlite" or bool(file and os.path.exists(file))  # noqa: PTH110 - by URL

    def changes(self) -> int:
        """Return how many times the corrections changed."""
        with self.reading() as connection:
            return int(connection.execute(sa.select(_CHANGES.c.count)).scalar_one())

    def add(self, connection: sa.Connection, **values: Any) -> Row:
        """Add a correction to the table, and return it."""
        added = connection.execute(CORRECTIONS.insert().values(**values, withdrawn=False))
        assert added.inserted_primary_key
        return Row(seq=added.inserted_primary_key[0], **values, withdrawn=False)

    def withdraw(self, connection: sa.Connection, row: Row) -> None:
        """Mark a correction as withdrawn, and what its author had said of the headline before."""
        same = (CORRECTIONS.c.author == row.author, CORRECTIONS.c.key == row.key, CORRECTIONS.c.seq <= row.seq)
        connection.execute(CORRECTIONS.update().where(*same).values(withdrawn=True))

    def rows(self, connection: sa.Connection, *where: sa.ColumnElement[bool], limit: int | None = None) -> list[Row]:
        """Return the corrections that meet the conditions, oldest first."""
        query = sa.select(CORRECTIONS).where(*where).order_by(CORRECTIONS.c.seq).limit(limit)
        return [Row(*row) for row in connection.execute(query)]

    def count_since(self, connection: sa.Connection, author: str, hours: int) -> int:
        """Return how many corrections an author sent in the last hours."""
        since = now(-hours)
        query = sa.select(sa.func.count()).where(CORRECTIONS.c.author == author, CORRECTIONS.c.at > since)
        return int(connection.execute(query).scalar_one())

    def _connected(self) -> sa.Engine:
        with self._lock:
            if self._engine is None:
                self._engine = self._made()
            return self._engine

    def _made(self) -> sa.Engine:
        sqlite = self.url.get_backend_name() == "sqlite"
        waits = {"timeout": _BUSY_SECONDS} if sqlite else {"connect_timeout": _BUSY_SECONDS}
        engine = sa.create_engine(self.url, poolclass=sa.NullPool, connect_args=waits)
        if sqlite:
            sa.event.listen(engine, "connect", _set_up_sqlite)
        with engine.begin() as connection:
            if sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(7_413_011)))
            _METADATA.create_all(connection)
            if connection.execute(sa.select(sa.func.count()).select_from(_CHANGES)).scalar_one() == 0:
                connection.execute(_CHANGES.insert().values(count=0))
        return engine


def now(hours: int = 0) -> str:
    """Return the time in UTC so many hours from now, as it is kept: such texts sort like times."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat(timespec="milliseconds")


def _set_up_sqlite(connection: Any, _: object) -> None:
    # The driver begins transactions of its own accord, and not as writers must.
    connection.isolation_level = None
    for pragma in ("journal_mode=TRUNCATE", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def _told() -> Iterator[None]:
    """Say in HTTP's terms what is wrong with the database."""
    try:
        yield
    except DBAPIError as error:
        text = str(error.orig).lower()
        if "full" in text or "no space" in text or "disk i/o" in text:
            raise Problem(HTTPStatus.INSUFFICIENT_STORAGE, "The disk is full: this was not kept.") from error
        detail = "The database cannot be used now; try again."
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=_BUSY) from error
