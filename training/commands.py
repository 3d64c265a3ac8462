"""What each command of `python -m training` does: reads its options, prints what it found, returns an exit code."""

import argparse
import csv
import sys
from pathlib import Path

from tqdm import tqdm

from classifier import storage
from classifier.errors import InputError, ModelError
from training import (
    archive,
    audit,
    compare,
    corrections,
    evaluate,
    generate,
    learn,
    lexicon,
    publish,
    report,
    resemblance,
    versions,
    wheel,
)
from training import retrain as retraining
from training.corpus import Corpus
from training.fit import Recipe
from training.progress import Steps
from training.read import CorpusError, read

LEXICON_BYTES = 3_000_000
"""A lexicon is read by people in a diff; a larger one should ask for more headlines a term."""


def run_corpus(options: argparse.Namespace) -> int:
    """Check the corpus and count it."""
    corpus = read(options.corpus)
    print(evaluate.count_table(corpus))
    real = [line.headline for line in archive.read(options.real, None)]
    if close := resemblance.close_lines(corpus, real):
        raise CorpusError(close)
    return 0


def run_train(options: argparse.Namespace) -> int:
    """Train a model and make it the current one."""
    corpus = read(options.corpus)
    recipe = Recipe()
    if not options.force and (version := publish.up_to_date(options.models, corpus, recipe)):
        print(f"model {version} is up to date", file=sys.stderr)
        return 0
    left_out = _learned(options.models)
    steps = Steps(5)
    try:
        with versions.locked(options.models):
            version = publish.train(options.models, corpus, recipe, steps)
    finally:
        steps.close()
    if left_out:
        print(f"{left_out} corrections that the model before had learned are not in it: make retrain", file=sys.stderr)
    print(f"model {version} is now the current one in {options.models}", file=sys.stderr)
    return 0


def run_lexicon(options: argparse.Namespace) -> int:
    """Learn word weights from an archive of headlines."""
    corpus: Corpus = read(options.corpus)
    if not options.labelled and not options.archive:
        raise InputError("name the headlines to learn from: ARCHIVE=path or LABELLED=path")
    lines = archive.read([*options.labelled, *options.archive], corpus.topics)
    judge = [line for line in archive.read(options.calibrate, corpus.topics) if line.label]
    folder = options.out.parent
    below = lexicon.read_folder(folder, leave_out=options.out.name)
    steps = Steps(6)
    try:
        learned = learn.learn(corpus, below, lines, learn.read_withheld(folder), judge=judge, tell=steps)
    finally:
        steps.close()
    learned.lexicon.save(options.out)
    size = options.out.stat().st_size
    print(f"{options.out}: {len(learned.lexicon.terms)} terms, {size / 1e6:.1f} MB")
    print(f"learned from {learned.lines} headlines of {learned.origins} outlets or days; teacher: {learned.teacher}")
    print(f"on outlets held out in turn: accuracy {learned.accuracy:.3f}, macro-F1 {learned.macro_f1:.3f}")
    if size > LEXICON_BYTES:
        print(f"more than {LEXICON_BYTES / 1e6:.0f} MB: too large to be read in a diff", file=sys.stderr)
    return 0


def run_evaluate(options: argparse.Namespace) -> int:
    """Measure the current model."""
    classifier = storage.load(options.models)
    items = evaluate.read_items(options.eval, classifier.topics)
    corpus, headlines = read(options.corpus), [item.headline for item in items]

    def row(name: str, predict: evaluate.Predict) -> report.Row:
        return report.row(name, items, predict(headlines), classifier)

    labelled = archive.read(options.labelled, corpus.topics)
    rows = [report.scores_by_group(items, classifier)]
    rows += [row(name, predict) for name, predict in compare.peers(corpus, labelled, classifier.topics)]
    ablation, learning = [], []
    if options.full:
        changed = tqdm(compare.ablation(corpus, Recipe()), "ablation", len(compare.variants(Recipe())))
        ablation = [row(name, predict) for name, predict in changed]
        parts = tqdm(compare.learning_curve(corpus, Recipe()), "learning curve", 5)
        learning = [(size, row(f"{size} lines", predict)) for size, predict in parts]
    page = report.write(options.report, items, classifier, rows, ablation, learning)
    print(report.table(rows))
    print(f"the whole report is in {page}")
    return 0


def run_retrain(options: argparse.Namespace) -> int:
    """Train on the corpus and the accepted corrections, and publish what passes the gate."""
    if options.force is not None and not options.force.strip():
        raise InputError("FORCE wants a reason, which the model's manifest records")
    corpus, recipe = read(options.corpus), Recipe()
    topics = corpus.topics
    reading = corrections.read(options.corrections, topics)
    if reading.left_out:
        print(f"{reading.left_out} corrections are not accepted yet and left out", file=sys.stderr)
    items = evaluate.read_items(options.eval, topics) if options.eval else []
    if version := retraining.up_to_date(options.models, corpus, recipe, reading):
        print(f"model {version} has learned these {len(reading.accepted)} corrections already", file=sys.stderr)
        return 0
    steps = Steps(6)
    try:
        with versions.locked(options.models):
            outcome = retraining.retrain(options.models, corpus, recipe, reading, items, options.force, steps)
    finally:
        steps.close()
    page = report.write_retraining(options.report, outcome)
    print(report.retraining_table(outcome))
    print(f"the whole report is in {page}")
    if outcome.version is None:
        raise InputError(f"held back, the model in force stays: {outcome.reasons[0]} (see {page})")
    print(f"model {outcome.version} is now the current one in {options.models}", file=sys.stderr)
    return 0


def run_models(options: argparse.Namespace) -> int:
    """List the versions in the models folder."""
    print(*versions.listed(options.models), sep="\n")
    return 0


def run_rollback(options: argparse.Namespace) -> int:
    """Put the version before this one, or a named one, in force."""
    with versions.locked(options.models):
        version = versions.roll_back(options.models, options.version)
    print(f"model {version} is now the current one in {options.models}", file=sys.stderr)
    return 0


def run_audit(options: argparse.Namespace) -> int:
    """List headlines of the corpus whose label the cross-validated model contradicts."""
    doubts = audit.doubts(read(options.corpus), Recipe(), Steps(audit.FOLDS))
    for doubt in doubts[: options.most]:
        print(doubt)
    print(f"{len(doubts)} labels to look at, the most doubtful first", file=sys.stderr)
    return 0


def run_generate(options: argparse.Namespace) -> int:
    """Write headlines made from the corpus's patterns, as CSV."""
    corpus = read(options.corpus)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["headline", "label", "lang"])
    for headline, pattern in generate.generate(corpus.patterns, corpus.lexis, options.count, options.seed):
        out.writerow([headline, pattern.topic, pattern.lang])
    return 0


def run_wheel(options: argparse.Namespace) -> int:
    """Build a wheel that carries the model in force."""
    built = wheel.build(options.models, options.out)
    print(f"{built}: {built.stat().st_size / 1e6:.0f} MB")
    return 0


def _learned(models: Path) -> int:
    """Return how many corrections the model in force has learned."""
    try:
        return next(version.corrections for version in versions.listed(models) if version.in_force)
    except (ModelError, StopIteration):
        return 0
