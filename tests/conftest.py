"""A small real corpus and a small real model, made once a run."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from classifier import Classifier, load
from service.settings import Settings
from service.store import Store
from training import publish, read
from training.corpus import Corpus
from training.fit import Recipe, Trained, fit

ROOT = Path(__file__).parent.parent
SMALL = Recipe(generated=300)

POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))

NO_KEYS = ROOT / "tests" / "data" / "no-keys.json"
"""A file that is not there: the tests do not depend on the keys of whoever runs them."""
NO_DATABASE = "sqlite:////nonexistent/corrections.db"
OPEN = Settings(keys=NO_KEYS, database=NO_DATABASE)
os.environ |= {"KEYS": str(NO_KEYS), "DATABASE_URL": NO_DATABASE}


@pytest.fixture(scope="session")
def own_corpus() -> Corpus:
    return read.read([read.OWN])


@pytest.fixture(scope="session")
def small_corpus_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty headlines and a hundred and twenty terms of every topic and language, in the corpus's own format.

    Once drawn from the corpus and kept: what is written into the corpus does not change the tests' models.
    """
    return shutil.copytree(ROOT / "tests" / "data" / "corpus", tmp_path_factory.mktemp("small") / "corpus")


@pytest.fixture(scope="session")
def small_corpus(small_corpus_folder: Path) -> Corpus:
    return read.read([small_corpus_folder])


@pytest.fixture(scope="session")
def small_trained(small_corpus: Corpus) -> Trained:
    return fit(small_corpus, SMALL)


@pytest.fixture(scope="session")
def models(small_corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with one published small model."""
    folder = tmp_path_factory.mktemp("models")
    publish.train(folder, small_corpus, SMALL)
    return folder


@pytest.fixture(scope="session")
def model(models: Path) -> Classifier:
    return load(models)


@dataclass(frozen=True)
class Server:
    """A real server: where it listens, its process, and the file its log goes to."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """Return what it has logged so far; every line is an object."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]


@contextmanager
def server(
    models: Path, app: str = "service.app:create_app()", killed: bool = False, **variables: str
) -> Iterator[Server]:
    """Give a real server, started as `make serve` starts it, and stop it afterwards.

    Args:
        killed: whether it will be killed, with all its processes: it leads a group of its own then.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "--config", "service/gunicorn.conf.py", app]
    env = os.environ | {
        "PORT": str(port),
        "HEADLINES_MODELS": str(models),
        **variables,
    }
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with (
            log.open("wb") as out,
            subprocess.Popen(command, cwd=ROOT, env=env, stderr=out, start_new_session=killed) as process,
        ):
            try:
                for _ in range(200):
                    try:
                        socket.create_connection(("127.0.0.1", int(env["PORT"])), timeout=1).close()
                        break
                    except OSError:
                        time.sleep(0.1)
                yield Server(int(env["PORT"]), process, log)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=60)
        assert killed or process.returncode == 0


@contextmanager
def running_server(models: Path, app: str = "service.app:create_app()", **variables: str) -> Iterator[int]:
    """Give the port of a real server."""
    with server(models, app, **variables) as running:
        yield running.port


CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("NO BROWSER: install chromium, or name one in CHROMIUM; the page and the widget are not tested")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@contextmanager
def opened(browser: Browser, **settings: Any) -> Iterator[Page]:
    """Give an empty page of a browser of its own, in which nothing fails unseen."""
    context: BrowserContext = browser.new_context(**{"locale": "fr-FR", **settings})
    context.set_default_timeout(10_000)
    page = context.new_page()
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (found.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    # What the Content-Security-Policy forbids is told on the console, and nowhere else for certain.
    page.on("console", lambda told: found.append(told.text) if "Content Security Policy" in told.text else None)
    try:
        yield page
    finally:
        context.close()
    assert not found


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """Return the rules of WCAG 2.2 AA and of good practice that a page breaks, and where, as axe-core finds them."""
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    answer = Axe().run(page, options={"runOnly": tags}).response
    assert len(answer["passes"]) > 5
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in answer["violations"]]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a real PostgreSQL, started for the tests."""
    if not POSTGRES:
        pytest.skip("PostgreSQL is not installed: the database of several machines is NOT TESTED here")
    # As root it will not run; Debian has a user for it.
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = Path("/tmp") / f"headlines-postgres-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    if as_user:
        shutil.chown(folder, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(program: str, *arguments: str) -> None:
        command = [*as_user, str(POSTGRES[-1] / program), "-D", str(folder / "data"), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=folder)

    run("initdb", "-A", "trust", "-U", "desk", "-E", "UTF8", "--no-sync")
    run(
        "pg_ctl", "-w", "-o", f"-p {port} -k {folder} -c listen_addresses=127.0.0.1", "-l", str(folder / "log"), "start"
    )
    yield f"postgresql+psycopg://desk@127.0.0.1:{port}/postgres"
    run("pg_ctl", "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database: of each kind that the service may have."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/corrections.db"
    found = str(request.getfixturevalue("postgres"))
    store = Store(found)
    with store.writing() as connection:
        connection.exec_driver_sql("TRUNCATE corrections, doubtful")
    return found
