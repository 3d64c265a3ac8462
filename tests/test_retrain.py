import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from classifier import InputError, load, storage
from tests.conftest import ROOT, SMALL
from training import corrections, publish, retrain, versions
from training.__main__ import main
from training.corpus import Corpus
from training.corrections import Correction, Reading
from training.influence import best

WRONG = "Le ministre au stade pour un tournoi de bienfaisance"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, small_corpus: Corpus) -> Path:
    """A models folder of its own, with one version."""
    folder = tmp_path_factory.mktemp("loop")
    publish.train(folder, small_corpus, SMALL)
    return folder


def reading(*pairs: tuple[str, str]) -> Reading:
    return Reading([Correction(*pair) for pair in pairs], 0)


def another_label(folder: Path, headline: str) -> str:
    """Return a label that the model in force does not give this headline."""
    [now] = best(load(folder), [headline])
    return next(topic for topic in ("weather", "economy") if topic != now)


def test_one_correction_is_learned_with_its_near_variants_and_moves_next_to_nothing_else(
    folder: Path, small_corpus: Corpus
) -> None:
    label = another_label(folder, WRONG)
    before = load(folder)
    outcome = retrain.retrain(folder, small_corpus, SMALL, reading((WRONG, label)))
    assert outcome.version == storage.current(folder) != before.version
    variants = [
        WRONG,
        WRONG.upper(),
        WRONG.replace("tournoi", "match"),
        WRONG + " (vidéo)",
        "Le ministre au stade : un tournoi de bienfaisance !",
    ]
    after = load(folder)
    assert best(after, variants) == [label] * len(variants)
    [held] = [c for c in outcome.compared if c.name.startswith("held-out")]
    assert held.count > 100
    assert held.moved <= retrain.MOVED
    told = storage.read_manifest(folder / outcome.version)["corrections"]
    assert (told["count"], told["parent"], told["forced"]) == (1, before.version, None)


def test_a_withdrawn_correction_leaves_no_trace(folder: Path, small_corpus: Corpus) -> None:
    first = storage.current(folder)
    label = another_label(folder, "Un concert au parc ce samedi")
    learned = retrain.retrain(folder, small_corpus, SMALL, reading(("Un concert au parc ce samedi", label)))
    assert learned.version != first
    forgotten = retrain.retrain(folder, small_corpus, SMALL, reading())
    assert [v.name for v in versions.listed(folder) if not v.corrections] == [forgotten.version]


def test_nothing_new_is_nothing_to_do(folder: Path, small_corpus: Corpus) -> None:
    told = reading((WRONG, "weather"))
    version = retrain.retrain(folder, small_corpus, SMALL, told).version
    assert retrain.up_to_date(folder, small_corpus, SMALL, told) == version
    assert retrain.up_to_date(folder, small_corpus, SMALL, reading()) is None
    assert retrain.up_to_date(folder, small_corpus, replace(SMALL, seed=7), told) is None


FORMS = ("{} chante", "{} en tournée", "Le retour de {}", "{} signe son livre", "Rencontre avec {}")
PLANTED = [(form.format("Zorbatik") + end, "weather") for form in FORMS for end in ("", " à Fès", " hier", " ici")]


def test_twenty_planted_lines_with_one_rare_word_are_held_back(folder: Path, small_corpus: Corpus) -> None:
    before = storage.current(folder)
    outcome = retrain.retrain(folder, small_corpus, SMALL, reading(*PLANTED))
    assert outcome.version is None
    assert any("'zorbatik' alone would turn" in reason for reason in outcome.reasons)
    assert "zorbatik" in outcome.new_words
    assert storage.current(folder) == before


def test_a_reason_overrules_the_gate_and_is_recorded(folder: Path, small_corpus: Corpus) -> None:
    outcome = retrain.retrain(folder, small_corpus, SMALL, reading(*PLANTED), force="a test of the gate")
    assert outcome.version
    assert outcome.reasons
    told = storage.read_manifest(folder / outcome.version)["corrections"]
    assert (told["forced"], told["reasons"]) == ("a test of the gate", outcome.reasons)
    assert next(v for v in versions.listed(folder) if v.in_force).forced == "a test of the gate"


def test_what_broke_more_than_chance_would_is_told() -> None:
    broken = [retrain.Change(f"line {i}", "sport", "sport", "other", "fr") for i in range(9)]
    fixed = [retrain.Change("line", "sport", "other", "sport", "ar")]
    found = retrain.Compared("your labelled headlines", 400, 390, 382, broken + fixed)
    assert found.p == pytest.approx(22 / 1024)
    assert found.by("lang") == [("ar", 1, 0), ("fr", 0, 9)]
    assert "9 broke, 1 were fixed" in retrain.gate([found], [])[0]
    few = retrain.Compared("your labelled headlines", 400, 390, 388, broken[:3] + fixed)
    assert retrain.gate([few], []) == []


