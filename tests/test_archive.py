"""Archives: labelled into a file, whatever ends the run, on several cores and on a cluster."""

import csv
import json
import os
import pty
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from classifier import Classifier, InputError, archive
from classifier.archive import Task
from classifier.label import Manner, label
from classifier.output import Done, Output
from classifier.workers import on_cores

ROOT = Path(__file__).parent.parent
HEADLINES = [
    "Le Raja, en finale",
    "Averses orageuses attendues lundi",
    "La Bourse recule",
    "qwrtz plkj",
    "«Neige» à Ifrane",
]
CSV = Manner("csv")

# The command's own run, saying in the journal after every batch how far it is.
STEPWISE = """
import sys
from pathlib import Path
from classifier import archive
from classifier.label import Manner
if __name__ == "__main__":
    name, model, target, jobs = sys.argv[1:]
    archive.into(archive.Task(name, model=model, manner=Manner("csv"), jobs=int(jobs)), Path(target), seconds=0)
"""


def rows(count: int) -> list[dict[str, str]]:
    return [{"id": str(i), "headline": f"{HEADLINES[i % len(HEADLINES)]} {i}"} for i in range(count)]


def written(file: Path, records: list[dict[str, str]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, list(records[0]))
        table.writeheader()
        table.writerows(records)
    return file


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("long") / "long.csv", rows(40_000))


@pytest.fixture(scope="module")
def expected(long: Path, models: Path) -> bytes:
    target = long.with_name("uninterrupted.csv")
    archive.into(Task(str(long), model=str(models), manner=CSV), target)
    return target.read_bytes()


