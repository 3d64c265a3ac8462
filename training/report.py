"""The evaluation report: a table to print, and one self-contained HTML page with JSON beside it."""

import io
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from jinja2 import Environment, PackageLoader, Template
from matplotlib.figure import Figure
from numpy.typing import NDArray

from classifier import Classifier
from training import evaluate
from training.evaluate import Item, Scores
from training.retrain import Outcome

mpl.use("Agg")
# Text stays text in the SVG, in the page's own font.
mpl.rcParams.update({"svg.fonttype": "none", "font.family": "sans-serif", "axes.spines.top": False,
                     "axes.spines.right": False, "svg.hashsalt": "headlines"})  # fmt: skip

WORST = 40


@dataclass
class Row:
    """One line of a table of models: the model's name and its scores per group."""

    name: str
    scores: dict[str, Scores]


def scores_by_group(items: Sequence[Item], classifier: Classifier) -> Row:
    """Return the scores of a classifier on every group of the items."""
    probabilities = classifier.probabilities(item.headline for item in items)
    familiar = np.array([p.reason != "unfamiliar" for p in classifier.classify(item.headline for item in items)])
    return row("this model", items, probabilities, classifier, familiar)


def row(
    name: str, items: Sequence[Item], probabilities: NDArray[np.float64], classifier: Classifier,
    familiar: NDArray[np.bool_] | None = None,
) -> Row:  # fmt: skip
    """Return a row of scores for any model's probabilities, columns in the order of the classifier's topics."""
    familiar = np.ones(len(items), dtype=bool) if familiar is None else familiar
    return Row(
        name,
        {
            group: evaluate.score(
                [items[i] for i in at], probabilities[at], classifier.topics, classifier.weights.threshold, familiar[at]
            )
            for group, at in evaluate.groups(items).items()
        },
    )


def table(rows: Sequence[Row]) -> str:
    """Return rows as text: macro-F1 and accuracy per group, calibration and coverage for the first row."""
    heads = f"{'macro-F1':>9} {'accuracy':>9} {'ECE':>6} {'labelled':>9} {'of them right':>14}"
    lines = [f"{'set':<14}{'lines':>6} {heads}"]
    for group, found in rows[0].scores.items():
        lines.append(
            f"{group:<14}{found.count:>6} {found.macro_f1:>9.3f} {found.accuracy:>9.3f} {found.ece:>6.3f}"
            f" {found.coverage:>9.1%} {found.covered_accuracy:>14.1%}"
        )
    if len(rows) > 1:
        sets = [group for group in rows[0].scores if " " not in group]
        width = max(len(r.name) for r in rows) + 2
        lines += ["", f"{'macro-F1':<{width}}" + "".join(f"{s:>12}" for s in sets)]
        lines += [f"{r.name:<{width}}" + "".join(f"{r.scores[s].macro_f1:>12.3f}" for s in sets) for r in rows]
    return "\n".join(lines)


