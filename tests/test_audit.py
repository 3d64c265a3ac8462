from dataclasses import replace

import pytest

from tests.conftest import SMALL
from training import audit
from training.corpus import Corpus
from training.resemblance import groups


def test_planted_label_errors_are_found_in_the_first_half(small_corpus: Corpus) -> None:
    headlines = small_corpus.of_kind("headline")
    clear = [i for i, line in enumerate(small_corpus.lines) if line in headlines and line.topic in ("sport", "weather")]
    planted = clear[::40]
    lines = list(small_corpus.lines)
    for i in planted:
        lines[i] = replace(lines[i], topic="economy")
    found = audit.doubts(replace(small_corpus, lines=lines), SMALL)
    first = {doubt.line.text for doubt in found[: len(found) // 2]}
    caught = [lines[i].text in first for i in planted]
    assert len(planted) >= 5
    assert sum(caught) >= len(planted) / 2
    assert len(found) < len(headlines) / 3
    assert all(doubt.suggested != doubt.line.topic for doubt in found)


@pytest.mark.parametrize(
    ("texts", "same"),
    [
        (["le raja bat le wydad", "le raja bat le wydad hier", "pluie demain à fès"], [(0, 1)]),
        (["a b c d", "a b c e", "a b e f", "x y z"], [(0, 1), (1, 2)]),
        (["un", "deux"], []),
    ],
)
def test_texts_that_share_most_words_are_in_one_group(texts: list[str], same: list[tuple[int, int]]) -> None:
    found = groups(texts)
    for i, j in same:
        assert found[i] == found[j]
    assert len(set(found)) == len(texts) - len(same)
