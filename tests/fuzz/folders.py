"""Models damaged in every way a disk, a hand or an attacker can: refused, or true to their golden headlines.

Damage that leaves the checksums alone is always refused. Where the checksums were made right again, a model may be
accepted if it still gives the golden answers, and then it answers other headlines too. No folder makes a load use much
memory, hang, or fail in another way than by a `ModelError`.
"""

import io
import json
import os
import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from classifier import ModelError, load, storage
from tests.fuzz.seeds import HEADLINES
from tests.fuzz.targets import TOLERANCE, Target

SPARE_BYTES = 1 << 30
"""Address space that a load may add; the model that is damaged has a few MB."""

_ODD = (
    *(None, True, -1, 0, 1, 2, 2.5, 1e308, float("nan"), float("inf"), 10**30, "", "\0", "\ud800", "../x", "x" * 5000),
    *([], {}, [[]], ["a", "a"], [1], {"a": {}}, {"bytes": -1}, [["a", [0.5]]], [["a", None]], ["sport", 5]),
)
_TEXTS = ("", "[]", "{}", "null", "[" * 100_000, '{"version": 3}', '{"version": "\\ud800"}', '{"version": "a\\u0000"}',
          '{"version": "..", "a": NaN}', '{"version": "' + "x" * 5000 + '"}', "\ufeff{}", "9" * 6000)  # fmt: skip
_DTYPES = ("|O", "<f4", ">f4", "<f8", "<u8", "<i4", "|S5", "<U3", "<M8[s]", "|V8", "<c16", "?", "<f99", "nonsense", "")
_SHAPES = ("()", "(0,)", "(-1,)", "(1,)", "(10**15,)", "(1<<62, 4)", "(1000000000000, 1000000000000)", "(True,)", "5",
           "(2L,)", "(99999999999999999999999,)", "(1,)*5000", "(((((1)))))", "-" * 5000 + "1", "[3]")  # fmt: skip


def target(models: Path) -> Target:
    """Return the target around a models folder, which stays as it is."""

    def check(data: bytes) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            _check(models, Path(scratch), Random(data))

    return Target("folders", check, [b""], 1 / 4000, _random_bytes)


def _random_bytes(_: Sequence[bytes], random: Random) -> Iterator[bytes]:
    while True:
        yield random.randbytes(8)


def _check(models: Path, copy: Path, random: Random) -> None:
    version = storage.current(models)
    shutil.copytree(models / version, copy / version, copy_function=os.link)
    shutil.copy(models / "current.json", copy)
    damage = random.choice((*_UNSEALED, *_RESEALED))
    names = [*(file.name for file in sorted((copy / version).iterdir())), "current.json"]
    name = random.choice(names if damage in _UNSEALED else [n for n in names if n.endswith(".npy")])
    damage(copy / name if name == "current.json" else copy / version / name, random)
    try:
        with _little_memory():
            model = load(copy)
    except ModelError:
        return
    told = f"{damage.__name__} {name}"
    if damage in _UNSEALED:
        # What names the version may be written otherwise, as long as it names it.
        named = name == "current.json" and json.loads((copy / name).read_text("utf-8"))["version"] == version
        assert named, f"accepted: {told}"
    golden = json.loads((copy / version / "manifest.json").read_text("utf-8"))["golden"]
    found = model.probabilities([headline for headline, _ in golden])
    assert np.abs(found - np.array([row for _, row in golden])).max() <= TOLERANCE, f"not its golden answers: {told}"
    for prediction in (*model.classify(HEADLINES), *model.classify(HEADLINES * 2)):
        assert abs(sum(prediction.probabilities.values()) - 1) <= TOLERANCE, f"no probabilities: {told}"
    model.explain(HEADLINES[0])


@contextmanager
def _little_memory() -> Iterator[None]:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + SPARE_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _rewrite(file: Path, data: bytes) -> None:
    file.unlink()  # the copy is of hard links
    file.write_bytes(data)


# With the checksums as they were.


def _flip(file: Path, random: Random) -> None:
    data = bytearray(file.read_bytes())
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    _rewrite(file, data)


