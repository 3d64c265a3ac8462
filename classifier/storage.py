"""Model folders: write, publish, verify, load.

    models/<version>/*.npy            the tables of numbers, memory-mapped: processes share one copy of them
    models/<version>/vocabulary.txt   one term a line, in the order of the tables
    models/<version>/manifest.json    format, hashes of every file, metrics, golden headlines, its own hash
    models/<version>/pipeline.joblib  the scikit-learn pipeline, for `training` alone; never opened here
    models/current.json               the version in force, and the one before it

A version is published by writing it beside, syncing it, renaming it into place and then replacing `current.json`: a
reader sees the old model or the new one, whole. It is used only after its sizes, hashes, shapes and golden headlines
are right; the service never unpickles anything.
"""

import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier import manifest as manifests
from classifier.errors import ModelError
from classifier.index import Index
from classifier.model import Classifier
from classifier.weights import Weights

FORMAT = 2
"""Raised whenever an older reader would misread a newer folder."""

MODELS_VARIABLE = "HEADLINES_MODELS"

PACKAGED = "model"
"""The models folder inside this package, in a wheel that was built with one."""

GOLDEN_TOLERANCE = 1e-6
_CURRENT = "current.json"
_PIPELINE = "pipeline.joblib"
_VOCABULARY = "vocabulary.txt"
_MAX_BYTES = 1 << 30
_MAX_TEXT_BYTES = 1 << 24
_TABLES = ("table", "words.keys", "words.slots", "ngrams.keys", "ngrams.slots", "intercept")


def own_folder() -> Path:
    """Return where models are kept: $HEADLINES_MODELS, else `models/` here, else beside the package."""
    if chosen := os.environ.get(MODELS_VARIABLE):
        return Path(chosen)
    here = Path("models")
    return here if here.is_dir() else Path(__file__).resolve().parent.parent / "models"


def default_folder() -> Path:
    """Return where models are looked for: `own_folder()`, else, if nothing is there, what the package came with."""
    own, packaged = own_folder(), Path(__file__).resolve().parent / PACKAGED
    chosen = os.environ.get(MODELS_VARIABLE) or (own / _CURRENT).is_file()
    return own if chosen or not packaged.is_dir() else packaged


def load(folder: str | os.PathLike[str] | None = None) -> Classifier:
    """Load and verify a model.

    Args:
        folder: a models folder (its current version is taken) or one version's own folder; `default_folder()` if None.

    Raises:
        ModelError: there is no model, or it is damaged, incomplete or of another format; the text says which.

    >>> load().topics
    ('sport', 'politics', 'economy', 'weather', 'other')
    >>> load("nowhere")
    Traceback (most recent call last):
    ...
    classifier.errors.ModelError: no model in nowhere: run `make train` first
    """
    path = locate(folder)
    manifest = read_manifest(path)
    classifier = Classifier(_read_weights(path, manifest), path.name)
    _check_golden(classifier, manifest, path)
    return classifier


def locate(folder: str | os.PathLike[str] | None = None) -> Path:
    """Return the version's folder that `load` takes for this one.

    Raises:
        ModelError: nothing is published there.
    """
    path = default_folder() if folder is None else Path(folder)
    return path if (path / "manifest.json").is_file() else path / current(path)


def current(models: Path) -> str:
    """Return the version in force.

    Raises:
        ModelError: nothing is published there, or `current.json` is damaged.
    """
    pointer = models / _CURRENT
    if not pointer.is_file():
        raise ModelError(f"no model in {models}: run `make train` first")
    named = _json(pointer)[1]
    if not isinstance(named, dict) or "version" not in named:
        raise ModelError(f"{pointer} is damaged: it does not name a version")
    version = named["version"]
    if not isinstance(version, str) or Path(version).name != version or version in ("", ".", ".."):
        raise ModelError(f"{pointer} is damaged: {version!r} is not a version")
    return version


