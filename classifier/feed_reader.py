"""What a parser tells of an RSS or Atom feed: its items, their titles, and at which byte each ends.

A feed comes from anywhere, so one that declares entities, nests deeply or is very long is refused.
"""

import html
import re
from dataclasses import dataclass, field
from xml.parsers import expat

from classifier.errors import InputError
from classifier.topics import language

MAX_ITEMS = 500
MAX_DEPTH = 64

SCHEME = "http://cv.iptc.org/newscodes/mediatopic/"
DC = "http://purl.org/dc/elements/1.1/"
_ATOM = "http://www.w3.org/2005/Atom"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML_LANG = "http://www.w3.org/XML/1998/namespace lang xml"
_TAG = re.compile(r"<(?:/?[a-zA-Z]|!--)[^<>]*>")
_SPACES = re.compile(r"[ \t\r\n]+")
_BLOCKS = {"rss": ("channel", "item"), "RDF": ("item",), "feed": ("entry",), "entry": ()}


@dataclass
class Item:
    """An item of a feed: its headline, and what is needed to put a category into it."""

    kind: str
    """`rss`, `RDF` or `feed`."""
    prefix: str
    """Namespace prefix of the item, which its category gets as well."""
    end: int = 0
    """Byte at which its end tag begins."""
    title: str | None = None
    named: set[tuple[str, str]] = field(default_factory=set)
    """Scheme and term of the categories it has already."""

    @property
    def headline(self) -> str:
        """Its title, without mark-up."""
        return _SPACES.sub(" ", self.title or "").strip()


class Reader:
    """Goes through a feed; `read` fills what it has."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.language = "en"  # one of ours
        self.declared: str | None = None  # the encoding, as the feed names it
        self._kind = ""
        self._path: list[str] = []
        self._level = 0  # depth of an item
        self._item: Item | None = None
        self._space = ""  # namespace of the item
        self._collects = 0  # depth of the element whose text is collected
        self._is_html = False
        self._about: dict[str, str] = {}
        self._text: list[str] = []

    def read(self, data: bytes) -> None:
        """Go through a feed.

        Raises:
            InputError: it is no feed, or not well-formed, or declares entities, or is too deep or too long.
        """
        parser = self._parser = expat.ParserCreate(namespace_separator=" ")
        parser.namespace_prefixes = True
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declaration
        parser.EntityDeclHandler = _refuse
        parser.SkippedEntityHandler = _refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            raise InputError(f"not XML: {error}") from error
        except (LookupError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError("not XML in an encoding that can be read") from error

    def _declaration(self, _: str, encoding: str | None, __: int) -> None:
        self.declared = encoding

    def _start(self, name: str, about: dict[str, str]) -> None:
        local, space, prefix = _parts(name)
        self._path.append(local)
        if len(self._path) == 1:
            self._begin(local, space)
        if len(self._path) > MAX_DEPTH:
            raise InputError(f"a feed nested over {MAX_DEPTH} deep")
        if len(self._path) <= 2 and _XML_LANG in about:
            self._speak(about[_XML_LANG])
        if self._item is None:
            self._outside(space, prefix)
        elif not self._collects and len(self._path) == self._level + 1:
            self._inside(local, space, about)

    def _begin(self, local: str, space: str) -> None:
        wanted = {"feed": _ATOM, "entry": _ATOM, "RDF": _RDF}.get(local, space)
        if local not in _BLOCKS or space != wanted:
            raise InputError("not a feed: neither RSS nor Atom")
        self._kind = local
        self._level = 1 + len(_BLOCKS[local])

    def _outside(self, space: str, prefix: str) -> None:
        if tuple(self._path[1:]) == _BLOCKS[self._kind] and (space == _ATOM) == (self._kind in ("feed", "entry")):
            if len(self.items) == MAX_ITEMS:
                raise InputError(f"a feed of over {MAX_ITEMS} items")
            self._item = Item("feed" if self._kind == "entry" else self._kind, prefix)
            self._space = space
        elif self._path == ["rss", "channel", "language"]:
            self._collect(is_html=False)

    def _inside(self, local: str, space: str, about: dict[str, str]) -> None:
        assert self._item
        if local == "title" and space == self._space and self._item.title is None:
            # RSS titles are HTML by habit, Atom says which it is.
            self._collect(is_html=self._kind in ("rss", "RDF") or about.get("type") == "html")
        elif local == "category" and space == self._space:
            if "term" in about:
                self._item.named.add((about.get("scheme", ""), about["term"]))
            self._about = about
            self._collect(is_html=False)
        elif (local, space) == ("subject", DC):
            self._about = {}
            self._collect(is_html=False)

    def _collect(self, is_html: bool) -> None:
        self._collects, self._is_html, self._text = len(self._path), is_html, []

    def _characters(self, text: str) -> None:
        if self._collects:
            self._text.append(text)

    def _end(self, _: str) -> None:
        if self._collects == len(self._path):
            self._collected(self._path[-1], "".join(self._text))
            self._collects = 0
        elif self._item and len(self._path) == self._level:
            self._item.end = self._parser.CurrentByteIndex
            self.items.append(self._item)
            self._item = None
        self._path.pop()

    def _collected(self, local: str, text: str) -> None:
        if local == "language":
            self._speak(text)
        elif self._item and local == "title":
            self._item.title = plain(text) if self._is_html else text
        elif self._item and local == "subject":
            scheme = SCHEME if text.strip().startswith(SCHEME) else ""
            self._item.named.add((scheme, text.strip().removeprefix(SCHEME)))
        elif self._item and self._kind == "rss":
            self._item.named.add((self._about.get("domain", ""), text.strip()))

    def _speak(self, tag: str) -> None:
        self.language = language(tag) or self.language


def plain(title: str) -> str:
    """Return the text of a title that is HTML.

    >>> plain("<b>Raja</b> &amp; Wydad : 3 < 4")
    'Raja & Wydad : 3 < 4'
    """
    return html.unescape(_TAG.sub("", title))


def _refuse(*_: object) -> None:
    raise InputError("a feed that declares entities of its own")


def _parts(name: str) -> tuple[str, str, str]:
    """Return local name, namespace and prefix of `local`, `namespace local` or `namespace local prefix`."""
    space, _, rest = name.rpartition(" ")
    if not space:
        return rest, "", ""
    if " " in space:
        first, _, local = space.partition(" ")
        return local, first, rest
    return rest, space, ""
