"""The commands behind the make targets: `python -m training COMMAND`."""

import argparse
import sys
from pathlib import Path

from classifier import storage
from classifier.errors import ClassifierError
from training import commands
from training.read import OWN, CorpusError


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
    commands_of = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        sub = commands_of.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        sub.add_argument("--corpus", type=_paths, default=[OWN], metavar="PATH[,PATH...]", help="what to train on")
        return sub

    command("corpus", commands.run_corpus, "check the corpus and count it").add_argument(
        "--real", type=_paths, default=[], metavar="PATH[,PATH...]", help="refuse corpus lines close to these headlines"
    )
    train = command("train", commands.run_train, "train a model and make it the current one")
    train.add_argument("--models", type=Path, default=storage.own_folder(), help="where models are kept")
    train.add_argument("--force", action="store_true", help="train again although nothing has changed")
    learned = command("lexicon", commands.run_lexicon, "learn word weights from an archive of headlines")
    learned.add_argument("--archive", type=_paths, default=[], metavar="PATH[,PATH...]", help="headlines, any columns")
    learned.add_argument("--labelled", type=_paths, default=[], metavar="PATH[,PATH...]", help="headlines with labels")
    learned.add_argument("--calibrate", type=_paths, default=[], metavar="PATH[,PATH...]", help="labelled headlines, "
                         "not learned from, to set confidence and threshold by")  # fmt: skip
    learned.add_argument("--out", type=Path, default=OWN / "lexicon" / "20-newsroom.tsv", help="the layer to write")
    evaluated = command("evaluate", commands.run_evaluate, "measure the current model")
    evaluated.add_argument("--models", type=Path, default=storage.own_folder(), help="where models are kept")
    evaluated.add_argument("--eval", type=_paths, default=[], metavar="PATH[,PATH...]", help="labelled headlines")
    evaluated.add_argument("--labelled", type=_paths, default=[], help="labelled headlines for the peers to learn from")
    evaluated.add_argument("--report", type=Path, default=Path("report"), help="folder for the report")
    evaluated.add_argument(
        "--full", action="store_true", help="with the ablation table and the learning curve (half an hour)"
    )
    retrained = command(
        "retrain", commands.run_retrain, "train on corpus and corrections, and publish what passes the gate"
    )
    retrained.add_argument("--corrections", type=_paths, required=True, metavar="PATH[,PATH...]", help="accepted ones")
    retrained.add_argument("--models", type=Path, default=storage.own_folder(), help="where models are kept")
    retrained.add_argument("--eval", type=_paths, default=[], metavar="PATH[,PATH...]", help="labelled headlines")
    retrained.add_argument("--report", type=Path, default=Path("report"), help="folder for the report")
    retrained.add_argument("--force", metavar="REASON", help="publish in any case, for this reason")
    command(
        "audit", commands.run_audit, "list labels of the corpus that the cross-validated model contradicts"
    ).add_argument("--most", type=int, default=200, help="how many to list (200)")
    for name, run, text in (
        ("models", commands.run_models, "list the versions in the models folder"),
        ("rollback", commands.run_rollback, "put the version before in force again"),
    ):
        sub = commands_of.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        sub.add_argument("--models", type=Path, default=storage.own_folder(), help="where models are kept")
        if name == "rollback":
            sub.add_argument("--version", help="another than the one before")
    made = command("generate", commands.run_generate, "write headlines made from the corpus's patterns, as CSV")
    made.add_argument("--count", type=int, default=1000, help="how many (default: 1000)")
    made.add_argument("--seed", type=int, default=0, help="another seed gives others")
    packed = command("wheel", commands.run_wheel, "build a wheel that carries the current model")
    packed.add_argument("--models", type=Path, default=storage.own_folder(), help="where models are kept")
    packed.add_argument("--out", type=Path, default=Path("dist"), help="folder for the wheel")
    return parser


def _paths(text: str) -> list[Path]:
    return [Path(part) for part in text.split(",") if part]


if __name__ == "__main__":
    sys.exit(main())
