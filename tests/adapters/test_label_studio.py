"""Against what Label Studio sends to an ML backend and to a webhook, and what it keeps of the answers."""

from typing import Any

import jsonschema_rs
import pytest
from flask.testing import FlaskClient

from classifier import Classifier
from tests.adapters.conftest import Kept

CONFIG = """<View>
  <Header value="Quel sujet ?"/>
  <Text name="titre" value="$headline" granularity="word"/>
  <Choices name="sujet" toName="titre" choice="single">
    <Choice value="Sport"/><Choice value="Météo"/><Choice value="Politique" alias="POL"/><Choice value="Potins"/>
  </Choices>
</View><!-- {"data": {"headline": "..."}} -->"""
TASKS = [
    {"id": 1, "data": {"headline": "Le Raja bat le Wydad en finale"}, "meta": {}, "annotations": []},
    {"id": 2, "data": {"headline": "Averses orageuses attendues lundi"}, "predictions": []},
    {"id": 3, "data": {"headline": "zzz qqq xxx"}},
]
ASKED = {"tasks": TASKS, "model_version": None, "project": "2.1767225600", "label_config": CONFIG,
         "params": {"login": None, "password": None, "context": None}}  # fmt: skip
SETUP = {"project": "2.1767225600", "schema": CONFIG, "hostname": "http://desk.example", "access_token": "x",
         "extra_params": None}  # fmt: skip

TEXT = {"type": "string"}
SCORE = {"type": "number", "minimum": 0, "maximum": 1}
CHOICE = {
    "type": "object",
    "required": ["from_name", "to_name", "type", "value"],
    "properties": {
        "from_name": {"const": "sujet"}, "to_name": {"const": "titre"}, "type": {"const": "choices"}, "score": SCORE,
        "value": {"type": "object", "required": ["choices"], "properties": {"choices": {
            "type": "array", "items": {"enum": ["Sport", "Météo", "POL"]}, "minItems": 1, "maxItems": 1}}},
    },
}  # fmt: skip
PREDICTION = {
    "type": "object",
    "required": ["result", "score", "model_version"],
    "properties": {"result": {"type": "array", "items": CHOICE, "maxItems": 1}, "score": SCORE, "model_version": TEXT},
}
PREDICTIONS = {
    "type": "object",
    "required": ["results", "model_version"],
    "properties": {"results": {"type": "array", "items": PREDICTION}, "model_version": TEXT},
}


def event(**change: Any) -> dict[str, Any]:
    chosen = {"id": "a1", "from_name": "sujet", "to_name": "titre", "type": "choices", "value": {"choices": ["Météo"]}}
    annotation = {"id": 17, "result": [chosen], "was_cancelled": False, "ground_truth": False, "task": 1,
                  "updated_at": "2026-01-05T13:52:48.536370Z", "completed_by": 7} | change  # fmt: skip
    project = {"id": 2, "label_config": CONFIG}
    return {"action": "ANNOTATION_CREATED", "annotation": annotation, "task": TASKS[0], "project": project}


def test_it_is_up_and_names_its_version(client: FlaskClient, model: Classifier) -> None:
    assert client.get("/health").get_json()["status"] == "UP"
    assert client.post("/setup", json=SETUP).get_json() == {"model_version": model.version}


def test_each_task_gets_one_prediction_among_the_choices_of_the_project(client: FlaskClient, model: Classifier) -> None:
    answer = client.post("/predict", json=ASKED)
    assert answer.status_code == 200
    told = answer.get_json()
    jsonschema_rs.validate(PREDICTIONS, told)
    choices = [[result["value"]["choices"][0] for result in found["result"]] for found in told["results"]]
    right = [prediction.label for prediction in model.classify(task["data"]["headline"] for task in TASKS)]  # type: ignore
    assert choices == [[{"sport": "Sport", "weather": "Météo"}[label]] if label else [] for label in right]
    assert choices[0] == ["Sport"]
    assert {found["model_version"] for found in told["results"]} == {model.version}


def test_a_topic_that_is_no_choice_of_the_project_gets_no_result(client: FlaskClient) -> None:
    config = CONFIG.replace('<Choice value="Sport"/>', "")
    results = client.post("/predict", json=ASKED | {"label_config": config}).get_json()["results"]
    assert results[0]["result"] == []


def test_no_tasks_get_no_predictions(client: FlaskClient) -> None:
    assert client.post("/predict", json=ASKED | {"tasks": []}).get_json()["results"] == []


