import http.client
import itertools
import json
import os
import shutil
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifier import Classifier, load, storage
from service.app import create_app
from service.models import Models, Refused
from tests.conftest import running_server

SWAPS = int(os.environ.get("SWAPS", "200"))
CORRUPT = 100
HEADLINES = ["Le Raja bat le Wydad en finale", "Averses orageuses attendues lundi"]
TABLES = ("table.npy", "words.keys.npy", "words.slots.npy", "ngrams.keys.npy", "vocabulary.txt", "manifest.json")


@pytest.fixture
def two(models: Path, tmp_path: Path) -> tuple[Path, str, str]:
    """A models folder of its own with two versions that answer differently, and their names."""
    first = storage.current(models)
    folder = tmp_path / "models"
    shutil.copytree(models, folder)
    model = load(models)
    other = replace(model.weights, table=np.array(model.weights.table) * np.float32(0.5))
    with storage.staging(folder) as staged:
        second = storage.write(staged, other, HEADLINES, {})
        storage.publish(folder, staged, second)
    storage.set_current(folder, first)
    return folder, first, second


def post(connection: http.client.HTTPConnection, headlines: list[str]) -> tuple[int, dict]:
    connection.request(
        "POST", "/v1/classify", json.dumps({"headlines": headlines}), {"Content-Type": "application/json"}
    )
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def get(port: int, path: str) -> dict:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", path)
        return dict(json.loads(connection.getresponse().read()))


def test_hundreds_of_swaps_under_load_fail_no_request_and_mix_no_answer(two: tuple[Path, str, str]) -> None:
    folder, *versions = two
    expected = {version: load(folder / version).probabilities(HEADLINES) for version in versions}
    wrong: list[object] = []
    seen: list[str] = []
    done = threading.Event()

    def client(port: int) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            while not done.is_set():
                status, answer = post(connection, HEADLINES)
                if status != 200:
                    wrong.append(answer)
                    continue
                seen.append(answer["version"])
                rows = [list(result["probabilities"].values()) for result in answer["results"]]
                same = {result["version"] for result in answer["results"]} == {answer["version"]}
                if not same or np.abs(np.array(rows) - expected[answer["version"]]).max() > 1e-5:
                    wrong.append(answer)

    with running_server(folder, "service.app:create_app(interval=0.01)") as port:
        clients = [threading.Thread(target=client, args=(port,)) for _ in range(4)]
        for thread in clients:
            thread.start()
        for swap in range(SWAPS):
            storage.set_current(folder, versions[(swap + 1) % 2])
            time.sleep(0.03)
        done.set()
        for thread in clients:
            thread.join()
    assert not wrong
    changes = sum(before != after for before, after in itertools.pairwise(seen))
    assert len(seen) > SWAPS
    assert changes > SWAPS / 4  # the workers did follow


def test_corrupt_publications_keep_the_model_in_force_and_say_so(two: tuple[Path, str, str]) -> None:
    folder, first, second = two
    with running_server(folder, "service.app:create_app(interval=0.01)") as port:
        get(port, "/healthz")
        for number in range(CORRUPT):
            broken = shutil.copytree(folder / second, folder / f"broken{number}")
            file = broken / TABLES[number % len(TABLES)]
            whole = bytearray(file.read_bytes())
            whole[(number * 7919) % len(whole)] ^= 1 << number % 8
            file.write_bytes(whole)
            storage.set_current(folder, broken.name)
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
                status, answer = post(connection, HEADLINES)
            assert (status, answer["version"]) == (200, first)
        seen = {}
        for _ in range(300):  # two workers, each with its own watch
            told = get(port, "/v1/model")
            assert told["version"] == first
            if told["refused"]:
                seen[told["refused"]["version"]] = told["refused"]["reason"]
            if broken.name in seen:
                break
            time.sleep(0.02)
        assert "damaged" in seen[broken.name]
        storage.set_current(folder, second)
        for _ in range(300):
            if get(port, "/v1/model")["version"] == second:
                break
            time.sleep(0.02)
        assert get(port, "/healthz")["status"] == "ok"


def test_a_refused_version_is_told_until_a_good_one_is_published(two: tuple[Path, str, str]) -> None:
    folder, first, second = two
    swapped: list[str] = []
    refused: list[Refused] = []
    models = Models(folder, swapped=swapped.append, refused=refused.append)
    storage.set_current(folder, "nowhere")
    models.refresh()
    models.refresh()
    assert models.classifier.version == first
    assert models.refused is not None
    assert models.refused.version == "nowhere"
    storage.set_current(folder, second)
    models.refresh()
    assert (models.classifier.version, models.refused) == (second, None)
    assert swapped == [second]
    assert [about.version for about in refused] == ["nowhere"]


def test_a_damaged_pointer_is_told_and_changes_nothing(two: tuple[Path, str, str]) -> None:
    folder, first, _ = two
    models = Models(folder)
    (folder / "current.json").write_text("{")
    models.refresh()
    assert models.classifier.version == first
    assert models.refused is not None
    assert "current.json is damaged" in models.refused.reason


def test_a_given_classifier_and_a_single_version_stay(two: tuple[Path, str, str], model: Classifier) -> None:
    folder, first, second = two
    alone = Models(folder / first)
    alone.watch()
    storage.set_current(folder, second)
    assert alone.classifier.version == first
    assert create_app(classifier=model).test_client().get("/v1/model").get_json()["refused"] is None
