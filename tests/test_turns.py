import threading
import time

import pytest

from service.turns import Turns


def waiting(turns: Turns, name: int, served: list[int]) -> threading.Thread:
    """Start a thread that waits for a turn, and return once it waits."""

    def work() -> None:
        assert turns.acquire(timeout=30)
        served.append(name)
        turns.release()

    before = len(turns._waiting)
    thread = threading.Thread(target=work)
    thread.start()
    deadline = time.monotonic() + 30
    while len(turns._waiting) == before and time.monotonic() < deadline:
        time.sleep(0.001)
    return thread


def test_turns_come_in_the_order_of_arrival() -> None:
    turns, served = Turns(1), list[int]()
    assert turns.acquire(timeout=0)
    threads = [waiting(turns, name, served) for name in range(20)]
    turns.release()
    for thread in threads:
        thread.join()
    assert served == list(range(20))


@pytest.mark.parametrize("count", [1, 3])
def test_so_many_work_at_a_time_and_no_more(count: int) -> None:
    turns, working, most = Turns(count), list[int](), list[int]()

    def work() -> None:
        for _ in range(200):
            assert turns.acquire(timeout=30)
            working.append(1)
            most.append(len(working))
            time.sleep(0)
            working.pop()
            turns.release()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(most), max(most)) == (1600, count)


def test_who_gives_up_takes_no_turn_with_them() -> None:
    """Hundreds give up at the very moment when turns are passed on: none of the turns is lost."""
    turns, came = Turns(1), list[bool]()

    def work() -> None:
        for _ in range(100):
            came.append(turns.acquire(timeout=0.0005))
            if came[-1]:
                time.sleep(0.0005)
                turns.release()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(came) == {True, False}
    assert turns.acquire(timeout=0)
    assert not turns.acquire(timeout=0.01)
