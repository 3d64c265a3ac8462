"""The corpus in memory: labelled lines, and the patterns that make more of them."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from classifier.topics import DEFAULT_LABELS
from training.generate import Lexis, Pattern, generate

Kind = Literal["headline", "term", "generated"]


@dataclass(frozen=True, slots=True)
class Line:
    """One labelled text: a headline, a term (read as a one-line document) or a generated headline."""

    text: str
    topic: str
    lang: str
    kind: Kind
    source: str
    """The file it came from; for a generated line, its pattern. Cross-validation keeps a source together."""


@dataclass
class Corpus:
    """Everything read from one or more places."""

    lines: list[Line] = field(default_factory=list)
    neutral: list[tuple[str, str]] = field(default_factory=list)
    """Terms of no topic, as (lang, term): places, months, demonyms."""
    patterns: list[Pattern] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    """Lines in languages that are not ours, and code: what the classifier must not find familiar."""
    lexis: dict[str, Lexis] = field(default_factory=dict)
    lexicons: list[Path] = field(default_factory=list)
    """Lexicon folders found, read by `training.lexicon`."""

    @property
    def topics(self) -> list[str]:
        """Return the labels in the order of the defaults, a newsroom's own ones after them, sorted."""
        found = {line.topic for line in self.lines}
        return [t for t in DEFAULT_LABELS if t in found] + sorted(found - set(DEFAULT_LABELS))

    def of_kind(self, kind: Kind) -> list[Line]:
        """Return the lines of one kind, in order."""
        return [line for line in self.lines if line.kind == kind]

    def generated(self, count: int, seed: int = 0) -> list[Line]:
        """Return `count` headlines made from the patterns (fewer when they cannot make as many)."""
        made = generate(self.patterns, self.lexis, count, seed)
        return [Line(text, p.topic, p.lang, "generated", p.text) for text, p in made]

    def fingerprint(self) -> str:
        """Return a SHA-256 over every line, term and pattern, independent of the order of files."""
        digest = hashlib.sha256()
        records = [f"{x.kind}\t{x.topic}\t{x.lang}\t{x.text}" for x in self.lines]
        records += [f"pattern\t{p.topic}\t{p.lang}\t{p.text}" for p in self.patterns]
        records += [f"foreign\t{text}" for text in self.foreign]
        records += [f"neutral\t{lang}\t{term}" for lang, term in self.neutral]
        for record in sorted(records):
            digest.update(record.encode() + b"\n")
        for folder in self.lexicons:
            for file in sorted(folder.glob("*.tsv")):
                digest.update(file.read_bytes())
        return digest.hexdigest()

    def counts(self) -> Counter[tuple[Kind, str, str]]:
        """Return how many lines there are per (kind, topic, language)."""
        return Counter((line.kind, line.topic, line.lang) for line in self.lines)