def _cut(file: Path, random: Random) -> None:
    data = file.read_bytes()
    _rewrite(file, data[: random.choice((0, 1, len(data) // 2, len(data) - 1, random.randrange(len(data))))])


def _append(file: Path, random: Random) -> None:
    _rewrite(file, file.read_bytes() + random.randbytes(random.choice((1, 7, 5000))))


def _overwrite(file: Path, random: Random) -> None:
    data = bytearray(file.read_bytes())
    at = random.randrange(len(data))
    piece = random.randbytes(random.choice((1, 8, 512)))
    data[at : at + len(piece)] = bytes(b ^ (p or 1) for b, p in zip(data[at:], piece, strict=False))
    _rewrite(file, data)


def _delete(file: Path, _: Random) -> None:
    file.unlink()


def _swap(file: Path, random: Random) -> None:
    other = random.choice(
        [f for f in file.parent.iterdir() if f.is_file() and f.read_bytes() != file.read_bytes()] or [file]
    )
    data = file.read_bytes()
    _rewrite(file, other.read_bytes() if other != file else b"{}")
    if other != file:
        _rewrite(other, data)


def _no_file(file: Path, random: Random) -> None:
    file.unlink()
    kind = random.choice(("folder", "pipe", "nowhere", "zero", "itself", "sparse"))
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "sparse":
        with file.open("wb") as opened:
            opened.truncate(1 << 36)
    else:
        file.symlink_to({"nowhere": "/nonexistent", "zero": "/dev/zero", "itself": file.name}[kind])


def _other_json(file: Path, random: Random) -> None:
    pointer = file.parent / ("current.json" if file.name == "current.json" else "manifest.json")
    _rewrite(pointer, random.choice(_TEXTS).encode())


def _edit(file: Path, random: Random) -> None:
    if file.name == "current.json":
        _rewrite(file, json.dumps({"version": random.choice(_ODD)}).encode())
        return
    manifest = json.loads((file.parent / "manifest.json").read_text("utf-8"))
    manifest[random.choice(sorted(manifest))] = random.choice(_ODD)
    _rewrite(file.parent / "manifest.json", json.dumps(manifest, sort_keys=True, indent=1).encode() + b"\n")


_UNSEALED: tuple[Callable[[Path, Random], None], ...] = (
    *(_flip, _flip, _cut, _append, _overwrite, _delete, _swap, _no_file, _other_json, _edit),
)


# With the checksums made right again.


def _reseal(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    for name in manifest["files"]:
        file = folder / name
        manifest["files"][name] = {"bytes": file.stat().st_size, "sha256": storage._sha256(file)}
    change(manifest)
    body = json.dumps({k: v for k, v in manifest.items() if k != "sha256"}, ensure_ascii=False)
    text = storage._sealed(manifest) if body.isprintable() else json.dumps(manifest)
    _rewrite(folder / "manifest.json", text.encode("utf-8", "surrogatepass"))


def _sealed_edit(file: Path, random: Random) -> None:
    def change(manifest: dict[str, Any]) -> None:
        held: Any = manifest
        while isinstance(held, dict | list) and held:
            key = random.choice(sorted(held) if isinstance(held, dict) else range(len(held)))
            if random.random() < 0.5 or not isinstance(held[key], dict | list) or not held[key]:
                held[key] = random.choice(_ODD)
                return
            held = held[key]

    _reseal(file.parent, change)


def _sealed_without(file: Path, random: Random) -> None:
    _reseal(file.parent, lambda manifest: manifest.pop(random.choice(sorted(manifest))))


def _sealed_unvouched(file: Path, random: Random) -> None:
    _flip(file, random)
    _reseal(file.parent, lambda manifest: manifest["files"].pop(file.name))


def _sealed_header(file: Path, random: Random) -> None:
    array = np.load(file)
    dtype, shape = array.dtype.str, str(array.shape)
    if random.random() < 0.6:
        shape = random.choice(_SHAPES)
    if random.random() < 0.4:
        dtype = random.choice(_DTYPES)
    order = random.choice(("True", "False", "5"))
    header = f"{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    length = len(header).to_bytes(4, "little")
    _rewrite(file, b"\x93NUMPY" + bytes([random.choice((2, 3, 2, 2, 9)), 0]) + length + header + array.tobytes())
    _reseal(file.parent, lambda _: None)


def _sealed_array(file: Path, random: Random) -> None:
    array = np.array(np.load(file))
    numbers = np.random.default_rng(random.randrange(1 << 32))
    chosen = random.choice(("shuffle", "negate", "scale", "nan", "some", "cut", "type", "turn"))
    if chosen == "shuffle":
        numbers.shuffle(array)
    elif chosen == "some":
        flat = array.reshape(-1)
        flat[numbers.integers(len(flat), size=3)] = random.choice((-1, 1, 10**6)) if array.dtype.kind != "u" else 7
    elif chosen == "nan" and array.dtype.kind == "f":
        array.reshape(-1)[numbers.integers(array.size)] = random.choice((np.nan, np.inf, -1e30))
    else:
        array = {
            "negate": lambda: 0 - array, "scale": lambda: array * array.dtype.type(3), "cut": lambda: array[:-1],
            "type": lambda: array.astype(">f8"), "turn": lambda: np.asfortranarray(array), "nan": lambda: array[:0],
        }[chosen]()  # fmt: skip
    held = io.BytesIO()
    np.save(held, array)
    _rewrite(file, held.getvalue())
    _reseal(file.parent, lambda _: None)


def _sealed_vocabulary(file: Path, random: Random) -> None:
    vocabulary = file.parent / "vocabulary.txt"
    random.choice((_flip, _overwrite, _cut))(vocabulary, random)
    _reseal(file.parent, lambda _: None)


_RESEALED: tuple[Callable[[Path, Random], None], ...] = (
    *(
        _sealed_edit,
        _sealed_edit,
        _sealed_without,
        _sealed_unvouched,
        _sealed_header,
        _sealed_array,
        _sealed_vocabulary,
    ),
)
