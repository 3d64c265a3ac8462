"""Corpus files -> `Corpus`, refusing bad lines by file and line number.

A corpus is a folder (`headlines/`, `terms/`, `patterns/`, `lexicon/`: see `training/corpus/README.md`), a TSV of
headlines in the folder's format, or a CSV with the columns `headline,label[,lang]`.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from classifier.errors import InputError
from classifier.terms import fold
from classifier.topics import LANGUAGES
from training.corpus import Corpus, Line
from training.generate import SLOT, Lexis, Pattern

OWN = Path(__file__).parent / "corpus"
"""The corpus that the default model is trained on."""

MAX_CHARACTERS = 500
"""Longest headline taken, as in the service: what could never be asked is not worth learning."""

MIN_HEADLINES = 2
"""A topic with fewer headlines (or terms) is taken for a misspelt label."""

# A label travels in URLs, file names and JSON: kept to what is safe in all of them.
_LABEL = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class CorpusError(InputError):
    """Lines of a corpus that cannot be used; `problems` holds one `file:line: what is wrong` each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(problems[0] + more)


def read(paths: Iterable[Path]) -> Corpus:
    """Read corpus folders and files as one corpus.

    Raises:
        InputError: a path is missing, unreadable or of an unknown kind, or there are fewer than two topics.
        CorpusError: lines are bad; all of them are listed.
    """
    reader = _Reader()
    for path in paths:
        if path.is_dir():
            reader.folder(path)
        elif path.suffix == ".csv":
            reader.csv(path)
        elif path.suffix == ".tsv":
            reader.headlines(path)
        else:
            raise InputError(f"{path} is not a corpus: expected a folder, a .tsv or a .csv file")
    return reader.finish()


