from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from classifier import keys, terms
from classifier.index import Index

headlines = st.lists(st.text(max_size=60), max_size=6)
folded_words = st.text(alphabet=st.characters(categories=["Ll", "Lo", "Nd"]), min_size=1, max_size=12)


@given(headlines)
def test_a_batch_holds_the_words_of_each_headline(texts: list[str]) -> None:
    batch = keys.read(texts)
    expected = [terms.words(text) for text in texts]
    every = [word for found in expected for word in found]
    assert batch.counts.tolist() == [len(found) for found in expected]
    assert batch.lengths.tolist() == [len(word) for word in every]
    assert "".join(map(chr, batch.letters)) == "".join(every)
    assert batch.keys.tolist() == keys.keys(every).tolist()


@given(headlines)
def test_a_batch_holds_the_word_pairs_of_each_headline(texts: list[str]) -> None:
    expected = []
    for text in texts:
        found = terms.words(text)
        expected += [f"{left} {right}" for left, right in pairwise(found)] + [None] * bool(found)
    of_pairs = [0 if pair is None else int(keys.keys([pair])[0]) for pair in expected]
    assert keys.pair_keys(keys.read(texts)).tolist() == of_pairs


@given(st.lists(folded_words, min_size=1, max_size=5))
def test_character_ngrams_are_those_of_scikit_learn(words: list[str]) -> None:
    analyse = CountVectorizer(analyzer="char_wb", ngram_range=(2, 5), lowercase=False).build_analyzer()
    theirs = [ngram for word in words for ngram in analyse(word)]
    letters = np.array([ord(letter) for word in words for letter in word], dtype=np.uint64)
    ours, rows = keys.ngram_keys(letters, np.array([len(word) for word in words]))
    last_space = keys.keys([" "]).tolist()
    assert set(ours.ravel().tolist()) == set(keys.keys(theirs).tolist() + last_space)
    assert sum(len(set(row) - set(last_space)) for row in ours.tolist()) == len(theirs)
    assert rows.tolist() == [len(word) + 2 for word in words]


def test_the_key_of_a_text_is_its_polynomial() -> None:
    r = keys.RADIX
    assert keys.keys(["ab", "", "b"]).tolist() == [(97 * r + 98 * r**2) % 2**64, 0, 98 * r % 2**64]


@pytest.mark.parametrize("text", ["\ud800", "a\nb", "ﬁn ½ ﷺ…", "e\u0301\u0301", "\u202eabc", "A\x00B"])
def test_odd_characters_fold_as_they_do_one_by_one(text: str) -> None:
    assert keys.read([text, "fin"]).counts.tolist() == [len(terms.words(text)), 1]
    assert keys.read([text]).keys.tolist() == keys.keys(terms.words(text)).tolist()


def test_folding_a_folded_character_changes_nothing() -> None:
    for code in range(0x110000):
        folded = terms.FOLDED[code]
        assert folded.translate(terms.FOLDED) == folded


@given(st.sets(st.integers(1, 2**64 - 1), max_size=200), st.lists(st.integers(0, 2**64 - 1), max_size=50))
def test_an_index_finds_what_it_holds_and_nothing_else(held: set[int], others: list[int]) -> None:
    wanted = np.array(sorted(held), dtype=np.uint64)
    index = Index.of(wanted)
    assert index.find(wanted).tolist() == list(range(1, len(held) + 1))
    absent = np.array([other for other in others if other not in held], dtype=np.uint64)
    assert not index.find(absent).any()


def test_keys_that_want_the_same_slot_are_all_found() -> None:
    crowded = np.arange(1, 400, dtype=np.uint64)
    assert Index.of(crowded).find(crowded).tolist() == list(range(1, 400))


def test_two_terms_that_share_a_key_are_told() -> None:
    with pytest.raises(ValueError, match="share a key"):
        Index.of(np.array([7, 7], dtype=np.uint64))
