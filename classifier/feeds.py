"""RSS and Atom: read the headlines of a feed, and give the same feed back with a category for each.

Nothing else of the feed changes, byte for byte: the parser says where each item ends, and there the category is put in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from classifier.errors import InputError
from classifier.feed_reader import DC, SCHEME, Item, Reader
from classifier.model import Prediction
from classifier.topics import describe

MAX_BYTES = 4 << 20


@dataclass(frozen=True)
class Feed:
    """A feed as it came, and those of its items that have a headline."""

    data: bytes
    items: list[Item]
    encoding: str
    language: str

    @property
    def headlines(self) -> list[str]:
        """One headline an item, in order."""
        return [item.headline for item in self.items]

    def labelled(self, predictions: Sequence[Prediction]) -> bytes:
        """Return the feed with a category in every item that got a label and does not have that category yet.

        Args:
            predictions: one a headline, in order.
        """
        pieces, done = [], 0
        for item, prediction in zip(self.items, predictions, strict=True):
            if prediction.label and (category := self._category(item, prediction.label)):
                pieces += [self.data[done : item.end], category]
                done = item.end
        return b"".join([*pieces, self.data[done:]])

    def _category(self, item: Item, label: str) -> bytes:
        topic = describe(label)
        scheme, term = (SCHEME, topic.iptc.partition(":")[2]) if topic.iptc else ("", label)
        if (scheme, term) in item.named:
            return b""
        name = f"{item.prefix}:category" if item.prefix else "category"
        if item.kind == "feed":
            about = f" scheme={quoteattr(scheme)}" if scheme else ""
            text = f"<{name}{about} term={quoteattr(term)} label={quoteattr(topic.names[self.language])}/>"
        elif item.kind == "RDF":  # has no category of its own
            text = f'<dc:subject xmlns:dc="{DC}">{escape(scheme + term)}</dc:subject>'
        else:
            about = f" domain={quoteattr(scheme)}" if scheme else ""
            text = f"<{name}{about}>{escape(term)}</{name}>"
        # All other encodings that the parser knows have ASCII in them; what it lacks is written as a reference.
        encoding = self.encoding if self.encoding.startswith("utf") else "ascii"
        return text.encode(encoding, "xmlcharrefreplace")


def read(data: bytes) -> Feed:
    """Read a feed: RSS 0.9x, 1.0 or 2.0, or Atom 1.0, in whatever encoding it declares.

    Raises:
        InputError: it is no feed, or not well-formed, or declares entities, or is too large, too deep or too long.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"a feed of over {MAX_BYTES} bytes")
    reader = Reader()
    reader.read(data)
    encoding = _encoding(data, reader.declared)
    items = [item for item in reader.items if item.headline]
    mark = "</".encode(encoding)
    for item in items:
        # An offset of the parser that is not where an end tag begins must never be written at.
        if not data.startswith(mark, item.end) or not item.prefix.isascii():
            raise InputError("the feed is written in a way that cannot be added to")
    return Feed(data, items, encoding, reader.language)


def is_feed(name: str, head: bytes) -> bool:
    """Return whether a file is a feed rather than headlines, by its name and first bytes."""
    if name.rpartition(".")[2].lower() in ("xml", "rss", "atom", "rdf"):
        return True
    start = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return start.startswith((b"<?xml", b"<rss", b"<feed", b"<rdf:RDF"))


def _encoding(data: bytes, declared: str | None) -> str:
    for start, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"<\0", "utf-16-le"),
                            (b"\0<", "utf-16-be")):  # fmt: skip
        if data.startswith(start):
            return encoding
    return "utf-8" if (declared or "utf-8").lower() in ("utf-8", "utf8") else "ascii"
