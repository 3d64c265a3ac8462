import pickle
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import Classifier, InputError
from classifier.terms import words
from training.corpus import Corpus
from training.fit import Trained

TOLERANCE = 1e-6


def pipeline_probabilities(trained: Trained, headlines: list[str]) -> np.ndarray:
    order = [list(trained.pipeline.classes_).index(topic) for topic in trained.weights.topics]
    return np.asarray(trained.pipeline.predict_proba(headlines)[:, order])


def test_agrees_with_the_pipeline_on_thousands_of_lines_in_four_languages(
    small_trained: Trained, own_corpus: Corpus
) -> None:
    lines = own_corpus.of_kind("headline") + own_corpus.of_kind("term") + own_corpus.generated(3000, seed=9)
    assert {line.lang for line in lines} == {"fr", "en", "es", "ar"}
    assert len(lines) > 10_000
    texts = [line.text for line in lines]
    ours = Classifier(small_trained.weights).probabilities(texts)
    assert np.abs(ours - pipeline_probabilities(small_trained, texts)).max() < TOLERANCE


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=120), min_size=1, max_size=5))
def test_agrees_with_the_pipeline_on_any_text(small_trained: Trained, texts: list[str]) -> None:
    theirs = pipeline_probabilities(small_trained, texts)
    for compiled in (True, False):
        ours = Classifier(small_trained.weights, compiled=compiled)
        assert np.abs(ours.probabilities(texts) - theirs).max() < TOLERANCE
        # A few headlines are scored another way.
        assert np.abs([list(p.probabilities.values()) for p in ours.classify(texts)] - theirs).max() < TOLERANCE


def test_familiarity_agrees_with_its_pipeline_too(small_trained: Trained, own_corpus: Corpus) -> None:
    assert small_trained.familiar is not None
    texts = [line.text for line in own_corpus.of_kind("headline")] + own_corpus.foreign
    theirs = small_trained.familiar.decision_function(texts)
    assert np.abs(Classifier(small_trained.weights).familiarity(texts) - theirs).max() < TOLERANCE


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=5))
def test_probabilities_sum_to_one_and_do_not_depend_on_company(model: Classifier, texts: list[str]) -> None:
    together = model.probabilities(texts)
    assert np.allclose(together.sum(axis=1), 1)
    for text, row in zip(texts, together, strict=True):
        assert np.abs(Classifier(model.weights).probabilities([text])[0] - row).max() < 1e-12


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=17, max_size=30))
def test_few_and_many_headlines_get_the_same_answers(model: Classifier, texts: list[str]) -> None:
    many = model.classify(texts)
    for text, among_many in zip(texts, many, strict=True):
        [alone] = model.classify([text])
        assert (alone.label, alone.reason) == (among_many.label, among_many.reason)
        assert alone.probabilities == pytest.approx(among_many.probabilities, abs=1e-12)


def test_batches_of_any_size_are_answered_in_order(model: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"Le Raja{i % 7} bat le Wydad{i} sous la neige{i % 11}" for i in range(400)]
    whole = model.probabilities(texts)
    monkeypatch.setattr("classifier.model._CHUNK_LETTERS", 100)
    assert np.abs(model.probabilities(texts) - whole).max() < 1e-12
    assert model.probabilities([]).shape == (0, len(model.topics))


def test_a_classifier_survives_a_trip_to_another_process(model: Classifier) -> None:
    texts = ["Le Raja bat le Wydad en finale", "Averses orageuses"]
    copy = pickle.loads(pickle.dumps(model))
    assert copy.classify(texts) == model.classify(texts)


def test_answers_come_in_order_with_all_there_is_to_know(model: Classifier) -> None:
    first, second = model.classify(["Le Raja bat le Wydad en finale", "Averses orageuses et grêle attendues lundi"])
    assert max(first.probabilities, key=first.probabilities.__getitem__) == "sport"
    assert max(second.probabilities, key=second.probabilities.__getitem__) == "weather"
    assert first.confidence == max(first.probabilities.values())
    assert list(first.probabilities) == list(model.topics)
    assert first.version == model.version


