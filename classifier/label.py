"""Records in, answers out as text: what the shell writes of each headline, wherever it is worked out."""

import csv
import json
from collections.abc import Iterable
from typing import Any, NamedTuple, Self

from classifier import ninjs
from classifier.errors import InputError
from classifier.formats import Record
from classifier.model import Classifier
from classifier.topics import describe

OUTPUTS = ("table", "jsonl", "csv", "ninjs", "parquet")

_ANSWER = ("label", "confidence", "probabilities", "reason", "iptc", "version")
_IN_CSV = tuple(key for key in _ANSWER if key != "probabilities")


class Labelled(NamedTuple):
    """The text written of some records, and how many there were, got a label, and kept the one they came with."""

    text: str
    records: int
    labelled: int
    kept: int


class Manner(NamedTuple):
    """How records are labelled and written: one of `OUTPUTS`, and as in `Classifier.classify`.

    Where `keep` names a field and that holds one of the model's topics, this is the answer: its reason is `kept`, and
    it has no confidence, since nothing was predicted.
    """

    to: str = "table"
    topics: tuple[str, ...] | None = None
    threshold: float | None = None
    keep: str | None = None
    columns: tuple[str, ...] = ()
    """What the records of a table came with, by the first of them."""

    def given(self, first: Record) -> Self:
        """Return the same manner, for records like this one.

        Raises:
            InputError: the record lacks the field to keep.
        """
        if self.keep is not None and self.to == "ninjs":
            raise InputError("what is kept has no confidence, which ninjs wants: --keep with another --to")
        if self.keep is not None and self.keep not in first:
            raise InputError(f"no column {self.keep!r} to keep")
        return self._replace(columns=tuple(first)) if self.to in ("csv", "parquet") else self

    def header(self) -> str:
        """Return what comes before all answers."""
        if self.to != "csv" or not self.columns:
            return ""
        return _csv([[*self.columns, *(_free(key, self.columns) for key in _IN_CSV)]])

    def names(self) -> dict[str, str]:
        """Return the fields of an answer, and what their columns are called beside those of the records."""
        return {key: _free(key, self.columns) for key in _ANSWER}


def label(classifier: Classifier, manner: Manner, batch: list[Record]) -> Labelled:
    """Label records, in order.

    Raises:
        InputError: topics or threshold are wrong, or a record has a field that a table of CSV has no column for.
    """
    kept = [_kept(classifier, manner, record) for record in batch]
    asked = [record["headline"] for record, topic in zip(batch, kept, strict=True) if topic is None]
    found = classifier.classify(asked, topics=manner.topics, threshold=manner.threshold)
    if manner.to == "ninjs":
        items = [_json(ninjs.item_of(*pair)) + "\n" for pair in zip(batch, found, strict=True)]
        return Labelled("".join(items), len(batch), sum(one.label is not None for one in found), 0)
    predictions = iter(found)
    answers = [_keeping(topic) if topic is not None else next(predictions).to_dict() for topic in kept]
    n_labelled = sum(answer["label"] is not None for answer in answers)
    return Labelled(_text(manner, batch, answers), len(batch), n_labelled, len(batch) - len(asked))


def _kept(classifier: Classifier, manner: Manner, record: Record) -> str | None:
    topic = record.get(manner.keep) if manner.keep is not None else None
    return topic if topic in classifier.topics else None


def _keeping(topic: str) -> dict[str, object]:
    return dict.fromkeys(_ANSWER) | {"label": topic, "reason": "kept", "iptc": describe(topic).iptc}


def _text(manner: Manner, batch: list[Record], answers: list[dict[str, Any]]) -> str:
    pairs = zip(batch, answers, strict=True)
    if manner.to == "table":
        return "".join(_row(record["headline"], answer) for record, answer in pairs)
    if manner.to == "csv":
        return _csv(_cells(manner.columns, record) + [answer[key] for key in _IN_CSV] for record, answer in pairs)
    if manner.to == "parquet":  # which is put together at the end: its rows are not written one by one
        return "".join(_json(answer) + "\n" for answer in answers)
    return "".join(
        _json(record | {_free(key, record): answer[key] for key in _ANSWER}) + "\n" for record, answer in pairs
    )


def _cells(columns: tuple[str, ...], record: Record) -> list[Any]:
    if unknown := record.keys() - set(columns):
        raise InputError(f"{min(unknown)!r} is a field that the first record does not have: --to jsonl keeps it")
    values = (record.get(column) for column in columns)
    return [_json(value) if isinstance(value, dict | list) else value for value in values]


def _csv(rows: Iterable[list[Any]]) -> str:
    lines = _UnixLines()
    csv.writer(lines, lineterminator="\r\n").writerows(rows)
    return "".join(lines)


class _UnixLines(list[str]):
    """Ends rows with a line feed; only a writer told to end them with both marks quotes a field with a return in it."""

    def write(self, row: str) -> None:
        self.append(row.removesuffix("\r\n") + "\n")


def _json(value: object) -> str:
    # A table of Parquet has dates and decimals, which JSON has not.
    return json.dumps(value, ensure_ascii=False, default=str)


def _free(key: str, taken: Iterable[str]) -> str:
    """Return a column name that does not overwrite what the record already has."""
    return f"predicted_{key}" if key in taken else key


def _row(headline: str, answer: dict[str, Any]) -> str:
    sure = "kept" if answer["confidence"] is None else f"{answer['confidence']:4.0%}"
    shown = "".join(c if c.isprintable() else " " for c in headline)
    return f"{answer['label'] or '({reason})'.format(**answer):<12} {sure}  {shown}\n"
