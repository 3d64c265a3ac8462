"""JSON that mostly is JSON: what a mutator of bytes seldom gets past the parser with."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random

from tests.fuzz.mutate import Mutator
from tests.fuzz.seeds import HEADLINES

_LITERALS = (
    *("0", "1", "2", "0.5", "2.0", "1e999", "-1e999", "1e-400", "-0.0", "9" * 25, "9" * 5000, "NaN", "-Infinity"),
    *("true", "false", "null", "[]", "{}", '""', '"\\ud800"', '"\\udc00x"', '"\\u0000"', '"\\u0301\\u202e"', '"=1+1"'),
    *('"sport"', '"ar"', '"fr-MA"', '["sport"]', '["sport", "weather"]', "[[1]]", '"a\\rb"', '"a\\nb"', '"a\\u2028b"'),
)  # fmt: skip
_FIELDS = (
    "headlines",
    "explain",
    "topics",
    "threshold",
    "top_k",
    "lang",
    "partial",
    "headline",
    "n",
    "label",
    "",
    "a\\r",
)


def mixed(first: bytes, form: str, seeds: Sequence[bytes], random: Random) -> Iterator[bytes]:
    """Give bytes that were spoiled and JSON that was made up, in turn.

    Args:
        first: what JSON is preceded by.
        form: what JSON is made up: "body", a request, or "lines", several records.
    """
    spoiled = iter(Mutator(seeds, random))
    while True:
        yield from islice(spoiled, 3)
        text = _body(random) if form == "body" else "\n".join(_record(random) for _ in range(random.randint(1, 3)))
        yield first + text.encode()


def _body(random: Random) -> str:
    headlines = [
        _text(random) if random.random() < 0.9 else _value(random) for _ in range(random.choice((1, 1, 2, 3, 20)))
    ]
    return _object(random, {"headlines": f"[{', '.join(headlines)}]"} if random.random() < 0.95 else {})


def _record(random: Random) -> str:
    return _object(random, {"headline": _text(random)})


def _object(random: Random, fields: dict[str, str]) -> str:
    for _ in range(random.choice((0, 0, 1, 1, 2, 4))):
        fields[random.choice(_FIELDS)] = _value(random)
    items = [f'"{name}": {value}' for name, value in fields.items()]
    if items and random.random() < 0.02:
        items.append(random.choice(items))
    return "{" + ", ".join(items) + "}"


def _value(random: Random) -> str:
    if random.random() < 0.02:
        depth = random.choice((7, 9, 300, 900, 960, 1100, 100_000))
        return "[" * depth + "]" * depth
    return _text(random) if random.random() < 0.2 else random.choice(_LITERALS)


def _text(random: Random) -> str:
    text = random.choice(HEADLINES)
    if random.random() < 0.5:
        at = random.randrange(len(text))
        # Any character there is, a half as well, written as itself or as an escape.
        text = text[:at] + chr(random.randrange(random.choice((0x80, 0x3000, 0x110000)))) + text[at:]
    return json.dumps(text, ensure_ascii=random.random() < 0.5 or any(0xD800 <= ord(c) < 0xE000 for c in text))
