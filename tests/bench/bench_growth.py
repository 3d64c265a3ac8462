"""What longer headlines and larger corpora cost."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from classifier import load

LENGTHS = (100, 1_000, 10_000, 100_000, 1_000_000)
LINES = (10_000, 50_000, 200_000, 1_000_000)

TRAIN = """
import json, resource, sys, time
from training import read
from training.fit import Recipe, fit
corpus = read.read([read.OWN])
corpus.lines += corpus.generated({lines}, seed=1)
begin = time.perf_counter()
fit(corpus, Recipe(generated=0))
seconds = time.perf_counter() - begin
print(json.dumps({{"seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}}))
"""


@pytest.mark.benchmark(group="length of a headline")
@pytest.mark.parametrize("characters", LENGTHS)
@pytest.mark.parametrize("text", ["plain", "one word", "unknown words", "combining marks"])
def bench_length(text: str, characters: int, models: Path, benchmark: Any) -> None:
    unit = {
        "plain": "Le Raja bat le Wydad en finale à Casablanca. ",
        "one word": "casablanca",
        "unknown words": "xqzt jkvw ",
        "combining marks": "e\u0301\u0323",
    }
    headline = (unit[text] * characters)[:characters]
    classifier = load(models)
    benchmark.pedantic(classifier.classify, args=([headline],), rounds=5, warmup_rounds=1)
    benchmark.extra_info.update(text=text, characters=characters)


@pytest.mark.benchmark(group="training")
@pytest.mark.parametrize("lines", LINES)
def bench_training(lines: int, request: pytest.FixtureRequest, benchmark: Any) -> None:
    if not request.config.getoption("--grow"):
        pytest.skip("training on growing corpora takes long: --grow asks for it")
    measured: dict[str, float] = {}

    def run() -> None:
        done = subprocess.run(
            [sys.executable, "-c", TRAIN.format(lines=lines)], capture_output=True, text=True, check=True
        )
        measured.update(json.loads(done.stdout.splitlines()[-1]))

    benchmark.pedantic(run, rounds=1)
    benchmark.extra_info.update(lines=lines, **measured)
