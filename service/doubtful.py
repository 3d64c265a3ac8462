"""Uncertain headlines, kept for the queue where the operator wants that; nothing of what is classified is otherwise."""

import logging
import threading
from collections.abc import Iterable

import sqlalchemy as sa

from classifier import Prediction
from classifier.terms import fold
from service.problems import Problem
from service.store import DOUBTFUL, Store

KEPT = 10_000
"""About so many are kept, the newest."""
_WAITING = 2_000
"""Most that wait to be written, in one process: what is beyond is let go rather than piled up."""
_SECONDS = 1.0

_LOG = logging.getLogger(__name__)


class Doubtful:
    """The newest headlines that were answered as uncertain.

    They are noted in memory and written a second later, off the request path: a kill may lose those of that second.

    Args:
        kept: about how many are kept.
    """

    def __init__(self, store: Store, kept: int = KEPT) -> None:
        self._store = store
        self._kept = kept
        self._waiting: dict[str, str] = {}
        self._lock = threading.Lock()

    def note(self, predictions: Iterable[Prediction]) -> None:
        """Keep the uncertain ones soon."""
        # PostgreSQL keeps no U+0000.
        found = [p.headline for p in predictions if p.reason == "uncertain" and "\0" not in p.headline]
        if not found:
            return
        with self._lock:
            idle = not self._waiting
            if len(self._waiting) + len(found) <= _WAITING:
                self._waiting |= {fold(headline): headline for headline in found}
            if idle and self._waiting:
                timer = threading.Timer(_SECONDS, self.write)
                timer.daemon = True
                timer.start()

    def write(self) -> None:
        """Write what waits; what cannot be written is let go."""
        with self._lock:
            found, self._waiting = self._waiting, {}
        if not found:
            return
        try:
            with self._store.writing(counted=False) as connection:
                connection.execute(DOUBTFUL.delete().where(DOUBTFUL.c.key.in_(found)))
                rows = [{"key": key, "headline": headline} for key, headline in found.items()]
                connection.execute(DOUBTFUL.insert(), rows)
                newest = connection.execute(sa.select(sa.func.max(DOUBTFUL.c.seq))).scalar_one()
                connection.execute(DOUBTFUL.delete().where(DOUBTFUL.c.seq <= newest - self._kept))
        except Problem as problem:
            _LOG.warning("uncertain headlines are not kept", extra={"reason": problem.detail})

    def newest(self, limit: int) -> dict[str, str]:
        """Return the headlines kept last, by their folded text, newest first."""
        query = sa.select(DOUBTFUL.c.key, DOUBTFUL.c.headline).order_by(DOUBTFUL.c.seq.desc()).limit(limit)
        with self._store.reading() as connection:
            return {row.key: row.headline for row in connection.execute(query)}
