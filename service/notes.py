"""What is noted of a request while it is answered, for its log line, its metrics and the head of its answer."""

import time
from dataclasses import dataclass, field

from flask import request

KEY = "headlines.note"


@dataclass(slots=True)
class Note:
    """One request: its id, when it began, who asked, by which version how many headlines were answered, and how."""

    begun: float = field(default_factory=time.perf_counter)
    id: str = ""
    route: str = "none"
    status: int = 0
    caller: str | None = None
    headlines: int = 0
    version: str | None = None

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.perf_counter() - self.begun


def current() -> Note:
    """Return the note of the current request."""
    note: Note = request.environ[KEY]
    return note
