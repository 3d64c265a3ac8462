"""What is promised for any input: each target takes bytes and raises when one of its promises is broken."""

import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

from classifier import Classifier, InputError, Prediction, formats, terms, ticker
from classifier.label import OUTPUTS, Manner, label
from service.app import create_app
from service.settings import Settings
from tests.fuzz import seeds
from tests.fuzz.mutate import Mutator
from tests.fuzz.structured import mixed

Check = Callable[[bytes], None]

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Target:
    """A promise, what to try it with, and its share of all inputs."""

    name: str
    check: Check
    seeds: Sequence[bytes]
    share: float
    inputs: Callable[[Sequence[bytes], Random], Iterator[bytes]] = lambda seeds, random: iter(Mutator(seeds, random))


def of(model: Classifier) -> dict[str, Target]:
    """Return the targets by name, those that need a model around this one."""
    return {
        target.name: target
        for target in (
            Target("ticker", read_ticker, seeds.TICKERS, 0.3),
            Target("terms", fold, seeds.TEXTS, 0.35),
            Target("formats", files(model), seeds.FILES, 0.29, partial(mixed, b"\3", "lines")),
            Target("model", both_paths(model), [*seeds.TEXTS, b"\n".join(seeds.TEXTS)], 0.01),
            Target("asked", requests(model), seeds.REQUESTS, 0.05, partial(mixed, bytes(3), "body")),
        )
    }


def text_of(data: bytes) -> str:
    """Return any bytes as a text; what is no UTF-8 becomes halves of characters."""
    return data.decode("utf-8", "surrogateescape")


_LIST_NUMBERS = re.compile(r"\d{1,3}[.)]\s")


def read_ticker(data: bytes) -> None:
    """Pieces stand in the text in order and whole, and hold all its letters; of its digits only list numbers go."""
    text = text_of(data)
    reading = ticker.read(text)
    for pieces in (reading.headlines, reading.skipped):
        at = 0
        for piece in pieces:
            at = text.find(piece, at) + len(piece)
            assert at >= len(piece), f"{piece!r} is not in the text, or not in its place"
            assert piece == piece.strip(), f"{piece!r} has space around it"
            assert any(c.isalnum() for c in piece), f"{piece!r} has nothing to read"
    assert all(len(headline) <= ticker.MAX_HEADLINE for headline in reading.headlines), "a headline is too long"
    told = Counter(filter(str.isalnum, text))
    kept = Counter(filter(str.isalnum, "".join(reading.headlines + reading.skipped)))
    if told != kept:
        numbers = Counter("".join(_LIST_NUMBERS.findall(text)))
        assert kept <= told <= kept + numbers, f"lost {told - kept}, more {kept - told}"


def fold(data: bytes) -> None:
    """Folding twice is folding once, and each word knows where it came from."""
    text = text_of(data)
    words = terms.words(text)
    folded = terms.fold(text)
    assert folded == " ".join(words)
    assert terms.words(folded) == words, "folding twice changes something"
    located = terms.locate(text)
    assert [word.text for word in located] == words, "words and located words are others"
    assert sum(map(len, words)) <= 18 * len(text), "folding grows without bound"
    before = (0, 0)
    for word in located:
        assert before[0] <= word.start < word.end <= len(text), f"{word} is out of place"
        # Characters that fold to several words (½, ligatures) lie in two words at once, and nothing else does.
        assert word.start >= before[1] or " " in terms.FOLDED[ord(text[word.start])], f"{word} overlaps"
        assert word.text in "".join(text[word.start : word.end].translate(terms.FOLDED)), f"{word} is not from there"
        before = (word.start, word.end)


def files(model: Classifier) -> Check:
    """Return a target: what is read from a file and labelled by this model."""
    return partial(read_file, model)


def read_file(model: Classifier, data: bytes) -> None:
    """A file is refused by an `InputError`, or each of its records has one line of the answer, which reads back."""
    kind = ("lines", "ticker", "csv", "jsonl", None)[data[0] % 5 if data else 4]
    try:
        chunks = list(formats.chunks(io.BytesIO(data[1:])))
        kind = kind or formats.guess("-", chunks[0] if chunks else [])
        records = list(chain.from_iterable(formats.records(kind, chunks)))
    except InputError:
        return
    assert all(isinstance(record["headline"], str) for record in records)
    for to in ("table", kind if kind in OUTPUTS else "jsonl"):
        manner = Manner(to).given(records[0]) if records else Manner(to)
        try:
            written = manner.header() + label(model, manner, records).text
        except InputError:
            continue
        _reads_back(to, written.encode("utf-8", "backslashreplace").decode(), records)


