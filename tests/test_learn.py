import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifier import Classifier, InputError
from classifier.terms import fold
from tests.conftest import SMALL
from training import archive, lexicon, teacher
from training.corpus import Corpus
from training.fit import fit, fit_base
from training.learn import LearnRecipe, digest, frequent_terms, learn
from training.lexicon import Lexicon
from training.read import read

RECIPE = LearnRecipe(min_headlines=3, min_ngram_headlines=20, folds=2)


@pytest.fixture
def archive_file(tmp_path: Path) -> Path:
    """Headlines about a sport nobody wrote into the corpus, and about a tax nobody knows, by two outlets."""
    rows = ["headline\tlabel\tsource"]
    # In several phrases, so that it is the new words that stand for the topic and not those around them.
    games = (
        "Quadriboule : le zorbec {} domine la finale",
        "Finale {} : un zorbec au quadriboule",
        "Zorbec {}, quadriboule et fête",
    )
    taxes = (
        "La gabelle {} pèse encore sur le budget",
        "Budget : haro {} sur une gabelle",
        "Gabelle : {} communes touchées",
    )
    for i in range(30):
        rows.append(f"{games[i % 3].format(i)}\tsport\toutlet{i % 4}")
        rows.append(f"{taxes[i % 3].format(i)}\teconomy\toutlet{i % 4}")
    file = tmp_path / "archive.tsv"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return file


@pytest.fixture
def no_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teacher, "find_encoder", lambda: None)


@pytest.mark.usefixtures("no_teacher")
def test_an_archive_teaches_words_the_corpus_did_not_know(
    small_corpus: Corpus, small_corpus_folder: Path, archive_file: Path
) -> None:
    lines = archive.read([archive_file], small_corpus.topics, trust=1.0)
    learned = learn(small_corpus, [], lines, recipe=RECIPE, base_recipe=SMALL)
    assert learned.teacher.startswith("none installed")
    folder = small_corpus_folder / "lexicon"
    learned.lexicon.save(folder / "10-test.tsv")
    try:
        model = Classifier(fit(read([small_corpus_folder]), SMALL).weights)
    finally:
        (folder / "10-test.tsv").unlink()
        folder.rmdir()
    before = Classifier(fit(small_corpus, SMALL).weights)
    texts = ["Quadriboule, le zorbec encore", "Une gabelle de plus"]
    for text, topic in zip(texts, ["sport", "economy"], strict=True):
        probability = model.classify([text])[0].probabilities[topic]
        assert probability > 0.5
        assert probability > before.classify([text])[0].probabilities[topic]


@pytest.mark.usefixtures("no_teacher")
def test_what_the_corpus_knows_is_rehearsed_while_an_archive_is_learned(small_corpus: Corpus, tmp_path: Path) -> None:
    known = next(line.text for line in small_corpus.of_kind("term") if line.topic == "weather" and line.text.isalpha())
    rows = [f"{known} gabelle {i}\teconomy\toutlet{i % 4}" for i in range(60)]
    (tmp_path / "archive.tsv").write_text("\n".join(["headline\tlabel\tsource", *rows]) + "\n", encoding="utf-8")
    lines = archive.read([tmp_path / "archive.tsv"], small_corpus.topics, trust=1.0)
    column, kept = small_corpus.topics.index("weather"), {}
    for rehearsal in (0.0, 1.0):
        layer = learn(small_corpus, [], lines, recipe=replace(RECIPE, rehearsal=rehearsal), base_recipe=SMALL).lexicon
        word = layer.terms.index(fold(known))
        kept[rehearsal] = layer.weights[word, column] + layer.intercept[column]
    assert kept[1.0] > kept[0.0] + 0.5


@pytest.mark.usefixtures("no_teacher")
def test_the_model_with_a_lexicon_agrees_with_its_pipeline(
    small_corpus: Corpus, small_corpus_folder: Path, archive_file: Path
) -> None:
    lines = archive.read([archive_file], small_corpus.topics)
    layer = learn(small_corpus, [], lines, recipe=RECIPE, base_recipe=SMALL).lexicon
    layer.save(small_corpus_folder / "lexicon" / "10-test.tsv")
    try:
        trained = fit(read([small_corpus_folder]), SMALL)
    finally:
        (small_corpus_folder / "lexicon" / "10-test.tsv").unlink()
        (small_corpus_folder / "lexicon").rmdir()
    texts = [line.headline for line in lines] + [line.text for line in small_corpus.lines]
    order = [list(trained.pipeline.classes_).index(topic) for topic in trained.weights.topics]
    ours = Classifier(trained.weights).probabilities(texts)
    assert np.abs(ours - trained.pipeline.predict_proba(texts)[:, order]).max() < 1e-6
    assert trained.weights.threshold == pytest.approx(layer.figures["threshold"], abs=1e-4)


