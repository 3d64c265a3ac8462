"""The service under gunicorn, beside an empty Flask route and a Flask app around the scikit-learn pipeline."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.bench.conftest import take
from tests.bench.turns import record, take_turns
from tests.conftest import running_server

APPS = {
    "classifier": "service.app:create_app()",
    "empty Flask route": "tests.bench.apps:empty()",
    "scikit-learn pipeline": "tests.bench.apps:pipeline()",
}
HEADERS = {"Content-Type": "application/json"}


def body(headlines: list[str]) -> bytes:
    """Return what a client sends; made before the clock runs, as it is the client's work."""
    return json.dumps({"headlines": headlines}).encode()


def ask(connection: http.client.HTTPConnection, sent: bytes) -> None:
    connection.request("POST", "/v1/classify", sent, HEADERS)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200


@pytest.fixture(scope="module")
def rivals(models: Path) -> Iterator[dict[str, Callable[[bytes], None]]]:
    """All the services at once, each asked over one connection of its own."""
    with ExitStack() as stack:
        ports = {name: stack.enter_context(running_server(models, app)) for name, app in APPS.items()}
        yield {
            name: partial(ask, stack.enter_context(closing(http.client.HTTPConnection("127.0.0.1", port))))
            for name, port in ports.items()
        }


@pytest.mark.parametrize(
    ("size", "turns"),
    [
        pytest.param(1, 100, marks=pytest.mark.benchmark(group="HTTP, one headline a request")),
        pytest.param(64, 20, marks=pytest.mark.benchmark(group="HTTP, 64 headlines a request")),
    ],
)
def bench_requests(
    rivals: dict[str, Callable[[bytes], None]], size: int, turns: int, unseen: Iterator[str], benchmark: Any
) -> None:
    calls = {name: 2 if "pipeline" in name else 10 for name in rivals}
    batches = iter([body(take(unseen, size)) for _ in range((turns + 1) * sum(calls.values()))])
    record(benchmark, take_turns(rivals, calls, batches, turns))


@pytest.mark.benchmark(group="HTTP, 16 clients at once")
def bench_clients_at_once(models: Path, unseen: Iterator[str], benchmark: Any) -> None:
    taken: list[float] = []

    def client(port: int, bodies: list[bytes]) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            for sent in bodies:
                begin = time.perf_counter()
                ask(connection, sent)
                taken.append(time.perf_counter() - begin)

    with running_server(models) as port:
        threads = [
            threading.Thread(target=client, args=(port, [body([headline]) for headline in take(unseen, 200)]))
            for _ in range(16)
        ]

        def run() -> None:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        benchmark.pedantic(run, rounds=1)
    assert len(taken) == 16 * 200
    p50, p99 = np.percentile(taken, [50, 99])
    benchmark.extra_info.update(p50=float(p50), p99=float(p99))
