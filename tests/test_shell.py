import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINES = "Le Raja bat le Wydad en finale\nAverses orageuses attendues lundi\n"
FEED = "".join(f"<item><title>{line}</title></item>\r\n" for line in LINES.splitlines())
RSS = f"<?xml version='1.0' encoding='UTF-16'?><rss><channel>{FEED}</channel></rss>".encode("utf-16")


def run(models: Path, *arguments: str, text: str | bytes = "") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "classifier", "--model", str(models), *arguments],
        input=text if isinstance(text, bytes) else text.encode(), capture_output=True, cwd=ROOT, check=False,
    )  # fmt: skip


def test_lines_become_a_table(models: Path) -> None:
    done = run(models, text=LINES)
    assert done.returncode == 0
    assert [line.split("  ")[-1] for line in done.stdout.decode().splitlines()] == LINES.splitlines()


def test_jsonl_in_keeps_every_field_and_overwrites_none(models: Path) -> None:
    record = {"id": 7, "headline": "Le Raja bat le Wydad en finale", "label": "theirs"}
    done = run(models, "--to", "jsonl", text=json.dumps(record))
    [answer] = map(json.loads, done.stdout.splitlines())
    assert (answer["id"], answer["label"]) == (7, "theirs")
    assert answer["predicted_label"] in (*answer["probabilities"], None)


def test_csv_in_and_out_keeps_columns_quotes_and_line_breaks(models: Path) -> None:
    text = 'id,headline\n1,"Le Raja, en finale"\n2,"Averses\norageuses"\n'
    done = run(models, "--to", "csv", text=text)
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode(), newline="")))
    assert [row["headline"] for row in rows] == ["Le Raja, en finale", "Averses\norageuses"]
    assert [row["id"] for row in rows] == ["1", "2"]
    assert list(rows[0])[2:] == ["label", "confidence", "reason", "iptc", "version"]


def test_csv_with_a_carriage_return_in_a_field_can_be_read_back(models: Path) -> None:
    done = run(models, "--from", "jsonl", "--to", "csv", text='{"headline": "Averses\\rlundi"}\n')
    [row] = csv.DictReader(io.StringIO(done.stdout.decode(), newline=""), strict=True)
    assert row["headline"] == "Averses\rlundi"


def test_a_first_line_that_only_looks_like_csv_is_no_csv(models: Path) -> None:
    done = run(models, "--to", "jsonl", text="Bourse,\rheadline,hausse\n")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)


def test_a_ticker_is_recognised(models: Path) -> None:
    done = run(models, "--to", "jsonl", text=" • ".join(["Un titre", "Un autre", "Un dernier"]))
    assert [json.loads(line)["headline"] for line in done.stdout.splitlines()] == ["Un titre", "Un autre", "Un dernier"]


