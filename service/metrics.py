"""What Prometheus is told, summed over all workers.

Workers keep their figures in files of $PROMETHEUS_MULTIPROC_DIR, which `gunicorn.conf.py` makes anew at every start; a
service that runs in one process keeps them in memory.
"""

import os
from collections import Counter
from collections.abc import Sequence

import prometheus_client as prometheus
from prometheus_client.multiprocess import MultiProcessCollector

from classifier import Prediction

CONTENT_TYPE = prometheus.CONTENT_TYPE_PLAIN_0_0_4

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class Metrics:
    """The figures of one service; `text()` is what `/metrics` answers."""

    def __init__(self) -> None:
        self._registry = registry = prometheus.CollectorRegistry()
        self._requests = prometheus.Counter(
            "headlines_requests", "Requests answered.", ["route", "status"], registry=registry
        )
        self._seconds = prometheus.Histogram(
            "headlines_request_seconds", "Time to answer.", ["route"], buckets=_SECONDS, registry=registry
        )
        self._answers = prometheus.Counter(
            "headlines_answers", "Headlines by label, or by the reason why there is none.", ["answer"],
            registry=registry,
        )  # fmt: skip
        self._corrections = prometheus.Counter(
            "headlines_corrections", "Corrections kept, by what they came to.", ["status"], registry=registry
        )
        self._unknown = prometheus.Counter(
            "headlines_unknown_words",
            "Sum over headlines of the share of letters standing in words the model does not know: divided by the"
            " headlines answered it says how far the news has drifted from the model.",
            registry=registry,
        )
        self._swaps = prometheus.Counter("headlines_model_swaps", "Versions that took over.", registry=registry)
        self._refused = prometheus.Counter(
            "headlines_model_refusals", "Published versions that could not be used.", registry=registry
        )
        self._serving = prometheus.Gauge(
            "headlines_model_workers", "Processes that answer by a version.", ["version"],
            multiprocess_mode="livesum", registry=registry,
        )  # fmt: skip
        self._version: tuple[int, str] | None = None

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count a request, by its route as the service writes it, never by the path that a client sent."""
        self._requests.labels(route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def predictions(self, predictions: Sequence[Prediction]) -> None:
        """Count the answers of a request."""
        for answer, count in Counter(p.label or p.reason for p in predictions).items():
            self._answers.labels(answer).inc(count)
        self._unknown.inc(sum(1 - p.known_share for p in predictions))

    def corrected(self, status: str) -> None:
        """Count a correction."""
        self._corrections.labels(status).inc()

    def serving(self, version: str) -> None:
        """Note the version that this process answers by."""
        now = (os.getpid(), version)
        if now == self._version:
            return
        if self._version and self._version[0] == now[0]:
            self._serving.labels(self._version[1]).set(0)
        self._serving.labels(version).set(1)
        self._version = now

    def swapped(self) -> None:
        """Count a version that took over."""
        self._swaps.inc()

    def refused(self) -> None:
        """Count a version that could not be used."""
        self._refused.inc()

    def text(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        registry = self._registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = prometheus.CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return prometheus.generate_latest(registry)
