"""`python -m training`, as the make targets call it."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from training import teacher
from training.__main__ import main

ROOT = Path(__file__).parent.parent


@pytest.fixture
def csv_corpus(tmp_path: Path) -> Path:
    rows = ["headline,label"]
    rows += [f"Festival de musique numéro {i} à Fès,culture" for i in range(15)]
    rows += [f"École et lycée de la ville {i},society" for i in range(15)]
    file = tmp_path / "mine.csv"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return file


def test_training_publishes_and_a_second_run_does_nothing(
    csv_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", "--corpus", str(csv_corpus), "--models", str(tmp_path / "models")]
    assert main(arguments) == 0
    assert "is now the current one" in capsys.readouterr().err
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "models").rglob("*")}
    assert main(arguments) == 0
    assert "is up to date" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "models").rglob("*")} == before


def test_a_changed_corpus_or_a_damaged_model_is_trained_again(
    csv_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", "--corpus", str(csv_corpus), "--models", str(tmp_path / "models")]
    assert main(arguments) == 0
    csv_corpus.write_text(csv_corpus.read_text(encoding="utf-8") + "Un musée de plus,culture\n", encoding="utf-8")
    assert main(arguments) == 0
    assert "is now the current one" in capsys.readouterr().err
    for file in (tmp_path / "models").glob("*/vocabulary.txt"):
        file.write_text("damaged", encoding="utf-8")
    assert main(arguments) == 0
    assert "is now the current one" in capsys.readouterr().err


def test_the_corpus_is_counted(small_corpus_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpus", "--corpus", str(small_corpus_folder)]) == 0
    table = capsys.readouterr().out
    assert "weather" in table
    assert "ar" in table.splitlines()[0]


def test_a_corpus_close_to_real_headlines_is_refused(csv_corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpus", "--corpus", str(csv_corpus), "--real", str(csv_corpus)]) == 2
    assert "too close to a real headline" in capsys.readouterr().err


def test_a_model_is_evaluated_and_reported(
    csv_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teacher, "find_encoder", lambda: None)
    models, report = tmp_path / "models", tmp_path / "report"
    assert main(["train", "--corpus", str(csv_corpus), "--models", str(models)]) == 0
    arguments = ["evaluate", "--corpus", str(csv_corpus), "--models", str(models), "--eval", str(csv_corpus)]
    assert main([*arguments, "--report", str(report)]) == 0
    told = capsys.readouterr().out
    assert "scikit-learn defaults" in told
    assert (report / "report.html").exists()
    assert (report / "report.json").exists()


def test_a_lexicon_is_learned_written_and_used(
    csv_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teacher, "find_encoder", lambda: None)
    archive = tmp_path / "archive.csv"
    rows = [f"La guimbarde résonne {i},culture,outlet{i % 5}" for i in range(20)]
    rows += [f"La cantine du lycée ferme {i},society,outlet{i % 5}" for i in range(20)]
    archive.write_text("headline,label,source\n" + "\n".join(rows) + "\n", encoding="utf-8")
    out = tmp_path / "lexicon" / "20-mine.tsv"
    arguments = ["lexicon", "--corpus", str(csv_corpus), "--labelled", str(archive), "--out", str(out)]
    assert main([*arguments, "--calibrate", str(csv_corpus)]) == 0
    told = capsys.readouterr().out
    assert "learned from 40 headlines of 5 outlets or days" in told
    assert "the corpus model taught itself" in told
    assert "guimbarde" in out.read_text(encoding="utf-8")


def test_headlines_are_made_from_the_patterns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "--count", "20"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert len({row["headline"] for row in rows}) == 20
    assert {row["lang"] for row in rows} == {"fr", "en", "es", "ar"}
    assert len({row["label"] for row in rows}) == 5


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["train", "--corpus", "nothing.csv"], "nothing.csv"),
        (["corpus", "--corpus", "README.md"], "is not a corpus"),
        (["evaluate", "--models", "nowhere", "--eval", "x.tsv"], "no model in nowhere"),
        (["wheel", "--models", "nowhere"], "no model in nowhere"),
        (["lexicon", "--archive", "nothing.tsv"], "nothing.tsv"),
        (["lexicon"], "ARCHIVE=path or LABELLED=path"),
    ],
)
def test_bad_arguments_are_one_line_on_stderr_and_exit_code_2(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert complaint in error


def test_bad_lines_are_all_told_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "lines.tsv"
    file.write_text("sport\tfr\tUn titre\nsport\tde\tEin Titel\nsport\tfr\n", encoding="utf-8")
    assert main(["corpus", "--corpus", str(file)]) == 2
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[0] for line in told] == [f"{file}:2", f"{file}:3"]


def test_unknown_commands_are_exit_code_2() -> None:
    done = subprocess.run([sys.executable, "-m", "training", "fly"], capture_output=True, cwd=ROOT, check=False)
    assert done.returncode == 2
