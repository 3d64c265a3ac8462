"""A service with all adapters, and a database of its own for what they report."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from classifier import Classifier
from service.app import create_app
from service.corrections import Corrections
from service.settings import Settings
from service.store import Store
from tests.conftest import OPEN


class Kept:
    """The corrections in the database."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @property
    def corrections(self) -> list[dict[str, Any]]:
        found = Corrections(Store(self.settings.database))
        return [asdict(kept.row) for kept in found.listed()] if found.store.is_there() else []


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(replace(OPEN, database=f"sqlite:///{tmp_path}/corrections.db"))


@pytest.fixture
def client(model: Classifier, kept: Kept) -> FlaskClient:
    return create_app(classifier=model, settings=kept.settings).test_client()
