"""Train and publish: from a corpus to a model folder in force."""

import hashlib
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.pipeline import Pipeline

from classifier import storage
from classifier.errors import ModelError
from training import versions
from training.corpus import Corpus
from training.fit import Recipe, Trained, fit

_PACKAGES = ("numpy", "scipy", "scikit-learn", "joblib")
_GOLDEN = 50


def train(models: Path, corpus: Corpus, recipe: Recipe, tell: Callable[[str], None] = lambda _: None) -> str:
    """Train a model, publish it and return its version.

    Raises:
        InputError: a lexicon cannot be used with this corpus.
    """
    trained = fit(corpus, recipe, tell)
    tell("writing the model")
    return publish(models, corpus, recipe, trained)


def publish(models: Path, corpus: Corpus, recipe: Recipe, trained: Trained, **facts: object) -> str:
    """Write and publish what was trained and return its version; the oldest versions go.

    Args:
        facts: what the manifest tells beside what it always does.
    """
    with storage.staging(models) as folder:
        joblib.dump(trained.pipeline, folder / "pipeline.joblib", compress=3)
        told = _facts(corpus, recipe, trained) | facts
        version = storage.write(folder, trained.weights, _golden(corpus), told)
        storage.publish(models, folder, version)
    versions.prune(models)
    return version


def up_to_date(models: Path, corpus: Corpus, recipe: Recipe) -> str | None:
    """Return the current version if it is whole and was trained from just this; None otherwise."""
    try:
        version = storage.current(models)
        manifest = storage.read_manifest(models / version)
    except ModelError:
        return None
    return version if manifest.get("made_from") == made_from(corpus, recipe) else None


def load_pipeline(folder: Path) -> Pipeline:
    """Unpickle the scikit-learn pipeline of a version's folder, after checking that it is ours and can be read.

    Raises:
        ModelError: the folder is damaged, or another version of a package would read the pipeline.
    """
    manifest = storage.read_manifest(folder)
    for package, written_by in manifest["packages"].items():
        if package in _PACKAGES and package_version(package) != written_by:
            raise ModelError(
                f"{folder / 'pipeline.joblib'} was written with {package} {written_by}, "
                f"here is {package_version(package)}: train the model again"
            )
    pipeline = joblib.load(folder / "pipeline.joblib")
    if not isinstance(pipeline, Pipeline):
        raise ModelError(f"{folder / 'pipeline.joblib'} is not a scikit-learn pipeline")
    return pipeline


def _facts(corpus: Corpus, recipe: Recipe, trained: Trained) -> dict[str, Any]:
    counts = {kind: len(corpus.of_kind(kind)) for kind in ("headline", "term")}
    return {
        "made_from": made_from(corpus, recipe),
        "data": {
            "fingerprint": corpus.fingerprint(),
            "headlines": counts["headline"],
            "terms": counts["term"],
            "lexicons": [{"terms": len(x.terms), "headlines": x.headlines, **x.figures} for x in trained.lexicons],
        },
        "recipe": vars(recipe),
        "packages": {"python": platform.python_version()} | {name: package_version(name) for name in _PACKAGES},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def made_from(corpus: Corpus, recipe: Recipe) -> str:
    """Return a digest of all that decides the outcome: data, recipe, code and scikit-learn."""
    digest = hashlib.sha256(f"{corpus.fingerprint()} {recipe} {package_version('scikit-learn')}".encode())
    here = Path(__file__).parent
    for file in sorted([*here.glob("*.py"), *(here.parent / "classifier").glob("*.py")]):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _golden(corpus: Corpus) -> list[str]:
    """Return headlines of the corpus, spread over its topics and languages, that every load must reproduce."""
    lines = corpus.of_kind("headline") or corpus.lines
    picked = np.linspace(0, len(lines) - 1, min(_GOLDEN, len(lines))).astype(int)
    return [lines[i].text for i in picked]
