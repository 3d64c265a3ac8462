"""The model beside its peers and beside itself with one thing changed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from classifier.terms import fold
from training import lexicon, softmax, teacher
from training.archive import ArchiveLine
from training.corpus import Corpus, Line
from training.evaluate import Predict
from training.features import Shape
from training.fit import Base, Recipe, fit_base

Floats = NDArray[np.float64]


def peers(corpus: Corpus, labelled: Sequence[ArchiveLine], topics: Sequence[str]) -> Iterator[tuple[str, Predict]]:
    """Yield what a user would pick instead, fitted on the corpus and on labelled headlines of an archive.

    The encoder and fastText are there if their packages are installed.
    """
    headlines, terms = corpus.of_kind("headline"), corpus.of_kind("term")
    more = [(line.headline, line.label) for line in labelled if line.label]
    told = [(line.text, line.topic) for line in headlines] + more
    if encoder := teacher.find_encoder():
        vectors = teacher.embed(encoder, [text for text, _ in told])
        own = len(headlines)
        predict = teacher.fit(
            vectors[:own], [label for _, label in told[:own]], vectors[own:], [str(label) for _, label in more], topics
        )
        yield f"{encoder.name} + logistic regression", lambda texts: predict(teacher.embed(encoder, texts))
    everything = [*told, *((line.text, line.topic) for line in terms)]
    yield "scikit-learn defaults (TfidfVectorizer, LogisticRegression)", _defaults(everything, topics)
    if fast := _fasttext(everything, topics):
        yield "fastText, subwords 2 to 5", fast


def _defaults(told: Sequence[tuple[str, str | None]], topics: Sequence[str]) -> Predict:
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
    pipeline.fit([text for text, _ in told], [label for _, label in told])
    order = [list(pipeline.classes_).index(topic) for topic in topics]
    return lambda texts: np.asarray(pipeline.predict_proba(texts)[:, order])


def _fasttext(told: Sequence[tuple[str, str | None]], topics: Sequence[str]) -> Predict | None:
    try:
        import fasttext
    except ImportError:
        return None
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "train.txt"
        file.write_text("".join(f"__label__{label} {fold(text)}\n" for text, label in told), encoding="utf-8")
        model = fasttext.train_supervised(str(file), minn=2, maxn=5, epoch=25, lr=0.5, thread=1, verbose=0)

    def predict(texts: list[str]) -> Floats:
        found = np.zeros((len(texts), len(topics)))
        for i, text in enumerate(texts):
            # The package's own predict() fails with numpy 2; the call below it does not.
            for probability, label in model.f.predict(fold(text) + "\n", len(topics), 0.0, "strict"):
                found[i, topics.index(label.removeprefix("__label__"))] = probability
        return found

    return predict


def _keep_accents(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def _one_arabic_letter(text: str) -> str:
    return fold(text).translate(str.maketrans("ىةؤئ", "يهوي"))


Variant = tuple[str, Callable[[Corpus], Corpus], Recipe, Shape]


def variants(recipe: Recipe) -> list[Variant]:
    """Return each ablation: its name, what it does to the corpus, its recipe and the shape of its features."""
    whole = Shape()

    def same(corpus: Corpus) -> Corpus:
        return corpus

    def without(kind: str) -> Callable[[Corpus], Corpus]:
        return lambda corpus: replace(corpus, lines=[line for line in corpus.lines if line.kind != kind])

    return [
        ("everything", same, recipe, whole),
        ("without lexicon", lambda corpus: replace(corpus, lexicons=[]), recipe, whole),
        ("without terms", without("term"), recipe, whole),
        ("without headlines", without("headline"), recipe, whole),
        ("without generated headlines", same, replace(recipe, generated=0), whole),
        ("without neutral words", lambda corpus: replace(corpus, neutral=[]), recipe, whole),
        ("words only", same, recipe, replace(whole, blocks=("words",))),
        ("character n-grams only", same, recipe, replace(whole, blocks=("chars",))),
        ("single words", same, recipe, replace(whole, word_max=1)),
        ("character n-grams of 3 to 5", same, recipe, replace(whole, char_lengths=(3, 5))),
        ("character n-grams of 2 to 4", same, recipe, replace(whole, char_lengths=(2, 4))),
        ("sublinear tf", same, recipe, replace(whole, sublinear=True)),
        ("accents kept", same, recipe, replace(whole, fold=_keep_accents)),
        ("Arabic letters merged", same, recipe, replace(whole, fold=_one_arabic_letter)),
        ("topics balanced within a language", same, replace(recipe, balanced=True), whole),
        ("C = 3", same, replace(recipe, c=3.0), whole),
        ("C = 30", same, replace(recipe, c=30.0), whole),
        ("fitted in passes, as a corpus of millions is", same, replace(recipe, exact_lines=0), whole),
    ]


def ablation(corpus: Corpus, recipe: Recipe) -> Iterator[tuple[str, Predict]]:
    """Yield the whole training with one thing changed at a time."""
    for name, change, changed, shape in variants(recipe):
        yield name, _fitted(change(corpus), changed, shape)


def learning_curve(corpus: Corpus, recipe: Recipe) -> Iterator[tuple[int, Predict]]:
    """Yield the corpus cut to a part of its headlines and terms, without lexicons, and how many lines that is."""
    shuffled = np.random.default_rng(recipe.seed).permutation(len(corpus.lines))
    for part in (0.05, 0.1, 0.25, 0.5, 1.0):
        lines: list[Line] = [corpus.lines[i] for i in sorted(shuffled[: int(part * len(shuffled))])]
        yield len(lines), _fitted(replace(corpus, lines=lines, lexicons=[]), recipe, Shape())


def _fitted(corpus: Corpus, recipe: Recipe, shape: Shape) -> Predict:
    layers = [layer for folder in corpus.lexicons for layer in lexicon.read_folder(folder)]
    base: Base = fit_base(corpus, layers, recipe, shape=shape)
    for layer in layers:
        base.add(layer)
    return lambda texts: softmax.softmax(base.scores(base.features.transform(texts)))
