"""The examples in tests/examples/, run as they stand, and those in docstrings; with the default model."""

import csv
import doctest
import importlib
import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import classifier
from tests.conftest import running_server

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "tests" / "examples"
MODELS = ROOT / "models"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"HEADLINES_MODELS": str(MODELS)}
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, env=env, check=False)


def test_the_script_prints_the_sports_headlines_of_a_ticker() -> None:
    done = run(sys.executable, EXAMPLES / "script.py", "Le Raja bat le Wydad (2-1) • Averses orageuses lundi")
    assert done.stderr == ""
    [line] = done.stdout.splitlines()
    assert line.endswith("%  Le Raja bat le Wydad (2-1)")


def test_a_column_of_labels_is_added_to_a_table(tmp_path: Path) -> None:
    source, target = tmp_path / "a.csv", tmp_path / "b.csv"
    source.write_text("id,headline\n1,Le Raja bat le Wydad en finale\n2,Averses orageuses lundi\n", encoding="utf-8")
    done = run(sys.executable, EXAMPLES / "column.py", source, target)
    assert done.returncode == 0, done.stderr
    with target.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [(row["id"], row["label"]) for row in rows] == [("1", "sport"), ("2", "weather")]
    assert all(0 < float(row["confidence"]) <= 1 for row in rows)


def test_the_blueprint_answers_inside_another_app_and_leaves_its_pages_alone() -> None:
    with running_server(MODELS, "tests.examples.blueprint:app") as port:
        home = f"http://127.0.0.1:{port}"
        with urllib.request.urlopen(home) as page:
            assert page.read() == b"<h1>Our newsroom</h1>"
        with urllib.request.urlopen(posted(home, {"headlines": ["Averses orageuses lundi"]})) as answer:
            assert json.load(answer)["results"][0]["label"] == "weather"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(posted(home, {"headlines": "Neige"}))
        assert refused.value.code == 422
        assert json.load(refused.value)["pointer"] == "/headlines"
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(f"{home}/nowhere")
        assert missing.value.headers["Content-Type"].startswith("text/html")
        missing.value.close()


def posted(home: str, body: dict[str, object]) -> urllib.request.Request:
    headers = {"Content-Type": "application/json"}
    return urllib.request.Request(f"{home}/topics/v1/classify", json.dumps(body).encode(), headers)


@pytest.mark.skipif(not shutil.which("node"), reason="NOT TESTED: the JavaScript example, since there is no node")
def test_javascript_asks_the_service_and_learns_why_it_is_refused() -> None:
    with running_server(MODELS) as port:
        service = f"http://127.0.0.1:{port}"
        done = run("node", EXAMPLES / "fetch.mjs", service, "Le Raja bat le Wydad", "Averses orageuses lundi")
        refused = run("node", EXAMPLES / "fetch.mjs", service)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["sport", "weather"], done.stderr
    assert "(/headlines)" in refused.stderr


def test_each_is_short_and_linked_from_the_readme() -> None:
    examples = [file for file in EXAMPLES.iterdir() if file.is_file()]
    assert len(examples) == 4
    for file in examples:
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 40
        assert f"(tests/examples/{file.name})" in README


@pytest.mark.parametrize("file", sorted((ROOT / "classifier").glob("*.py")), ids=lambda file: file.stem)
def test_examples_in_docstrings_are_true(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADLINES_MODELS", str(MODELS))
    name = "classifier" if file.stem == "__init__" else f"classifier.{file.stem}"
    module = importlib.import_module(name)
    assert doctest.testmod(module, extraglobs={"classifier": classifier}, optionflags=doctest.ELLIPSIS).failed == 0


def test_what_the_package_promises_has_an_example() -> None:
    texts = [file.read_text(encoding="utf-8") for file in (ROOT / "classifier").glob("*.py")]
    promised = "\n".join(line for text in texts for line in text.splitlines() if ">>>" in line)
    for call in ("classifier.load()", ".classify(", ".explain(", ".probabilities(", ".familiarity(", "read("):
        assert call in promised, call
    assert "doctest: +SKIP" not in promised
