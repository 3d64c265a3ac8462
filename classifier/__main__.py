"""Label headlines from the shell: `python -m classifier [FILE]`."""

import argparse
import os
import sys
from pathlib import Path

from classifier import archive, formats
from classifier.errors import ClassifierError
from classifier.label import OUTPUTS, Manner


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 2 after one line on stderr, or 130 when interrupted."""
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except BrokenPipeError:
        # The reader went away, as `head` does. Nothing more may be written, not even while Python shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("classifier: interrupted", file=sys.stderr)
        return 130
    except (ClassifierError, OSError) as error:
        print(f"classifier: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m classifier", description="Say which topic each headline is about.")
    parser.add_argument("file", nargs="?", default="-", help="headlines to read; standard input when left out")
    parser.add_argument("--from", dest="source", choices=formats.INPUTS, help="input format (guessed when left out)")
    parser.add_argument("--to", choices=OUTPUTS, help="output format (default: by the name of --out, else table)")
    parser.add_argument("--model", metavar="FOLDER", help="model folder (default: $HEADLINES_MODELS, else models/)")
    parser.add_argument("--topics", type=lambda text: text.split(","), metavar="A,B", help="answer among these alone")
    parser.add_argument("--threshold", type=float, metavar="P", help="abstain below this confidence")
    parser.add_argument("--keep", metavar="COLUMN", help="where this column holds a topic, it is the answer")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write here; the same command goes on after a kill")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE, or an unfinished one begun otherwise")
    parser.add_argument("--jobs", default="1", metavar="N", help="cores to use, or all (default: 1)")
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="label on the Dask cluster whose scheduler is tcp://host:port"
    )
    return parser


def _run(options: argparse.Namespace) -> None:
    to = options.to or (options.out and formats.of_name(options.out.name, OUTPUTS)) or "table"
    manner = Manner(to, options.topics and tuple(options.topics), options.threshold, options.keep)
    task = archive.Task(options.file, options.source, options.model, manner, archive.jobs(options.jobs), options.dask)
    if options.out:
        done = archive.into(task, options.out, overwrite=options.overwrite)
        without = done.records - done.labelled
        told = f"{done.records} headlines, {done.labelled - done.kept} labelled, {done.kept} kept, {without} without"
        print(f"{options.out}: {told}", file=sys.stderr)
    else:
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
        archive.onto(task, sys.stdout)


def run() -> None:
    """Run as the command `headline-topics`."""
    sys.exit(main())


if __name__ == "__main__":
    run()