def test_a_file_is_read_by_its_name(models: Path, tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    file.write_text("headline\nUn titre\n", encoding="utf-8")
    assert json.loads(run(models, str(file), "--to", "jsonl").stdout)["headline"] == "Un titre"


def test_a_feed_comes_back_as_it_was_with_categories(models: Path, tmp_path: Path) -> None:
    file = tmp_path / "fil.xml"
    file.write_bytes(RSS)
    for arguments, text in (([str(file)], b""), ([], RSS), (["--from", "feed", "--to", "feed"], RSS)):
        done = run(models, "--threshold", "0", *arguments, text=text)
        assert done.returncode == 0
        assert done.stdout.decode("utf-16").count("</category></item>\r\n") == 2
        assert re.sub("<category.*?</category>", "", done.stdout.decode("utf-16")) == RSS.decode("utf-16")


def test_a_feed_becomes_a_table_too(models: Path) -> None:
    done = run(models, "--to", "table", text=RSS)
    assert [line.split("  ")[-1] for line in done.stdout.decode().splitlines()] == LINES.splitlines()


def test_headlines_become_ninjs_items(models: Path) -> None:
    items = [
        json.loads(line) for line in run(models, "--threshold", "0", "--to", "ninjs", text=LINES).stdout.splitlines()
    ]
    assert [item["headlines"][0]["value"] for item in items] == LINES.splitlines()
    assert [item["subjects"][0]["uri"][-8:] for item in items] == ["15000000", "17000000"]


def test_topics_and_threshold(models: Path) -> None:
    done = run(models, "--to", "jsonl", "--topics", "sport,weather", "--threshold", "0", text=LINES)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    for answer in answers:
        assert list(answer["probabilities"]) == ["sport", "weather"]
        assert answer["reason"] != "uncertain"
    assert answers[1]["probabilities"]["weather"] > answers[0]["probabilities"]["weather"]


@pytest.mark.parametrize(
    ("arguments", "text", "complaint"),
    [
        (["nothing.txt"], "", "nothing.txt"),
        (["--model", "nowhere"], "x", "no model in nowhere"),
        (["--topics", "golf"], "x", "unknown topic 'golf'"),
        (["--threshold", "2"], "x", "between 0 and 1"),
        ([], b"ok\nM\xe9t\xe9o\n", "line 2: not UTF-8"),
        (["--from", "jsonl"], "{}\n", "line 1: not an object with a text under 'headline'"),
        (["--from", "jsonl"], '{"headline": "a"}\n{\n', "line 2: not JSON"),
        (["--from", "jsonl"], "[" * 100_000, "line 1: not JSON"),
        (["--from", "jsonl"], '{"headline": "a", "n": 1e999}\n', "line 1: not JSON"),
        (["--from", "jsonl"], '{"headline": "a", "n": NaN}\n', "line 1: not JSON"),
        (["--from", "csv"], "title\nx\n", "no column 'headline'"),
        (["--from", "csv"], "headline,x,x\na,b,c\n", "two columns of one name"),
        (["--from", "csv"], "headline,x\na\n", "line 2: another number of fields"),
        (["--from", "csv"], 'headline\n"a\n', "unexpected end of data"),
        (["--from", "feed"], LINES, "not XML"),
        ([], "<?xml version='1.0'?><html/>", "neither RSS nor Atom"),
        (["--to", "feed"], LINES, "only a feed can be written as a feed"),
        (["--from", "feed", "--to", "parquet"], RSS, "without --out, --keep, --dask and Parquet"),
        (["--to", "parquet"], LINES, "Parquet is written into a file"),
    ],
)
def test_bad_input_is_one_line_on_stderr_and_exit_code_2(
    models: Path, arguments: list[str], text: str | bytes, complaint: str
) -> None:
    done = run(models, *arguments, text=text)
    assert done.returncode == 2
    [line] = done.stderr.decode().splitlines()
    assert line.startswith("classifier: ")
    assert complaint in line


def test_an_unknown_option_is_exit_code_2(models: Path) -> None:
    assert run(models, "--nonsense").returncode == 2


def test_a_slow_pipe_is_answered_line_by_line(models: Path) -> None:
    command = [sys.executable, "-m", "classifier", "--model", str(models), "--from", "lines"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdin
        assert process.stdout
        for line in LINES.splitlines(keepends=True):
            process.stdin.write(line.encode())
            process.stdin.flush()
            assert process.stdout.readline().decode().endswith(line)
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_a_reader_that_goes_away_is_no_error(models: Path, tmp_path: Path) -> None:
    many = tmp_path / "many.txt"
    many.write_text(LINES * 30_000, encoding="utf-8")
    command = f'"{sys.executable}" -m classifier --model "{models}" "{many}" | head -1'
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, cwd=ROOT, check=False)
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


def test_help_names_every_format() -> None:
    done = subprocess.run([sys.executable, "-m", "classifier", "--help"], capture_output=True, cwd=ROOT, check=True,
                          env=os.environ | {"COLUMNS": "100"})  # fmt: skip
    for word in (b"lines", b"ticker", b"csv", b"jsonl", b"table", b"feed", b"ninjs", b"parquet"):
        assert word in done.stdout
