"""A service with all adapters, and a small keeper of corrections behind it."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from flask.testing import FlaskClient

from classifier import Classifier
from service.app import create_app


@dataclass
class Kept:
    """Corrections in a list, one an id."""

    corrections: list[dict[str, Any]] = field(default_factory=list)

    def report(self, **correction: Any) -> None:
        if correction["id"] not in {known["id"] for known in self.corrections}:
            self.corrections.append(correction)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def client(model: Classifier, kept: Kept) -> FlaskClient:
    return create_app(classifier=model, corrections=kept).test_client()
