from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from classifier import storage
from tests.bench import stream
from tests.bench.contenders import NAMES, Contender, contender


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--headlines", type=Path, help="a file of headlines to time on, one a line")
    parser.addoption("--grow", action="store_true", help="also train on corpora of growing size")


def pytest_configure(config: pytest.Config) -> None:
    chosen: Path | None = config.getoption("--headlines")
    if chosen and not chosen.is_file():
        raise pytest.UsageError(f"--headlines {chosen}: no such file")


@pytest.fixture(scope="session")
def models() -> Path:
    return storage.default_folder()


@pytest.fixture(scope="session")
def unseen(request: pytest.FixtureRequest) -> Iterator[str]:
    """One stream for the whole run: no headline of it is ever met twice."""
    chosen: Path | None = request.config.getoption("--headlines")
    return stream.from_file(chosen) if chosen else stream.headlines()


@pytest.fixture(scope="module", params=NAMES)
def rival(request: pytest.FixtureRequest, models: Path) -> Contender:
    found = contender(request.param, models)
    if found is None:
        pytest.skip(f"{request.param} is not installed")
    return found


def take(unseen: Iterator[str], count: int) -> list[str]:
    taken = list(islice(unseen, count))
    if len(taken) < count:
        pytest.skip("the file has too few headlines")
    return taken
