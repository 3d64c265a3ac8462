"""One headline at a time, many at a time, and over two cores."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joblib import Parallel, delayed

from classifier import Classifier, load
from tests.bench.conftest import take
from tests.bench.contenders import NAMES, Contender, contender
from tests.bench.turns import record, take_turns


@pytest.mark.benchmark(group="one headline")
def bench_one_headline(models: Path, unseen: Iterator[str], benchmark: Any) -> None:
    rivals = {name: found.one for name in NAMES if (found := contender(name, models))}
    calls = {name: 10 if "pipeline" in name else 100 for name in rivals}
    headlines = iter(take(unseen, 61 * sum(calls.values())))
    record(benchmark, take_turns(rivals, calls, headlines, turns=60))


@pytest.mark.benchmark(group="1,024 headlines")
def bench_batch(rival: Contender, unseen: Iterator[str], benchmark: Any) -> None:
    batches = iter([take(unseen, 1024) for _ in range(12)])
    benchmark.pedantic(rival.many, setup=lambda: ((next(batches),), {}), rounds=12)


@pytest.mark.benchmark(group="100,000 headlines")
def bench_large_batch(rival: Contender, unseen: Iterator[str], benchmark: Any) -> None:
    benchmark.pedantic(rival.many, args=(take(unseen, 100_000),), rounds=1)


def label(classifier: Classifier, headlines: list[str]) -> list[str | None]:
    return [prediction.label for prediction in classifier.classify(headlines)]


@pytest.mark.benchmark(group="200,000 headlines over cores")
@pytest.mark.parametrize("workers", [1, 2])
def bench_cores(workers: int, models: Path, unseen: Iterator[str], benchmark: Any) -> None:
    classifier = load(models)
    headlines = take(unseen, 200_000)
    chunks = [headlines[i : i + 10_000] for i in range(0, len(headlines), 10_000)]
    with Parallel(n_jobs=workers) as pool:
        pool([delayed(label)(classifier, ["warm up"] * 20) for _ in range(workers)])
        benchmark.pedantic(lambda: pool(delayed(label)(classifier, chunk) for chunk in chunks), rounds=2)
