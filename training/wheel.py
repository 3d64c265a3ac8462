"""A wheel with the model in force inside, for tools that embed the classifier."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from classifier import storage
from classifier.errors import ClassifierError

_ROOT = Path(__file__).parent.parent
_COMPILED = "[[tool.setuptools.ext-modules]]"
"""Where the part of pyproject.toml begins, the last one, that asks for compiled code."""
_NEEDED = ("pyproject.toml", "README.md", "LICENSE", "classifier", "training", "service")


def build(models: Path, out: Path) -> Path:
    """Build a wheel that carries the model in force, and return its file.

    It is built from a copy of what is here, so nothing is left among the sources; and without compiled code, so that
    it can be installed on any machine.

    Args:
        models: a models folder; its scikit-learn pipeline stays behind.
        out: folder for the wheel.

    Raises:
        ClassifierError: there is no model that can be trusted, or the wheel cannot be built.
    """
    version = storage.current(models)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in _NEEDED:
            _copy(_ROOT / name, copy / name)
        settings = copy / "pyproject.toml"
        settings.write_text(settings.read_text(encoding="utf-8").partition(_COMPILED)[0], encoding="utf-8")
        inside = copy / "classifier" / storage.PACKAGED
        storage.copy_served(models / version, inside / version)
        storage.set_current(inside, version)
        storage.load(inside)
        return _built(copy, out)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        leave = shutil.ignore_patterns("__pycache__", "corpus", storage.PACKAGED, "kernel.*")
        shutil.copytree(source, target, ignore=leave)
    else:
        shutil.copyfile(source, target)


def _built(source: Path, out: Path) -> Path:
    """Run pip on the sources, with the setuptools that is here, so that no network is needed."""
    with tempfile.TemporaryDirectory(dir=out) as fresh:
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--no-index", "--no-build-isolation", "--wheel-dir", fresh, str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ClassifierError(
                f"the wheel cannot be built: {(done.stderr.strip().splitlines() or ['pip failed'])[-1]}"
            )
        [wheel] = Path(fresh).glob("*.whl")
        return wheel.replace(out / wheel.name)
