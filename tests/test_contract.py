"""The OpenAPI document against the service: what it allows or forbids is asked, and every answer is as it says."""

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from classifier import Classifier
from service.app import create_app

ROUTES = ["/v1/classify", "/v1/model", "/healthz", "/readyz"]


@pytest.mark.parametrize(
    ("route", "mode"),
    [(route, GenerationMode.POSITIVE) for route in ROUTES] + [("/v1/classify", GenerationMode.NEGATIVE)],
)
def test_the_service_keeps_its_contract(model: Classifier, route: str, mode: GenerationMode) -> None:
    contract = schemathesis.openapi.from_wsgi("/openapi.json", create_app(classifier=model))
    [operation] = [
        found for result in contract.get_all_operations() if (found := result.ok()).path == route
    ]  # fmt: skip
    examples = 300 if route == "/v1/classify" else 10

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        if case.media_type == "application/json":
            if mode is GenerationMode.POSITIVE:
                case.query = {}  # the parameters are those of text/plain, which OpenAPI cannot say
            case.call_and_validate()
        else:
            # Any text is a text, also one without a headline: only JSON is right or wrong by the contract.
            assume(mode is GenerationMode.POSITIVE)
            case.call_and_validate(excluded_checks=[positive_data_acceptance])

    ask()


def test_the_contract_names_every_route_but_those_of_the_page(model: Classifier) -> None:
    app = create_app(classifier=model)
    told = app.test_client().get("/openapi.json").get_json()["paths"]
    ours = {rule.rule for rule in app.url_map.iter_rules() if not rule.endpoint.startswith("page.")}
    assert set(told) == ours == {*ROUTES, "/metrics", "/openapi.json"}
