"""Random inputs against what is promised for any input; `make fuzz` tries many times as many."""

import os
from pathlib import Path
from random import Random

import pytest

from classifier import Classifier
from tests.fuzz import folders, run, seeds
from tests.fuzz.mutate import Mutator
from tests.fuzz.targets import Target, of

INPUTS = int(float(os.environ.get("FUZZ_INPUTS", "1e6")))
SECONDS = 180
"""For all targets together, where a machine is too slow for all inputs."""
FOLDERS = int(os.environ.get("FUZZ_FOLDERS", "1000"))


@pytest.mark.parametrize("name", ["ticker", "terms", "formats", "model", "asked"])
def test_no_input_breaks_what_is_promised(model: Classifier, name: str) -> None:
    target = of(model)[name]
    outcome = run.fuzz(target, round(INPUTS * target.share), SECONDS / 5)
    assert outcome.whole, f"{outcome}\n{outcome.broken_by!r}"
    assert outcome.inputs >= min(1000, round(INPUTS * target.share))
    print(outcome)


def test_no_damaged_model_is_accepted(models: Path) -> None:
    outcome = run.fuzz(folders.target(models), FOLDERS, float("inf"))
    assert outcome.whole, f"{outcome}\n{outcome.broken_by!r}"
    print(outcome)


def test_the_shares_are_of_all_inputs(model: Classifier) -> None:
    assert sum(target.share for target in of(model).values()) == pytest.approx(1)


def test_a_broken_promise_is_found_told_and_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(data: bytes) -> None:
        assert data.count("•".encode()) != 5, "five bullets"

    monkeypatch.setattr(run, "FOUND", tmp_path)
    outcome = run.fuzz(Target("bullets", check, seeds.TICKERS, 1), 100_000, 60)
    assert not outcome.whole
    assert "BROKEN: AssertionError: five bullets" in str(outcome)
    assert run.save(outcome).read_bytes() == outcome.broken_by
    assert run.saved("bullets") == [outcome.broken_by]
    assert run.fuzz(Target("bullets", check, [], 1), 0, 0).broken_by == outcome.broken_by


def test_an_input_without_end_is_a_broken_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(_: bytes) -> None:
        while True:
            pass

    monkeypatch.setattr(run, "HANGS", 1)
    outcome = run.fuzz(Target("endless", check, [b"a"], 1), 1, 60)
    assert isinstance(outcome.error, run.Hang)


def test_the_same_seed_gives_the_same_inputs() -> None:
    def some(seed: int) -> list[bytes]:
        return [data for _, data in zip(range(500), Mutator(seeds.TEXTS, Random(seed)), strict=False)]

    assert some(1) == some(1) != some(2)
