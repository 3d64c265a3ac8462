"""Label headlines from the shell: `python -m classifier [FILE]`."""

import argparse
import os
import sys
from io import BufferedReader
from pathlib import Path
from typing import cast

from classifier import archive, feeds, formats
from classifier.errors import ClassifierError, InputError
from classifier.label import OUTPUTS, Manner, label
from classifier.source import STDIN
from classifier.storage import load


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
    inputs, outputs = (*formats.INPUTS, "feed"), (*OUTPUTS, "feed")  # a feed is read whole, and is no stream
    parser = argparse.ArgumentParser(prog="python -m classifier", description="Say which topic each headline is about.")
    parser.add_argument("file", nargs="?", default="-", help="headlines to read; standard input when left out")
    parser.add_argument("--from", dest="source", choices=inputs, help="input format (guessed when left out)")
    parser.add_argument("--to", choices=outputs, help="output format (default: by --out's name, else table or feed)")
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
    if _is_feed(options):
        _run_feed(options)
        return
    if options.to == "feed":
        raise InputError("only a feed can be written as a feed")
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


def _is_feed(options: argparse.Namespace) -> bool:
    if options.source:
        return bool(options.source == "feed")
    if options.file == STDIN:
        return feeds.is_feed(options.file, cast(BufferedReader, sys.stdin.buffer).peek(64))
    if not Path(options.file).is_file():  # a pipe can be read only once, and opening one may wait for ever
        return feeds.is_feed(options.file, b"")
    with Path(options.file).open("rb") as file:
        return feeds.is_feed(options.file, file.peek(64))


def _run_feed(options: argparse.Namespace) -> None:
    """Label a feed, which is small and read whole: none of what long archives need."""
    if options.out or options.keep or options.dask or options.to == "parquet":
        raise InputError("a feed is written to standard output, at once: without --out, --keep, --dask and Parquet")
    classifier = load(options.model)
    with sys.stdin.buffer if options.file == STDIN else Path(options.file).open("rb") as stream:
        feed = feeds.read(stream.read(feeds.MAX_BYTES + 1))
    manner = Manner(options.to or "feed", options.topics and tuple(options.topics), options.threshold)
    if manner.to == "feed":
        predictions = classifier.classify(feed.headlines, topics=manner.topics, threshold=manner.threshold)
        sys.stdout.buffer.write(feed.labelled(predictions))
        sys.stdout.buffer.flush()
        return
    records = [{"headline": headline} for headline in feed.headlines]
    manner = manner.given(records[0]) if records else manner
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    sys.stdout.write(manner.header() + label(classifier, manner, records).text)


def run() -> None:
    """Run as the command `headline-topics`."""
    sys.exit(main())


if __name__ == "__main__":
    run()
