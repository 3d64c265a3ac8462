from pathlib import Path

import pytest

from classifier.errors import InputError
from training.corpus import Corpus
from training.read import CorpusError, read

GOOD = "sport\tfr\tLe Raja bat le Wydad\nsport\tfr\tLe MAS à Fès\nweather\tfr\tNeige à Ifrane\nweather\tfr\tAverses\n"


def headlines(folder: Path, text: str, name: str = "lines.tsv") -> Path:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("Sports!\tfr\tUn titre", "unknown topic 'Sports!'"),
        ("sprot\tfr\tUn titre", "unknown topic 'sprot': no other line has it"),
        ("sport\tde\tUn titre", "unknown language 'de'"),
        ("sport\tfr\t...", "empty headline"),
        ("sport\tfr", "2 columns where 3 are expected"),
        ("sport\tfr\tle raja bat LE WYDAD", "duplicate of {file}:1"),
        ("weather\tfr\tLe Raja bat le Wydad", "two topics for one headline: weather here, sport at {file}:1"),
        ("sport\tfr\tLe {club} gagne", "a slot was left in the headline: {{club}}"),
        ("sport\tfr\t" + "mot " * 200, "more than 500"),
        ("   ", "empty line"),
    ],
)
def test_a_bad_line_is_refused_with_file_and_line(tmp_path: Path, line: str, complaint: str) -> None:
    file = headlines(tmp_path, GOOD + line + "\n")
    with pytest.raises(CorpusError) as refused:
        read([file])
    [problem] = refused.value.problems
    assert problem.startswith(f"{file}:5: ")
    assert complaint.format(file=file) in problem


def test_all_bad_lines_are_told_at_once(tmp_path: Path) -> None:
    file = headlines(tmp_path, "sport\tde\tUn titre\nweather\tfr\t\n" + GOOD)
    with pytest.raises(CorpusError) as refused:
        read([file])
    assert len(refused.value.problems) == 2


def test_bytes_that_are_not_utf8_are_refused_by_line(tmp_path: Path) -> None:
    file = tmp_path / "lines.tsv"
    file.write_bytes(GOOD.encode() + b"sport\tfr\tM\xe9t\xe9o\n")
    with pytest.raises(CorpusError, match=r"lines.tsv:5: not UTF-8"):
        read([file])


@pytest.mark.parametrize("missing", ["nothing.tsv", "nothing.csv", "nothing"])
def test_a_missing_path_is_an_input_error(tmp_path: Path, missing: str) -> None:
    with pytest.raises(InputError, match="nothing"):
        read([tmp_path / missing])


def test_a_folder_that_is_no_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a corpus"):
        read([tmp_path])


def test_one_topic_is_not_enough(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least two topics"):
        read([headlines(tmp_path, "sport\tfr\tUn titre\nsport\tfr\tUn autre\n")])


def test_a_newsroom_csv_brings_its_own_topics(tmp_path: Path) -> None:
    rows = 'headline,label,lang\n"Festival, acte II",culture,fr\nUn film,culture,\n'
    rows += "Une école,society,fr\nUn lycée,society,fr\n"
    corpus = read([headlines(tmp_path, rows, "mine.csv")])
    assert corpus.topics == ["culture", "society"]
    assert corpus.lines[0].text == "Festival, acte II"
    assert corpus.lines[1].lang == ""


def test_a_newsroom_csv_is_added_to_a_folder(tmp_path: Path, small_corpus_folder: Path) -> None:
    mine = headlines(tmp_path, "headline,label\nUn festival ici,culture\nUn film là,culture\n", "mine.csv")
    corpus = read([small_corpus_folder, mine])
    assert corpus.topics == ["sport", "politics", "economy", "weather", "other", "culture"]


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ("title,label\nx,sport\n", "1: no column headline"),
        ("headline,label\nUn titre,sport,fr,trop\n", "2: another number of fields"),
        ("headline,label\nUn titre\n", "2: another number of fields"),
        ('headline,label\n"Un titre,sport\n', "unexpected end of data"),
        ("", "no column headline or label"),
    ],
)
def test_a_bad_csv_is_refused(tmp_path: Path, rows: str, complaint: str) -> None:
    with pytest.raises(CorpusError, match=complaint):
        read([headlines(tmp_path, rows, "mine.csv")])


def test_our_corpus_is_good_and_covers_every_topic_in_every_language(own_corpus: Corpus) -> None:
    counts = own_corpus.counts()
    for topic in ("sport", "politics", "economy", "weather", "other"):
        for lang in ("fr", "en", "es", "ar"):
            assert counts[("headline", topic, lang)] >= 60
            assert counts[("term", topic, lang)] >= 300


def test_the_fingerprint_follows_the_content_and_not_the_order(tmp_path: Path) -> None:
    lines = GOOD.splitlines(keepends=True)
    first = read([headlines(tmp_path, "".join(lines))]).fingerprint()
    assert read([headlines(tmp_path, "".join(reversed(lines)))]).fingerprint() == first
    assert read([headlines(tmp_path, GOOD.replace("Ifrane", "Azrou"))]).fingerprint() != first