class _Reader:
    """Collects lines and the problems found on the way, so that a person sees all of them at once."""

    def __init__(self) -> None:
        self.corpus = Corpus()
        self.problems: list[str] = []
        self.term_keys: set[tuple[str, str, str]] = set()
        self.first_seen: dict[str, tuple[str, str]] = {}  # folded headline -> topic, file:line

    def finish(self) -> Corpus:
        if self.problems:
            raise CorpusError(self.problems)
        per_topic = Counter(line.topic for line in self.corpus.lines)
        lonely = [
            f"{where}: unknown topic '{topic}': no other line has it"
            for topic, where in self.first_seen.values()
            if per_topic[topic] < MIN_HEADLINES
        ]
        if lonely:
            raise CorpusError(lonely)
        if len(per_topic) < 2:
            raise InputError(f"a classifier needs at least two topics, the corpus has {len(per_topic)}")
        return self.corpus

    def folder(self, folder: Path) -> None:
        known = {"headlines": self.headlines, "terms": self.terms, "patterns": self.patterns, "foreign": self.foreign}
        if not any((folder / name).is_dir() for name in known):
            raise InputError(f"{folder} is not a corpus: it has none of the folders {', '.join(known)}")
        for name, take in known.items():
            for file in sorted((folder / name).glob("*.t[sx][vt]")):
                take(file)
        if (folder / "lexicon").is_dir():
            self.corpus.lexicons.append(folder / "lexicon")

    def headlines(self, file: Path) -> None:
        for number, (topic, lang, text) in self.records(file, 3):
            self.add_headline(file, number, topic, lang, text)

    def csv(self, file: Path) -> None:
        rows = csv.DictReader(io.StringIO(_text(file), newline=""), strict=True)
        try:
            if missing := {"headline", "label"} - set(rows.fieldnames or ()):
                raise CorpusError([f"{file}:1: no column {' or '.join(sorted(missing))}"])
            for row in rows:
                if row.get("headline") is None or row.get("label") is None or None in row:
                    self.complain(file, rows.line_num, "another number of fields than the first line")
                else:
                    self.add_headline(file, rows.line_num, row["label"], row.get("lang") or "", row["headline"])
        except csv.Error as error:
            raise CorpusError([f"{file}:{rows.line_num}: {error}"]) from error

    def terms(self, file: Path) -> None:
        topic, lang = _named(file)
        lexis = self.corpus.lexis.setdefault(lang, Lexis(lang))
        if topic == "grammar":
            for _, (_topic, _kind, term, article) in self.records(file, 4):
                lexis.articles[term] = article
            return
        by_kind = lexis.terms.setdefault(topic, {})
        for number, (kind, term) in self.records(file, 2):
            bare = " ".join(SLOT.sub(" ", term).split())
            if not fold(term):
                self.complain(file, number, "empty term")
            elif term in by_kind.setdefault(kind, []):
                self.complain(file, number, f"duplicate of another '{kind}'")
            else:
                by_kind[kind].append(term)
                if not fold(bare):
                    continue  # nothing but slots: it fills patterns and teaches nothing itself
                if topic == "neutral":
                    self.corpus.neutral.append((lang, bare))
                elif (topic, lang, fold(bare)) not in self.term_keys:  # of another kind it fills other slots
                    self.term_keys.add((topic, lang, fold(bare)))
                    self.corpus.lines.append(Line(bare, topic, lang, "term", str(file)))

    def patterns(self, file: Path) -> None:
        topic, lang = _named(file.with_name(file.name.removeprefix("patterns.")))
        for number, (text,) in self.records(file, 1):
            if not SLOT.search(text):
                self.complain(file, number, "a pattern without a slot")
            self.corpus.patterns.append(Pattern(text, topic, lang))

    def foreign(self, file: Path) -> None:
        for number, (text,) in self.records(file, 1):
            if not fold(text):
                self.complain(file, number, "empty line")
            self.corpus.foreign.append(text)

    def records(self, file: Path, columns: int) -> Iterator[tuple[int, list[str]]]:
        for number, text in enumerate(_text(file).splitlines(), 1):
            fields = text.split("\t")
            if not text.strip():
                self.complain(file, number, "empty line")
            elif len(fields) != columns:
                self.complain(file, number, f"{len(fields)} columns where {columns} are expected, parted by tabs")
            else:
                yield number, fields

    def add_headline(self, file: Path, number: int, topic: str, lang: str, text: str) -> None:
        key = fold(text)
        earlier = self.first_seen.get(key)
        if not _LABEL.fullmatch(topic):
            self.complain(file, number, f"unknown topic '{topic}': a label is a lower-case word")
        elif lang and lang not in LANGUAGES:
            self.complain(file, number, f"unknown language '{lang}', expected one of {', '.join(LANGUAGES)}")
        elif not key:
            self.complain(file, number, "empty headline")
        elif len(text) > MAX_CHARACTERS:
            self.complain(file, number, f"{len(text)} characters, more than {MAX_CHARACTERS}")
        elif slot := SLOT.search(text):
            self.complain(file, number, f"a slot was left in the headline: {slot[0]}")
        elif earlier is None:
            self.first_seen[key] = (topic, f"{file}:{number}")
            self.corpus.lines.append(Line(text, topic, lang, "headline", str(file)))
        elif earlier[0] == topic:
            self.complain(file, number, f"duplicate of {earlier[1]}")
        else:
            self.complain(file, number, f"two topics for one headline: {topic} here, {earlier[0]} at {earlier[1]}")

    def complain(self, file: Path, number: int, what: str) -> None:
        self.problems.append(f"{file}:{number}: {what}")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise CorpusError([f"{file}:{line}: not UTF-8"]) from error
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error


def _named(file: Path) -> tuple[str, str]:
    """Return topic and language of a file named `<topic>.<lang>.<suffix>`."""
    topic, lang, *rest = [*file.name.split("."), "", ""]
    if lang not in LANGUAGES or not _LABEL.fullmatch(topic) or len(rest) != 3:
        raise CorpusError([f"{file}:1: the file is not named <topic>.<lang>.tsv with one of {', '.join(LANGUAGES)}"])
    return topic, lang