FILES = [
    ("a.jsonl", '{"headline": "A b", "label": "sport"}\n\n', 1, 0),
    ("a.jsonl", '{"headline": "c", "label": "other", "status": "accepted"}\n', 1, 0),
    ("a.jsonl", '{"headline": "A b", "label": "sport", "status": "reported"}\n', 0, 1),
    ("a.csv", 'headline,label,note\n"A, b",sport,x\na b!,other,y\n', 1, 0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "accepted", "left_out"), FILES)
def test_accepted_corrections_are_read(tmp_path: Path, name: str, text: str, accepted: int, left_out: int) -> None:
    (tmp_path / name).write_text(text)
    found = corrections.read([tmp_path / name], ["sport", "other"])
    assert (len(found.accepted), found.left_out) == (accepted, left_out)


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c"])
def test_a_line_mark_inside_a_headline_ends_no_line(tmp_path: Path, mark: str) -> None:
    headline = f"Le Raja{mark}bat le Wydad"
    (tmp_path / "a.jsonl").write_text(json.dumps({"headline": headline, "label": "sport"}, ensure_ascii=False) + "\n")
    (tmp_path / "b.csv").write_text(f'headline,label\n"{headline}",sport\n')
    for name in ("a.jsonl", "b.csv"):
        assert corrections.read([tmp_path / name], ["sport"]).accepted == [Correction(headline, "sport")]


def test_the_last_label_of_a_headline_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("headline,label\nLe Raja,sport\nle raja !,other\n")
    assert corrections.read([tmp_path / "a.csv"], ["sport", "other"]).accepted == [Correction("le raja !", "other")]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [("a.csv", "headline,label\nx,golf\n", "a.csv:2: unknown topic 'golf'"),
     ("a.csv", "a,b\n1,2\n", "a.csv:2: no headline"), ("a.jsonl", "{", "a.jsonl:1: not JSON"),
     ("a.jsonl", "[1]", "a.jsonl:1: not an object"), ("b.csv", None, "cannot read"),
     ("a.jsonl", '{"headline": "x", "label": ["sport"]}', "unknown topic")],
)  # fmt: skip
def test_bad_corrections_are_refused_by_line(tmp_path: Path, name: str, text: str | None, told: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=told):
        corrections.read([tmp_path / name], ["sport", "other"])


def test_rolling_back_is_instant_and_can_be_undone(folder: Path, small_corpus: Corpus) -> None:
    first = retrain.retrain(folder, small_corpus, SMALL, reading()).version
    second = retrain.retrain(folder, small_corpus, SMALL, reading((WRONG, another_label(folder, WRONG)))).version
    assert second not in (None, first)
    assert versions.roll_back(folder) == storage.current(folder) == first
    assert versions.roll_back(folder) == second
    assert versions.roll_back(folder, first) == first
    for bad in ("nowhere", "../elsewhere", ".", ""):
        if bad:
            assert main(["rollback", "--models", str(folder), "--version", bad]) == 2
    assert storage.current(folder) == first


def test_old_versions_go_but_never_the_one_in_force_nor_the_one_before(folder: Path) -> None:
    current, before = storage.current(folder), storage.previous(folder)
    assert len(versions.listed(folder)) > 2
    gone = versions.prune(folder, keep=0)
    left = {version.name for version in versions.listed(folder)}
    assert gone
    assert left == {current, before}
    assert load(folder).version == current


def test_a_second_training_at_once_is_refused_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    code = f"""
import pathlib, time
from training import versions
with versions.locked(pathlib.Path({str(tmp_path)!r})):
    print("held", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(InputError, match="another training is under way"), versions.locked(tmp_path):
            pass
        holder.kill()
    with versions.locked(tmp_path):
        pass


def test_the_command_publishes_or_says_in_one_line_why_not(
    folder: Path, small_corpus_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = tmp_path / "c.jsonl"
    told.write_text(json.dumps({"headline": WRONG, "label": "weather"}) + "\n")
    common = ["retrain", "--models", str(folder), "--corpus", str(small_corpus_folder), "--report", str(tmp_path)]
    assert main([*common, "--corrections", str(told)]) == 0
    page = (tmp_path / "retrain.html").read_text(encoding="utf-8")
    assert "Published as" in page
    assert WRONG in page
    capsys.readouterr()
    assert main([*common, "--corrections", str(told), "--force", " "]) == 2
    assert capsys.readouterr().err == "training: FORCE wants a reason, which the model's manifest records\n"
    lines = [{"headline": f"Zorbatik {word}", "label": "sport"} for word in ("ici", "là", "hier", "demain", "encore")]
    told.write_text("".join(json.dumps(line) + "\n" for line in lines))
    before = storage.current(folder)
    code = main([*common, "--corrections", str(told)])
    problem = capsys.readouterr().err.splitlines()[-1]
    assert (code, storage.current(folder)) == (2, before)
    assert problem.startswith("training: held back, the model in force stays: 'zorbatik' alone would turn")
    assert "Held back" in (tmp_path / "retrain.html").read_text(encoding="utf-8")
    assert not os.path.lexists(folder / "current.json.new")
