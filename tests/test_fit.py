from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from classifier import Classifier
from tests.conftest import SMALL
from training import passes
from training.corpus import Corpus, Line
from training.fit import Trained, _balance, fit


def test_topics_weigh_the_same_within_a_language_and_languages_keep_their_total() -> None:
    counts = {("sport", "fr"): 30, ("other", "fr"): 10, ("sport", "ar"): 2, ("other", "ar"): 6}
    lines = [Line("a", topic, lang, "term", "f") for (topic, lang), n in counts.items() for _ in range(n)]
    mass: defaultdict[tuple[str, str], float] = defaultdict(float)
    for line, weight in zip(lines, _balance(lines, [1.0] * len(lines)), strict=True):
        mass[line.topic, line.lang] += weight
    assert mass == pytest.approx({("sport", "fr"): 20, ("other", "fr"): 20, ("sport", "ar"): 4, ("other", "ar"): 4})


def test_a_name_that_stands_in_one_headline_is_not_a_term(small_corpus: Corpus) -> None:
    lonely = Line("Zinedoune Tartanpion bat le semi-marathon", "sport", "fr", "headline", "f")
    corpus = Corpus([*small_corpus.lines, lonely], small_corpus.neutral, small_corpus.patterns)
    trained = fit(corpus, SMALL)
    words, _ = trained.weights.rows()
    assert "le" in words
    assert not {"zinedoune", "tartanpion", "zinedoune tartanpion"} & set(words)


def test_without_an_archive_the_model_is_calibrated_on_headlines_held_out(small_trained: Trained) -> None:
    assert small_trained.lexicons == []
    assert 0 < small_trained.weights.threshold < 1


def test_too_many_lines_for_one_matrix_are_fitted_in_passes_with_nearly_the_same_answers(
    small_corpus: Corpus, small_trained: Trained
) -> None:
    in_passes = fit(small_corpus, replace(SMALL, exact_lines=1000))
    assert len(small_corpus.lines) > 1000
    texts = [line.text for line in small_corpus.of_kind("headline")]
    ours = Classifier(in_passes.weights).probabilities(texts)
    order = [list(in_passes.pipeline.classes_).index(topic) for topic in in_passes.weights.topics]
    assert np.abs(in_passes.pipeline.predict_proba(texts)[:, order] - ours).max() < 1e-6
    exact = Classifier(small_trained.weights).probabilities(texts)
    assert (ours.argmax(axis=1) == exact.argmax(axis=1)).mean() > 0.9


def test_terms_that_are_not_among_the_most_frequent_make_room() -> None:
    texts = [f"mot{i} pluie" for i in range(300)] + ["neige pluie"] * 5
    few = passes.features(texts, {"ovni"}, [], passes.PassRecipe(max_terms=40))
    words = few["words"]["count"].vocabulary_
    assert {"pluie", "neige", "neige pluie", "ovni"} == set(words)
    assert len(few["chars"]["count"].vocabulary_) == 40
