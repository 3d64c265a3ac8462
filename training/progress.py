"""Long work, seen from a terminal or a log."""

import sys
import threading

from tqdm import tqdm


class Steps:
    """Names the step under way: a progress bar on a terminal, whose clock goes on meanwhile, else a line each."""

    def __init__(self, total: int) -> None:
        self._bar = tqdm(total=total, bar_format="{l_bar}{bar}| {elapsed}  {postfix}", leave=False, disable=None)
        self._started = False
        self._done = threading.Event()
        if not self._bar.disable:
            threading.Thread(target=self._tick, daemon=True).start()

    def __call__(self, step: str) -> None:
        """Close the step before and name the next."""
        if self._bar.disable:
            print(step, file=sys.stderr)
        if self._started:
            self._bar.update()
        self._started = True
        self._bar.set_postfix_str(step)

    def close(self) -> None:
        """Remove the bar."""
        self._done.set()
        self._bar.close()

    def _tick(self) -> None:
        while not self._done.wait(0.5):
            self._bar.refresh()
