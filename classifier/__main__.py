"""Label headlines from the shell: `python -m classifier [FILE]`."""

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import cast

from classifier import feeds, formats
from classifier.errors import ClassifierError, InputError
from classifier.model import Prediction
from classifier.storage import load


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code: 0, or 2 after one line on stderr."""
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except BrokenPipeError:
        # The reader went away, as `head` does. Nothing more may be written, not even while Python shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ClassifierError, OSError) as error:
        print(f"classifier: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    inputs, outputs = (*formats.INPUTS, "feed"), (*formats.OUTPUTS, "feed")  # a feed is read whole, and is no stream
    parser = argparse.ArgumentParser(prog="python -m classifier", description="Say which topic each headline is about.")
    parser.add_argument("file", nargs="?", default="-", help="headlines to read; standard input when left out")
    parser.add_argument("--from", dest="source", choices=inputs, help="input format (guessed when left out)")
    parser.add_argument("--to", choices=outputs, help="output format (default: table; a feed's is feed)")
    parser.add_argument("--model", metavar="FOLDER", help="model folder (default: $HEADLINES_MODELS, else models/)")
    parser.add_argument("--topics", type=lambda text: text.split(","), metavar="A,B", help="answer among these alone")
    parser.add_argument("--threshold", type=float, metavar="P", help="abstain below this confidence")
    return parser


def _run(options: argparse.Namespace) -> None:
    classify = partial(load(options.model).classify, topics=options.topics, threshold=options.threshold)
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    with _opened(options.file) as stream:
        if options.source == "feed" or (not options.source and feeds.is_feed(options.file, stream.peek(64))):
            _feed(stream, options.to, classify)
            return
        if options.to == "feed":
            raise InputError("only a feed can be written as a feed")
        writer = formats.Writer(options.to or "table", sys.stdout)
        lines = formats.chunks(stream)
        first = next(lines, [])
        kind = options.source or formats.guess(options.file, first)
        for batch in formats.records(kind, chain([first], lines)):
            writer.write(batch, classify([record["headline"] for record in batch]))


def _feed(stream: BufferedReader, to: str | None, classify: Callable[[list[str]], list[Prediction]]) -> None:
    feed = feeds.read(stream.read(feeds.MAX_BYTES + 1))
    predictions = classify(feed.headlines)
    if to in (None, "feed"):
        sys.stdout.buffer.write(feed.labelled(predictions))
        sys.stdout.buffer.flush()
        return
    formats.Writer(to, sys.stdout).write([{"headline": headline} for headline in feed.headlines], predictions)


def _opened(name: str) -> BufferedReader:
    return cast(BufferedReader, sys.stdin.buffer) if name == "-" else Path(name).open("rb")


if __name__ == "__main__":
    sys.exit(main())
