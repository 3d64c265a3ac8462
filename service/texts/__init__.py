"""What the page says, in the four languages of the ticker: one TOML file each, with the same keys."""

import tomllib
from functools import cache
from importlib.resources import files

from classifier.topics import LANGUAGES


@cache
def of(language: str) -> dict[str, str]:
    """Return the texts of one of `topics.LANGUAGES`, by key."""
    assert language in LANGUAGES
    return tomllib.loads(files(__name__).joinpath(f"{language}.toml").read_text(encoding="utf-8"))
