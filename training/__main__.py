"""The commands behind the make targets: `python -m training COMMAND`."""

import argparse
import csv
import sys
import threading
from pathlib import Path

from tqdm import tqdm

from classifier import storage
from classifier.errors import ClassifierError, InputError
from training import archive, compare, evaluate, generate, learn, lexicon, publish, report, resemblance, wheel
from training.corpus import Corpus
from training.fit import Recipe
from training.read import OWN, CorpusError, read

LEXICON_BYTES = 3_000_000
"""A lexicon is read by people in a diff; a larger one should ask for more headlines a term."""


class Steps:
    """Names the step under way: a progress bar on a terminal, whose clock goes on meanwhile, else a line each."""

    def __init__(self, total: int) -> None:
        self._bar = tqdm(total=total, bar_format="{l_bar}{bar}| {elapsed}  {postfix}", leave=False, disable=None)
        self._started = False
        self._done = threading.Event()
        if not self._bar.disable:
            threading.Thread(target=self._tick, daemon=True).start()

    def __call__(self, step: str) -> None:
        """Close the step before and name the next."""
        if self._bar.disable:
            print(step, file=sys.stderr)
        if self._started:
            self._bar.update()
        self._started = True
        self._bar.set_postfix_str(step)

    def close(self) -> None:
        """Remove the bar."""
        self._done.set()
        self._bar.close()

    def _tick(self) -> None:
        while not self._done.wait(0.5):
            self._bar.refresh()


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit code: 0, 1 when a check failed, 2 after one line on stderr."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except CorpusError as error:
        print("\n".join(error.problems[:50]), file=sys.stderr)
        if len(error.problems) > 50:
            print(f"... and {len(error.problems) - 50} more", file=sys.stderr)
    except (ClassifierError, OSError) as error:
        print(f"training: {error}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        sub.add_argument("--corpus", type=_paths, default=[OWN], metavar="PATH[,PATH...]", help="what to train on")
        return sub

    command("corpus", _corpus, "check the corpus and count it").add_argument(
        "--real", type=_paths, default=[], metavar="PATH[,PATH...]", help="refuse corpus lines close to these headlines"
    )
    train = command("train", _train, "train a model and make it the current one")
    train.add_argument("--models", type=Path, default=storage.own_folder(), help="where models are kept")
    train.add_argument("--force", action="store_true", help="train again although nothing has changed")
    learned = command("lexicon", _lexicon, "learn word weights from an archive of headlines")
    learned.add_argument("--archive", type=_paths, default=[], metavar="PATH[,PATH...]", help="headlines, any columns")
    learned.add_argument("--labelled", type=_paths, default=[], metavar="PATH[,PATH...]", help="headlines with labels")
    learned.add_argument("--calibrate", type=_paths, default=[], metavar="PATH[,PATH...]", help="labelled headlines, "
                         "not learned from, to set confidence and threshold by")  # fmt: skip
    learned.add_argument("--out", type=Path, default=OWN / "lexicon" / "20-newsroom.tsv", help="the layer to write")
    evaluated = command("evaluate", _evaluate, "measure the current model")
    evaluated.add_argument("--models", type=Path, default=storage.own_folder(), help="where models are kept")
    evaluated.add_argument("--eval", type=_paths, default=[], metavar="PATH[,PATH...]", help="labelled headlines")
    evaluated.add_argument("--labelled", type=_paths, default=[], help="labelled headlines for the peers to learn from")
    evaluated.add_argument("--report", type=Path, default=Path("report"), help="folder for the report")
    evaluated.add_argument(
        "--full", action="store_true", help="with the ablation table and the learning curve (half an hour)"
    )
    made = command("generate", _generate, "write headlines made from the corpus's patterns, as CSV")
    made.add_argument("--count", type=int, default=1000, help="how many (default: 1000)")
    made.add_argument("--seed", type=int, default=0, help="another seed gives others")
    packed = command("wheel", _wheel, "build a wheel that carries the current model")
    packed.add_argument("--models", type=Path, default=storage.own_folder(), help="where models are kept")
    packed.add_argument("--out", type=Path, default=Path("dist"), help="folder for the wheel")
    return parser


def _paths(text: str) -> list[Path]:
    return [Path(part) for part in text.split(",") if part]


def _corpus(options: argparse.Namespace) -> int:
    corpus = read(options.corpus)
    print(evaluate.count_table(corpus))
    real = [line.headline for line in archive.read(options.real, None)]
    if close := resemblance.close_lines(corpus, real):
        raise CorpusError(close)
    return 0


def _train(options: argparse.Namespace) -> int:
    corpus = read(options.corpus)
    recipe = Recipe()
    if not options.force and (version := publish.up_to_date(options.models, corpus, recipe)):
        print(f"model {version} is up to date", file=sys.stderr)
        return 0
    steps = Steps(5)
    try:
        version = publish.train(options.models, corpus, recipe, steps)
    finally:
        steps.close()
    print(f"model {version} is now the current one in {options.models}", file=sys.stderr)
    return 0


def _lexicon(options: argparse.Namespace) -> int:
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


def _evaluate(options: argparse.Namespace) -> int:
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


def _generate(options: argparse.Namespace) -> int:
    corpus = read(options.corpus)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["headline", "label", "lang"])
    for headline, pattern in generate.generate(corpus.patterns, corpus.lexis, options.count, options.seed):
        out.writerow([headline, pattern.topic, pattern.lang])
    return 0


def _wheel(options: argparse.Namespace) -> int:
    built = wheel.build(options.models, options.out)
    print(f"{built}: {built.stat().st_size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
