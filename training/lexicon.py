"""Lexicon files: word weights learned from headlines that are not ours to keep.

A lexicon is a layer of the one linear model: what words, word pairs and character n-grams add to each topic's score on
top of the corpus. It travels as terms and figures, never as sentences. `training.learn` makes one, `training.fit` folds
it in.

    # format 1                       numbers that belong to the layer, one a line
    # headlines 48058
    ...
    term <TAB> documents <TAB> sport <TAB> politics <TAB> ...

A character n-gram is written with a mark before it, which no word holds: `~lluv`, or `~ raj` where a word begins.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifier.errors import InputError

FORMAT = 1
NGRAM = "~"
"""What a character n-gram is marked with, in a file and in `Lexicon.terms`."""

DECIMALS = 2
"""Digits kept of a weight; a weight is in units of log-odds per unit of TF-IDF."""


@dataclass
class Lexicon:
    """One layer: `weights` is (terms, topics), `documents` (terms,) says in how many headlines each term occurred."""

    topics: list[str]
    headlines: int
    terms: list[str]
    documents: NDArray[np.float64]
    weights: NDArray[np.float64]
    intercept: NDArray[np.float64]
    figures: dict[str, float] = field(default_factory=dict)
    """Calibration found on the way: `temperature`, `threshold`."""

    def save(self, file: Path) -> None:
        """Write the layer, terms sorted, figures rounded."""
        rows = [f"# format {FORMAT}", f"# headlines {self.headlines}"]
        rows += [f"# {name} {value:.4f}" for name, value in sorted(self.figures.items())]
        rows.append("\t".join(["term", "documents", *self.topics]))
        rows.append("\t".join(["", "", *(f"{x:.{DECIMALS}f}" for x in self.intercept)]))
        for i in sorted(range(len(self.terms)), key=self.terms.__getitem__):
            weights = (f"{x:.{DECIMALS}f}".replace("-0.00", "0.00") for x in self.weights[i])
            rows.append("\t".join([self.terms[i], f"{self.documents[i]:.0f}", *weights]))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(rows) + "\n", encoding="utf-8", newline="\n")


def read(file: Path) -> Lexicon:
    """Read a layer.

    Raises:
        InputError: the file is of another format or a line is damaged; the text names file and line.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {file}: {error}") from error
    figures: dict[str, float] = {}
    start = next((i for i, line in enumerate(lines) if not line.startswith("# ")), len(lines))
    for number, line in enumerate(lines[:start], 1):
        name, _, value = line[2:].partition(" ")
        figures[name] = _number(value, file, number)
    if figures.pop("format", None) != FORMAT:
        raise InputError(f"{file}:1: not a lexicon of format {FORMAT}")
    topics = lines[start].split("\t")[2:] if start < len(lines) else []
    rows = [line.split("\t") for line in lines[start + 1 :]]
    for number, row in enumerate(rows, start + 2):
        if len(row) != len(topics) + 2:
            raise InputError(f"{file}:{number}: {len(row)} columns where {len(topics) + 2} are expected")
    if not rows or rows[0][0]:
        raise InputError(f"{file}:{start + 2}: the intercept row is missing")
    table = [[_number(x, file, n) for x in row[1:]] for n, row in enumerate(rows[1:], start + 3)]
    body = np.array(table, dtype=np.float64).reshape(len(table), len(topics) + 1)
    return Lexicon(
        topics=topics,
        headlines=int(figures.pop("headlines", 0)),
        terms=[row[0] for row in rows[1:]],
        documents=body[:, 0],
        weights=body[:, 1:],
        intercept=np.array([_number(x, file, start + 2) for x in rows[0][2:]]),
        figures=figures,
    )


def read_folder(folder: Path, leave_out: str | None = None) -> list[Lexicon]:
    """Read every layer of a folder in the order of their names, but the file called `leave_out`."""
    return [read(file) for file in sorted(folder.glob("*.tsv")) if file.name != leave_out]


def _number(text: str, file: Path, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{file}:{line}: {text!r} is not a number")
    return value