def previous(models: Path, following: str | None = None) -> str | None:
    """Return the version that was in force before the current one; None if there was none, or nothing is readable.

    Args:
        following: tell it for this version instead, were it put in force now.
    """
    try:
        now = current(models)
        named = _json(models / "current.json")[1].get("previous")
    except ModelError:
        return None
    if following and following != now:
        return now
    return named if isinstance(named, str) else None


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a version's folder after checking it, and that the files it names are as it says.

    Raises:
        ModelError: the manifest or a file is missing, damaged or of another format.
    """
    file = folder / "manifest.json"
    text, manifest = _json(file)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise ModelError(f"{file} has format {found!r}, this version reads format {FORMAT}: train the model again")
    if fault := manifests.fault(manifest, [*(f"{name}.npy" for name in _TABLES), _VOCABULARY]):
        raise ModelError(f"{file} is damaged: {fault}")
    if text != _sealed(manifest):
        raise ModelError(f"{file} is damaged: it does not match its own checksum")
    for name, expected in manifest["files"].items():
        _check_file(folder / Path(name).name, expected)
    return manifest


def _json(file: Path) -> tuple[str, Any]:
    """Return a file's text and what it says as JSON."""
    try:
        found = file.stat()
        # Reading a pipe or a device might never end.
        readable = stat.S_ISREG(found.st_mode) and found.st_size <= _MAX_TEXT_BYTES
        text = file.read_text(encoding="utf-8") if readable else ""
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()  # halves of characters are no text
    except OSError as error:
        raise ModelError(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{file} is damaged: not JSON") from error
    return text, value


@contextmanager
def staging(models: Path) -> Iterator[Path]:
    """Give a temporary folder beside the models, to write a version into; it is removed afterwards."""
    models.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".staging-", dir=models))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write(folder: Path, weights: Weights, golden: list[str], facts: dict[str, Any]) -> str:
    """Write weights and manifest into a staging folder and return the version's name.

    Files already there (the pipeline) are hashed too. The name comes from the content, so the same training gives the
    same version.

    Args:
        golden: headlines whose probabilities every later load must reproduce.
        facts: what else the manifest tells (metrics, data fingerprint, package versions), as plain JSON data.
    """
    for name, array in _arrays(weights).items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    weights.vocabulary.tofile(folder / _VOCABULARY)
    names = sorted(file.name for file in folder.iterdir() if file.name != "manifest.json")
    files = {name: {"bytes": (folder / name).stat().st_size, "sha256": _sha256(folder / name)} for name in names}
    expected = Classifier(weights).probabilities(golden).tolist()
    manifest = {
        **facts,
        "format": FORMAT,
        "topics": list(weights.topics),
        "terms": weights.n_terms,
        "threshold": weights.threshold,
        "familiarity": weights.familiarity,
        "known_share": weights.known_share,
        "files": files,
        "golden": [list(pair) for pair in zip(golden, expected, strict=True)],
    }
    (folder / "manifest.json").write_text(_sealed(manifest), encoding="utf-8", newline="\n")
    thresholds = [weights.threshold, weights.familiarity, weights.known_share]
    content = json.dumps([files[n] for n in names if n != _PIPELINE] + thresholds)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def copy_served(folder: Path, target: Path) -> None:
    """Copy a version's folder without the scikit-learn pipeline: what is served, and no more.

    Raises:
        ModelError: the folder is damaged, incomplete or of another format.
    """
    manifest = read_manifest(folder)
    manifest["files"].pop(_PIPELINE, None)
    target.mkdir(parents=True)
    for name in manifest["files"]:
        shutil.copyfile(folder / name, target / name)
    (target / "manifest.json").write_text(_sealed(manifest), encoding="utf-8", newline="\n")


def publish(models: Path, folder: Path, version: str) -> Path:
    """Move a staging folder into place as a version and make it the current one; return the version's folder."""
    target = models / version
    folder.chmod(0o755)  # a temporary folder is its maker's alone, a model is for the service's user too
    for file in folder.iterdir():
        _sync(file)
    _sync(folder)
    if target.exists() and not _is_whole(target):
        shutil.rmtree(target)  # nobody can load it any more; the fresh copy takes its place
    if not target.exists():
        folder.rename(target)
    _sync(models)
    set_current(models, version)
    return target


def set_current(models: Path, version: str) -> None:
    """Make a version the one in force, atomically and durably."""
    pointer = models / ".current.json.new"
    before = previous(models, version)
    pointer.write_text(json.dumps({"version": version, "previous": before}) + "\n", encoding="utf-8")
    _sync(pointer)
    pointer.replace(models / _CURRENT)
    _sync(models)


def _is_whole(folder: Path) -> bool:
    try:
        read_manifest(folder)
    except ModelError:
        return False
    return True


def _arrays(weights: Weights) -> dict[str, NDArray[Any]]:
    words, ngrams = weights.words, weights.ngrams
    arrays = (weights.table, words.keys, words.slots, ngrams.keys, ngrams.slots, weights.intercept)
    return dict(zip(_TABLES, arrays, strict=True))


