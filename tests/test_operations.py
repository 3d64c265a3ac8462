import http.client
import json
import os
import re
import shutil
import signal
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from classifier import Classifier, storage
from service.app import create_app
from tests.conftest import OPEN, Server, server

HEADLINES = ["Le Raja bat le Wydad en finale", "Averses orageuses attendues lundi"]


@pytest.fixture
def client(model: Classifier) -> FlaskClient:
    return create_app(classifier=model, settings=OPEN).test_client()


def ask(port: int, path: str, headlines: list[str] | None = None) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        if headlines:
            body, head = json.dumps({"headlines": headlines}), {"Content-Type": "application/json"}
            connection.request("POST", path, body, head)
        else:
            connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()


def figure(text: str, name: str) -> float:
    """Return the sum of a metric over what follows its name."""
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))


def test_metrics_count_requests_headlines_and_what_the_model_does_not_know(client: FlaskClient) -> None:
    asked = {"headlines": [*HEADLINES, "Zxqv wrtpl"], "threshold": 0}
    client.post("/v1/classify", json=asked, buffered=True)
    client.post("/v1/classify", json={}, buffered=True)
    client.get("/some/secret/path", buffered=True)
    text = client.get("/metrics").get_data(as_text=True)
    assert figure(text, 'headlines_requests_total{route="/v1/classify",status="200"}') == 1
    assert figure(text, 'headlines_requests_total{route="/v1/classify",status="422"}') == 1
    assert figure(text, 'headlines_requests_total{route="none",status="404"}') == 1
    assert figure(text, "headlines_answers_total") == 3
    assert figure(text, 'headlines_answers_total{answer="unfamiliar"}') >= 1
    assert 1 <= figure(text, "headlines_unknown_words_total") <= 3
    assert figure(text, "headlines_request_seconds_count") == 3
    assert "secret" not in text


def test_metrics_are_right_with_several_workers(models: Path) -> None:
    asked = HEADLINES * 100
    with server(models, WORKERS="3") as running:
        # Which worker takes a request is the kernel's choice: asked until more than one has answered.
        for count in range(90, 90 * 20, 90):
            threads = [threading.Thread(target=ask, args=(running.port, "/v1/classify", asked)) for _ in range(90)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            workers = {line["worker"] for line in requests_logged(running, count)}
            if len(workers) > 1:
                break
        assert len(workers) > 1
        counted = 'headlines_requests_total{route="/v1/classify",status="200"}'
        text = wait_for(running, counted, count)  # a request is counted once its answer is sent
        assert figure(text, "headlines_answers_total") == count * len(asked)
        assert figure(text, "headlines_model_workers") == len(workers)


def requests_logged(running: Server, count: int) -> list[dict[str, Any]]:
    """Return the lines of requests, in the order of their answers, once there are so many: they follow the answers."""
    lines: list[dict[str, Any]] = []
    for _ in range(300):
        lines = [line for line in running.lines() if line["message"] == "request"]
        if len(lines) >= count:
            break
        time.sleep(0.02)
    return sorted(lines, key=lambda line: line["status"])


def test_logs_are_json_and_hold_no_headline_unless_asked(models: Path) -> None:
    def logged(**variables: str) -> str:
        with server(models, **variables) as running:
            ask(running.port, "/v1/classify", HEADLINES)
            ask(running.port, "/v1/classify?topics=Raja", HEADLINES)
            [good, bad] = requests_logged(running, 2)
            assert (good["route"], good["status"], good["headlines"]) == ("/v1/classify", 200, 2)
            assert bad["status"] == 422
            assert {"time", "level", "id", "ms", "caller", "version", "worker"} <= set(good)
            return running.log.read_text()

    assert "Raja" not in logged()
    assert "Le Raja bat le Wydad" in logged(LOG_HEADLINES="1")


def test_a_refused_version_is_told_in_the_log_and_in_a_metric(models: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    shutil.copytree(models, folder)
    good = storage.current(folder)
    with server(folder, "service.app:create_app(interval=0.01)", WORKERS="1") as running:
        ask(running.port, "/v1/classify", HEADLINES)
        storage.set_current(folder, "nowhere")
        text = wait_for(running, "headlines_model_refusals_total", 1)
        assert figure(text, "headlines_model_swaps_total") == 0
        [line] = [line for line in running.lines() if line["level"] == "ERROR"]
        assert (line["message"], line["version"]) == ("a version is refused", "nowhere")
        shutil.copytree(folder / good, folder / "again")
        storage.set_current(folder, "again")
        wait_for(running, "headlines_model_swaps_total", 1)
        text = wait_for(running, 'headlines_model_workers{version="again"}', 1)
        assert figure(text, "headlines_model_workers") == 1


def wait_for(running: Server, name: str, value: float) -> str:
    for _ in range(300):
        text = ask(running.port, "/metrics")[1].decode()
        if figure(text, name) == value:
            break
        time.sleep(0.02)
    assert figure(text, name) == value
    return text


def test_a_graceful_stop_finishes_what_was_accepted(models: Path) -> None:
    """Bodies that are still arriving when the stop is asked for are read to their end and answered."""
    body = json.dumps({"headlines": HEADLINES}).encode()
    head = f"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    with server(models) as running:
        connections = [http.client.HTTPConnection("127.0.0.1", running.port, timeout=30) for _ in range(20)]
        for connection in connections:
            connection.connect()
            connection.sock.sendall(f"{head}\r\n\r\n".encode() + body[:10])
        time.sleep(0.5)  # so that all are accepted
        os.kill(running.process.pid, signal.SIGTERM)
        time.sleep(0.5)
        for connection in connections:
            connection.sock.sendall(body[10:])
        for connection in connections:
            answer = http.client.HTTPResponse(connection.sock)
            answer.begin()
            assert answer.status == 200
            assert len(json.loads(answer.read())["results"]) == 2
            connection.close()
        assert running.process.wait(30) == 0


def test_what_workers_counted_is_left_nowhere(models: Path, tmp_path: Path) -> None:
    with server(models, TMPDIR=str(tmp_path)) as running:
        ask(running.port, "/healthz")
        assert list(tmp_path.glob("headlines-metrics-*"))
    assert not list(tmp_path.glob("headlines-metrics-*"))
