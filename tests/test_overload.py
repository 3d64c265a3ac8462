import http.client
import json
import socket
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest

from classifier import Classifier
from service.app import create_app
from tests.conftest import OPEN, server

HEADLINES = ["Le Raja bat le Wydad en finale"] * 20
BODY = json.dumps({"headlines": HEADLINES}).encode()
HEAD = (
    f"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
).encode()


def test_a_hundred_slow_clients_fail_nobody(models: Path) -> None:
    """A third says nothing, a third stops inside the head, a third inside the body; all the others are answered."""
    with server(models) as running, ExitStack() as stack:
        for number in range(100):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=30))
            slow.sendall([b"", HEAD[:40], HEAD + BODY[:20]][number % 3])
        statuses: Counter[int] = Counter()

        def client() -> None:
            with closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)) as connection:
                for _ in range(25):
                    connection.request("POST", "/v1/classify", BODY, {"Content-Type": "application/json"})
                    answer = connection.getresponse()
                    answer.read()
                    statuses[answer.status] += 1

        clients = [threading.Thread(target=client) for _ in range(8)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
        assert statuses == {200: 200}


def test_a_client_that_falls_silent_is_let_go(models: Path) -> None:
    with server(models, SILENCE="1") as running, ExitStack() as stack:
        inside_head, inside_body = (
            stack.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=30)) for _ in range(2)
        )
        inside_head.sendall(HEAD[:40])
        inside_body.sendall(HEAD + BODY[:20])
        assert b" 408 " in inside_body.recv(1000)
        assert inside_head.recv(1000) == b""


def test_too_much_at_once_is_told_to_come_back(model: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    """One request holds the only place; those that wait a second for it get a 503, and the next one is answered."""
    app = create_app(classifier=model, settings=replace(OPEN, busy=1))
    entered, leave = threading.Event(), threading.Event()
    classify = Classifier.classify

    def slowly(*args: object, **how: object) -> object:
        entered.set()
        leave.wait(30)
        return classify(*args, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(Classifier, "classify", slowly)
    first: list[int] = []
    asked = {"headlines": ["x"]}
    thread = threading.Thread(
        target=lambda: first.append(app.test_client().post("/v1/classify", json=asked).status_code)
    )
    thread.start()
    entered.wait(30)
    begun = time.monotonic()
    refused = app.test_client().post("/v1/classify", json=asked)
    assert time.monotonic() - begun < 20
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert json.loads(refused.data)["detail"].startswith("Too busy")
    leave.set()
    thread.join()
    assert first == [200]
    assert app.test_client().post("/v1/classify", json=asked).status_code == 200
