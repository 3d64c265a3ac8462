"""The OpenAPI document against the service: what it allows or forbids is asked, and every answer is as it says."""

from dataclasses import replace
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from classifier import Classifier
from service.app import create_app
from tests.conftest import OPEN

ROUTES = ["/v1/classify", "/v1/ninjs", "/v1/feed", "/v1/corrections", "/v1/queue", "/v1/model", "/healthz", "/readyz"]
THEIRS = {"inference", "label_studio", "superdesk", "page"}


@pytest.mark.parametrize(
    ("route", "mode"),
    [(route, GenerationMode.POSITIVE) for route in ROUTES] + [("/v1/classify", GenerationMode.NEGATIVE)],
)
def test_the_service_keeps_its_contract(model: Classifier, tmp_path: Path, route: str, mode: GenerationMode) -> None:
    app = create_app(classifier=model, settings=replace(OPEN, database=f"sqlite:///{tmp_path}/corrections.db"))
    contract = schemathesis.openapi.from_wsgi("/openapi.json", app)
    operation = next(found for result in contract.get_all_operations() if (found := result.ok()).path == route)
    examples = {"/v1/classify": 300, "/v1/ninjs": 100, "/v1/corrections": 100}.get(route, 10)

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        if case.media_type == "application/json":
            if mode is GenerationMode.POSITIVE and route == "/v1/classify":
                case.query = {}  # the parameters are those of text/plain, which OpenAPI cannot say
            if mode is GenerationMode.NEGATIVE:
                # Asked to be partial, the service answers beside headlines that the contract forbids.
                assume(not (isinstance(case.body, dict) and case.body.get("partial") is True))
            if route == "/v1/corrections":  # of a headline without a letter nothing could be learned
                assume(any(character.isalnum() for character in case.body["headline"]))
            case.call_and_validate()
        else:
            # Any text is a text, also one without a headline: only JSON is right or wrong by the contract.
            assume(mode is GenerationMode.POSITIVE)
            case.call_and_validate(excluded_checks=[positive_data_acceptance])

    ask()


def test_the_contract_names_every_route_but_the_page_and_other_tools_protocols(model: Classifier) -> None:
    app = create_app(classifier=model)
    told = app.test_client().get("/openapi.json").get_json()["paths"]
    ours = {
        rule.rule.replace("<id>", "{id}")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] not in THEIRS
    }
    exports = {"/metrics", "/openapi.json", "/v1/corrections.jsonl", "/v1/corrections.csv", "/v1/corrections/{id}"}
    assert set(told) == ours == {*ROUTES, *exports}