def _read_weights(folder: Path, manifest: dict[str, Any]) -> Weights:
    k = len(manifest["topics"])
    table = _array(folder, "table", np.float32)
    _require(table.ndim == 2 and table.shape[1] == 2 * (k + 2) + 1 and len(table) > 1, folder, "table")
    _require(bool(np.isfinite(table).all()) and not table[0].any(), folder, "table")
    # Squared norms, and letters in known words: roots and shares are taken of them.
    _require(bool((table[:, [k + 1, 2 * k + 3, 2 * k + 4]] >= 0).all()), folder, "table")
    intercept = _array(folder, "intercept", np.float64)
    _require(intercept.shape == (k + 1,) and bool(np.isfinite(intercept).all()), folder, "intercept")
    vocabulary = _vocabulary(folder / _VOCABULARY)
    _require(int(np.count_nonzero(vocabulary == ord("\n"))) == len(table) - 2, folder, "vocabulary")
    words, ngrams = _index(folder, "words"), _index(folder, "ngrams")
    _require(len(words.keys) + len(ngrams.keys) == len(table) - 1, folder, "table")
    return Weights(
        topics=tuple(manifest["topics"]),
        vocabulary=vocabulary,
        table=table,
        words=words,
        ngrams=ngrams,
        intercept=intercept,
        threshold=manifest["threshold"],
        familiarity=manifest["familiarity"],
        known_share=manifest["known_share"],
    )


def _index(folder: Path, name: str) -> Index:
    index = Index(_array(folder, f"{name}.keys", np.uint64), _array(folder, f"{name}.slots", np.int32))
    _require(index.keys.ndim == 1, folder, f"{name}.keys")
    whole = index.slots.ndim == 1 and len(index.slots) > 1 and len(index.slots).bit_count() == 1
    # An index that is full, or points past its keys, would hang a search or break an answer later.
    _require(whole and index.slots.min() == 0 and index.slots.max() <= len(index.keys), folder, f"{name}.slots")
    return index


def _array(folder: Path, name: str, dtype: type[np.generic]) -> NDArray[Any]:
    file = folder / f"{name}.npy"
    try:
        with np.errstate(all="ignore"):
            array = np.asarray(np.load(file, mmap_mode="r", allow_pickle=False))
    except Exception as error:  # a header is Python source, and NumPy's reader fails on a crafted one in any way
        raise ModelError(f"{file} is damaged: {error}") from error
    _require(array.dtype == dtype and array.ndim > 0, folder, name)
    return array


def _vocabulary(file: Path) -> NDArray[np.uint8]:
    try:
        vocabulary = np.asarray(np.memmap(file, dtype=np.uint8, mode="r"))
        vocabulary.tobytes().decode()
    except (ValueError, OSError) as error:
        raise ModelError(f"{file} is damaged: {error}") from error
    return vocabulary


def _require(whole: bool, folder: Path, name: str) -> None:
    if not whole:
        raise ModelError(f"{folder} is damaged: {name} is not of the shape, type and range that it should be")


def _check_golden(classifier: Classifier, manifest: dict[str, Any], folder: Path) -> None:
    golden = manifest["golden"]
    found = classifier.probabilities(headline for headline, _ in golden)
    worst = float(np.abs(found - np.array([row for _, row in golden])).max())
    if not worst <= GOLDEN_TOLERANCE:
        raise ModelError(f"{folder} does not reproduce its golden headlines: probabilities are off by {worst:.2g}")


def _check_file(file: Path, expected: dict[str, Any]) -> None:
    try:
        size = file.stat().st_size
    except OSError as error:
        raise ModelError(f"{file} is missing") from error
    if not file.is_file():
        raise ModelError(f"{file} is damaged: not a file")
    if size != expected["bytes"] or size > _MAX_BYTES:
        raise ModelError(f"{file} is damaged: {size} bytes, not {expected['bytes']}")
    if _sha256(file) != expected["sha256"]:
        raise ModelError(f"{file} is damaged: its content does not match its checksum")


def _sealed(manifest: dict[str, Any]) -> str:
    """Return the manifest's text with its own checksum in it, the one form that is accepted on load."""
    open_manifest = {key: value for key, value in manifest.items() if key != "sha256"}
    body = json.dumps(open_manifest, ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return json.dumps(open_manifest | {"sha256": digest}, ensure_ascii=False, sort_keys=True, indent=1) + "\n"


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """Flush a file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
