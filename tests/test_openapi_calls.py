"""Whatever is called, the answer is as described: generated from the description, and from golden requests."""

import copy
import json
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.contract_schema import CALL, DESCRIPTION, assert_described, at, places
from tests.golden import CASES
from tests.hooks.test_any_request import junk

pytestmark = pytest.mark.usefixtures("unmeasured")

# negative_data_rejection is not among them: a call is read tolerantly, and a wrong type may only lose its element
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
API = schemathesis.openapi.from_dict(copy.deepcopy(DESCRIPTION))
API.config.generation.update(max_examples=150)


@API.parametrize()
def test_every_call_is_answered_as_described(case, client):
    answer = case.call(app=client.application)
    case.validate_response(answer, checks=CHECKS)
    if (
        case.operation.path == CALL
        and case.meta.generation.mode.is_positive
        and case.body["hook"] == hook_of(case, client)
    ):
        # of what a valid call says, no schema can tell whose data it holds
        assert answer.status_code in {200, 412} or "a patient other than" in answer.text, answer.text


def hook_of(case: Any, client: Any) -> str:
    services = client.get("/cds-services").json["services"]
    (hook,) = [each["hook"] for each in services if each["id"] == case.path_parameters["id"]]
    return hook


def change(data: st.DataObject, body: Any) -> None:
    """Replace, remove or repeat one value of a body, or put there what stands elsewhere in it."""
    path = data.draw(st.sampled_from(list(places(body))))
    parent, key = at(body, path[:-1]), path[-1]
    how = data.draw(st.sampled_from(["replace", "remove", "repeat", "copy"]))
    if how == "replace":
        parent[key] = data.draw(junk)
    elif how == "remove":
        del parent[key]
    elif how == "repeat":
        parent[key] = [parent[key], copy.deepcopy(parent[key])]
    else:
        parent[key] = copy.deepcopy(at(body, data.draw(st.sampled_from(list(places(body))))))


@settings(max_examples=500)
@given(name=st.sampled_from(sorted(CASES)), data=st.data())
def test_any_golden_request_that_is_changed_anywhere_is_answered_as_described(client, name, data):
    body = copy.deepcopy(CASES[name].request)
    for _ in range(data.draw(st.integers(1, 3))):
        if any(places(body)):
            change(data, body)
    written = json.dumps(body)
    assert_described(
        client.post(f"/cds-services/{name.partition('/')[0]}", data=written, content_type="application/json")
    )
