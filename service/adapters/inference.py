"""The Open Inference Protocol, version 2, as KServe, MLServer and Triton clients speak it: tensors in, tensors out."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request

from classifier import Classifier, Prediction
from service import asked
from service.adapters.shared import answer
from service.desk import Desk
from service.problems import Problem

MODEL = "headlines"
_PATH = f"/v2/models/{MODEL}"
_VERSION = f"{_PATH}/versions/<version>"


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes of the protocol, around a desk."""
    routes = Blueprint("inference", __name__)
    routes.register_error_handler(Problem, _refusal)

    @routes.get("/v2")
    @routes.get("/v2/")
    def server() -> Response:
        return answer({"name": "headline-topics", "version": desk.model.version, "extensions": []})

    @routes.get("/v2/health/live")
    @routes.get("/v2/health/ready")
    def health() -> Response:
        # The specification calls it live in both, servers and clients know it as ready.
        return answer({"live": True, "ready": True})

    @routes.get(_PATH)
    @routes.get(_VERSION)
    def describe(version: str | None = None) -> Response:
        desk.admit("classify")
        return answer(_described(_of_version(desk.model, version)))

    @routes.get(f"{_PATH}/ready")
    @routes.get(f"{_VERSION}/ready")
    def ready(version: str | None = None) -> Response:
        _of_version(desk.model, version)
        return answer({"name": MODEL, "ready": True})

    @routes.post(f"{_PATH}/infer")
    @routes.post(f"{_VERSION}/infer")
    def infer(version: str | None = None) -> Response:
        desk.admit("classify")
        model = _of_version(desk.model, version)
        if "Inference-Header-Content-Length" in request.headers:
            raise Problem(HTTPStatus.BAD_REQUEST, "Tensors are read as JSON: send them with binary_data off.")
        body = asked.read_json(request, untyped=True)
        headlines, wanted = _headlines(body), _wanted(body)
        outputs = _outputs(desk.classify(headlines, model=model).predictions, model.topics)
        named = {"id": body["id"]} if "id" in body else {}
        told = {"model_name": MODEL, "model_version": model.version, **named}
        return answer({**told, "outputs": [output for output in outputs if output["name"] in wanted]})

    @routes.route("/v2/<path:_>", methods=["GET", "POST"])
    def unknown(_: str) -> Response:
        # Here and not by the app, so that it is told as the protocol wants it.
        raise Problem(HTTPStatus.NOT_FOUND, f"There is one model here, {MODEL}.")

    return routes


def _refusal(problem: Problem) -> tuple[dict[str, str], int, dict[str, str]]:
    told = f"{problem.pointer}: {problem.detail}" if problem.pointer else problem.detail
    return {"error": told}, problem.status.value, dict(problem.headers)


def _of_version(model: Classifier, version: str | None) -> Classifier:
    if version not in (None, model.version):
        raise Problem(HTTPStatus.NOT_FOUND, f"The version in force is {model.version}; no other one answers.")
    return model


def _described(model: Classifier) -> dict[str, Any]:
    labels, n = {"labels": ",".join(model.topics)}, len(model.topics)
    return {
        "name": MODEL,
        "versions": [model.version],
        "platform": "headlines_table",
        "inputs": [{"name": "headline", "datatype": "BYTES", "shape": [-1], "parameters": {"content_type": "str"}}],
        "outputs": [
            {"name": "label", "datatype": "BYTES", "shape": [-1], "parameters": {"content_type": "str"}},
            {"name": "probabilities", "datatype": "FP64", "shape": [-1, n], "parameters": labels},
        ],
    }


def _headlines(body: dict[str, Any]) -> list[str]:
    if not isinstance(body.get("id", ""), str):
        raise asked.wrong("/id", "id is a text.")
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise asked.wrong("/inputs", "Send one input, a tensor of headlines.")
    tensor, at = inputs[0], "/inputs/0"
    if tensor.get("datatype") != "BYTES":
        raise asked.wrong(f"{at}/datatype", "Headlines are of datatype BYTES.")
    if "data" not in tensor:
        raise asked.wrong(f"{at}/data", "data is missing: tensors are read as JSON, with binary_data off.")
    data, shape = tensor["data"], tensor.get("shape")
    if isinstance(data, list) and data and all(isinstance(row, list) and len(row) == 1 for row in data):
        data = [row[0] for row in data]
    if not isinstance(data, list) or not data:
        raise asked.wrong(f"{at}/data", "data is a list of texts.")
    if shape not in ([len(data)], [len(data), 1]):
        raise asked.wrong(f"{at}/shape", f"The shape of this data is [{len(data)}] or [{len(data)}, 1].")
    asked.check(data, lambda i: f"{at}/data/{i}")
    return data


def _wanted(body: dict[str, Any]) -> set[str]:
    outputs = body.get("outputs", [])
    if not isinstance(outputs, list):
        raise asked.wrong("/outputs", "outputs is a list.")
    for i, output in enumerate(outputs):
        if not isinstance(output, dict) or output.get("name") not in ("label", "probabilities"):
            raise asked.wrong(f"/outputs/{i}", "Outputs are label and probabilities.")
    return {output["name"] for output in outputs} or {"label", "probabilities"}


def _outputs(predictions: list[Prediction], topics: tuple[str, ...]) -> list[dict[str, Any]]:
    n = len(predictions)
    probabilities = [p.probabilities[topic] for p in predictions for topic in topics]
    return [
        # A tensor has no null: an empty text is no answer.
        {"name": "label", "datatype": "BYTES", "shape": [n], "parameters": {"content_type": "str"},
         "data": [p.label or "" for p in predictions]},
        {"name": "probabilities", "datatype": "FP64", "shape": [n, len(topics)],
         "parameters": {"labels": ",".join(topics)}, "data": probabilities},
    ]  # fmt: skip