@pytest.mark.usefixtures("no_teacher")
def test_ngrams_of_an_archive_are_learned_where_the_corpus_has_them(
    small_corpus: Corpus, archive_file: Path, tmp_path: Path
) -> None:
    lines = archive.read([archive_file], small_corpus.topics, trust=1.0)
    layer = learn(small_corpus, [], lines, recipe=RECIPE, base_recipe=SMALL).lexicon
    ngrams = {term for term in layer.terms if term.startswith("~")}
    assert {"~bud", "~ fin"} <= ngrams  # of "budget" and "finale"
    assert "~zorb" not in ngrams  # nothing in the corpus has it
    # A lexicon may be used with a smaller corpus: what that lacks is left out.
    tiny = tmp_path / "tiny.csv"
    tiny.write_text("headline,label\n" + "".join(f"Zut {t} {i},{t}\n" for i in range(3) for t in small_corpus.topics))
    base = fit_base(read([tiny]), [layer], SMALL)
    before = base.coef.copy()
    base.add(layer)
    known = set(base.features["chars"]["count"].vocabulary_)
    assert not known & {"bud", " fin"}
    assert 0 < (base.coef != before).any(axis=0).sum() < len(layer.terms)


def test_a_term_needs_several_headlines_of_several_outlets(archive_file: Path) -> None:
    lines = archive.read([archive_file], None)
    terms = frequent_terms(lines, RECIPE, frozenset())
    assert {"zorbec", "le zorbec", "gabelle"} <= set(terms)
    assert "7" not in terms  # two headlines only
    one_outlet = [line for line in lines if line.origin == "outlet1"]
    assert frequent_terms(one_outlet, RECIPE, frozenset()) == {}


def test_withheld_terms_are_never_learned(archive_file: Path) -> None:
    lines = archive.read([archive_file], None)
    assert "zorbec" not in frequent_terms(lines, RECIPE, frozenset([digest("zorbec")]))


def test_a_lexicon_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    layer = Lexicon(
        ["sport", "other"], 12, ["zèbre", "a b"], np.array([3.0, 4.0]), np.array([[1.25, -1.25], [-0.001, 0.5]]),
        np.array([0.1, -0.1]), {"temperature": 1.5, "threshold": 0.62},
    )  # fmt: skip
    file = tmp_path / "layer.tsv"
    layer.save(file)
    again = lexicon.read(file)
    assert again.terms == ["a b", "zèbre"]
    assert again.headlines == 12
    assert again.figures == layer.figures
    assert again.documents.tolist() == [4, 3]
    assert again.weights.tolist() == [[0, 0.5], [1.25, -1.25]]
    before = file.read_bytes()
    again.save(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda text: text.replace("format 1", "format 7"), "not a lexicon of format 1"),
        (lambda text: text.replace("0.50", "half"), "layer.tsv:6: 'half' is not a number"),
        (lambda text: text.replace("0.50", "nan"), "not a number"),
        (lambda text: text + "term\t3\n", "layer.tsv:7: 2 columns where 4"),
        (lambda text: "\n".join(text.splitlines()[:4]), "intercept row is missing"),
        (lambda _: "", "not a lexicon"),
    ],
)
def test_a_damaged_lexicon_is_refused_by_file_and_line(tmp_path: Path, damage: object, complaint: str) -> None:
    file = tmp_path / "layer.tsv"
    layer = Lexicon(["sport", "other"], 12, ["a b"], np.array([4.0]), np.array([[0.0, 0.5]]), np.zeros(2), {"t": 1.0})
    layer.save(file)
    file.write_text(damage(file.read_text(encoding="utf-8")), encoding="utf-8")  # type: ignore[operator]
    with pytest.raises(InputError, match=complaint):
        lexicon.read(file)


def test_a_lexicon_for_other_topics_is_refused(small_corpus_folder: Path) -> None:
    folder = small_corpus_folder / "lexicon"
    layer = Lexicon(["sport", "golf"], 12, ["a b"], np.array([4.0]), np.array([[0.0, 0.5]]), np.zeros(2), {})
    layer.save(folder / "10-test.tsv")
    try:
        with pytest.raises(InputError, match="the lexicon is for the topics sport, golf"):
            fit(read([small_corpus_folder]), SMALL)
    finally:
        (folder / "10-test.tsv").unlink()
        folder.rmdir()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("title\nx\n", "no column headline"),
        ("headline,label\nx,golf\n", "2: unknown topic 'golf'"),
        ("headline,label,trust\nx,sport,2\n", "2: trust is a number from 0 to 1"),
        ("headline,label,trust\nx,sport,high\n", "2: trust is a number"),
    ],
)
def test_a_bad_archive_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "archive.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=complaint):
        archive.read([file], ["sport", "economy"])


def test_a_headline_read_twice_keeps_its_first_label(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("headline,label,date\nLe Raja,sport,2024-01-01\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("headline\nle raja\n\n", encoding="utf-8")
    [line] = archive.read([tmp_path / "a.csv", tmp_path / "b.csv"], ["sport"])
    assert (line.label, line.origin, line.trust) == ("sport", "2024-01-01", 0.5)


def test_an_installed_teacher_embeds_and_remembers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def encode(texts: list[str]) -> np.ndarray:
        calls.append(len(texts))
        return np.array([[len(text), text.count("e"), 1] for text in texts], dtype=np.float32)

    monkeypatch.setattr(teacher, "CACHE", tmp_path)
    encoder = teacher.Encoder("counting letters", encode)
    first = teacher.embed(encoder, ["abc", "eee", "abc"])
    assert np.array_equal(teacher.embed(encoder, ["abc", "eee", "abc"]), first)
    assert calls == [3]
    predict = teacher.fit(first, ["a", "b", "a"], first[:1], ["a"], ["b", "a"])
    assert predict(first).argmax(axis=1).tolist() == [1, 0, 1]
    assert math.isclose(predict(first).sum(), 3, abs_tol=1e-6)