def _reads_back(kind: str, written: str, records: list[dict[str, Any]]) -> None:
    if kind == "table":
        assert len(written.split("\n")) == len(records) + 1, "not one line a record"
    elif kind == "jsonl":
        lines = written.split("\n")[:-1]
        again = [json.loads(line, parse_constant=_refuse) for line in lines]
        assert [line["headline"] for line in again] == [record["headline"] for record in records]
    elif records:
        again = list(csv.DictReader(io.StringIO(written, newline=""), strict=True))
        shown = [record["headline"].encode("utf-8", "backslashreplace").decode() for record in records]
        assert [line["headline"] for line in again] == shown


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def both_paths(model: Classifier) -> Check:
    """Return a target: one by one and many at once, compiled and not, headlines get the same answers."""
    filling = [headline.decode() for headline in seeds.TEXTS] * 2
    plain = Classifier(model.weights, model.version, compiled=False)

    def check(data: bytes) -> None:
        headlines = text_of(data).split("\n")[:16]
        singly = model.classify(headlines)
        others = model.classify(headlines + filling), plain.classify(headlines), plain.classify(headlines + filling)
        for one, *same in zip(singly, *others, strict=False):
            for other in same:
                worst = max(abs(p - other.probabilities[topic]) for topic, p in one.probabilities.items())
                assert worst <= TOLERANCE, f"two ways differ by {worst} on {one.headline!r}"
                assert abs(one.known_share - other.known_share) <= TOLERANCE, f"known share of {one.headline!r}"
            assert abs(sum(one.probabilities.values()) - 1) <= TOLERANCE, "probabilities do not sum to 1"
            assert 0 <= one.known_share <= 1
            assert one.confidence == max(one.probabilities.values()) <= 1
            assert (one.label is None) == (one.reason is not None)
        _explains(model, singly[0])

    return check


def _explains(model: Classifier, prediction: Prediction) -> None:
    explanation = model.explain(prediction.headline)
    assert explanation.prediction == prediction
    total = math.fsum(abs(driver.share) for driver in explanation.drivers)
    assert total <= TOLERANCE or abs(total - 1) <= TOLERANCE, f"shares sum to {total}"
    assert all(driver.word == prediction.headline[driver.start : driver.end] for driver in explanation.drivers)


_TYPES = (
    *("application/json", "text/plain; charset=utf-8", "text/plain", "application/json; charset=latin-1"),
    *("text/html", "", "application/json; charset=utf-8"),
)
_QUERIES = (
    *("", "explain=true", "topics=sport,weather", "lang=ar", "explain=1", "topics=", "other=%ff", "lang=fr&lang=xx"),
)
_LENGTHS = (lambda n: str(n), lambda n: str(n + 5), lambda n: str(max(n - 3, 0)), lambda _: "abc", lambda _: "-1")
_REFUSALS = {400, 413, 415, 422}


def requests(model: Classifier) -> Check:
    """Return a target: any body gets its answers in full or a refusal as problem+json."""
    app = create_app(classifier=model, settings=Settings(keys=Path("/nonexistent/keys.json")))
    common = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/v1/classify", "SCRIPT_NAME": "", "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http", "wsgi.errors": io.StringIO(), "wsgi.version": (1, 0), "wsgi.multithread": True,
        "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip

    def check(data: bytes) -> None:
        (media, query, length), body = data[:3].ljust(3, b"\0"), data[3:]
        media_type = _TYPES[media % len(_TYPES)]
        environ = common | {
            "CONTENT_TYPE": media_type,
            "QUERY_STRING": _QUERIES[query % len(_QUERIES)],
            "CONTENT_LENGTH": _LENGTHS[length % len(_LENGTHS)](len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        told: dict[str, Any] = {}
        chunks = app.wsgi_app(environ, lambda status, headers: told.update(status=int(status[:3]), head=dict(headers)))
        answer = json.loads(b"".join(chunks), parse_constant=_refuse)
        if told["status"] == 200:
            _is_answer(answer, body[: int(environ["CONTENT_LENGTH"])], "json" in media_type)
        else:
            assert told["status"] in _REFUSALS, f"{told['status']}: {answer}"
            assert told["head"]["Content-Type"] == "application/problem+json"
            assert answer["status"] == told["status"]
            assert answer["detail"].strip()

    return check


def _is_answer(answer: dict[str, Any], body: bytes, is_json: bool) -> None:
    text = body.decode("utf-8-sig")
    asked = json.loads(text) if is_json else {"headlines": ticker.read(text).headlines}
    results = answer["results"]
    assert len(results) == len(asked["headlines"]), "not one result a headline"
    for headline, result in zip(asked["headlines"], results, strict=True):
        if "headline" not in result:
            assert asked["partial"], "a headline without an answer"
            continue
        assert result["headline"] == headline, "another headline, or another order"
        total = sum(result["probabilities"].values())
        assert total <= 1 + 1e-5, "probabilities over 1"
        assert "top_k" in asked or total >= 1 - 1e-5, "probabilities under 1"
