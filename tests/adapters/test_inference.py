"""Against the shapes of the protocol's own OpenAPI document, written down here as JSON schemas of ours."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from flask.testing import FlaskClient

from classifier import Classifier
from service import access
from service.app import create_app
from service.settings import Settings

INFER = "/v2/models/headlines/infer"
HEADLINES = ["Le Raja bat le Wydad en finale", "Averses orageuses attendues lundi", "zzz qqq xxx"]

TEXT = {"type": "string"}
SHAPE = {"type": "array", "items": {"type": "integer"}}
PARAMETERS = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
TENSOR = {"name": TEXT, "datatype": {"enum": ["BYTES", "FP64"]}, "shape": SHAPE, "parameters": PARAMETERS}


def shaped(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


METADATA = {"type": "array", "items": shaped(["name", "datatype", "shape"], **TENSOR)}
DATA = {"type": "array", "items": {"type": ["string", "number", "boolean"]}}
SCHEMAS = {
    "/v2": shaped(["name", "version", "extensions"], name=TEXT, version=TEXT,
                  extensions={"type": "array", "items": TEXT}),
    "/v2/health/live": shaped(["live"], live={"const": True}),
    "/v2/health/ready": shaped(["live", "ready"], live={"const": True}, ready={"const": True}),
    "/v2/models/headlines": shaped(["name", "versions", "platform", "inputs", "outputs"], name=TEXT, platform=TEXT,
                                   versions={"type": "array", "items": TEXT}, inputs=METADATA, outputs=METADATA),
    "/v2/models/headlines/ready": shaped(["name", "ready"], name=TEXT, ready={"const": True}),
    INFER: shaped(["model_name", "outputs"], model_name=TEXT, model_version=TEXT, id=TEXT, parameters=PARAMETERS,
                  outputs={"type": "array", "items": shaped([*TENSOR, "data"], **TENSOR, data=DATA)}),
}  # fmt: skip


def tensor(data: Any, shape: Any = None, **others: Any) -> dict[str, Any]:
    return {"name": "headline", "datatype": "BYTES", "shape": shape or [len(data)], "data": data, **others}


def ask(client: FlaskClient, **body: Any) -> dict[str, Any]:
    answer = client.post(INFER, json=body)
    assert answer.status_code == 200, answer.data
    told: dict[str, Any] = answer.get_json()
    jsonschema_rs.validate(SCHEMAS[INFER], told)
    return told


@pytest.mark.parametrize("path", [path for path in SCHEMAS if path != INFER])
def test_what_is_told_of_server_and_model_has_the_shape_of_the_protocol(client: FlaskClient, path: str) -> None:
    jsonschema_rs.validate(SCHEMAS[path], client.get(path).get_json())


def test_labels_and_probabilities_are_those_of_the_classifier(client: FlaskClient, model: Classifier) -> None:
    answer = ask(client, id="42", inputs=[tensor(HEADLINES)])
    assert (answer["id"], answer["model_version"]) == ("42", model.version)
    label, probabilities = answer["outputs"]
    right = model.classify(HEADLINES)
    assert label["data"] == [prediction.label or "" for prediction in right]
    assert probabilities["shape"] == [3, len(model.topics)]
    assert probabilities["parameters"]["labels"].split(",") == list(model.topics)
    assert probabilities["data"] == [p for prediction in right for p in prediction.probabilities.values()]


def test_the_metadata_names_the_classes_and_the_version_that_may_be_asked(
    client: FlaskClient, model: Classifier
) -> None:
    told = client.get("/v2/models/headlines").get_json()
    assert told["outputs"][1]["parameters"]["labels"] == ",".join(model.topics)
    [version] = told["versions"]
    answer = client.post(f"/v2/models/headlines/versions/{version}/infer", json={"inputs": [tensor(["Neige"])]})
    assert answer.get_json()["model_version"] == version
    assert client.get(f"/v2/models/headlines/versions/{version}/ready").status_code == 200


def test_a_column_of_texts_and_a_choice_of_outputs_are_understood(client: FlaskClient) -> None:
    for data in (["Neige", "Pluie"], [["Neige"], ["Pluie"]]):
        answer = ask(client, inputs=[tensor(data, [2, 1])], outputs=[{"name": "label"}])
        assert [output["name"] for output in answer["outputs"]] == ["label"]


def test_a_body_without_a_media_type_is_read_as_triton_clients_send_it(client: FlaskClient) -> None:
    assert client.post(INFER, data=json.dumps({"inputs": [tensor(["Neige"])]})).status_code == 200


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "/inputs: Send one input"),
        ({"inputs": []}, "/inputs: Send one input"),
        ({"inputs": [1]}, "/inputs: Send one input"),
        ({"inputs": [tensor(["x"]), tensor(["x"])]}, "/inputs: Send one input"),
        ({"inputs": [tensor([1.0], datatype="FP32")]}, "datatype BYTES"),
        ({"inputs": [tensor([1])]}, "/inputs/0/data/0: A headline is a text."),
        ({"inputs": [tensor(["x"], [2])]}, "/inputs/0/shape"),
        ({"inputs": [tensor(["x"], 1)]}, "/inputs/0/shape"),
        ({"inputs": [tensor([], [0])]}, "list of texts"),
        ({"inputs": [tensor("x")]}, "list of texts"),
        ({"inputs": [{"name": "headline", "datatype": "BYTES", "shape": [1],
                      "parameters": {"binary_data_size": 9}}]}, "binary_data off"),
        ({"inputs": [tensor(["x"])], "id": 1}, "/id"),
        ({"inputs": [tensor(["x"])], "outputs": "label"}, "/outputs"),
        ({"inputs": [tensor(["x"])], "outputs": [{"name": "logits"}]}, "/outputs/0"),
        ({"inputs": [tensor(["x"])], "outputs": [{"name": []}]}, "/outputs/0"),
        ({"inputs": [tensor(["x" * 501])]}, "500 characters"),
        ({"inputs": [tensor(["x"] * 501)]}, "up to 500"),
        ({"inputs": [tensor(["\ud800"])]}, "surrogate"),
        ({"inputs": [tensor(["x"])], "id": "\ud800"}, "surrogate"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_refused_as_the_protocol_wants_it(client: FlaskClient, body: Any, told: str) -> None:
    answer = client.post(INFER, data=json.dumps(body), content_type="application/json")
    assert answer.status_code == 422
    assert list(answer.get_json()) == ["error"]
    assert told in answer.get_json()["error"]


def test_binary_tensors_are_told_to_be_sent_as_json(client: FlaskClient) -> None:
    answer = client.post(INFER, data=b"{}\x01", headers={"Inference-Header-Content-Length": "2"})
    assert (answer.status_code, "binary_data off" in answer.get_json()["error"]) == (400, True)


@pytest.mark.parametrize(
    "path", ["/v2/models/other", "/v2/models/headlines/versions/none", "/v2/models/headlines/versions/none/ready",
             "/v2/repository/index"],
)  # fmt: skip
def test_another_model_or_version_is_not_found(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, list(answer.get_json())) == (404, ["error"])


def test_a_missing_key_is_told_in_the_protocol_too(model: Classifier, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    access.add(file, "desk", ["classify"])
    client = create_app(classifier=model, settings=Settings(keys=file)).test_client()
    for answer in (client.post(INFER, json={}), client.get("/v2/models/headlines")):
        assert (answer.status_code, list(answer.get_json())) == (401, ["error"])
        assert answer.headers["WWW-Authenticate"]
    assert client.get("/v2/health/ready").status_code == 200
