"""What is noted of a request while it is answered, for its log line, its metrics and the head of its answer."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import request

KEY = "headlines.note"


@dataclass(slots=True)
class Note:
    """One request: its id, when it began, who asked, by which version how many headlines were answered, and how.

    `works` is true while it is one of the few that are worked on; `contested` holds what editors had taken up by then.
    """

    begun: float = field(default_factory=time.perf_counter)
    id: str = ""
    route: str = "none"
    status: int = 0
    caller: str | None = None
    headlines: int = 0
    works: bool = False
    contested: Mapping[str, str | None] = field(default_factory=dict)
    version: str | None = None

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.perf_counter() - self.begun


def current() -> Note:
    """Return the note of the current request."""
    note: Note = request.environ[KEY]
    return note
