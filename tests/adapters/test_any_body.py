"""Whatever a tool sends, it is answered or refused: its own good bodies, with any part replaced by anything."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.adapters.test_inference import INFER, tensor
from tests.adapters.test_label_studio import ASKED, SETUP, event
from tests.adapters.test_news_formats import ITEM
from tests.adapters.test_superdesk import ARTICLE, SPORT

GOOD: list[tuple[str, dict[str, Any]]] = [
    ("/article/analysis", ARTICLE),
    ("/article/store", ARTICLE | {"concepts": [SPORT]}),
    ("/setup", SETUP),
    ("/predict", ASKED),
    ("/webhook", event()),
    (INFER, {"id": "1", "inputs": [tensor(["Neige"])], "outputs": [{"name": "label"}]}),
    ("/v1/ninjs", ITEM | {"subjects": [{"name": "x"}]}),
    ("/v1/ninjs?version=1.6", {"headline": "Neige", "subject": [{"name": "x"}], "language": "fr"}),
]
TEXT = st.one_of(st.text(max_size=20), st.sampled_from(["\ud800", "sport", "$x", "<View/>", "a\nb", "x" * 600]))
SCALAR = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT)
ANYTHING = st.recursive(
    SCALAR, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)), max_leaves=5
)


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield (*above, key)
        yield from places(inner, (*above, key))


@pytest.mark.parametrize(("path", "good"), GOOD)
def test_a_good_body_with_any_part_replaced_is_answered_or_refused(
    client: FlaskClient, path: str, good: dict[str, Any]
) -> None:
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(list(places(good))), ANYTHING)
    def ask(place: tuple[Any, ...], anything: Any) -> None:
        body = deepcopy(good)
        inner: Any = body
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = anything
        answer = client.post(path, data=json.dumps(body), content_type="application/json")
        assert answer.status_code in (200, 201, 400, 409, 422), answer.data
        assert isinstance(json.loads(answer.data), dict)

    # Before as well: a correction may keep the id of the good one, with a part replaced, and an id is one correction's.
    assert client.post(path, json=good).status_code in (200, 201)
    ask()
    assert client.post(path, json=good).status_code in (200, 201)
