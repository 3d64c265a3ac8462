"""Headlines -> TF-IDF, as a scikit-learn pipeline over the classifier's own tokeniser."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline

from classifier.terms import CHAR_NGRAM_LENGTHS, fold
from training.corpus import Line
from training.lexicon import NGRAM, Lexicon


@dataclass(frozen=True)
class Shape:
    """What the features are made of. The classifier serves the default shape; the others are there to be compared."""

    word_max: int = 2
    char_lengths: tuple[int, int] = (CHAR_NGRAM_LENGTHS[0], CHAR_NGRAM_LENGTHS[-1])
    blocks: tuple[str, ...] = ("words", "chars")
    sublinear: bool = False
    fold: Callable[[str], str] = fold


class OccurrenceTfidf(TransformerMixin, BaseEstimator):
    """Counts -> TF-IDF divided by the norm of the occurrences, `sqrt(sum over occurrences of idf^2)`.

    Unlike the norm of the deduplicated counts, this one is a plain sum over words, which is what lets the classifier
    add up a headline word by word. Smoothed idf as in `sklearn.feature_extraction.text.TfidfTransformer`.

    Args:
        extra_documents: documents counted elsewhere, added to those seen in `fit`.
        extra_df: (terms,) in how many of them each term occurs.
        sublinear: count the logarithm of a term's occurrences in a document, plus 1.
    """

    def __init__(
        self, extra_documents: int = 0, extra_df: NDArray[np.float64] | None = None, sublinear: bool = False
    ) -> None:
        self.extra_documents = extra_documents
        self.extra_df = extra_df
        self.sublinear = sublinear

    def fit(self, counts: csr_matrix, y: object = None) -> Self:  # noqa: ARG002 - scikit-learn hands it over
        """Learn the idf of each column of (documents, terms) counts."""
        documents = counts.shape[0] + self.extra_documents
        df = np.bincount(counts.indices, minlength=counts.shape[1]).astype(np.float64)
        if self.extra_df is not None:
            df = df + self.extra_df
        idf = np.log((1 + documents) / (1 + df)) + 1
        # Rounded so that the classifier's single-precision squares are these very numbers.
        self.squares_ = (idf**2).astype(np.float32).astype(np.float64)
        self.idf_ = np.sqrt(self.squares_)
        return self

    def transform(self, counts: csr_matrix) -> csr_matrix:
        """Return normalised TF-IDF of the same shape."""
        if self.sublinear:
            counts = counts.astype(np.float64)
            counts.data = 1 + np.log(counts.data)
        squares = counts @ self.squares_
        norms = np.sqrt(np.where(squares > 0, squares, 1.0))
        return (diags(1 / norms) @ counts.multiply(self.idf_[None, :])).tocsr()


def build(lines: list[Line], neutral: list[str], lexicons: list[Lexicon], shape: Shape | None = None) -> FeatureUnion:
    """Return the unfitted features: a block of words and word pairs, and a block of character n-grams.

    The words are fixed here, the character n-grams are those of the texts it is then fitted on.

    A word or pair is a term if two lines hold it, or a term list, or a lexicon: so no name that stands in a single
    headline ends up readable in a model.
    """
    shape = shape or Shape()
    learned = learned_words(lexicons)
    vocabulary = sorted(_word_terms(lines, neutral, shape) | learned)
    headlines, extra_df = _lexicon_df(vocabulary, lexicons)
    count = counters(shape)
    words = count["words"].set_params(vocabulary=vocabulary)
    blocks = {
        "words": Pipeline([("count", words), ("tfidf", OccurrenceTfidf(headlines, extra_df, shape.sublinear))]),
        "chars": Pipeline([("count", count["chars"]), ("tfidf", OccurrenceTfidf(sublinear=shape.sublinear))]),
    }
    return FeatureUnion([(name, blocks[name]) for name in shape.blocks])


def from_counts(counted: dict[str, dict[str, int]], documents: int, lexicons: list[Lexicon]) -> FeatureUnion:
    """Return fitted features over terms that were counted elsewhere.

    Args:
        counted: for either block, its terms and in how many documents each occurs.
        documents: how many there were.
    """
    blocks = []
    for name, counter in counters(Shape()).items():
        vocabulary = sorted(counted[name])
        df = np.array([counted[name][term] for term in vocabulary], dtype=np.float64)
        seen = documents
        if name == "words":
            headlines, extra_df = _lexicon_df(vocabulary, lexicons)
            df, seen = df + extra_df, seen + headlines
        count = counter.set_params(vocabulary=vocabulary)
        blocks.append((name, Pipeline([("count", count), ("tfidf", OccurrenceTfidf(seen - 1, df))])))
    # Fitting wants to see a document; one without terms changes nothing but their number.
    return FeatureUnion(blocks).fit([""])


def counters(shape: Shape) -> dict[str, CountVectorizer]:
    """Return what counts the terms of either block."""
    return {
        "words": CountVectorizer(**_word_options(shape)),
        "chars": CountVectorizer(preprocessor=shape.fold, analyzer="char_wb", ngram_range=shape.char_lengths),
    }


def learned_words(lexicons: list[Lexicon]) -> set[str]:
    """Return the words and word pairs of lexicons. Their n-grams count only as far as the corpus has them."""
    return {term for lexicon in lexicons for term in lexicon.terms if not term.startswith(NGRAM)}


def columns(features: FeatureUnion, terms: list[str]) -> NDArray[np.intp]:
    """Return the feature of each term of a lexicon, -1 for one that these features do not have."""
    blocks, start = {}, 0
    for name, block in features.transformer_list:
        blocks[name] = block["count"].vocabulary_, start
        start += len(block["count"].vocabulary_)
    found = []
    for term in terms:
        name, text = ("chars", term[1:]) if term.startswith(NGRAM) else ("words", term)
        vocabulary, first = blocks.get(name, ({}, 0))
        found.append(first + vocabulary[text] if text in vocabulary else -1)
    return np.array(found, dtype=np.intp)


def listed_words(texts: list[str]) -> set[str]:
    """Return all words and word pairs of the texts."""
    return _vocabulary(texts, 1, Shape())


def _lexicon_df(vocabulary: list[str], lexicons: list[Lexicon]) -> tuple[int, NDArray[np.float64]]:
    """Return how many headlines lexicons were learned from, and in how many each word (vocabulary,) occurred."""
    df = np.zeros(len(vocabulary))
    index = {term: i for i, term in enumerate(vocabulary)}
    for lexicon in lexicons:
        for term, documents in zip(lexicon.terms, lexicon.documents, strict=True):
            if not term.startswith(NGRAM):
                df[index[term]] += documents
    return sum(lexicon.headlines for lexicon in lexicons), df


def _word_options(shape: Shape) -> dict[str, Any]:
    return {
        "preprocessor": shape.fold,
        "tokenizer": str.split,
        "token_pattern": None,
        "ngram_range": (1, shape.word_max),
    }


def _word_terms(lines: list[Line], neutral: list[str], shape: Shape) -> set[str]:
    listed = [line.text for line in lines if line.kind == "term"] + neutral
    told = [line.text for line in lines if line.kind != "term"]
    return _vocabulary(listed, 1, shape) | _vocabulary(listed + told, 2, shape)


def _vocabulary(texts: list[str], min_df: int, shape: Shape) -> set[str]:
    if len(texts) < min_df:
        return set()
    try:
        return set(CountVectorizer(**_word_options(shape), min_df=min_df).fit(texts).vocabulary_)
    except ValueError:  # scikit-learn's word for "no term is frequent enough"
        return set()
