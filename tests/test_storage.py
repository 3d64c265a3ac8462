import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from classifier import Classifier, ModelError, load, storage
from tests.conftest import SMALL
from training import publish
from training.corpus import Corpus
from training.fit import fit


@pytest.fixture
def folder(models: Path, tmp_path: Path) -> Path:
    """A copy of the published version that a test may damage."""
    return Path(shutil.copytree(models / storage.current(models), tmp_path / storage.current(models)))


def reseal(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8")) | changes
    (folder / "manifest.json").write_text(storage._sealed(manifest), encoding="utf-8")


def test_a_model_is_loaded_from_the_models_folder_its_own_folder_or_the_environment(
    models: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADLINES_MODELS", str(models))
    versions = {load(models).version, load(folder).version, load().version, load(str(folder)).version}
    assert versions == {storage.current(models)}


@pytest.mark.parametrize("name", ["table.npy", "words.keys.npy", "vocabulary.txt", "pipeline.joblib", "manifest.json"])
def test_a_missing_file_is_told(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=r"missing|cannot read|no model"):
        load(folder)


@pytest.mark.parametrize("name", ["table.npy", "words.keys.npy", "vocabulary.txt", "pipeline.joblib", "manifest.json"])
def test_a_flipped_bit_anywhere_is_told(folder: Path, name: str) -> None:
    file = folder / name
    whole = file.read_bytes()
    chosen = random.Random(name)
    for _ in range(40):
        damaged = bytearray(whole)
        damaged[chosen.randrange(len(whole))] ^= 1 << chosen.randrange(8)
        file.write_bytes(damaged)
        with pytest.raises(ModelError):
            load(folder)
    file.write_bytes(whole)
    assert load(folder)


@pytest.mark.parametrize("name", ["table.npy", "words.keys.npy", "vocabulary.txt", "manifest.json"])
def test_a_cut_file_is_told(folder: Path, name: str) -> None:
    file = folder / name
    file.write_bytes(file.read_bytes()[:-7])
    with pytest.raises(ModelError, match="damaged"):
        load(folder)


def test_another_format_number_is_told(folder: Path) -> None:
    reseal(folder, format=99)
    with pytest.raises(ModelError, match="format 99, this version reads format 2"):
        load(folder)


def test_weights_that_do_not_reproduce_the_golden_headlines_are_refused(folder: Path) -> None:
    golden = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["golden"]
    golden[3][1] = golden[3][1][::-1]
    reseal(folder, golden=golden)
    with pytest.raises(ModelError, match="golden"):
        load(folder)


def overwrite(folder: Path, name: str, array: np.ndarray, allow_pickle: bool = False) -> None:
    """Put another array into a model, with every checksum made right again."""
    file = folder / f"{name}.npy"
    np.save(file, array, allow_pickle=allow_pickle)
    files = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    files[file.name] = {"bytes": file.stat().st_size, "sha256": storage._sha256(file)}
    reseal(folder, files=files)


def test_numbers_that_are_not_finite_are_refused(folder: Path) -> None:
    table = np.load(folder / "table.npy")
    table[5, 1] = np.nan
    overwrite(folder, "table", table)
    with pytest.raises(ModelError, match="table is not of the shape"):
        load(folder)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("table", lambda table: table[:-1]),
        ("table", lambda table: table[:, :-1]),
        ("table", lambda table: table.astype(np.float64)),
        ("table", lambda table: table + 1),
        ("intercept", lambda table: table[:-1]),
        ("intercept", lambda table: table[0]),
        ("words.slots", lambda slots: slots * 1000),
        ("words.slots", lambda slots: np.maximum(slots, 1)),
        ("words.slots", lambda slots: slots[:-1]),
        ("words.keys", lambda keys: keys[: len(keys) // 2]),
        ("words.keys", lambda keys: keys.astype(np.int64)),
    ],
)
def test_tables_that_do_not_fit_together_are_refused(
    folder: Path, name: str, damage: Callable[[np.ndarray], np.ndarray]
) -> None:
    overwrite(folder, name, damage(np.load(folder / f"{name}.npy")))
    with pytest.raises(ModelError, match=r"is not of the shape"):
        load(folder)


def test_pickled_arrays_are_refused(folder: Path) -> None:
    overwrite(folder, "table", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ModelError, match="damaged"):
        load(folder)


@pytest.mark.parametrize(
    "pointer", ["", "[]", "{}", '{"version": 3}', '{"version": "../elsewhere"}', '{"version": ".."}']
)
def test_a_damaged_pointer_is_told(tmp_path: Path, pointer: str) -> None:
    (tmp_path / "current.json").write_text(pointer)
    with pytest.raises(ModelError, match=r"current.json is damaged"):
        load(tmp_path)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"version": "\\ud800"}', '{"version": "' + "x" * 5000 + '"}', "\0"])
def test_a_pointer_or_manifest_that_no_parser_likes_is_told(folder: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "current.json").write_text(text)
    (folder / "manifest.json").write_text(text)
    for path in (tmp_path, folder):
        with pytest.raises(ModelError):
            load(path)


@pytest.mark.parametrize("name", ["table.npy", "manifest.json"])
def test_a_pipe_in_the_place_of_a_file_is_told_and_not_waited_for(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(ModelError, match="damaged"):
        storage.read_manifest(folder)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"files": {}}, "files leaves out"),
        ({"files": []}, "files does not give"),
        ({"topics": ["a", "a"]}, "topics is not"),
        ({"topics": 5}, "topics is not"),
        ({"threshold": float("nan")}, "threshold"),
        ({"known_share": "0.3"}, "known_share"),
        ({"familiarity": float("inf")}, "familiarity"),
        ({"golden": [["a", [1.0]]]}, "golden"),
        ({"golden": []}, "golden"),
    ],
)
def test_a_sealed_manifest_without_what_a_model_needs_is_refused(
    folder: Path, change: dict[str, object], complaint: str
) -> None:
    reseal(folder, **change)
    with pytest.raises(ModelError, match=complaint):
        load(folder)


