"""Headlines -> TF-IDF, as a scikit-learn pipeline over the classifier's own tokeniser."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline

from classifier.terms import CHAR_NGRAM_LENGTHS, fold
from training.corpus import Line
from training.lexicon import Lexicon

_CHARS = (CHAR_NGRAM_LENGTHS[0], CHAR_NGRAM_LENGTHS[-1])


class OccurrenceTfidf(TransformerMixin, BaseEstimator):
    """Counts -> TF-IDF divided by the norm of the occurrences, `sqrt(sum over occurrences of idf^2)`.

    Unlike the norm of the deduplicated counts, this one is a plain sum over words, which is what lets the classifier
    add up a headline word by word. Smoothed idf as in `sklearn.feature_extraction.text.TfidfTransformer`.

    Args:
        extra_documents: documents counted elsewhere, added to those seen in `fit`.
        extra_df: (terms,) in how many of them each term occurs.
    """

    def __init__(self, extra_documents: int = 0, extra_df: NDArray[np.float64] | None = None) -> None:
        self.extra_documents = extra_documents
        self.extra_df = extra_df

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
        squares = counts @ self.squares_
        norms = np.sqrt(np.where(squares > 0, squares, 1.0))
        return (diags(1 / norms) @ counts.multiply(self.idf_[None, :])).tocsr()


def build(lines: list[Line], neutral: list[str], lexicons: list[Lexicon]) -> FeatureUnion:
    """Return the unfitted features: a block of words and word pairs, and a block of character n-grams.

    The words are fixed here, the character n-grams are those of the texts it is then fitted on.

    A word or pair is a term if two lines hold it, or a term list, or a lexicon: so no name that stands in a single
    headline ends up readable in a model.
    """
    lexicon_terms = sorted({term for lexicon in lexicons for term in lexicon.terms})
    vocabulary = sorted(_word_terms(lines, neutral).union(lexicon_terms))
    extra_df = np.zeros(len(vocabulary))
    index = {term: i for i, term in enumerate(vocabulary)}
    for lexicon in lexicons:
        extra_df[[index[term] for term in lexicon.terms]] += lexicon.documents
    headlines = sum(lexicon.headlines for lexicon in lexicons)
    words = CountVectorizer(**_WORDS, vocabulary=vocabulary)
    chars = CountVectorizer(preprocessor=fold, analyzer="char_wb", ngram_range=_CHARS)
    return FeatureUnion(
        [
            ("words", Pipeline([("count", words), ("tfidf", OccurrenceTfidf(headlines, extra_df))])),
            ("chars", Pipeline([("count", chars), ("tfidf", OccurrenceTfidf())])),
        ]
    )


_WORDS: dict[str, Any] = {
    "preprocessor": fold,
    "tokenizer": str.split,
    "token_pattern": None,
    "ngram_range": (1, 2),
}


def _word_terms(lines: list[Line], neutral: list[str]) -> set[str]:
    listed = [line.text for line in lines if line.kind == "term"] + neutral
    told = [line.text for line in lines if line.kind != "term"]
    found: set[str] = set()
    for texts, min_df in ((listed, 1), (told, 2), (listed + told, 2)):
        if len(texts) >= min_df:
            found |= set(_vocabulary(texts, min_df))
    return found


def _vocabulary(texts: list[str], min_df: int) -> dict[str, int]:
    try:
        return dict(CountVectorizer(**_WORDS, min_df=min_df).fit(texts).vocabulary_)
    except ValueError:  # scikit-learn's word for "no term is frequent enough"
        return {}
