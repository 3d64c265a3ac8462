import random

import pytest

from classifier.errors import InputError
from training.corpus import Corpus
from training.generate import SLOT, Lexis, Pattern, fill, generate

LEXIS = {
    "fr": Lexis(
        "fr",
        {"sport": {"club": ["Raja"], "club-verb": ["gagne"], "venue-ma": ["Honneur"], "cup": ["Coupe {year}"]},
         "neutral": {"country-sg": ["Maroc"], "country-pl": ["Pays-Bas"]}},
        {"Raja": "le ", "Maroc": "le ", "Pays-Bas": "les "},
    )
}  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "headline"),
    [
        ("{+club} gagne", "Le Raja gagne"),
        ("la fin de {+club}", "La fin du Raja"),
        ("retour à {+country-sg}", "Retour au Maroc"),
        ("crise {@country-pl}", "Crise aux Pays-Bas"),
        ("{venue} plein", "Honneur plein"),
    ],
)
def test_slots_take_terms_with_their_grammar(pattern: str, headline: str) -> None:
    assert fill(Pattern(pattern, "sport", "fr"), LEXIS["fr"], random.Random(0)) == headline


def test_a_slot_inside_a_term_is_filled_too() -> None:
    made = fill(Pattern("{cup}", "sport", "fr"), LEXIS["fr"], random.Random(0))
    assert made.startswith("Coupe 20")


def test_a_kind_without_terms_is_an_error() -> None:
    with pytest.raises(InputError, match="no fr term of kind 'planet'"):
        fill(Pattern("{planet}", "sport", "fr"), LEXIS["fr"], random.Random(0))


def test_patterns_that_run_dry_give_what_they_can() -> None:
    assert [text for text, _ in generate([Pattern("{+club} gagne", "sport", "fr")], LEXIS, 50)] == ["Le Raja gagne"]


def test_our_patterns_all_fill_and_the_same_seed_gives_the_same_headlines(own_corpus: Corpus) -> None:
    made = own_corpus.generated(2000, seed=3)
    assert made == own_corpus.generated(2000, seed=3)
    assert made != own_corpus.generated(2000, seed=4)
    assert len({line.text for line in made}) == 2000
    assert not [line.text for line in made if SLOT.search(line.text) or "{" in line.text]
    for pattern in own_corpus.patterns:
        assert fill(pattern, own_corpus.lexis[pattern.lang], random.Random(0))
