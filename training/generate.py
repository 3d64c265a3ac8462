"""Patterns x terms -> generated headlines, seeded.

A pattern is a headline with slots in braces: `{kind}` takes a term of that kind, `{a|b}` of either, `{+kind}` puts the
definite article of the grammar table before it, `{@kind}` the French preposition of place ("au", "en", "aux"). A kind
without terms of its own stands for every kind that extends it (`{city}`: `city-ma`, `city-intl`). Terms may hold slots.
"""

import random
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from classifier.errors import InputError

SLOT = re.compile(r"\{([^{}]*)\}")

# Kinds that hold verb phrases or stages extend the name of what they go with, yet cannot stand in its place.
_NOT_A_VARIANT = re.compile(r"-(verb|stage)\b")

_PLACE = {"le ": "au ", "la ": "en ", "l'": "en ", "les ": "aux "}

_CONTRACTIONS = {
    "fr": [
        (re.compile(r"\b([Dd])e le(s?) (?=\S)"), lambda m: m[1] + ("es " if m[2] else "u ")),
        (re.compile(r"(?<!\w)[àÀ] le(s?) (?=\S)"), lambda m: "aux " if m[1] else "au "),
    ],
    "es": [(re.compile(r"\b([Dd]e|[Aa]) el (?=\S)"), lambda m: m[1] + "l ")],
}  # fmt: skip

_CURRENCIES = {
    "fr": ("millions de dirhams", "milliards de dirhams", "MMDH", "millions d'euros", "milliards de dollars"),
    "en": ("million dirhams", "billion dirhams", "million euros", "billion dollars", "million pounds"),
    "es": ("millones de euros", "millones de dólares", "millones de dirhams", "millones de pesos"),
    "ar": ("مليون درهم", "مليار درهم", "مليون دولار", "مليار دولار", "مليون يورو"),
}
_PERCENT = {"fr": " %", "en": "%", "es": " %", "ar": "%"}
_KMH = {"fr": " km/h", "en": "km/h", "es": " km/h", "ar": " كلم في الساعة"}
_MM = {"fr": " mm", "en": "mm", "es": " mm", "ar": " ملم"}
_CM = {"fr": " cm", "en": "cm", "es": " cm", "ar": " سنتيمترا"}
_DEGREES = {"fr": "°C", "en": "C", "es": " grados", "ar": " درجة"}
_CUBIC = {
    "fr": " millions de m3", "en": " million cubic metres", "es": " millones de m3", "ar": " مليون متر مكعب",
}  # fmt: skip

# Figures in the ranges that headlines of the desk give them; the unit is part of the slot.
_NUMBERS: dict[str, Callable[[random.Random, str], str]] = {
    "num": lambda r, _: str(r.choice((r.randint(11, 99), r.randint(100, 950)))),
    "small": lambda r, _: str(r.randint(2, 19)),
    "bignum": lambda r, _: f"{r.randint(1, 90)}.000",
    "score": lambda r, _: f"{r.randint(0, 4)}-{r.randint(0, 3)}",
    "nbascore": lambda r, _: f"{r.randint(95, 135)}-{r.randint(88, 128)}",
    "nbascore2": lambda r, _: f"{r.randint(95, 135)}-{r.randint(88, 128)}",
    "journee": lambda r, _: f"J{r.randint(1, 38)}",
    "year": lambda r, _: str(r.randint(2004, 2030)),
    "years": lambda r, _: str(r.randint(2, 30)),
    "mag": lambda r, _: f"{r.randint(3, 7)},{r.randint(0, 9)}",
    "amount": lambda r, lang: f"{r.randint(2, 900)} {r.choice(_CURRENCIES[lang])}",
    "pct": lambda r, lang: f"{r.randint(1, 60)}{_PERCENT[lang]}",
    "pct1": lambda r, lang: f"{r.randint(0, 9)},{r.randint(1, 99)}{_PERCENT[lang]}",
    "pctdam": lambda r, lang: f"{r.randint(18, 97)}{_PERCENT[lang]}",
    "temphot": lambda r, lang: f"{r.randint(37, 50)}{_DEGREES[lang]}",
    "tempcold": lambda r, lang: f"-{r.randint(1, 14)}{_DEGREES[lang]}",
    "temp": lambda r, lang: f"{r.randint(8, 36)}{_DEGREES[lang]}",
    "tempsea": lambda r, lang: f"{r.randint(15, 28)}{_DEGREES[lang]}",
    "cm": lambda r, lang: f"{r.randint(5, 90)}{_CM[lang]}",
    "mm": lambda r, lang: f"{r.randint(10, 180)}{_MM[lang]}",
    "mm3": lambda r, lang: f"{r.randint(20, 900)}{_CUBIC[lang]}",
    "kmh": lambda r, lang: f"{r.randint(60, 180)}{_KMH[lang]}",
}


