import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import terms

texts = st.text(max_size=200)


@pytest.mark.parametrize(
    ("headline", "folded"),
    [
        ("Météo : L'Équipe", "meteo l equipe"),
        ("STRASSE Straße", "strasse strasse"),
        ("الأمطارُ الغزيرة", "الامطار الغزيرة"),
        ("الـمـغـرب", "المغرب"),
        ("٢٠٢٦ ２０２６ 2026", "2026 2026 2026"),
        ("ﷺ", "صلى الله عليه وسلم"),
        ("2-1, 6,2 MMDH", "2 1 6 2 mmdh"),
        ("\u00a0\u202f\t\n", ""),
        ("a\u200db soft\u00adhyphen", "ab softhyphen"),
        ("\ud800", ""),
    ],
)
def test_folding_keeps_words_and_drops_case_marks_and_punctuation(headline: str, folded: str) -> None:
    assert terms.fold(headline) == folded


@given(texts)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert terms.fold(terms.fold(text)) == terms.fold(text)


@given(texts, texts)
def test_folding_is_decided_character_by_character(left: str, right: str) -> None:
    assert terms.words(f"{left} {right}") == terms.words(left) + terms.words(right)


@given(texts)
def test_located_words_are_the_words(text: str) -> None:
    assert [word.text for word in terms.locate(text)] == terms.words(text)


@given(texts)
def test_located_words_fold_from_where_they_say(text: str) -> None:
    for word in terms.locate(text):
        assert 0 <= word.start < word.end <= len(text)
        assert word.text in terms.fold(text[word.start : word.end])


def test_eighty_thousand_combining_marks_are_one_short_word() -> None:
    assert terms.words("e" + "\u0301\u0323" * 40_000) == ["e"]
