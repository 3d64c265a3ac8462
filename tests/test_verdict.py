"""The verdict of the benchmarks: a promise that is not kept is told, and fails `make bench`."""

import json
from functools import partial
from itertools import islice
from pathlib import Path

import pytest

from tests.bench import stream, verdict
from tests.bench.turns import take_turns


def run(group: str, name: str, data: list[float], **extra: object) -> dict[str, object]:
    return {"group": group, "name": f"bench[{name}]", "stats": {"data": data}, "extra_info": extra}


def report(tmp_path: Path, ours: float) -> Path:
    cold = [
        run("cold start", verdict.OURS, [1.0], seconds=0.1, megabytes=40),
        run("cold start", verdict.PIPELINE, [9.0], seconds=1.0, megabytes=200),
    ]
    taken = {verdict.OURS: [ours] * 5, verdict.PIPELINE: [4e-3] * 5, verdict.FASTTEXT: [4e-5] * 5}
    one = [run("one headline", "in turns", [0.0], taken=taken)]
    length = [
        run("length of a headline", f"plain-{n}", [n * 1e-8], text="plain", characters=n) for n in (10_000, 1_000_000)
    ]
    file = tmp_path / "bench.json"
    machine = {"cpu": {"brand_raw": "a processor", "count": 2}, "system": "Linux", "python_version": "3.11"}
    file.write_text(json.dumps({"machine_info": machine, "benchmarks": one + cold + length}))
    return file


def test_kept_promises_are_printed_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict.main([str(report(tmp_path, ours=2e-5))]) == 0
    printed = capsys.readouterr().out
    assert "One headline, median: pipeline's time / ours" in printed
    assert "200.00   at least    40   yes" in printed
    page = (tmp_path / "bench.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 3
    assert "not kept" not in page


def test_a_broken_promise_is_told_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict.main([str(report(tmp_path, ours=5e-5))]) == 1
    assert "0.80   at least     1   NO" in capsys.readouterr().out
    assert "not kept" in (tmp_path / "bench.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}", "\xff", '{"machine_info": {}, "benchmarks": [1]}'])
def test_what_is_no_report_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    file = tmp_path / "bench.json"
    if content is not None:
        file.write_text(content, encoding="latin-1")
    assert verdict.main([str(file)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_stream_of_headlines_never_repeats_and_is_the_same_each_time() -> None:
    first = list(islice(stream.headlines(), 3000))
    assert len(set(first)) == 3000
    assert first == list(islice(stream.headlines(), 3000))


def test_rivals_take_turns_and_meet_no_item_twice() -> None:
    met: list[tuple[str, int]] = []
    rivals = {name: partial(lambda name, item: met.append((name, item)), name) for name in ("a", "b")}
    taken = take_turns(rivals, {"a": 2, "b": 1}, iter(range(100)), turns=3)
    assert {name: len(seconds) for name, seconds in taken.items()} == {"a": 6, "b": 3}
    assert met == [(name, item) for item, name in enumerate(["a", "a", "b"] * 4)]
