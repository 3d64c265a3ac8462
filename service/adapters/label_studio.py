"""Label Studio, as one of its ML backends: predictions beside its tasks, annotations back as corrections."""

import re
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from flask import Blueprint, Response, request

from classifier import Prediction
from service import asked
from service.adapters.shared import answer, topic_named, trusted
from service.corrections import Corrections
from service.desk import Desk

_ANNOTATED = ("ANNOTATION_CREATED", "ANNOTATION_UPDATED")
_TIME = re.compile(r"[0-9TZ:.+ -]{1,40}")


@dataclass(frozen=True)
class Labelling:
    """What a project's labelling configuration says: which field of a task is the headline, and its choices."""

    field: str
    from_name: str
    to_name: str
    choices: dict[str, str]
    """The project's choices by our label."""

    def prediction(self, found: Prediction) -> dict[str, Any]:
        """Return a prediction as Label Studio keeps it; without a result where there is none among the choices."""
        about = {"score": round(found.confidence, 6), "model_version": found.version}
        if found.label not in self.choices:
            return {"result": [], **about}
        value = {"choices": [self.choices[found.label]]}
        names = {"from_name": self.from_name, "to_name": self.to_name, "type": "choices"}
        return {"result": [{**names, "value": value, "score": about["score"]}], **about}


def blueprint(desk: Desk, corrections: Corrections) -> Blueprint:
    """Return the routes that Label Studio calls, around a desk."""
    routes = Blueprint("label_studio", __name__)

    @routes.get("/health")
    def health() -> Response:
        return answer({"status": "UP", "model_class": "Headlines"})

    @routes.post("/setup")
    def setup() -> Response:
        desk.admit("classify")
        model, body = desk.model, asked.read_json(request)
        read_config(body.get("schema"), model.topics, "/schema")
        return answer({"model_version": model.version})

    @routes.post("/predict")
    def predict() -> Response:
        desk.admit("classify")
        model, body = desk.model, asked.read_json(request)
        labelling = read_config(body.get("label_config"), model.topics, "/label_config")
        headlines = _headlines(body.get("tasks"), labelling.field)
        found = desk.classify(headlines, model=model).predictions
        results = [labelling.prediction(prediction) for prediction in found]
        return answer({"results": results, "model_version": model.version})

    @routes.post("/webhook")
    def webhook() -> Response:
        caller = desk.admit("correct")
        model, body = desk.model, asked.read_json(request)
        if body.get("action") not in _ANNOTATED:
            return answer({"status": "ignored"})
        correction = _correction(body, model.topics)
        if correction is None:
            return answer({"status": "nothing to learn"})
        corrections.report(**correction, author=caller.name, trusted=trusted(caller), version=model.version)
        return answer({"status": "ok"}, 201)

    return routes


def read_config(config: object, topics: tuple[str, ...], pointer: str) -> Labelling:
    """Read a labelling configuration: its first `Choices` and the text these are about.

    Raises:
        Problem: 422 it is no such configuration, or no choice is one of our topics.
    """
    elements = _elements(config, pointer)
    choices = next((about for name, about in elements if name == "Choices"), {})
    to_name = choices.get("toName", "")
    texts = {about.get("name"): about.get("value", "") for name, about in elements if name in ("Text", "HyperText")}
    field = texts.get(to_name, "")
    if not choices.get("name") or not re.fullmatch(r"\$\w+", field):
        raise asked.wrong(pointer, 'It needs <Choices toName="t" ...> about a <Text name="t" value="$field"/>.')
    named = _named([about for name, about in elements if name == "Choice"], topics)
    if not named:
        raise asked.wrong(pointer, f"No choice is a topic; topics are {', '.join(topics)}.")
    return Labelling(field[1:], choices["name"], to_name, named)


def _named(choices: list[dict[str, str]], topics: tuple[str, ...]) -> dict[str, str]:
    """Return the choices by label. A choice goes by its alias in annotations, where it has one."""
    named: dict[str, str] = {}
    for choice in choices:
        value = choice.get("value", "")
        alias = choice.get("alias", value)
        if label := topic_named(alias, topics) or topic_named(value, topics):
            named.setdefault(label, alias)
    return named


def _elements(config: object, pointer: str) -> list[tuple[str, dict[str, str]]]:
    """Return the elements of a document in order, with their attributes; no document type, so no entities either."""
    if not isinstance(config, str):
        raise asked.wrong(pointer, "The labelling configuration is a text.")
    found: list[tuple[str, dict[str, str]]] = []

    def refuse(*_: object) -> None:
        raise asked.wrong(pointer, "The labelling configuration may have no document type.")

    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, about: found.append((name, about))
    try:
        parser.Parse(config.encode(), True)
    except (expat.ExpatError, UnicodeEncodeError) as error:
        raise asked.wrong(pointer, "The labelling configuration is not XML.") from error
    return found


def _headlines(tasks: object, field: str) -> list[str]:
    if not isinstance(tasks, list):
        raise asked.wrong("/tasks", "tasks is a list.")
    headlines = [_text(task, field, f"/tasks/{i}") for i, task in enumerate(tasks)]
    asked.check(headlines, lambda i: f"/tasks/{i}/data/{field}")
    return headlines


def _text(task: object, field: str, pointer: str) -> Any:
    data = task.get("data") if isinstance(task, dict) else None
    if not isinstance(data, dict) or field not in data:
        raise asked.wrong(f"{pointer}/data/{field}", "The task has no such text.")
    return data[field]


def _correction(body: dict[str, Any], topics: tuple[str, ...]) -> dict[str, str] | None:
    project, annotation = body.get("project"), body.get("annotation")
    if not isinstance(annotation, dict) or not isinstance(project, dict):
        raise asked.wrong("", "An annotation comes with its project; let the webhook send its payload.")
    labelling = read_config(project.get("label_config"), topics, "/project/label_config")
    chosen = _chosen(annotation, labelling)
    label = next((label for label, name in labelling.choices.items() if name == chosen), None)
    if annotation.get("was_cancelled") or label is None:
        return None
    headline = _text(body.get("task"), labelling.field, "/task")
    asked.check([headline], lambda _: f"/task/data/{labelling.field}")
    number, updated = annotation.get("id"), annotation.get("updated_at")
    if not isinstance(number, int) or not isinstance(updated, str) or not _TIME.fullmatch(updated):
        raise asked.wrong("/annotation", "An annotation has an id and updated_at.")
    user = annotation.get("completed_by")
    note = f"Label Studio annotation {number}" + (f" by user {user}" if isinstance(user, int) else "")
    return {"id": f"label-studio-{number}-{updated}", "headline": headline, "label": label, "note": note}


def _chosen(annotation: dict[str, Any], labelling: Labelling) -> str | None:
    """Return the choice of an annotation; None when it is not one choice."""
    results = annotation.get("result")
    for result in results if isinstance(results, list) else []:
        if isinstance(result, dict) and result.get("from_name") == labelling.from_name:
            value = result.get("value")
            choices = value.get("choices") if isinstance(value, dict) else None
            if isinstance(choices, list) and len(choices) == 1 and isinstance(choices[0], str):
                return choices[0]
    return None
