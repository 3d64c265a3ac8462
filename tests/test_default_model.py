"""The model that `make train` makes from what is in the repository; `make test` trains it first."""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

import classifier
from classifier import Classifier, storage
from training import publish
from training.corpus import Corpus

ROOT = Path(__file__).parent.parent
MODELS = ROOT / "models"
FOREIGN = [line.split("\t") for line in (ROOT / "tests/data/foreign.tsv").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def default() -> Classifier:
    return classifier.load(MODELS)


@pytest.mark.parametrize(
    ("headline", "topic"),
    [
        ("Botola : le Raja s'impose face au Wydad dans le derby", "sport"),
        ("Le chef du gouvernement présente le bilan de sa majorité au Parlement", "politics"),
        ("Bank Al-Maghrib maintient son taux directeur à 2,25 %", "economy"),
        ("Fortes averses orageuses attendues lundi dans plusieurs provinces", "weather"),
        ("Accident de la route près de Settat : trois morts", "other"),
        ("المنتخب المغربي يفوز على زامبيا في تصفيات المونديال", "sport"),
        ("مجلس النواب يصادق على مشروع قانون", "politics"),
        ("أسعار النفط ترتفع بعد قرار أوبك", "economy"),
        ("أمطار رعدية وثلوج مرتقبة بعدد من المناطق", "weather"),
        ("Central bank raises interest rates again", "economy"),
        ("Heavy snow closes mountain passes", "weather"),
        ("El Real Madrid golea al Valencia en el Bernabéu", "sport"),
        ("El Congreso aprueba la moción de censura contra el presidente", "politics"),
        ("Coup de froid entre Rabat et Paris après le rappel de l'ambassadeur", "politics"),
    ],
)
def test_plain_headlines_in_four_languages_get_their_topic(default: Classifier, headline: str, topic: str) -> None:
    [prediction] = default.classify([headline], threshold=0)
    assert prediction.label == topic


def test_nineteen_in_twenty_foreign_lines_of_every_kind_are_unfamiliar(default: Classifier) -> None:
    kinds = defaultdict(list)
    for (kind, text), prediction in zip(FOREIGN, default.classify(text for _, text in FOREIGN), strict=True):
        kinds[kind].append((prediction.reason == "unfamiliar", text))
    every = [told for found in kinds.values() for told, _ in found]
    assert np.mean(every) >= 0.95
    for kind in ("de", "it", "tr", "zh", "gib", "code", "num"):
        missed = [text for told, text in kinds[kind] if not told]
        assert len(missed) <= max(1, len(kinds[kind]) // 20), (kind, missed)


def test_no_line_of_the_foreign_test_is_trained_on(own_corpus: Corpus) -> None:
    assert not {text for _, text in FOREIGN} & set(own_corpus.foreign)


def test_one_headline_in_fifty_of_ours_at_most_is_unfamiliar(default: Classifier, own_corpus: Corpus) -> None:
    predictions = default.classify(line.text for line in own_corpus.of_kind("headline"))
    assert np.mean([prediction.reason == "unfamiliar" for prediction in predictions]) <= 0.02


def test_the_default_model_agrees_with_its_pipeline(default: Classifier, own_corpus: Corpus) -> None:
    pipeline = publish.load_pipeline(MODELS / storage.current(MODELS))
    texts = [line.text for line in own_corpus.of_kind("headline")[::3]] + [text for _, text in FOREIGN]
    order = [list(pipeline.classes_).index(topic) for topic in default.topics]
    assert np.abs(pipeline.predict_proba(texts)[:, order] - default.probabilities(texts)).max() < 1e-6


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak memory from /proc")
def test_loaded_it_takes_less_than_120_megabytes() -> None:
    code = f"""
import classifier
classifier.load({str(MODELS)!r}).classify(["Le Raja bat le Wydad"])
print(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=True)
    assert int(done.stdout) < 120 * 1024
