"""Tries a target with one input after another, and tells of the one that breaks it."""

import hashlib
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.fuzz.targets import Target

FOUND = Path(__file__).parent / "found"

HANGS = 20
"""Seconds after which an input counts as never answered; the longest ones take a hundredth of that."""


class Hang(AssertionError):
    """An input that takes longer than any may."""


@dataclass(frozen=True)
class Outcome:
    """How many inputs a target was tried with, in how many seconds, and which one broke it in which way."""

    target: str
    inputs: int
    seconds: float
    broken_by: bytes | None = None
    error: Exception | None = None

    @property
    def whole(self) -> bool:
        """Whether no input broke the target."""
        return self.broken_by is None

    def __str__(self) -> str:
        rate = self.inputs / max(self.seconds, 1e-9)
        told = f"{self.target:<8} {self.inputs:>10,} inputs  {self.seconds:7.1f} s  {rate:8,.0f} a second"
        return told if self.whole else f"{told}  BROKEN: {type(self.error).__name__}: {str(self.error)[:300]}"


def fuzz(
    target: Target, inputs: int, seconds: float, seed: int = 0, tell: Callable[[int], object] = lambda _: None
) -> Outcome:
    """Try a target until it breaks, or with so many inputs, or for so many seconds.

    Args:
        seed: the same one gives the same inputs.
        tell: is called now and then with how many inputs there were since the last time.
    """
    begun = time.monotonic()
    stream = target.inputs(target.seeds, Random(f"{target.name} {seed}"))
    done, data = 0, b""
    try:
        with no_hangs() as rewind:
            for data in (*target.seeds, *saved(target.name)):
                target.check(data)
            while done < inputs and time.monotonic() - begun < seconds:
                rewind()
                some = min(64, inputs - done)
                for _, data in zip(range(some), stream, strict=False):
                    target.check(data)
                done += some
                tell(some)
    except Exception as error:  # whatever it is, it is what was looked for
        return Outcome(target.name, done + 1, time.monotonic() - begun, data, error)
    return Outcome(target.name, done, time.monotonic() - begun)


@contextmanager
def no_hangs() -> Iterator[Callable[[], object]]:
    """Give a function to be called now and then; when it is not for `HANGS` seconds, `Hang` is raised."""

    def stop(*_: object) -> None:
        raise Hang(f"no answer within {HANGS} s")

    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.alarm(HANGS)
        yield lambda: signal.alarm(HANGS)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def saved(name: str) -> list[bytes]:
    """Return the inputs that once broke a target: they are tried first, ever after."""
    return [file.read_bytes() for file in sorted(FOUND.glob(f"{name}-*.bin"))]


def save(outcome: Outcome) -> Path:
    """Write the input that broke a target, and return where."""
    assert outcome.broken_by is not None
    FOUND.mkdir(exist_ok=True)
    file = FOUND / f"{outcome.target}-{hashlib.sha256(outcome.broken_by).hexdigest()[:12]}.bin"
    file.write_bytes(outcome.broken_by)
    return file
