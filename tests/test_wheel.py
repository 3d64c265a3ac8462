"""The wheel that carries a model, installed beside numpy alone and used in an empty folder."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from classifier import ModelError, load, storage
from training import wheel

HEADLINE = "Le Raja bat le Wydad en finale"


@dataclass(frozen=True)
class Installed:
    """A wheel, and a Python that has it and numpy and nothing else."""

    wheel: Path
    python: Path

    def run(self, *arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
        env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "HEADLINES_MODELS")}
        command = [self.python, "-W", "error", *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env | more, check=False)


@pytest.fixture(scope="module")
def installed(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    built = wheel.build(models, folder / "dist")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, str(built)], check=True)
    [packages] = (folder / "venv" / "lib").glob("python*/site-packages")
    for part in Path(np.__file__).parent.parent.glob("numpy*"):
        (packages / part.name).symlink_to(part)
    return Installed(built, python)


def test_it_loads_and_classifies_offline_in_an_empty_folder(installed: Installed, models: Path, tmp_path: Path) -> None:
    code = f"""
import json, sys
import classifier
model = classifier.load()
[answer] = model.classify([{HEADLINE!r}])
loaded = {{name.partition(".")[0] for name in sys.modules}} - sys.stdlib_module_names
print(json.dumps([model.version, answer.probabilities, sorted(loaded)]))
"""
    done = installed.run("-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    version, probabilities, loaded = json.loads(done.stdout)
    expected = load(models)
    assert version == expected.version
    assert probabilities == expected.classify([HEADLINE])[0].probabilities
    assert set(loaded) - {"__main__"} == {"classifier", "numpy"}


def test_its_command_labels_a_file_on_two_cores(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text(f"{HEADLINE}\n" * 5_000, encoding="utf-8")
    command = installed.python.with_name("headline-topics")
    done = installed.run(str(command), "lines.txt", "--from", "lines", "--jobs", "2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(HEADLINE) == 5_000


def test_what_only_an_extra_brings_is_asked_for_by_name(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    (tmp_path / "a.txt").write_text(HEADLINE, encoding="utf-8")
    for extra, arguments in (
        ("parquet", ["a.parquet"]),
        ("parquet", ["a.txt", "--out", "b.parquet"]),
        ("cluster", ["a.txt", "--dask", "tcp://127.0.0.1:9"]),
    ):
        done = installed.run("-m", "classifier", *arguments, cwd=tmp_path)
        assert done.returncode == 2
        [line] = done.stderr.splitlines()
        assert f"pip install 'headline-topics[{extra}]'" in line


def test_a_models_folder_of_ones_own_comes_first(installed: Installed, tmp_path: Path) -> None:
    code = "import classifier; classifier.load()"
    (tmp_path / "models").mkdir()  # a folder of that name without a model of ours in it
    assert installed.run("-c", code, cwd=tmp_path).returncode == 0
    (tmp_path / "models" / "current.json").write_text("damaged", encoding="utf-8")
    assert "is damaged" in installed.run("-c", code, cwd=tmp_path).stderr
    assert "no model in nowhere" in installed.run("-c", code, cwd=tmp_path, HEADLINES_MODELS="nowhere").stderr


def test_it_carries_what_is_served_and_nothing_to_unpickle(installed: Installed, models: Path) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    version = storage.current(models)
    inside = {Path(name).name for name in names if name.startswith(f"classifier/model/{version}/")}
    assert inside == {file.name for file in (models / version).iterdir()} - {"pipeline.joblib"}
    assert "classifier/py.typed" in names
    assert not [name for name in names if name.endswith((".joblib", ".pkl", ".tsv"))]


def test_building_leaves_the_sources_as_they_were(installed: Installed) -> None:
    assert installed.wheel.exists()
    root = Path(__file__).parent.parent
    assert not (root / "classifier" / storage.PACKAGED).exists()
    assert not (root / "build").exists()


def test_no_model_is_no_wheel(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model in"):
        wheel.build(tmp_path, tmp_path / "dist")