def run(models: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "classifier", "--model", str(models), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_every_record_is_written_once_and_nothing_else_is_left(long: Path, expected: bytes) -> None:
    lines = list(csv.DictReader(expected.decode().splitlines()))
    assert [line["id"] for line in lines] == [str(i) for i in range(40_000)]
    assert sorted(file.name for file in long.parent.iterdir()) == ["long.csv", "uninterrupted.csv"]


@pytest.mark.parametrize(("seed", "jobs"), [(0, 1), (1, 2)])
def test_a_run_killed_again_and_again_ends_as_if_never_killed(
    seed: int, jobs: int, long: Path, models: Path, tmp_path: Path, expected: bytes
) -> None:
    chance = random.Random(seed)
    target = tmp_path / "labelled.csv"
    part, journal = tmp_path / "labelled.csv.part", tmp_path / "labelled.csv.journal"
    command = [sys.executable, "-c", STEPWISE, str(long), str(models), str(target), str(jobs)]
    for _ in range(4):
        reached = part.stat().st_size if part.exists() else 0
        with subprocess.Popen(command, cwd=ROOT) as process:
            goal = reached + chance.random() * 0.2 * len(expected)
            while process.poll() is None and not (part.exists() and part.stat().st_size > goal):
                time.sleep(0.001)
            process.kill()
        assert process.returncode == -signal.SIGKILL
        assert not target.exists()
    assert len(journal.read_bytes().splitlines()) > 2
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
    assert target.read_bytes() == expected
    assert not part.exists()
    assert not journal.exists()


@pytest.mark.parametrize("seed", range(12))
def test_whatever_a_crash_leaves_of_the_two_files_the_result_is_the_same(
    seed: int, models: Path, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    source, target = written(tmp_path / "a.csv", rows(9_000)), tmp_path / "b.csv"
    task = Task(str(source), model=str(models), manner=CSV)
    archive.into(task, target)
    whole = target.read_bytes()
    target.unlink()
    stop_after(chance.randint(1, 4), task, target)
    part, journal = tmp_path / "b.csv.part", tmp_path / "b.csv.journal"
    notes = journal.read_bytes()
    kept = notes[: chance.randint(notes.index(b"\n") + 1, len(notes))]
    journal.write_bytes(kept)
    part.write_bytes(part.read_bytes() + b"torn" * chance.randint(0, 3))
    archive.into(task, target)
    assert target.read_bytes() == whole


def stop_after(batches: int, task: Task, target: Path) -> None:
    """Run until so many batches are written, then stop as on an interrupt."""
    count = 0

    def write(self: Output, labelled: object, original: Callable[..., None] = Output.write) -> None:
        nonlocal count
        count += 1
        if count > batches:
            raise KeyboardInterrupt
        original(self, labelled)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Output, "write", write)
        with pytest.raises(KeyboardInterrupt):
            archive.into(task, target, seconds=0)


def test_two_jobs_write_what_one_writes(long: Path, models: Path, tmp_path: Path, expected: bytes) -> None:
    done = run(models, long, "--out", tmp_path / "two.csv", "--jobs", "2")
    assert (done.returncode, (tmp_path / "two.csv").read_bytes()) == (0, expected)
    assert "40000 headlines" in done.stderr


def test_no_worker_outlives_a_killed_run(long: Path, models: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", STEPWISE, str(long), str(models), str(tmp_path / "x.csv"), "2"]
    with subprocess.Popen(command, cwd=ROOT) as process:
        workers = children(process.pid, 3)  # two workers, and what tracks their resources
        process.kill()
    wait_for(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def test_a_worker_that_dies_is_told_in_one_line_and_the_next_run_goes_on(
    long: Path, models: Path, tmp_path: Path, expected: bytes
) -> None:
    target = tmp_path / "x.csv"
    command = [sys.executable, "-m", "classifier", "--model", str(models), str(long), "--out", str(target)]
    with subprocess.Popen([*command, "--jobs", "2"], cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        wait_for(lambda: len(spawned(process.pid)) == 2)
        os.kill(spawned(process.pid)[0], signal.SIGKILL)
        told = process.communicate(timeout=60)[1]
    assert process.returncode == 2
    assert told == "classifier: a worker process died\n"
    assert run(models, long, "--out", target).returncode == 0
    assert target.read_bytes() == expected


def children(parent: int, count: int) -> list[int]:
    wait_for(lambda: len(_children(parent)) >= count)
    return _children(parent)


def _children(parent: int) -> list[int]:
    found = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []


def spawned(parent: int) -> list[int]:
    return [child for child in _children(parent) if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def wait_for(happens: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_workers_are_never_far_ahead_of_what_is_written(models: Path) -> None:
    read = 0

    def batches() -> Iterator[list[dict[str, str]]]:
        nonlocal read
        for _ in range(40):
            read += 1
            yield rows(1)

    for done, _ in enumerate(on_cores(next(models.glob("*/")), 2, Manner(), batches()), 1):
        assert read - done <= 6


def test_a_cluster_loses_a_worker_and_nothing_else(long: Path, models: Path, tmp_path: Path, expected: bytes) -> None:
    distributed = pytest.importorskip("distributed", reason="NOT TESTED: --dask, since distributed is not installed")
    target = tmp_path / "cluster.csv"
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        first = next(iter(cluster.workers.values())).pid
        command = [sys.executable, "-c", STEPWISE.replace("jobs=int(jobs)", "dask=jobs"), str(long), str(models)]
        with subprocess.Popen([*command, str(target), cluster.scheduler_address], cwd=ROOT) as process:
            wait_for(lambda: Path(f"{target}.part").exists() and Path(f"{target}.part").stat().st_size > 0)
            os.kill(first, signal.SIGKILL)
            assert not target.exists()
            assert process.wait(timeout=120) == 0
    assert target.read_bytes() == expected


def test_parquet_is_read_by_row_groups_and_resumed_in_the_middle_of_one(models: Path, tmp_path: Path) -> None:
    table = pa.Table.from_pylist(rows(9_000))
    source, target = tmp_path / "a.parquet", tmp_path / "b.csv"
    pq.write_table(table, source, row_group_size=2_500)
    text = written(tmp_path / "a.csv", rows(9_000))
    archive.into(Task(str(text), model=str(models), manner=CSV), tmp_path / "c.csv")
    task = Task(str(source), model=str(models), manner=CSV)
    stop_after(3, task, target)
    archive.into(task, target)
    assert target.read_bytes() == (tmp_path / "c.csv").read_bytes()


def test_dates_and_decimals_of_parquet_become_text(models: Path, tmp_path: Path) -> None:
    source = tmp_path / "a.parquet"
    pq.write_table(pa.table({"headline": ["Neige"], "day": pa.array([0], pa.date32()), "n": [[1, 2]]}), source)
    answer = json.loads(run(models, source, "--to", "jsonl").stdout)
    assert (answer["day"], answer["n"]) == ("1970-01-01", [1, 2])


@pytest.mark.parametrize("seconds", [0, 60])
def test_parquet_comes_back_as_it_was_with_the_answers_beside_it(models: Path, tmp_path: Path, seconds: float) -> None:
    count = 5000
    table = pa.table({
        "at": pa.array(range(count), pa.timestamp("s")),
        "headline": [f"{HEADLINES[i % len(HEADLINES)]} {i}" for i in range(count)],
        "label": ["sport", None] * (count // 2),
        "tags": [["a", "b"]] * count,
    })  # fmt: skip
    source, target = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pq.write_table(table, source, row_group_size=700)
    manner = Manner("parquet", keep="label")
    stop_after(2, Task(str(source), model=str(models), manner=manner), target)
    done = archive.into(Task(str(source), model=str(models), manner=manner), target, seconds=seconds)
    found = pq.read_table(target)
    assert found.select(table.column_names).equals(pq.read_table(source))
    assert found.column_names[4:] == ["predicted_label", "confidence", "probabilities", "reason", "iptc", "version"]
    kept, other = found.slice(0, 2).to_pylist()
    assert (kept["predicted_label"], kept["confidence"], kept["reason"]) == ("sport", None, "kept")
    assert sum(other["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert (done.records, done.kept, found.num_rows) == (count, count // 2, count)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.parquet", "b.parquet"]


@pytest.mark.parametrize(
    ("name", "text", "headlines"),
    [
        ("a.csv", "id,headline\n1,La Bourse recule\n", ["La Bourse recule"]),
        ("a.txt", "La Bourse recule\n\nLe Raja gagne\n", ["La Bourse recule", "Le Raja gagne"]),
        ("a.csv", "id,headline\n", []),
        ("a.txt", "", []),
    ],
)
def test_tables_and_lines_become_parquet(
    models: Path, tmp_path: Path, name: str, text: str, headlines: list[str]
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    told = run(models, tmp_path / name, "--out", tmp_path / "b.parquet")
    assert told.returncode == 0, told.stderr
    found = pq.read_table(tmp_path / "b.parquet").to_pydict()
    assert found["headline"] == headlines
    assert len(found["label"]) == len(headlines)


@pytest.mark.parametrize("to", ["csv", "jsonl", "table"])
def test_topics_that_are_there_are_kept_and_no_prediction(to: str, models: Path, tmp_path: Path) -> None:
    records = [
        {"headline": "Le Raja gagne", "section": "weather"},
        {"headline": "Le Raja gagne", "section": ""},
        {"headline": "Le Raja gagne", "section": "golf"},
    ]
    source = written(tmp_path / "a.csv", records)
    target = tmp_path / f"b.{to}"
    done = run(models, source, "--out", target, "--keep", "section", "--threshold", "0")
    assert "3 headlines, 2 labelled, 1 kept, 0 without" in done.stderr
    first, second, third = target.read_text(encoding="utf-8").splitlines()[-3:]
    if to == "csv":
        assert second.replace(",,", ",golf,", 1) == third
        assert first == "Le Raja gagne,weather,weather,,kept,medtop:17000000,"
    elif to == "jsonl":
        answer = json.loads(first)
        assert (answer["label"], answer["confidence"], answer["reason"]) == ("weather", None, "kept")
    else:
        assert first == "weather      kept  Le Raja gagne"


def test_a_field_the_csv_has_no_column_for_is_refused_not_dropped(models: Path, tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"headline": "a", "n": {"x": 1}}\n{"headline": "b", "more": 1}\n', encoding="utf-8")
    done = run(models, source, "--to", "csv")
    assert (done.returncode, "'more' is a field that the first record does not have" in done.stderr) == (2, True)
    source.write_text('{"headline": "a", "n": {"x": 1}}\n{"headline": "b"}\n', encoding="utf-8")
    first, _ = csv.DictReader(run(models, source, "--to", "csv").stdout.splitlines())
    assert first["n"] == '{"x": 1}'


def test_a_finished_file_is_replaced_only_when_asked(models: Path, tmp_path: Path) -> None:
    source, target = written(tmp_path / "a.csv", rows(3)), tmp_path / "b.csv"
    target.write_text("precious", encoding="utf-8")
    done = run(models, source, "--out", target)
    assert done.returncode == 2
    assert "--overwrite replaces it" in done.stderr
    assert target.read_text(encoding="utf-8") == "precious"
    assert run(models, source, "--out", target, "--overwrite").returncode == 0
    assert target.read_text(encoding="utf-8").count("\n") == 4


def test_answers_of_other_origin_are_never_mixed(models: Path, tmp_path: Path) -> None:
    source, target = written(tmp_path / "a.csv", rows(5_000)), tmp_path / "b.csv"
    task = Task(str(source), model=str(models), manner=CSV)
    stop_after(2, task, target)
    with pytest.raises(InputError, match="begun with another options"):
        archive.into(task._replace(manner=CSV._replace(threshold=0.9)), target)
    source.write_text(source.read_text(encoding="utf-8") + "5000,Un de plus\n", encoding="utf-8")
    with pytest.raises(InputError, match="begun with another input"):
        archive.into(task, target)
    assert archive.into(task, target, overwrite=True).records == 5_001
    assert target.read_bytes().count(b"\n") == 5_002


@pytest.mark.parametrize(
    ("left", "complaint"),
    [
        ({"b.csv.part": "something"}, "begun with another input"),
        ({"b.csv.journal": "something\n"}, "is no journal of this command"),
        ({"b.csv.journal": "[1]\n[2]\n"}, "is no journal of this command"),
    ],
)
def test_files_of_somebody_else_are_left_alone(
    left: dict[str, str], complaint: str, models: Path, tmp_path: Path
) -> None:
    source = written(tmp_path / "a.csv", rows(3))
    for name, text in left.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = run(models, source, "--out", tmp_path / "b.csv")
    assert (done.returncode, complaint in done.stderr) == (2, True)
    for name, text in left.items():
        assert (tmp_path / name).read_text(encoding="utf-8") == text


def test_two_runs_never_write_one_file(models: Path, tmp_path: Path) -> None:
    source, target = written(tmp_path / "a.csv", rows(3)), tmp_path / "b.csv"
    with Output(target, {"input": 1}) as output:
        assert "is being written by another run" in run(models, source, "--out", target).stderr
        output.finish()
    assert output.done == Done()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--out", "x.csv"], "--out wants a file to read"),
        (["fifo", "--out", "x.csv"], "--out wants a file to read"),
        (["a.csv", "--out", "a.csv", "--overwrite"], "a.csv is what is read"),
        (["a.csv", "--jobs", "many"], "--jobs is a whole number, or all"),
        (["a.csv", "--keep", "section"], "no column 'section' to keep"),
        (["a.csv", "--from", "parquet"], "a.csv: "),
        (["--from", "parquet"], "not from standard input"),
        (["a.csv", "--to", "parquet"], "--out names it"),
        (["a.jsonl", "--out", "b.parquet"], "need not be alike"),
        (["a.parquet"], "no column 'headline'"),
        (["b.parquet"], "row 2: no text under 'headline'"),
        (["a.csv", "--out", "nowhere/x.csv"], "nowhere/x.csv"),
        (["a.csv", "--dask", "tcp://127.0.0.1:9"], "127.0.0.1:9"),
        (["a.csv", "--dask", "udp://127.0.0.1:9"], "the address of a scheduler"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_code_2(
    arguments: list[str], complaint: str, models: Path, tmp_path: Path
) -> None:
    written(tmp_path / "a.csv", rows(3))
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "a.jsonl").write_text('{"headline": "x"}\n', encoding="utf-8")
    pq.write_table(pa.table({"title": ["x"]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"headline": ["x", None]}), tmp_path / "b.parquet")
    command = [sys.executable, "-m", "classifier", "--model", str(models), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, check=False, stdin=subprocess.DEVNULL,
        env=os.environ | {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"},
    )  # fmt: skip
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith("classifier: ")
    assert complaint in line


def test_progress_is_shown_on_a_terminal_alone(long: Path, models: Path, tmp_path: Path) -> None:
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "classifier", "--model", str(models), str(long), "--out", str(tmp_path / "b.csv")]
    with subprocess.Popen(command, cwd=ROOT, stderr=child) as process:
        os.close(child)
        shown = b""
        while True:
            try:
                shown += os.read(parent, 4096)
            except OSError:  # all of it is read
                break
    os.close(parent)
    assert process.returncode == 0
    assert b" headlines, " in shown
    assert b" left " in shown
    assert run(models, long, "--out", tmp_path / "c.csv").stderr.count("\n") == 1


def test_labels_are_those_of_the_classifier(model: Classifier) -> None:
    labelled = label(model, CSV.given(rows(1)[0]), rows(5))
    found = [line.split(",")[-5] for line in labelled.text.splitlines()]
    assert found == [prediction.label or "" for prediction in model.classify([row["headline"] for row in rows(5)])]
    assert labelled.labelled == sum(map(bool, found))