@dataclass(frozen=True)
class Lexis:
    """What patterns are filled from, for one language: terms by topic and kind, and the articles they take."""

    lang: str
    terms: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    articles: dict[str, str] = field(default_factory=dict)

    def candidates(self, topic: str, kinds: str) -> list[str]:
        """Return the terms a slot may take, looking in the pattern's own topic first.

        Raises:
            InputError: no term of such a kind exists in this language.
        """
        found: list[str] = []
        for kind in kinds.split("|"):
            found += next(filter(None, (self._of_kind(t, kind) for t in (topic, "neutral", *self.terms))), [])
        if not found:
            raise InputError(f"no {self.lang} term of kind '{kinds}' (pattern of {topic})")
        return found

    def _of_kind(self, topic: str, kind: str) -> list[str]:
        kinds = self.terms.get(topic, {})
        if kind in kinds:
            return kinds[kind]
        variants = (k for k in kinds if k.startswith(f"{kind}-") and not _NOT_A_VARIANT.search(k))
        return [term for variant in variants for term in kinds[variant]]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, the topic it makes headlines of, and its language."""

    text: str
    topic: str
    lang: str


def fill(pattern: Pattern, lexis: Lexis, rng: random.Random) -> str:
    """Return one headline made from the pattern; slots inside terms are filled too.

    Raises:
        InputError: a slot names a kind that has no terms.
    """

    def term(match: re.Match[str]) -> str:
        kinds = match[1].lstrip("+@")
        if kinds in _NUMBERS:
            return _NUMBERS[kinds](rng, lexis.lang)
        chosen = rng.choice(lexis.candidates(pattern.topic, kinds))
        article = lexis.articles.get(chosen, "")
        prefix = {"+": article, "@": _PLACE.get(article, "")}.get(match[1][:1], "")
        return prefix + SLOT.sub(term, chosen)

    text = SLOT.sub(term, pattern.text)
    for wrong, right in _CONTRACTIONS.get(lexis.lang, []):
        text = wrong.sub(right, text)
    return text[:1].upper() + text[1:]


_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn")


def gibberish(count: int, seed: int = 0) -> list[str]:
    """Return lines that nobody meant: keys hit at random, consonants in a row, one letter held down."""
    rng = random.Random(seed)

    def word() -> str:
        length = rng.randint(3, 11)
        letters = rng.choice([rng.choice(_KEYBOARD), string.ascii_lowercase, "bcdfghjklmnpqrstvwxz"])
        return rng.choice(letters) * length if rng.random() < 0.1 else "".join(rng.choices(letters, k=length))

    return [" ".join(word() for _ in range(rng.randint(2, 7))) for _ in range(count)]


def generate(
    patterns: list[Pattern], lexis: dict[str, Lexis], count: int, seed: int = 0
) -> Iterator[tuple[str, Pattern]]:
    """Yield up to `count` distinct headlines with the pattern each came from, topics and languages in turn.

    The same arguments give the same headlines. Fewer come out when the patterns cannot make as many distinct ones.
    """
    rng = random.Random(seed)
    desks: dict[tuple[str, str], list[Pattern]] = {}
    for pattern in patterns:
        desks.setdefault((pattern.topic, pattern.lang), []).append(pattern)
    seen: set[str] = set()
    # Some draws repeat; twice the count is ample, and bounds the work when the patterns run dry.
    for turn in range(2 * count if desks else 0):
        desk = list(desks.values())[turn % len(desks)]
        pattern = rng.choice(desk)
        headline = fill(pattern, lexis[pattern.lang], rng)
        if headline not in seen:
            seen.add(headline)
            yield headline, pattern
        if len(seen) == count:
            return