def test_nothing_in_gives_nothing_out(model: Classifier) -> None:
    assert model.classify([]) == []


@pytest.mark.parametrize("headline", ["", "   ", "...", "!?", "\u202e\u200f", "\U0001f600"])
def test_a_headline_without_words_is_unfamiliar(model: Classifier, headline: str) -> None:
    [prediction] = model.classify([headline])
    assert (prediction.label, prediction.reason, prediction.iptc) == (None, "unfamiliar", None)


def test_asking_for_some_topics_renormalises_among_them(model: Classifier) -> None:
    headline = "Le Raja bat le Wydad en finale"
    [everything] = model.classify([headline])
    [some] = model.classify([headline], topics=["weather", "sport"], threshold=0)
    total = everything.probabilities["weather"] + everything.probabilities["sport"]
    assert list(some.probabilities) == ["weather", "sport"]
    assert some.label == "sport"
    assert some.confidence == pytest.approx(everything.probabilities["sport"] / total)


def test_a_threshold_of_one_silences_all_doubt_and_zero_none(model: Classifier) -> None:
    headline = "Le ministre et le stade sous la pluie"
    assert model.classify([headline], threshold=1)[0].reason == "uncertain"
    assert model.classify([headline], threshold=0)[0].label


@pytest.mark.parametrize(
    ("headlines", "options", "complaint"),
    [
        ("one str", {}, "not one str"),
        ([None], {}, "not NoneType"),
        ([b"bytes"], {}, "not bytes"),
        (["x"], {"topics": []}, "at least one topic"),
        (["x"], {"topics": "sport"}, "a list"),
        (["x"], {"topics": ["sports"]}, "unknown topic 'sports'"),
        (["x"], {"topics": ["sport", "sport"]}, "named twice"),
        (["x"], {"threshold": 1.5}, "between 0 and 1"),
        (["x"], {"threshold": float("nan")}, "between 0 and 1"),
    ],
)
def test_wrong_input_is_an_input_error(model: Classifier, headlines: object, options: dict, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        model.classify(headlines, **options)  # type: ignore[arg-type]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=120))
def test_explained_words_stand_where_they_say_and_their_shares_sum_to_one(model: Classifier, text: str) -> None:
    explanation = model.explain(text)
    assert len(explanation.drivers) == len(words(text))
    for driver in explanation.drivers:
        assert text[driver.start : driver.end] == driver.word
    total = sum(abs(driver.share) for driver in explanation.drivers)
    assert total == pytest.approx(1) or total == 0


def test_the_words_that_drive_a_topic_come_first(model: Classifier) -> None:
    explanation = model.explain("Alerte : fortes averses orageuses à Fès")
    assert explanation.topic == "weather"
    assert {driver.word for driver in explanation.drivers[:3]} & {"averses", "orageuses", "Alerte"}
    assert explanation.drivers[0].share > 0


def test_contributions_add_up_to_the_score(model: Classifier) -> None:
    headline = "Botola : le Raja bat le Wydad sous la pluie"
    parts = model._contributions(headline).sum(axis=0)
    scores = np.log(model.probabilities([headline])[0]) - model.weights.intercept[:-1]
    assert np.allclose(parts, scores - scores.mean())


def test_threads_share_one_classifier(model: Classifier) -> None:
    shared = Classifier(model.weights)
    texts = [f"Le Raja{i % 7} bat le Wydad{i} sous la neige{i % 11}" for i in range(400)]
    expected = model.probabilities(texts)
    wrong: list[float] = []

    def work(start: int) -> None:
        wrong.extend(
            float(np.abs(list(shared.classify([texts[i]])[0].probabilities.values()) - expected[i]).max())
            for i in range(start, len(texts), 8)
        )

    threads = [threading.Thread(target=work, args=(start,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wrong) == len(texts)
    assert max(wrong) < 1e-12
