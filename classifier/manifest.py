"""What a model's manifest must hold, whoever wrote it: its own checksum only tells that it is as it was written."""

import math
from collections.abc import Iterable
from typing import Any

KEYS = {"format", "topics", "threshold", "familiarity", "known_share", "files", "golden", "sha256"}


def fault(manifest: dict[str, Any], files: Iterable[str]) -> str | None:
    """Return what is wrong with a manifest, None if nothing is.

    Args:
        files: the names of those that it must vouch for.
    """
    if missing := KEYS - set(manifest):
        return f"no {', '.join(sorted(missing))}"
    topics = manifest["topics"]
    if not _is_list_of_texts(topics) or not topics or len(set(topics)) < len(topics) or "" in topics:
        return "topics is not a list of different texts"
    if not (_is_share(manifest["threshold"]) and _is_share(manifest["known_share"])):
        return "threshold or known_share is not a number between 0 and 1"
    if not _is_number(manifest["familiarity"]):
        return "familiarity is not a number"
    if not isinstance(manifest["files"], dict) or not all(map(_is_seal, manifest["files"].values())):
        return "files does not give each file's bytes and sha256"
    if unsealed := set(files) - set(manifest["files"]):
        return f"files leaves out {', '.join(sorted(unsealed))}"
    golden = manifest["golden"]
    if not isinstance(golden, list) or not golden or not all(_is_answer(pair, len(topics)) for pair in golden):
        return "no golden headlines, or one without a probability for each topic"
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_seal(value: object) -> bool:
    return isinstance(value, dict) and type(value.get("bytes")) is int and isinstance(value.get("sha256"), str)


def _is_answer(pair: object, topics: int) -> bool:
    if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str) or not isinstance(pair[1], list):
        return False
    return len(pair[1]) == topics and all(map(_is_share, pair[1]))
