"""Who may work now: a few at a time, first come, first served."""

import threading
from collections import deque


class Turns:
    """A semaphore that serves in the order of arrival.

    `threading.Semaphore` lets whoever comes by at the right moment go ahead of those that wait, and threads that share
    one interpreter overtake each other all the time: the unlucky ones then take several times as long as the others.

    Args:
        count: how many may work at a time.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    def acquire(self, timeout: float) -> bool:
        """Wait for a turn, at most so many seconds; return whether it came."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=timeout):
            return True
        with self._lock:
            if mine not in self._waiting:  # it came after all, between the last two lines
                return True
            self._waiting.remove(mine)
            return False

    def release(self) -> None:
        """Pass the turn on to who has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