def write(
    folder: Path, items: Sequence[Item], classifier: Classifier, rows: Sequence[Row], ablation: Sequence[Row] = (),
    learning: Sequence[tuple[int, Row]] = (),
) -> Path:  # fmt: skip
    """Write `report.html` and `report.json`; return the page."""
    probabilities = classifier.probabilities(item.headline for item in items)
    sets = {group: at for group, at in evaluate.groups(items).items() if " " not in group}
    figures = {
        "reliability": _reliability(items, probabilities, classifier, sets),
        "risk": _risk(items, probabilities, classifier, sets),
        "learning": _learning(learning, list(sets)) if learning else "",
    }
    details = []
    for name, at in sets.items():
        chosen, p = [items[i] for i in at], probabilities[at]
        matrix = evaluate.confusion(chosen, p, classifier.topics)
        details.append({"set": name, "topics": evaluate.per_topic(chosen, p, classifier.topics),
                        "confusion": matrix.tolist()})  # fmt: skip
    facts: dict[str, Any] = {
        "version": classifier.version,
        "topics": list(classifier.topics),
        "threshold": classifier.weights.threshold,
        "models": [_plain(r) for r in rows],
        "ablation": [_plain(r) for r in ablation],
        "learning": [{"headlines": size, **_plain(r)} for size, r in learning],
        "details": details,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page = folder / "report.html"
    template = _template("report.html.j2")
    worst = _worst(items, probabilities, classifier)
    page.write_text(template.render(**facts, figures=figures, worst=worst, sets=list(sets)), encoding="utf-8")
    return page


def _plain(found: Row) -> dict[str, Any]:
    return {"name": found.name, "scores": {group: asdict(scores) for group, scores in found.scores.items()}}


def _worst(items: Sequence[Item], probabilities: NDArray[np.float64], classifier: Classifier) -> list[dict[str, Any]]:
    """Return the most confident wrong answers with the words that drove them."""
    best = [classifier.topics[i] for i in probabilities.argmax(axis=1)]
    truth = evaluate.truth_of(items, best)
    wrong = [i for i in np.argsort(-probabilities.max(axis=1)) if best[i] != truth[i]]
    found = []
    for i in wrong[:WORST]:
        drivers = classifier.explain(items[i].headline).drivers[:4]
        found.append({"headline": items[i].headline, "set": items[i].set, "truth": truth[i], "answer": best[i],
                      "confidence": float(probabilities[i].max()),
                      "words": ", ".join(f"{d.word} {d.share:+.0%}" for d in drivers)})  # fmt: skip
    return found


def _right(items: Sequence[Item], probabilities: NDArray[np.float64], topics: Sequence[str]) -> NDArray[np.bool_]:
    best = [topics[i] for i in probabilities.argmax(axis=1)]
    return np.array([a == b for a, b in zip(evaluate.truth_of(items, best), best, strict=True)])


def _reliability(
    items: Sequence[Item], probabilities: NDArray[np.float64], classifier: Classifier, sets: dict[str, NDArray[np.intp]]
) -> str:
    figure, axes = _axes("confidence", "share that is right")
    axes.plot([0, 1], [0, 1], color="#999", linewidth=1, linestyle="--")
    for name, at in sets.items():
        right = _right([items[i] for i in at], probabilities[at], classifier.topics)
        confidence = probabilities[at].max(axis=1)
        bins = np.minimum((confidence * 10).astype(int), 9)
        full = [b for b in range(10) if (bins == b).sum() >= 5]
        axes.plot([confidence[bins == b].mean() for b in full], [right[bins == b].mean() for b in full], "o-",
                  label=name, markersize=4)  # fmt: skip
    axes.set_xlim(0.2, 1)
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False)
    return _svg(figure)


def _risk(
    items: Sequence[Item], probabilities: NDArray[np.float64], classifier: Classifier, sets: dict[str, NDArray[np.intp]]
) -> str:
    figure, axes = _axes("share of headlines that get a label", "accuracy among them")
    for name, at in sets.items():
        right = _right([items[i] for i in at], probabilities[at], classifier.topics)
        confidence = probabilities[at].max(axis=1)
        coverage, accuracy = evaluate.risk_coverage(right, confidence)
        [line] = axes.plot(coverage[10:], accuracy[10:], label=name)
        here = int((confidence >= classifier.weights.threshold).sum())
        if here:
            axes.plot(coverage[here - 1], accuracy[here - 1], "o", color=line.get_color())
    axes.set_xlim(0, 1)
    axes.legend(frameon=False)
    return _svg(figure)


def _learning(learning: Sequence[tuple[int, Row]], sets: Sequence[str]) -> str:
    figure, axes = _axes("corpus headlines and terms", "macro-F1")
    for name in sets:
        axes.plot([size for size, _ in learning], [r.scores[name].macro_f1 for _, r in learning], "o-", label=name,
                  markersize=4)  # fmt: skip
    axes.legend(frameon=False)
    return _svg(figure)


def _axes(x: str, y: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.25)
    return figure, axes


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    text = buffer.getvalue()
    # The metadata would bring the only foreign addresses into the page.
    return re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)


def write_retraining(folder: Path, outcome: Outcome) -> Path:
    """Write `retrain.html`: what got better, what broke, and whether the candidate was published; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "retrain.html"
    page.write_text(_template("retrain.html.j2").render(outcome=outcome), encoding="utf-8")
    return page


def retraining_table(outcome: Outcome) -> str:
    """Return what a retraining came to, as a table to print."""
    rows = [f"{'':<34}{'lines':>7}{'right before':>14}{'now':>7}{'fixed':>7}{'broken':>8}{'p':>8}"]
    rows += [
        f"{c.name:<34}{c.count:>7}{c.right_before:>14}{c.right_after:>7}{len(c.fixed):>7}{len(c.broken):>8}{c.p:>8.3f}"
        for c in outcome.compared
    ]
    rows += [f"'{p.word}' turns {p.share:.0%} of other headlines to {p.label}" for p in outcome.pulls[:5] if p.share]
    return "\n".join([*rows, *outcome.reasons])


def _template(name: str) -> Template:
    return Environment(loader=PackageLoader("training", "."), autoescape=True).get_template(name)
