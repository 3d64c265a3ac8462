"""Against the constraints that the schemas of ninjs 3.1 and 1.6 put on subjects and items, as schemas of ours."""

from typing import Any

import jsonschema_rs
import pytest

from classifier import InputError, Prediction, ninjs

TEXT = {"type": "string"}
URI = {"type": "string", "format": "uri"}
SHARE = {"type": "integer", "minimum": 0, "maximum": 100}
COMMON = {"name": TEXT, "rel": TEXT, "creator": TEXT, "relevance": SHARE, "confidence": SHARE}


def subjects(**own: Any) -> dict[str, Any]:
    one = {"type": "object", "additionalProperties": False, "properties": COMMON | own}
    return {"type": "array", "items": one}


HEADLINES = {"type": "array", "items": {"type": "object", "additionalProperties": False, "required": ["value"],
             "properties": {"role": TEXT, "contentType": TEXT, "value": TEXT}}}  # fmt: skip
SCHEMAS = {
    "3.1": {"type": "object", "required": ["uri"], "properties": {
        "uri": URI, "type": {"enum": ["text", "picture"]}, "headlines": HEADLINES,
        "subjects": subjects(uri=URI, literal=TEXT)}},
    "1.6": {"type": "object", "required": ["uri"], "properties": {
        "uri": URI, "headline": TEXT, "subject": subjects(scheme=URI, code=TEXT)}},
}  # fmt: skip
ITEMS: dict[str, dict[str, Any]] = {
    "3.1": {"uri": "urn:desk:1", "type": "text", "language": "fr-MA", "urgency": 4,
            "headlines": [{"role": "short", "value": "Botola"}, {"role": "main", "value": "Le Raja bat le Wydad"}]},
    "1.6": {"uri": "urn:desk:1", "headline": "Le Raja bat le Wydad", "subject": [{"name": "Casablanca"}]},
}  # fmt: skip


def predicted(label: str | None) -> Prediction:
    return Prediction("Le Raja bat le Wydad", label, 0.937, {}, None, "v1", 1.0)


@pytest.mark.parametrize("label", ["sport", "other", "local"])
@pytest.mark.parametrize("version", ninjs.VERSIONS)
def test_an_item_and_its_subject_are_as_the_schema_wants_them(version: str, label: str) -> None:
    item = ITEMS[version]
    out = ninjs.labelled(item, predicted(label), version)
    jsonschema_rs.validate(SCHEMAS[version], out, validate_formats=True)
    field = "subjects" if version == "3.1" else "subject"
    *others, subject = out[field]
    assert others == item.get(field, [])
    assert {name: value for name, value in out.items() if name != field} == {
        name: value for name, value in item.items() if name != field
    }
    assert (subject["confidence"], subject["creator"]) == (94, "headline-topics v1")


def test_a_subject_is_named_in_the_items_language_and_by_the_media_topics() -> None:
    [subject] = ninjs.labelled(ITEMS["3.1"] | {"language": "es"}, predicted("sport"))["subjects"]
    assert (subject["name"], subject["uri"]) == ("Deportes", "http://cv.iptc.org/newscodes/mediatopic/15000000")
    [_, older] = ninjs.labelled(ITEMS["1.6"], predicted("sport"), "1.6")["subject"]
    assert (older["scheme"], older["code"]) == ("http://cv.iptc.org/newscodes/mediatopic/", "15000000")


@pytest.mark.parametrize("version", ninjs.VERSIONS)
def test_an_item_without_a_label_or_with_that_subject_stays_as_it_was(version: str) -> None:
    assert ninjs.labelled(ITEMS[version], predicted(None), version) == ITEMS[version]
    once = ninjs.labelled(ITEMS[version], predicted("sport"), version)
    assert ninjs.labelled(once, predicted("sport"), version) == once
    assert ninjs.labelled(once, predicted("weather"), version) != once


@pytest.mark.parametrize(
    ("item", "headline"),
    [
        (ITEMS["3.1"], "Le Raja bat le Wydad"),
        (ITEMS["1.6"], "Le Raja bat le Wydad"),
        ({"headlines": [{"value": "Une"}, {"value": "Deux"}], "headline": "Trois"}, "Une"),
        ({"headlines": [{"value": "<b>Une</b> &amp; deux", "contentType": "text/html"}]}, "Une & deux"),
        ({"headlines": [{"value": "2 < 3 & 4"}]}, "2 < 3 & 4"),
    ],
)
def test_the_main_headline_of_an_item_is_taken(item: dict[str, Any], headline: str) -> None:
    assert ninjs.headline(item) == headline


@pytest.mark.parametrize(
    "item", [{}, {"headline": None}, {"headline": ["x"]}, {"headlines": []}, {"headlines": "x"}, {"headlines": ["x"]},
             {"headlines": [{}]}, {"headlines": [{"value": 1}]}, {"headlines": None}],
)  # fmt: skip
def test_an_item_without_a_headline_is_refused(item: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"no headline|no list of headlines"):
        ninjs.headline(item)


@pytest.mark.parametrize("version", ninjs.VERSIONS)
@pytest.mark.parametrize("label", ["sport", None])
def test_subjects_that_are_no_list_are_refused(version: str, label: str | None) -> None:
    with pytest.raises(InputError, match="no list"):
        ninjs.labelled({"subjects": {}, "subject": "x"}, predicted(label), version)


def test_a_headline_makes_an_item_with_a_name_that_stays() -> None:
    one = ninjs.item_of({"headline": "x"}, predicted("sport"))
    jsonschema_rs.validate(SCHEMAS["3.1"], one, validate_formats=True)
    assert one == ninjs.item_of({"headline": "x", "uri": 7}, predicted("sport"))
    assert ninjs.item_of({"uri": "urn:desk:7"}, predicted("sport"))["uri"] == "urn:desk:7"
