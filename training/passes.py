"""The same features and coefficients for more lines than fit into one matrix: lines are taken a chunk at a time.

One pass counts the terms and keeps the frequent ones, one writes the chunks' TF-IDF to a temporary folder, and the
following fit them by averaged stochastic gradient descent (`sklearn.linear_model.SGDClassifier.partial_fit`), one
topic against the rest.
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, load_npz, save_npz
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import FeatureUnion

from training.features import Shape, counters, from_counts
from training.lexicon import Lexicon

CHUNK = 20_000


@dataclass(frozen=True)
class PassRecipe:
    """What fitting in passes is free to choose."""

    passes: int = 4
    max_terms: int = 600_000
    """Of each block: the most frequent are kept."""
    min_documents: int = 2
    step: float = 1.0


def features(texts: list[str], always: set[str], lexicons: list[Lexicon], recipe: PassRecipe) -> FeatureUnion:
    """Return fitted features over the frequent terms of the texts.

    Args:
        always: words and word pairs that are terms however rare.
    """
    counted = {name: Counter[str]() for name in ("words", "chars")}
    for start in range(0, len(texts), CHUNK):
        for name, counter in counters(Shape()).items():
            matrix = counter.fit_transform(texts[start : start + CHUNK])
            documents = np.bincount(matrix.indices, minlength=matrix.shape[1])
            counted[name].update(dict(zip(counter.get_feature_names_out(), documents.tolist(), strict=True)))
            if len(counted[name]) > 4 * recipe.max_terms:  # rare terms seen so far make room
                counted[name] = Counter(dict(counted[name].most_common(2 * recipe.max_terms)))
    kept = {name: _frequent(counter, recipe) for name, counter in counted.items()}
    for term in always:
        kept["words"].setdefault(term, counted["words"][term])
    return from_counts(kept, len(texts), lexicons)


def fit(
    fitted: FeatureUnion, texts: list[str], labels: Sequence[str], weight: NDArray[np.float64], seed: int,
    recipe: PassRecipe,
) -> SGDClassifier:  # fmt: skip
    """Fit one-against-the-rest logistic regressions over texts (n,), labels (n,) and weights (n,) in passes."""
    order = np.random.default_rng(seed).permutation(len(texts))
    truth = np.array(labels)
    classes = np.unique(truth)
    # No penalty: averaging and few passes hold the weights back, as early stopping does.
    sgd = SGDClassifier(
        loss="log_loss", penalty=None, learning_rate="constant", eta0=recipe.step, average=True, random_state=seed
    )
    with tempfile.TemporaryDirectory() as folder:
        chunks = []
        for start in range(0, len(order), CHUNK):
            file, at = Path(folder) / f"{start}.npz", order[start : start + CHUNK]
            save_npz(file, fitted.transform([texts[i] for i in at]), compressed=False)
            chunks.append((file, at))
        for _ in range(recipe.passes):
            for file, at in chunks:
                rows: csr_matrix = load_npz(file)
                sgd.partial_fit(rows, truth[at], classes=classes, sample_weight=weight[at])
    return sgd


def _frequent(counter: Counter[str], recipe: PassRecipe) -> dict[str, int]:
    most = counter.most_common(recipe.max_terms)
    return {term: documents for term, documents in most if documents >= recipe.min_documents}
