"""What editors corrected -> a layer on top of corpus and lexicons, as small as will make the corrections right."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import vstack

from classifier.errors import InputError
from classifier.terms import fold
from training import softmax
from training.fit import Base

Floats = NDArray[np.float64]

SURE = 0.98
"""What a correction asks its label's probability to be: enough for its near variants to follow."""

WEIGHT = 4.0
"""What a correction weighs beside a headline that is to stay as it is."""

C = 8.0
"""Inverse strength of the pull towards no change at all."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A headline and the label that editors agreed on."""

    headline: str
    label: str


@dataclass(frozen=True)
class Reading:
    """The corrections of some files, and how many rows were left out since they are not accepted."""

    accepted: list[Correction]
    left_out: int

    def digest(self) -> str:
        """Return a digest of the corrections, whatever their order."""
        rows = sorted(f"{c.label}\t{c.headline}" for c in self.accepted)
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def read(paths: Sequence[Path], topics: Sequence[str]) -> Reading:
    """Read .jsonl or .csv files with `headline` and `label`; where there is a `status`, only `accepted` counts.

    The last label of a headline is taken.

    Raises:
        InputError: a file cannot be read, a row has no headline, or its label is none of the topics.
    """
    found: dict[str, Correction] = {}
    left_out = 0
    for path in paths:
        for number, row in _rows(path):
            headline, label = row.get("headline"), row.get("label")
            if not isinstance(headline, str) or not (key := fold(headline)):
                raise InputError(f"{path}:{number}: no headline")
            if not isinstance(label, str) or label not in topics:
                raise InputError(f"{path}:{number}: unknown topic {label!r}, expected one of {', '.join(topics)}")
            if row.get("status") not in (None, "", "accepted"):
                left_out += 1
                continue
            found[key] = Correction(headline.strip(), label)
    return Reading(list(found.values()), left_out)


def learn(base: Base, kept: Sequence[str], corrections: Sequence[Correction]) -> tuple[Floats, Floats]:
    """Fit what to add to a model's coefficients so that corrections come out right and all else stays.

    A logistic regression with the model's own scores as offset, over the terms of the corrected headlines alone. Beside
    the corrections it is given headlines whose targets are the probabilities they have already: whatever moves these
    costs.

    Args:
        base: the corpus and its lexicons.
        kept: headlines to stay as they are.

    Returns:
        What to add to coefficients (topics, terms) and to the intercept (topics,).
    """
    told = base.features.transform([correction.headline for correction in corrections])
    held = base.features.transform(list(kept))
    everything = vstack([told, held]).tocsr()
    offset = base.scores(everything)
    targets = softmax.softmax(offset)
    wanted = np.full((len(corrections), len(base.topics)), (1 - SURE) / max(len(base.topics) - 1, 1))
    for row, correction in zip(wanted, corrections, strict=True):
        row[base.topics.index(correction.label)] = SURE
    targets[: len(corrections)] = wanted
    weight = np.ones(len(targets))
    weight[: len(corrections)] = WEIGHT
    terms = np.unique(told.indices)
    coef, intercept = softmax.fit(everything[:, terms], targets, weight=weight, offset=offset, c=C)
    added = np.zeros_like(base.coef)
    added[:, terms] = coef.T
    return added, intercept


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    if path.suffix == ".csv":
        table = csv.DictReader(io.StringIO(text, newline=""))
        for row in table:
            yield table.line_num, row
        return
    # Not splitlines(), which also parts at marks that a headline may hold.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}:{number}: not JSON") from error
        if not isinstance(record, dict):
            raise InputError(f"{path}:{number}: not an object with headline and label")
        yield number, record
