"""Calibration, evaluation and resemblance: the arithmetic behind every figure that is quoted."""

import json
from pathlib import Path

import numpy as np
import pytest

from classifier import Classifier, InputError
from training import calibrate, evaluate, report, softmax
from training.corpus import Corpus, Line
from training.evaluate import Item
from training.resemblance import close_lines

TOPICS = ["sport", "weather"]


def test_temperature_undoes_overconfidence() -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(size=(4000, 3)) * 2
    truth = np.array([rng.choice(3, p=row) for row in softmax.softmax(honest)])
    probabilities = softmax.softmax(honest)
    right = probabilities.argmax(axis=1) == truth
    assert calibrate.temperature(honest * 2.5, right) == pytest.approx(2.5, rel=0.1)
    assert calibrate.expected_calibration_error(probabilities.max(axis=1), right) < 0.02
    boasting = softmax.softmax(honest * 2.5)
    assert calibrate.expected_calibration_error(boasting.max(axis=1), right) > 0.08


def test_the_threshold_is_where_the_accuracy_is_reached() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    right = np.array([True, True, True, False, False])
    assert calibrate.threshold(confidence, right, 1.0) == 0.7
    assert calibrate.threshold(confidence, right, 0.74) == 0.6
    assert calibrate.threshold(confidence, right, 0.5) == 0.0
    assert calibrate.threshold(confidence, ~right, 1.0) == 0.9


def test_soft_regression_finds_what_the_offset_lacks() -> None:
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(1)
    features = rng.normal(size=(3000, 4))
    coef = np.array([[2, -2], [0, 0], [-1, 1], [0.5, -0.5]])
    targets = softmax.softmax(features @ coef)
    known = np.zeros_like(coef)
    known[0] = coef[0]
    found, intercept = softmax.fit(csr_matrix(features), targets, offset=features @ known, c=100.0)
    assert np.allclose(found, coef - known, atol=0.05)
    assert np.allclose(intercept, 0, atol=0.05)


def test_a_second_label_counts_as_right() -> None:
    items = [Item("a", "sport", "weather", "s", "fr"), Item("b", "sport", "", "s", "fr")]
    both = np.array([[0.1, 0.9], [0.2, 0.8]])
    scores = evaluate.score(items, both, TOPICS, 0.85, np.array([True, True]))
    assert scores.accuracy == 0.5
    assert scores.coverage == 0.5
    assert scores.covered_accuracy == 1.0
    assert scores.macro_f1 == pytest.approx((0 + 2 / 3) / 2)


def test_groups_are_sets_and_their_languages_in_order() -> None:
    items = [
        Item("a", "sport", "", "gold", "ar"),
        Item("b", "sport", "", "gold", "fr"),
        Item("c", "sport", "", "x", ""),
    ]
    assert list(evaluate.groups(items)) == ["gold", "gold fr", "gold ar", "x"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("headline\tset\nx\ty\n", "no column label"),
        ("headline\tlabel\nx\tgolf\n", "2: unknown topic 'golf'"),
        ("headline\tlabel\talt\nx\tsport\tgolf\n", "2: unknown topic"),
        ("headline\tlabel\n", "nothing to evaluate on"),
    ],
)
def test_a_bad_evaluation_file_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "eval.tsv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=complaint):
        evaluate.read_items([file], TOPICS)


def test_a_corpus_line_close_to_a_real_one_is_found() -> None:
    def corpus(text: str) -> Corpus:
        return Corpus([Line(text, "sport", "fr", "headline", "file.tsv")])

    real = ["Le Raja de Casablanca bat le Wydad en finale de la coupe du Trône", "Court"]
    [told] = close_lines(corpus("Le Raja de Casablanca bat le Wydad en demi-finale de la coupe du Trône"), real)
    assert told.startswith("file.tsv: too close to a real headline: Le Raja")
    assert close_lines(corpus(real[0]), real)
    assert not close_lines(corpus("Le Wydad de Casablanca affronte Mamelodi Sundowns en Ligue des champions"), real)
    assert not close_lines(corpus("Court"), real)


def test_the_report_is_one_page_with_its_figures_beside_it(model: Classifier, tmp_path: Path) -> None:
    items = [Item(f"Le Raja bat le Wydad {i} <script>alert(1)</script>", "sport", "", "gold", "fr") for i in range(12)]
    items += [Item(f"Averses orageuses sur le Rif {i}", "weather", "", "gold", "ar") for i in range(12)]
    items += [Item("Averses de buts au stade", "sport", "", "gold", "fr")]
    rows = [report.scores_by_group(items, model)]
    page = report.write(tmp_path, items, model, rows).read_text(encoding="utf-8")
    assert "<svg" in page
    assert "<script>alert" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    told = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert told["models"][0]["scores"]["gold"]["count"] == 25
    assert "gold fr" in report.table(rows)
