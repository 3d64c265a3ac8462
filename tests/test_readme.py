"""The README's examples, run as they stand against the default model."""

import doctest
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import running_server

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = README + (ROOT / "service" / "adapters" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", PAGES, flags=re.DOTALL)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def examples() -> list[tuple[str, str]]:
    found = []
    for block in BLOCKS:
        for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, flags=re.MULTILINE):
            if command != "make serve":  # started below, on a free port
                found.append((command, output))
    return found


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running_server(ROOT / "models") as port:
        yield port


def test_there_are_examples_and_the_first_comes_early() -> None:
    assert len(examples()) >= 4
    assert README.splitlines()[:20].count("$ make serve") == 1


@pytest.mark.parametrize(("command", "expected"), examples())
def test_a_console_example_prints_what_the_readme_says(port: int, command: str, expected: str) -> None:
    command = command.replace(":8000", f":{port}").replace(".venv/bin/python", sys.executable)
    done = subprocess.run(["bash", "-c", command], capture_output=True, cwd=ROOT, check=True, timeout=60)
    # What the README cuts short goes on in truth.
    wanted = re.sub(r"\.\.\.$", "...", expected.strip())
    got = done.stdout.decode().strip()
    assert doctest.OutputChecker().check_output(wanted + "\n", got + "\n", FLAGS), f"{got}\ninstead of\n{wanted}"


def test_the_python_examples_run() -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert blocks
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "README.md", "README.md", 0)
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    runner.run(test, out=lambda text: pytest.fail(text))
    assert runner.tries > 5


def test_every_target_the_readme_names_is_in_make_help() -> None:
    listed = subprocess.run(["make", "help"], capture_output=True, cwd=ROOT, check=True, text=True).stdout
    for target in set(re.findall(r"\bmake ([a-z]+)\b", README)) - {"help"}:
        assert f"make {target} " in listed, target


def test_the_files_it_lists_exist() -> None:
    for name in re.findall(r"`((?:classifier|training|service)/[\w./]+)`", README):
        assert (ROOT / name).exists(), name
