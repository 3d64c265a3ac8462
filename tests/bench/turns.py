"""Rivals timed in turns, a few calls each, so that a slow moment of the machine falls on all of them alike."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def take_turns(
    rivals: Mapping[str, Callable[[T], object]], calls: Mapping[str, int], items: Iterator[T], turns: int
) -> dict[str, list[float]]:
    """Return the seconds of every call by rival: in each turn, a rival is called `calls[name]` times.

    A first turn warms up and is not counted; no item is given twice.
    """
    taken: dict[str, list[float]] = {name: [] for name in rivals}
    for turn in range(turns + 1):
        for name, call in rivals.items():
            for _ in range(calls[name]):
                item = next(items)
                begin = time.perf_counter()
                call(item)
                seconds = time.perf_counter() - begin
                if turn:
                    taken[name].append(seconds)
    return taken


def record(benchmark: Any, taken: dict[str, list[float]]) -> None:
    """Hand the timings to the report: pytest-benchmark times one function a benchmark, and here are several."""
    benchmark.extra_info["taken"] = taken
    benchmark.pedantic(lambda: None, rounds=1)
