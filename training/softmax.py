"""Multinomial logistic regression with an offset and soft targets, which scikit-learn's does not take."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]


def softmax(scores: Floats) -> Floats:
    """Return probabilities (n, topics) of scores (n, topics)."""
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def fit(
    features: csr_matrix,
    targets: Floats,
    *,
    weight: Floats | None = None,
    offset: Floats | None = None,
    c: float = 1.0,
    max_iter: int = 200,
    tick: Callable[[], object] = lambda: None,
) -> tuple[Floats, Floats]:
    """Fit coefficients on top of given scores, by L-BFGS.

    Minimises `c * sum_i weight_i * cross_entropy(targets_i, softmax(offset_i + features_i @ coef + intercept))` plus
    half the squared norm of the coefficients; `c` means what `C` does in scikit-learn.

    Args:
        features: (n, terms), sparse.
        targets: (n, topics), rows summing to 1.
        weight: (n,), 1 each when None.
        offset: (n, topics), scores already known, 0 when None.
        tick: called once an iteration, for a progress bar.

    Returns:
        Coefficients (terms, topics) and intercept (topics,).
    """
    n, k = targets.shape
    weight = np.ones(n) if weight is None else weight
    offset = np.zeros((n, k)) if offset is None else offset
    transposed = features.T.tocsr()
    shape = (features.shape[1] + 1, k)

    def loss(flat: Floats) -> tuple[float, Floats]:
        parameters = flat.reshape(shape)
        coef, intercept = parameters[:-1], parameters[-1]
        scores = offset + features @ coef + intercept
        scores -= scores.max(axis=1, keepdims=True)
        log_normaliser = np.log(np.exp(scores).sum(axis=1, keepdims=True))
        error = (np.exp(scores - log_normaliser) - targets) * (c * weight)[:, None]
        value = c * float(weight @ ((log_normaliser - scores) * targets).sum(axis=1)) + 0.5 * float((coef**2).sum())
        gradient = np.vstack([transposed @ error + coef, error.sum(axis=0)])
        return value, gradient.ravel()

    found = minimize(
        loss, np.zeros(shape[0] * k), jac=True, method="L-BFGS-B", callback=lambda _: tick(),
        options={"maxiter": max_iter, "ftol": 1e-7},
    )  # fmt: skip
    parameters = found.x.reshape(shape)
    return parameters[:-1], parameters[-1]
