"""A hundred malformed requests over the wire to the real server: a refusal or a closed connection, never a 500."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import running_server
from tests.test_service import REFUSALS

POST = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
JSON = b"Content-Type: application/json\r\n"
CHUNKED = POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
GOOD = b'{"headlines": ["Neige"]}'


def sized(body: bytes, content_type: bytes = b"application/json", extra: bytes = b"") -> bytes:
    head = POST + b"Content-Type: " + content_type + b"\r\n" + extra
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunk(body: bytes) -> bytes:
    return b"%x\r\n" % len(body) + body + b"\r\n"


# Bytes, and the statuses that are right; None stands for a connection closed without an answer.
MALFORMED: list[tuple[bytes, set[int | None]]] = [
    (b"", {None}),
    (b"\r\n\r\n", {None, 400}),
    (b"\x00\x01\x02\x03\r\n\r\n", {None, 400}),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {None, 400}),  # TLS
    (b"GET\r\n\r\n", {None, 400}),
    (b"GET /healthz\r\n\r\n", {None, 400}),
    (b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n", {400, 505}),
    (b"GET /healthz HTTP/1.1 extra\r\nHost: x\r\n\r\n", {400}),
    (b"get /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {400, 405}),
    (b"BREW /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {400, 405, 501}),
    (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {400, 414}),
    (b"GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {400, 404}),
    (b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {400, 404}),
    (b"GET //healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {200, 308, 400, 404}),
    (b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {400, 404}),
    (b"GET /v1/model?x=%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {200, 400}),
    (b"GET http://elsewhere/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {200, 400, 404}),
    (b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {200, 400, 404, 405}),
    (b"CONNECT localhost:1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {400, 404, 405}),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n", {400}),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\n: empty\r\n\r\n", {400}),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\nConnection: close\r\n\r\n", {400}),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: 1\r\n" % i for i in range(300)) + b"\r\n", {400, 431}),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", {None, 400, 431}),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: \xe9\xe9" + b"\r\nConnection: close\r\n\r\n", {200, 400}),
    (b"GET /healthz HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", {200, 400}),
    (POST + JSON + b"\r\n", {400}),
    (POST + JSON + b"Content-Length: -1\r\n\r\n", {400}),
    (POST + JSON + b"Content-Length: x\r\n\r\n", {400}),
    (POST + JSON + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}", {400}),
    (POST + JSON + b"Content-Length: 99999999999999999999\r\n\r\n{}", {400, 413}),
    (POST + JSON + b"Content-Length: 300000\r\n\r\n{}", {413}),
    (POST + JSON + b"Content-Length: 500\r\n\r\n" + GOOD, {None, 400}),  # short
    (POST + JSON + b"Content-Length: 5\r\n\r\n" + GOOD, {400}),  # long: what follows is not ours
    (POST + JSON + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    (POST + JSON + b"Transfer-Encoding: gzip\r\n\r\n", {400, 501}),
    (POST + JSON + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", {400, 501}),
    (POST + JSON + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", {400, 501}),
    (CHUNKED + b"0\r\n\r\n", {400}),
    (CHUNKED + b"zz\r\n" + GOOD, {None, 400}),
    (CHUNKED + b"-5\r\nabcde\r\n0\r\n\r\n", {None, 400}),
    (CHUNKED + b"5;ext=1\r\n[1,2]\r\n0\r\n\r\n", {400, 422}),
    (CHUNKED + b"fffffffffffffffff\r\n" + GOOD, {None, 400, 413}),
    (CHUNKED + chunk(GOOD), {None, 400}),  # no last chunk
    (CHUNKED + b"18\r\n" + GOOD[:10], {None, 400}),  # cut
    (CHUNKED + b"18\r\n" + GOOD + b"xx0\r\n\r\n", {None, 400}),
    (CHUNKED + chunk(b"x" * 65536) * 5 + b"0\r\n\r\n", {413}),
    (CHUNKED + b"".join(chunk(GOOD[i : i + 1]) for i in range(len(GOOD))) + b"0\r\n\r\n", {200}),
    (sized(GOOD, extra=b"Content-Encoding: gzip\r\n"), {415}),
    (sized(GOOD, b"application/json; charset=utf-16"), {415}),
    (sized(GOOD, b"multipart/form-data; boundary=x"), {415}),
    (sized(GOOD, b"application/x-www-form-urlencoded"), {415}),
    (sized(GOOD, b";;;"), {415}),
    (sized(GOOD, b"application/json", b"Expect: 100-continue\r\n"), {100, 200}),
    (sized(GOOD, b"application/json", b"Expect: nonsense\r\n"), {200, 400, 417}),
    (sized(GOOD), {200}),
    (sized(b"\xef\xbb\xbf" + GOOD), {200}),
    (sized(GOOD + b"\x00"), {400}),
    (sized(GOOD + GOOD), {400}),
    (sized(b'{"headlines": ["a\x00b"]}'), {400}),
    (sized(b'{"headlines": ["a\\u0000b"]}'), {200}),
    (sized(b'{"headlines": ["\\u202eabc"]}'), {200}),
    (sized(b'{"headlines": ["' + b"\\ud83d\\ude00" * 20 + b'"]}'), {200}),
    (sized(b'{"headlines": ["' + b"\xed\xa0\x80" + b'"]}'), {400}),
    (sized(b'{"headlines": ["x"], "headlines\\u0000": 1}'), {422}),
    (sized(b'{"headlines": ["x"], "' + b"k" * 5000 + b'": 1}'), {422}),
    (sized(b'{"headlines": ["x"], "threshold": ' + b"9" * 5000 + b"}"), {400, 422}),
    (sized(b'{"headlines": ["x"], "top_k": ' + b"9" * 400 + b"}"), {200, 422}),
    (sized(b'{"headlines": ["x"], "top_k": -0}'), {422}),
    (sized(b"'" * 10), {400}),
    (sized(b"\xff\xfe{\x00}\x00"), {400}),
    (sized(b"[" * 3000 + b"]" * 3000), {400}),
    (sized(b'{"a":' * 3000 + b"1" + b"}" * 3000), {400}),
    (sized(b"[" * 200_000), {400}),
] + [
    (sized(body, content_type.encode()), {status})
    for body, content_type, status, _, _ in REFUSALS
    if content_type and len(body) < 200_000
]  # fmt: skip


@pytest.fixture(scope="module")
def port(models: Path) -> Iterator[int]:
    with running_server(models) as port:
        yield port


def say(port: int, data: bytes) -> bytes:
    """Send bytes, close our side, and return all that comes back."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                answer += part
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused while it was still being sent
    return answer


def test_there_are_a_hundred_cases() -> None:
    assert len(MALFORMED) >= 100


@pytest.mark.parametrize("number", range(len(MALFORMED)))
def test_malformed_requests_are_refused_and_never_fail_the_server(port: int, number: int) -> None:
    data, right = MALFORMED[number]
    answer = say(port, data)
    statuses = [int(found) for found in re.findall(rb"HTTP/1\.[01] (\d{3})", answer)]
    assert (statuses[0] if statuses else None) in right, answer[:300]
    assert not any(status >= 500 and status not in (501, 505) for status in statuses)
    assert b"Traceback" not in answer
    # It goes on answering.
    assert say(port, sized(GOOD)).startswith(b"HTTP/1.1 200")
