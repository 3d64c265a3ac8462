"""A small real corpus and a small real model, made once a run."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from classifier import Classifier, load
from training import publish, read
from training.corpus import Corpus
from training.fit import Recipe, Trained, fit

ROOT = Path(__file__).parent.parent
SMALL = Recipe(generated=300)


@pytest.fixture(scope="session")
def own_corpus() -> Corpus:
    return read.read([read.OWN])


@pytest.fixture(scope="session")
def small_corpus_folder(own_corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty headlines and a hundred and twenty terms of every topic and language, in the corpus's own format."""
    folder = tmp_path_factory.mktemp("corpus")
    desks: defaultdict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
    for line in own_corpus.lines:
        desks[(line.kind, line.topic, line.lang)][line.text] = None
    chosen = random.Random(0)
    for (kind, topic, lang), texts in desks.items():
        some = chosen.sample(list(texts), 40 if kind == "headline" else 120)
        file = folder / f"{kind}s" / f"{topic}.{lang}.tsv"
        file.parent.mkdir(exist_ok=True)
        prefix = f"{topic}\t{lang}\t" if kind == "headline" else f"{topic}\t"
        file.write_text("".join(f"{prefix}{text}\n" for text in some), encoding="utf-8")
    (folder / "foreign").mkdir()
    (folder / "foreign" / "all.txt").write_text("\n".join(own_corpus.foreign) + "\n", encoding="utf-8")
    return folder


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


@contextmanager
def running_server(models: Path, app: str = "service.app:create_app()") -> Iterator[int]:
    """Give the port of a real server, started as `make serve` starts it, and stop it afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "--config", "service/gunicorn.conf.py", app]
    env = os.environ | {"PORT": str(port), "HEADLINES_MODELS": str(models)}
    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE) as server:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)
        assert server.returncode == 0
