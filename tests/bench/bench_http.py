"""The service under gunicorn, beside an empty Flask route and a Flask app around the scikit-learn pipeline."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.bench.conftest import take
from tests.conftest import running_server

APPS = {
    "classifier": "service.app:create_app()",
    "empty Flask route": "tests.bench.apps:empty()",
    "scikit-learn pipeline": "tests.bench.apps:pipeline()",
}
HEADERS = {"Content-Type": "application/json"}


def ask(connection: http.client.HTTPConnection, headlines: list[str]) -> None:
    connection.request("POST", "/v1/classify", json.dumps({"headlines": headlines}), HEADERS)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200


@pytest.fixture(scope="module", params=APPS)
def port(request: pytest.FixtureRequest, models: Path) -> Iterator[int]:
    with running_server(models, APPS[request.param]) as port:
        yield port


@pytest.mark.benchmark(group="HTTP, one headline a request")
def bench_one_headline_a_request(port: int, unseen: Iterator[str], benchmark: Any) -> None:
    headlines = iter(take(unseen, 1500))
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        benchmark.pedantic(ask, setup=lambda: ((connection, [next(headlines)]), {}), rounds=1500)


@pytest.mark.benchmark(group="HTTP, 64 headlines a request")
def bench_many_headlines_a_request(port: int, unseen: Iterator[str], benchmark: Any) -> None:
    batches = iter([take(unseen, 64) for _ in range(200)])
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        benchmark.pedantic(ask, setup=lambda: ((connection, next(batches)), {}), rounds=200)


@pytest.mark.benchmark(group="HTTP, 16 clients at once")
def bench_clients_at_once(models: Path, unseen: Iterator[str], benchmark: Any) -> None:
    taken: list[float] = []

    def client(port: int, headlines: list[str]) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            for headline in headlines:
                begin = time.perf_counter()
                ask(connection, [headline])
                taken.append(time.perf_counter() - begin)

    with running_server(models) as port:
        threads = [threading.Thread(target=client, args=(port, take(unseen, 200))) for _ in range(16)]

        def run() -> None:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        benchmark.pedantic(run, rounds=1)
    assert len(taken) == 16 * 200
    p50, p99 = np.percentile(taken, [50, 99])
    benchmark.extra_info.update(p50=float(p50), p99=float(p99))
