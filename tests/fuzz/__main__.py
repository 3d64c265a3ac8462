"""`python -m tests.fuzz [target ...]`: many more inputs than `make test` has time for, on all cores."""

import argparse
import math
import multiprocessing
import os
import sys
import time
from pathlib import Path

from tqdm import tqdm

from classifier import load
from classifier.storage import default_folder
from tests.fuzz import folders, run, targets

NAMES = ("ticker", "terms", "formats", "model", "asked", "folders")


def main() -> int:
    """Run the command; return 1 when a target is broken."""
    options = _parser().parse_args()
    if options.replay:
        return _replay(options.replay)
    names = options.target or NAMES
    known = _targets()
    shares = sum(known[name].share for name in names)
    jobs = [
        (name, math.ceil(options.inputs * known[name].share / shares / options.processes), options.seed + part)
        for name in names
        for part in range(options.processes)
    ]
    whole = True
    begun = time.monotonic()
    with multiprocessing.Pool(options.processes) as pool:
        bar = tqdm(total=sum(inputs for _, inputs, _ in jobs), unit=" inputs", unit_scale=True, disable=None)
        done = 0
        for outcome in pool.imap_unordered(_job, [(job, begun + options.seconds) for job in jobs]):
            bar.update(outcome.inputs)
            bar.write(str(outcome))
            done += outcome.inputs
            whole = whole and outcome.whole
            if not outcome.whole:
                file = run.save(outcome)
                bar.write(f"  to see it again: python -m tests.fuzz --replay {os.path.relpath(file)}")
        bar.close()
    print(f"{done:,} inputs in {time.monotonic() - begun:,.0f} s")
    return 0 if whole else 1


def _targets() -> dict[str, targets.Target]:
    return targets.of(load()) | {"folders": folders.target(default_folder())}


def _job(job: tuple[tuple[str, int, int], float]) -> run.Outcome:
    (name, inputs, seed), until = job
    return run.fuzz(_targets()[name], inputs, max(until - time.monotonic(), 0), seed)


def _replay(file: Path) -> int:
    target = _targets()[file.name.partition("-")[0]]
    with run.no_hangs():
        target.check(file.read_bytes())
    print(f"{file} breaks nothing")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", nargs="*", choices=[*NAMES, []], help="what to try (default: all)")
    parser.add_argument("--inputs", type=lambda text: int(float(text)), default=1_000_000, help="in all (1e6)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="at most so long")
    parser.add_argument("--seed", type=int, default=0, help="another one gives other inputs (0)")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="at a time (one a core)")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="try this one input, which once broke its target")
    return parser


if __name__ == "__main__":
    sys.exit(main())
