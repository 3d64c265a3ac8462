import re
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import InputError, Prediction, feeds
from classifier.feed_reader import MAX_DEPTH, MAX_ITEMS, SCHEME, plain

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel>
 <title>Le fil</title><language>fr-ma</language>
 <item><title>Le Raja bat le Wydad</title><media:title>Autre</media:title><guid>1</guid></item>
 <item ><title><![CDATA[Pluie &amp; <b>vent</b>]]></title >
 </item >
 <item><description>sans titre</description></item><item/><item><title/></item>
</channel></rss>
"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ar"><title>Fil</title>
<entry><title type="html">Pluie &amp;amp; vent</title><source><title>Autre</title></source></entry>
<entry><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Le <b>Raja</b> gagne</div></title></entry>
<entry><title>2 &lt; 3</title></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<channel rdf:about="x"><title>Fil</title></channel><item rdf:about="y"><title>Neige</title></item></rdf:RDF>"""
CATEGORY = re.compile(r"<((?:\w+:)?category)(?: [^<>]*)?(?:/>|>[^<>]*</\1>)|<dc:subject [^<>]*>.*?</dc:subject>")


def labelled(feed: feeds.Feed, label: str | None = "weather") -> bytes:
    return feed.labelled([Prediction(headline, label, 0.9, {}, None, "v", 1.0) for headline in feed.headlines])


@pytest.mark.parametrize(
    ("text", "headlines"),
    [
        (RSS, ["Le Raja bat le Wydad", "Pluie & vent"]),
        (ATOM, ["Pluie & vent", "Le Raja gagne", "2 < 3"]),
        (RDF, ["Neige"]),
        ("<rss><channel><item><title>&lt;i&gt;&#201;t&amp;eacute;&lt;/i&gt;\n 40 °C</title></item></channel></rss>",
         ["Été 40 °C"]),
        ('<entry xmlns="http://www.w3.org/2005/Atom"><title>Une</title></entry>', ["Une"]),
        ('<!DOCTYPE rss PUBLIC "-//x//y" "http://example.org/rss.dtd"><rss><channel/></rss>', []),
        ('<rss xmlns="http://backend.userland.com/rss2"><channel><item><title>Une</title></item></channel></rss>',
         ["Une"]),
    ],
)  # fmt: skip
def test_the_headlines_of_a_feed_are_the_titles_of_its_items(text: str, headlines: list[str]) -> None:
    assert feeds.read(text.encode()).headlines == headlines


def test_rss_gets_a_category_of_the_media_topics_and_nothing_else_changes() -> None:
    category = f'<category domain="{SCHEME}">17000000</category>'
    wanted = RSS.replace("<guid>1</guid></item>", f"<guid>1</guid>{category}</item>")
    wanted = wanted.replace("</title >\n </item >", f"</title >\n {category}</item >")
    assert labelled(feeds.read(RSS.encode())).decode() == wanted


def test_atom_gets_scheme_term_and_a_label_in_its_language() -> None:
    assert f'<category scheme="{SCHEME}" term="17000000" label="طقس"/></entry>' in labelled(
        feeds.read(ATOM.encode())
    ).decode()  # fmt: skip


def test_rss_1_gets_a_subject() -> None:
    wanted = f'<dc:subject xmlns:dc="http://purl.org/dc/elements/1.1/">{SCHEME}17000000</dc:subject></item>'
    assert wanted in labelled(feeds.read(RDF.encode())).decode()


def test_a_label_that_is_no_media_topic_stands_alone_and_is_escaped() -> None:
    assert b'<category>a&amp;b"</category></item>' in labelled(feeds.read(RSS.encode()), 'a&b"')
    assert b"<category term='a&amp;b\"' label='a&amp;b\"'/></entry>" in labelled(feeds.read(ATOM.encode()), 'a&b"')


def test_without_a_label_a_feed_stays_as_it_was() -> None:
    for text in (RSS, ATOM, RDF):
        assert labelled(feeds.read(text.encode()), None) == text.encode()


@pytest.mark.parametrize("label", ["weather", "local"])
@pytest.mark.parametrize("text", [RSS, ATOM, RDF])
def test_a_feed_that_is_labelled_already_is_not_labelled_twice(text: str, label: str) -> None:
    once = labelled(feeds.read(text.encode()), label)
    assert labelled(feeds.read(once), label) == once
    assert labelled(feeds.read(once), "sport") != once


ENCODINGS = [("UTF-8", "utf-8", b""), ("utf-8", "utf-8", b"\xef\xbb\xbf"), ("UTF-16", "utf-16-le", b"\xff\xfe"),
             ("UTF-16", "utf-16-be", b"\xfe\xff"), ("UTF-16", "utf-16-le", b""), ("ISO-8859-1", "iso-8859-1", b""),
             ("windows-1256", "cp1256", b""), ("us-ascii", "ascii", b"")]  # fmt: skip


@st.composite
def titles(draw: st.DrawFn) -> str:
    """Return the content of a title: text, references, CDATA, mark-up and what a parser passes over."""
    text = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=12)
    piece = st.one_of(
        text.map(escape),
        text.map(lambda t: "".join(f"&#{ord(c)};" for c in t)),
        text.map(lambda t: f"<![CDATA[{t.replace(']', '')}]]>"),
        text.map(lambda t: f"<i a='&gt;'>{escape(t)}</i>"),
        st.sampled_from(
            ["<br/>", "<!-- </item> -->", "<?p </entry> ?>", "&lt;b&gt;", "&amp;amp;", "\r\n", "</i >"[:0]]
        ),
    )
    return "".join(draw(st.lists(piece, max_size=5)))


@st.composite
def sources(draw: st.DrawFn) -> tuple[bytes, str]:
    """Return a feed and its encoding."""
    declared, encoding, mark = draw(st.sampled_from(ENCODINGS))
    atom, prefix = draw(st.booleans()), draw(st.sampled_from(["", "x:"]))
    item = f"{prefix}entry" if atom else f"{prefix}item"
    gap = st.sampled_from(["", " ", "\n  ", "\r\n", "<!-- > -->"])
    content = [
        f"{draw(gap)}<{item} a='/>'>{draw(gap)}<{prefix}title>{title}</{prefix}title >{draw(gap)}"
        f"<b>&lt;/item></b>{draw(gap)}</{item}{draw(st.sampled_from(['', ' ', chr(10)]))}>"
        for title in draw(st.lists(titles(), max_size=4))
    ]
    space = "http://www.w3.org/2005/Atom" if atom else "http://example.org/rss"
    root = f'{prefix}feed xmlns{":x" if prefix else ""}="{space}"' if atom else f'rss xmlns:x="{space}"'
    inside = "".join(content) if atom else f"<channel>{''.join(content)}</channel>"
    text = f"<?xml version='1.0' encoding='{declared}'?>{draw(gap)}<{root}>{inside}</{root.split()[0]}>{draw(gap)}"
    return mark + text.encode(encoding, "ignore"), encoding


@settings(max_examples=300, deadline=None)
@given(sources(), st.sampled_from(["weather", "أخبار", "a&b", None]))
def test_without_its_categories_a_labelled_feed_is_the_feed_as_it_came(source: tuple[bytes, str], label: str) -> None:
    data, encoding = source
    feed = feeds.read(data)
    out = labelled(feed, label)
    assert CATEGORY.sub("", out.decode(encoding)) == data.decode(encoding)
    assert len(CATEGORY.findall(out.decode(encoding))) == (len(feed.items) if label else 0)
    assert feeds.read(out).headlines == feed.headlines
    assert labelled(feeds.read(out), label) == out


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)), st.integers(0, 400))
def test_any_bytes_are_a_feed_or_refused(junk: bytes, at: int) -> None:
    for data in (junk, RSS.encode()[:at] + junk + RSS.encode()[at:]):
        try:
            feed = feeds.read(data)
        except InputError:
            continue
        assert CATEGORY.sub("", labelled(feed).decode()) == CATEGORY.sub("", data.decode())


BOMB = "<!DOCTYPE rss [" + "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(9)) + "]>"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "not XML"),
        (b"Le Raja bat le Wydad", "not XML"),
        (b"<rss><channel>", "not XML"),
        (RSS.encode() + b"<rss/>", "not XML"),
        (b"<html/>", "neither RSS nor Atom"),
        (b"<feed/>", "neither RSS nor Atom"),
        (b"<rss>\xff</rss>", "not XML"),
        (RSS.replace("UTF-8", "UTF-16").encode(), "not XML"),
        (RSS.replace("UTF-8", "shift_jis").encode(), "encoding"),
        (RSS.replace("UTF-8", "utf-7").encode(), "encoding"),
        (RSS.replace("UTF-8", "none-such").encode(), "encoding"),
        (f"{BOMB}<rss>&e9;</rss>".encode(), "entities"),
        (b'<!DOCTYPE rss [<!ENTITY a "b">]><rss/>', "entities"),
        (b'<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss>&a;</rss>', "entities"),
        (b'<!DOCTYPE rss [<!ENTITY % a SYSTEM "http://127.0.0.1:9/"> %a;]><rss/>', "entities"),
        (b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/"><rss><channel>&eacute;</channel></rss>', "entities"),
        (b"<rss>" + b"<a>" * MAX_DEPTH, "deep"),
        (b"<rss><channel>" + b"<item/>" * (MAX_ITEMS + 1), "items"),
        (b" " * (feeds.MAX_BYTES + 1), "bytes"),
    ],
)
def test_what_is_hostile_or_no_feed_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(InputError, match=told):
        feeds.read(data)


def test_a_prefix_that_cannot_be_repeated_is_refused() -> None:
    text = '<é:feed xmlns:é="http://www.w3.org/2005/Atom"><é:entry><é:title>a</é:title></é:entry></é:feed>'
    with pytest.raises(InputError, match="cannot be added to"):
        feeds.read(text.encode())


@pytest.mark.parametrize("text", ["<" * 100_000, "<!--" * 50_000, "<a" + " " * 200_000, "&" * 200_000])
def test_a_title_of_a_hundred_thousand_signs_is_read(text: str) -> None:
    assert plain(text).startswith(text[:1])


@pytest.mark.parametrize(
    ("name", "head", "told"),
    [("fil.xml", b"", True), ("-", RSS.encode()[:20], True), ("-", ATOM.encode("utf-16")[:40], True),
     ("a.txt", b"Le Raja", False), ("-", b"", False), ("a.csv", b"headline\n", False)],
)  # fmt: skip
def test_a_feed_is_known_by_its_name_or_its_beginning(name: str, head: bytes, told: bool) -> None:
    assert feeds.is_feed(name, head) is told