def test_a_negative_norm_is_refused(folder: Path) -> None:
    table = np.load(folder / "table.npy")
    table[5, -2] = -1
    overwrite(folder, "table", table)
    with pytest.raises(ModelError, match="table is not"):
        load(folder)


def test_no_model_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="run `make train` first"):
        load(tmp_path)


def test_publishing_makes_current_and_leaves_nothing_else_behind(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "models"
    with storage.staging(target) as staged:
        for file in folder.iterdir():
            shutil.copy(file, staged)
        storage.publish(target, staged, folder.name)
    assert {path.name for path in target.iterdir()} == {folder.name, "current.json"}
    assert load(target).version == folder.name


def test_a_publication_that_fails_keeps_the_model_in_force(models: Path) -> None:
    before = storage.current(models)

    def die_halfway() -> None:
        with storage.staging(models) as staged:
            (staged / "table.npy").write_bytes(b"half")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        die_halfway()
    assert storage.current(models) == before
    assert not list(models.glob(".staging-*"))
    assert load(models).version == before


def test_publishing_the_same_again_repairs_a_damaged_copy(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "models"
    target.mkdir()
    broken = Path(shutil.copytree(folder, target / folder.name))
    (broken / "vocabulary.txt").write_text("damaged")
    with storage.staging(target) as staged:
        for file in folder.iterdir():
            shutil.copy(file, staged)
        storage.publish(target, staged, folder.name)
    assert load(target).version == folder.name


def test_the_same_corpus_gives_the_same_model_bit_for_bit(models: Path, small_corpus: Corpus, tmp_path: Path) -> None:
    version = publish.train(tmp_path, small_corpus, SMALL)
    assert version == storage.current(models)
    for name in ("table.npy", "words.keys.npy", "ngrams.slots.npy", "vocabulary.txt"):
        assert (tmp_path / version / name).read_bytes() == (models / version / name).read_bytes()


def test_the_pipeline_of_another_scikit_learn_is_refused(folder: Path) -> None:
    packages = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["packages"]
    reseal(folder, packages=packages | {"scikit-learn": "0.1"})
    with pytest.raises(ModelError, match=r"written with scikit-learn 0\.1"):
        publish.load_pipeline(folder)


def test_the_stored_pipeline_agrees_with_the_stored_weights(folder: Path, small_corpus: Corpus) -> None:
    pipeline = publish.load_pipeline(folder)
    model = load(folder)
    texts = [line.text for line in small_corpus.lines]
    order = [list(pipeline.classes_).index(topic) for topic in model.topics]
    assert np.abs(pipeline.predict_proba(texts)[:, order] - model.probabilities(texts)).max() < 1e-6


def test_a_newsroom_with_two_topics_of_its_own_trains_without_touching_code(tmp_path: Path) -> None:
    from training.read import read

    rows = ["headline,label"]
    rows += [f"Festival de musique numéro {i},culture" for i in range(12)]
    rows += [f"École et lycée de la ville {i},society" for i in range(12)]
    (tmp_path / "mine.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    trained = fit(read([tmp_path / "mine.csv"]), SMALL)
    model = Classifier(trained.weights)
    [prediction] = model.classify(["Un festival de musique"], threshold=0)
    assert (prediction.label, prediction.iptc) == ("culture", None)
    texts = ["Un festival", "Une école", "rien de tout cela"]
    assert list(trained.pipeline.classes_) == ["culture", "society"]
    assert np.abs(trained.pipeline.predict_proba(texts) - model.probabilities(texts)).max() < 1e-6
