import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import ticker

WHOLE = [
    "Yassir Chakib : « Adopter tôt des technologies locales »",
    "Après l'Algérie, la Tanzanie ... La RS Berkane ou la malédiction des aéroports",
    "Série A / J38 : Le Napoli ou l'Inter, lequel sera champion ce soir ?",
    "Le Raja bat le Wydad 2-1 au bout du suspense",
    "HB. 41e CACVC 25 : ce vendredi, Derb Sultan - Espérance (Bronze) ; Ahly - Zamalek (Or) !",
    "« Nous sommes prêts - et confiants - pour la CAN », dit Regragui",
    "Le Maroc – qui accueille la CAN – renforce ses stades",
    "Tanger-Med, 1er port d'Afrique : +12 % en un an",
    "Justice | Dix ans de prison pour l'ancien président de la commune",
    "«La Huppe et les Douze Oiseaux» : Une comédie musicale soufie",
    "طقس الأربعاء.. أمطار قوية بالريف / الأطلس",
    'Trump annonce un "gros échange de prisonniers - ou presque" entre Russie et Ukraine',
    "Coupe du monde : 5 choses à savoir sur www.example.org//stades",
]
SEPARATORS = [
    "\u00a0\u00a0\u00a0\u00a0", " • ", "•", " | ", "\t", "\n", "\r\n", " \u00a0 \u00a0", "   ", " ● ", " ■ ", " +++ ",
    " /// ", "  -  ", "  –  ", " · ", "\u2028", " ★ ", " *** ",
]  # fmt: skip

words = st.text(alphabet="abcdefghijklmnopéèçàأبتثنم0123456789", min_size=1, max_size=9)
glue = st.sampled_from([" ", " : ", " / ", "... ", " - ", ", ", "\u00a0: ", " 2-1 ", " « ", " » "])


@st.composite
def headlines(draw: st.DrawFn) -> str:
    pieces = [draw(words)]
    for _ in range(draw(st.integers(3, 8))):
        pieces += [draw(glue), draw(words)]
    return "".join(pieces)


@pytest.mark.parametrize("headline", WHOLE)
def test_no_headline_is_split_inside(headline: str) -> None:
    assert ticker.read(headline).headlines == [headline]


@pytest.mark.parametrize("separator", SEPARATORS)
def test_every_separator_parts_headlines_and_nothing_else(separator: str) -> None:
    # The pipe has a rubric in one of these headlines, which no separator could be told from.
    whole = [headline for headline in WHOLE if "|" not in headline]
    assert ticker.read(separator.join(whole)).headlines == whole


@given(st.lists(headlines(), min_size=1, max_size=12), st.sampled_from(SEPARATORS))
def test_joined_headlines_are_read_back(strip: list[str], separator: str) -> None:
    assert ticker.read(separator.join(strip)).headlines == strip


@given(st.text(max_size=300))
def test_nothing_readable_is_lost(text: str) -> None:
    reading = ticker.read(text)
    kept = "".join(reading.headlines + reading.skipped)
    # Leading list numbers ("1. ") are the one readable thing that is dropped.
    assert {c for c in text if c.isalpha()} <= set(kept)
    assert all(headline.strip() == headline != "" for headline in reading.headlines)


def test_spaced_dashes_part_pieces_that_read_like_headlines() -> None:
    strip = ["Le Raja bat le Wydad", "Bourse de Casablanca en hausse", "Averses attendues ce lundi soir"]
    assert ticker.read(" - ".join(strip)).headlines == strip
    assert ticker.read(" — ".join(strip)).headlines == strip


def test_leading_bullets_and_numbers_are_not_part_of_a_headline() -> None:
    assert ticker.read("• Un titre de sport\n2) Un titre de météo\n- Un titre d'économie").headlines == [
        "Un titre de sport",
        "Un titre de météo",
        "Un titre d'économie",
    ]


def test_a_page_gives_its_strip_and_shows_what_it_left_out() -> None:
    strip = ["Le Raja bat le Wydad", "Bourse : le MASI en hausse", "Averses ce lundi", "Le roi reçoit un émissaire"]
    notice = "Merci d'avoir signalé!"
    body = "Le projet sera mis en œuvre sur quatre ans. " * 12
    page = "\u00a0\u00a0\u00a0\u00a0".join(strip) + f"\n\n{notice}\n\nTitre de l'article\n{body}\n"
    reading = ticker.read(page)
    assert reading.headlines == strip
    assert reading.skipped == [notice, "Titre de l'article", body.strip()]


def test_an_article_without_a_strip_gives_its_title_alone() -> None:
    body = "Le projet sera mis en œuvre sur quatre ans. " * 12
    assert ticker.read(f"Neuf millions pour la région\nMerci d'avoir signalé!\n{body}").headlines == [
        "Neuf millions pour la région"
    ]


@pytest.mark.parametrize(
    "piece", [" ", "\u202f", "\u00a0", " \u00a0\u202f", "- ", " - (", ' "- ', " « »", " +", "• ", "1. "]
)
def test_a_ticker_of_one_piece_over_and_over_takes_no_minutes(piece: str) -> None:
    # As many bytes as a request may have; read in time of the length squared, they would take six minutes.
    reading = ticker.read("Averses" + piece * (250_000 // len(piece.encode())) + "lundi")
    assert "".join(reading.headlines + reading.skipped).startswith("Averses")


def test_spaced_dashes_part_no_piece_without_anything_to_read() -> None:
    line = 'Le Wydad bat le Raja - "" ... !! ?? - Pluie sur le Rif demain'
    assert ticker.split(line) == [line]


def test_a_dash_in_a_quotation_parts_nothing_while_the_quotation_can_still_end() -> None:
    strip = [
        "Le Raja bat le Wydad",
        "Bourse de Casablanca (MASI - MADEX) en hausse",
        "Averses attendues « ce lundi - et mardi »",
    ]
    assert ticker.read(" - ".join(strip)).headlines == strip
    never_closed = [
        "Le Raja (Casablanca bat le Wydad",
        "Bourse de Casablanca en hausse",
        "Averses attendues ce lundi soir",
    ]
    assert ticker.read(" - ".join(never_closed)).headlines == never_closed
