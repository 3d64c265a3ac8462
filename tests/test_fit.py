from collections import defaultdict

import pytest

from tests.conftest import SMALL
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
