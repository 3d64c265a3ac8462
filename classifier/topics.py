"""The topics: their labels, IPTC Media Topic ids and names in the four languages of the ticker."""

from typing import NamedTuple

LANGUAGES = ("fr", "en", "es", "ar")


class Topic(NamedTuple):
    """A topic as shown to people: its label, its Media Topic id (or None) and its name per language."""

    label: str
    iptc: str | None
    names: dict[str, str]


# Ids: https://cv.iptc.org/newscodes/mediatopic/. `other` is ours and has none.
_KNOWN = {
    topic.label: topic
    for topic in (
        Topic("sport", "medtop:15000000", {"fr": "Sport", "en": "Sport", "es": "Deportes", "ar": "رياضة"}),
        Topic("politics", "medtop:11000000", {"fr": "Politique", "en": "Politics", "es": "Política", "ar": "سياسة"}),
        Topic("economy", "medtop:04000000", {"fr": "Économie", "en": "Economy", "es": "Economía", "ar": "اقتصاد"}),
        Topic("weather", "medtop:17000000", {"fr": "Météo", "en": "Weather", "es": "Tiempo", "ar": "طقس"}),
        Topic("other", None, {"fr": "Autre", "en": "Other", "es": "Otros", "ar": "أخرى"}),
    )
}

DEFAULT_LABELS = tuple(_KNOWN)


def language(tag: object) -> str | None:
    """Return which of `LANGUAGES` a tag such as `fr-MA` begins with; None if it is none of them, or no text."""
    start = tag.strip().partition("-")[0].lower() if isinstance(tag, str) else None
    return start if start in LANGUAGES else None


def describe(label: str) -> Topic:
    """Return what is known of a label; a newsroom's own label has no id and is its own name.

    >>> describe("weather").iptc, describe("weather").names["fr"]
    ('medtop:17000000', 'Météo')
    >>> describe("culture").iptc, describe("culture").names["fr"]
    (None, 'culture')
    """
    return _KNOWN.get(label) or Topic(label, None, dict.fromkeys(LANGUAGES, label))
