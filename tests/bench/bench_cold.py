"""From an empty process to the first answer: how long, and how much memory."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from classifier import storage

MEMORY = """
from pathlib import Path
memory = {k: int(v.split()[0]) / 1024 for k, _, v in (l.partition(":") for l in
          Path("/proc/self/status").read_text().splitlines()) if k in ("VmRSS", "RssFile")}
print(json.dumps({"seconds": seconds, "megabytes": memory["VmRSS"], "shareable": memory["RssFile"]}))
"""

STARTS = {
    "classifier": "import classifier; print(classifier.load({models!r}).classify(['Le Raja bat le Wydad']))",
    "scikit-learn pipeline": "import joblib; print(joblib.load({pipeline!r}).predict_proba(['Le Raja bat le Wydad']))",
}


@pytest.mark.benchmark(group="cold start")
@pytest.mark.parametrize("name", STARTS)
def bench_cold_start(name: str, models: Path, benchmark: Any) -> None:
    pipeline = models / storage.current(models) / "pipeline.joblib"
    start = STARTS[name].format(models=str(models), pipeline=str(pipeline))
    script = f"import json, time\nbegin = time.perf_counter()\n{start}\nseconds = time.perf_counter() - begin\n{MEMORY}"
    runs = []

    def run() -> None:
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        runs.append(json.loads(done.stdout.splitlines()[-1]))

    benchmark.pedantic(run, rounds=5, warmup_rounds=1)
    best = min(runs, key=lambda measured: measured["seconds"])
    benchmark.extra_info.update(best)
