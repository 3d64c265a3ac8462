"""The three ways to add up a headline's rows give the same sums."""

import shutil

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classifier import Classifier
from classifier.sums import COMPILED, Sums
from classifier.terms import words
from training.corpus import Corpus

# Letters of the corpus beside whatever else there is: so words are known, half known and unknown.
TEXTS = st.lists(
    st.text(st.sampled_from("aeiourslntmdp àéçœ ﬁ½ ـًابتمن\n\t-_' 2٣") | st.characters(), max_size=60), max_size=20
)


@pytest.fixture(scope="module")
def ways(model: Classifier) -> tuple[Sums, Sums]:
    return Sums(model.weights), Sums(model.weights, compiled=False)


def test_the_compiled_code_is_there_where_it_can_be_built() -> None:
    assert COMPILED or not shutil.which("cc")


@settings(max_examples=300, deadline=None)
@given(TEXTS)
@example(["", "a", " ", "\n", "\x00", "\ud800", "ﷺ ﷺ", "½½½", "a" * 3000, "Raja " * 500])
def test_any_texts_have_the_same_sums_in_all_ways(ways: tuple[Sums, Sums], texts: list[str]) -> None:
    compiled, plain = ways
    sums, letters = compiled.many(texts)
    by_keys, letters_by_keys = plain.many(texts)
    assert sums.shape == by_keys.shape == (len(texts), plain.weights.table.shape[1])
    assert letters.tolist() == letters_by_keys.tolist() == [len("".join(words(text))) for text in texts]
    assert np.abs(sums - by_keys).max(initial=0) < 1e-9
    for text, row, count in zip(texts, sums, letters, strict=True):
        for way in ways:
            alone, letters_alone = way.one(text)
            assert letters_alone == count
            assert alone == pytest.approx(row.tolist(), abs=1e-9)


def test_the_whole_corpus_gets_the_same_probabilities_in_both_ways(model: Classifier, own_corpus: Corpus) -> None:
    texts = [line.text for line in own_corpus.lines] + own_corpus.foreign
    plain = Classifier(model.weights, compiled=False)
    assert np.abs(model.probabilities(texts) - plain.probabilities(texts)).max() < 1e-12
    assert np.abs(model.familiarity(texts) - plain.familiarity(texts)).max() < 1e-9


def test_what_each_word_adds_is_what_the_headline_adds_up_to(ways: tuple[Sums, Sums]) -> None:
    headline = "Averses orageuses attendues lundi sur le Rif, xyzzyplugh"
    assert ways[1].by_word(headline).sum(axis=0) == pytest.approx(ways[1].one(headline)[0], abs=1e-9)


def test_headlines_without_words_add_up_to_nothing(ways: tuple[Sums, Sums]) -> None:
    for way in ways:
        sums, letters = way.many(["", "…", "\u200f"])
        assert not sums.any()
        assert not letters.any()
