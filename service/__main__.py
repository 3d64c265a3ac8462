"""Look after the service from the shell: `python -m service key NAME`."""

import argparse
import sys

from classifier import ClassifierError
from service import access, exports
from service.corrections import Corrections
from service.problems import Problem
from service.settings import Settings
from service.store import Store


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code: 0, or 2 after one line on stderr."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options, Settings.of())
    except Problem as problem:
        print(f"service: {problem.detail}", file=sys.stderr)
        return 2
    except (ClassifierError, OSError) as error:
        print(f"service: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m service", description="Look after the service.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    key = commands.add_parser("key", help="make an API key, or revoke one")
    key.add_argument("name", help="whose key it is")
    key.add_argument("--roles", default="classify", help=f"some of {','.join(access.ROLES)} (default: classify)")
    key.add_argument("--revoke", action="store_true", help="take the key of this name out of the file")
    key.set_defaults(run=_key)
    export = commands.add_parser("export", help="write the corrections to standard output")
    export.add_argument("--accepted", action="store_true", help="those that may be learned alone, one a headline")
    export.add_argument("--to", choices=("jsonl", "csv"), default="jsonl", help="format (default: jsonl)")
    export.set_defaults(run=_export)
    return parser


def _export(options: argparse.Namespace, settings: Settings) -> None:
    corrections = Corrections(Store(settings.database), settings.quorum, settings.quota)
    found = [] if not corrections.store.is_there() else corrections.listed()
    if options.accepted and found:
        found = corrections.accepted()
    write = exports.jsonl if options.to == "jsonl" else exports.as_csv
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    sys.stdout.writelines(write(found))


def _key(options: argparse.Namespace, settings: Settings) -> None:
    if options.revoke:
        access.revoke(settings.keys, options.name)
        return
    print(access.add(settings.keys, options.name, options.roles.split(",")))
    print(f"Told this once only; {settings.keys} holds its hash.", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