def test_an_annotation_is_a_correction_once_and_anew_when_it_changes(client: FlaskClient, kept: Kept) -> None:
    for _ in range(2):
        assert client.post("/webhook", json=event()).status_code == 201
    [correction] = kept.corrections
    assert correction["id"] == "label-studio-17-2026-01-05T13:52:48.536370Z"
    assert (correction["headline"], correction["label"]) == (TASKS[0]["data"]["headline"], "weather")  # type: ignore
    assert correction["note"] == "Label Studio annotation 17 by user 7"
    again = event(updated_at="2026-01-05T14:00:00Z") | {"action": "ANNOTATION_UPDATED"}
    assert client.post("/webhook", json=again).status_code == 201
    assert len(kept.corrections) == 2


def test_users_of_one_key_are_one_author(client: FlaskClient, kept: Kept) -> None:
    for user in range(3):
        client.post("/webhook", json=event(id=user, completed_by=user))
    assert {correction["author"] for correction in kept.corrections} == {"anybody"}


@pytest.mark.parametrize(
    "sent",
    [
        {"action": "ANNOTATIONS_DELETED", "annotations": [{"id": 17}], "project": {"id": 2}},
        {"action": "START_TRAINING", "project": {"id": 2}},
        {},
        event(was_cancelled=True),
        event(result=[]),
        event(result=[{"from_name": "sujet", "value": {"choices": ["Potins"]}}]),
        event(result=[{"from_name": "sujet", "value": {"choices": ["Sport", "Météo"]}}]),
        event(result=[{"from_name": "autre", "value": {"choices": ["Sport"]}}]),
    ],
)
def test_what_teaches_nothing_is_accepted_and_not_kept(client: FlaskClient, kept: Kept, sent: dict[str, Any]) -> None:
    assert client.post("/webhook", json=sent).status_code == 200
    assert kept.corrections == []


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (None, "is a text"),
        ("<View>", "not XML"),
        ("\x00", "not XML"),
        ("", "not XML"),
        ('<!DOCTYPE v [<!ENTITY a "b">]><View>&a;</View>', "no document type"),
        ('<!DOCTYPE v SYSTEM "file:///etc/passwd"><View/>', "no document type"),
        ("<View/>", "needs <Choices"),
        ('<View><Text name="t" value="$h"/><Choices name="c" toName="u"/></View>', "needs <Choices"),
        ('<View><Text name="t" value="h"/><Choices name="c" toName="t"/></View>', "needs <Choices"),
        ('<View><Text name="t" value="$h"/><Choices name="c" toName="t"><Choice value="Potins"/></Choices></View>',
         "No choice is a topic"),
    ],
)  # fmt: skip
def test_a_configuration_that_asks_for_no_topic_is_a_problem(client: FlaskClient, config: Any, told: str) -> None:
    for path, body in (("/setup", SETUP | {"schema": config}), ("/predict", ASKED | {"label_config": config})):
        answer = client.post(path, json=body)
        assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
        assert told in answer.get_json(force=True)["detail"]


@pytest.mark.parametrize(
    ("tasks", "pointer"),
    [
        (None, "/tasks"),
        ({}, "/tasks"),
        ([1], "/tasks/0/data/headline"),
        ([TASKS[0], {"data": {"text": "x"}}], "/tasks/1/data/headline"),
        ([{"data": {"headline": 1}}], "/tasks/0/data/headline"),
        ([{"data": {"headline": "x" * 501}}], "/tasks/0/data/headline"),
        ([TASKS[0]] * 501, ""),
    ],
)
def test_a_task_without_a_headline_is_a_problem(client: FlaskClient, tasks: Any, pointer: str) -> None:
    answer = client.post("/predict", json=ASKED | {"tasks": tasks})
    assert (answer.status_code, answer.get_json(force=True)["pointer"]) == (422, pointer)


@pytest.mark.parametrize(
    "sent",
    [
        {"action": "ANNOTATION_CREATED"},
        event() | {"project": {}},
        event() | {"task": 1},
        event(id="17"),
        event(updated_at=None),
        event(updated_at="x" * 30),
    ],
)
def test_a_wrong_annotation_is_a_problem(client: FlaskClient, kept: Kept, sent: dict[str, Any]) -> None:
    answer = client.post("/webhook", json=sent)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert kept.corrections == []
