"""One line on a terminal that says how far a long run is."""

import time
from collections.abc import Callable
from typing import TextIO

_SECONDS = 0.2


class Progress:
    """Shows share done, records, records a second and the time left, where `out` is a terminal; else nothing.

    Args:
        share: how much is done, from 0 to 1.
        start: records that were done before.
    """

    def __init__(self, out: TextIO, share: Callable[[], float], start: int = 0, *, shown: bool = True) -> None:
        self._out, self._share, self._start = out, share, start
        self._shown = shown and out.isatty()
        self._began = self._told = time.monotonic()
        self._from = share() if self._shown else 0.0

    def __call__(self, records: int) -> None:
        """Say how far it is, a few times a second."""
        now = time.monotonic()
        if not self._shown or now - self._told < _SECONDS:
            return
        self._told, passed, share = now, now - self._began, self._share()
        left = passed * (1 - share) / max(share - self._from, 1e-9)
        rate = (records - self._start) / passed
        minutes, seconds = divmod(int(min(left, 360_000)), 60)
        bar = f"{'#' * int(20 * share):<20}"
        self._out.write(
            f"\r{share:4.0%} |{bar}| {records:,} headlines, {rate:,.0f}/s, {minutes}:{seconds:02} left \x1b[K"
        )
        self._out.flush()

    def close(self) -> None:
        """Remove the line."""
        if self._shown:
            self._out.write("\r\x1b[K")
            self._out.flush()
