"""What is most worth an editor's next minute.

First what other people wait for: conflicts, for those who may settle them, then reports that are short of a quorum.
Then uncertain headlines that were classified, the least confident first (uncertainty sampling, Lewis and Gale 1994),
those that share most of their words with one above them behind the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from classifier import Classifier, Prediction
from classifier.terms import words
from service.access import Caller
from service.corrections import Corrections, Kept
from service.doubtful import Doubtful

_SEEN = 1_000
"""Of uncertain headlines, so many of the newest are looked at."""
_ALIKE = 0.5


@dataclass(frozen=True)
class Item:
    """A headline to look at, with what the model in force says of it.

    `reported` holds what was said of it already, one correction a person; only reviewers are shown them, as a second
    opinion is worth most when it does not know the first.
    """

    reason: Literal["conflict", "reported", "uncertain"]
    prediction: Prediction
    reported: Sequence[Kept] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as the service answers it."""
        probabilities = self.prediction.probabilities
        return {
            "headline": self.prediction.headline,
            "reason": self.reason,
            "best": max(probabilities, key=lambda topic: probabilities[topic]),
            "confidence": round(self.prediction.confidence, 6),
            "corrections": [kept.to_dict() for kept in self.reported],
        }


@dataclass(frozen=True)
class Waiting:
    """What may be worth looking at, as the database has it: votes on headlines that wait, and headlines kept."""

    reported: Sequence[Sequence[Kept]]
    unjudged: Sequence[str]
    shown: bool
    """Whether the caller may see the votes."""


def waiting(corrections: Corrections, doubtful: Doubtful | None, caller: Caller, limit: int) -> Waiting:
    """Return what up to `limit` headlines for this caller are chosen from.

    Args:
        doubtful: None where no uncertain headlines are kept.
        caller: who looks; they are offered nothing that they have voted on, unless they may settle it.

    Raises:
        Problem: 503 the database is locked or cannot be reached.
    """
    if not corrections.store.is_there():
        return Waiting((), (), shown=False)
    votes = corrections.votes()
    reported = _reported(votes.values(), caller)[:limit]
    more = doubtful.newest(_SEEN) if doubtful and len(reported) < limit else {}
    unjudged = [headline for key, headline in more.items() if key not in votes]
    return Waiting(reported, unjudged, "review" in caller.roles)


def queue(model: Classifier, waiting: Waiting, limit: int) -> list[Item]:
    """Return up to `limit` headlines, those that are most worth looking at first."""
    predictions = model.classify([kept[-1].row.headline for kept in waiting.reported])
    found = [
        Item("conflict" if kept[0].status == "conflict" else "reported", prediction, kept if waiting.shown else ())
        for kept, prediction in zip(waiting.reported, predictions, strict=True)
    ]
    uncertain = (p for p in model.classify(waiting.unjudged) if p.reason == "uncertain")
    return found + [Item("uncertain", prediction) for prediction in diverse(uncertain, limit - len(found))]


def diverse(predictions: Iterable[Prediction], limit: int) -> list[Prediction]:
    """Return the least confident ones, those that are like another above them behind the others."""
    chosen: list[tuple[Prediction, set[str]]] = []
    alike: list[Prediction] = []
    for prediction in sorted(predictions, key=lambda prediction: (prediction.confidence, prediction.headline)):
        if len(chosen) == limit:
            break
        found = set(words(prediction.headline))
        if any(len(found & other) > _ALIKE * min(len(found), len(other)) for _, other in chosen):
            alike.append(prediction)
        else:
            chosen.append((prediction, found))
    return [*(prediction for prediction, _ in chosen), *alike][:limit]


def _reported(votes: Iterable[list[Kept]], caller: Caller) -> list[list[Kept]]:
    """Return the votes on each headline that waits for this caller, most urgent first."""
    reviews = "review" in caller.roles
    found = [
        kept for kept in votes
        if (kept[0].status in ("conflict", "reported") if reviews
            else kept[0].status == "reported" and caller.name not in {one.row.author for one in kept})
    ]  # fmt: skip
    return sorted(found, key=lambda kept: (kept[0].status != "conflict", -len(kept), kept[0].row.seq))
