"""A: transport and JSON."""

import dataclasses
import socket
import subprocess
import sys

import pytest

from tests.contract.service import SERVICE, outcome, post, served, steady, strict
from tests.contract.walk import actions, cards, our_own, values
from tests.ports import free_port
from tests.requests import bundle, condition, order, request
from tests.serving import wait_for

OPTIONAL = ("uuid", "detail", "suggestions", "selectionBehavior", "overrideReasons", "links", "extension")
LISTS_THAT_MAY_BE_EMPTY = ("$.cards", "$.services")


@pytest.fixture
def bodies(client, answers):
    """Discovery, every answer to a golden case, and one error of each kind, as text."""
    errors = [
        client.get("/no-such-address"),
        client.get(SERVICE),
        client.post(SERVICE, data=b"{"),
        post(client, {}),
        post(client, request() | {"prefetch": None}),
    ]
    assert [each.status_code for each in errors] == [404, 405, 400, 400, 412]
    return [client.get("/cds-services").text, *(call.text for call in answers), *(each.text for each in errors)]


def test_A1_every_answer_is_json_and_says_so(client, answers):
    assert {call.kind for call in answers} == {"application/json"}
    assert client.get("/cds-services").content_type == "application/json"
    for text in (call.text for call in answers):
        assert isinstance(strict(text), dict)
    outcome(client.get("/no-such-address"), 404)
    outcome(post(client, {}), 400)


def test_A2_without_being_told_otherwise_only_the_own_machine_is_served(root, tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "cds_service", "serve", "--port", str(port), "--workers", "1"]
    environment = {"PYTHONPATH": str(root), "PATH": ""}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=5)
    finally:
        process.terminate()
        process.wait()


def test_A3_resources_are_fhir_json_and_not_text(answers):
    resources = [action["resource"] for _, action in actions(answers) if "resource" in action]
    assert len(resources) > 100
    for each in resources:
        assert each["resourceType"] in {"MedicationRequest", "ServiceRequest"}
        assert not [value for _, value in values(each) if isinstance(value, str) and '"resourceType"' in value]


def test_A4_no_element_is_null(bodies):
    for text in bodies:
        assert [path for path, value in values(our_own(strict(text))) if value is None] == []


def test_A5_no_element_is_empty(bodies):
    for text in bodies:
        empty = [path for path, value in values(our_own(strict(text))) if value in ("", [], {})]
        assert set(empty) <= set(LISTS_THAT_MAY_BE_EMPTY), empty


def test_A6_an_optional_attribute_without_a_value_is_left_out(answers):
    found = [card for _, card in cards(answers)]
    for name in OPTIONAL:
        assert all(card[name] for card in found if name in card), name
    for name in ("suggestions", "selectionBehavior", "overrideReasons"):
        assert [card for card in found if name not in card], name


def test_A7_json_is_strict(bodies):
    for text in bodies:
        strict(text)
    with pytest.raises(AssertionError):
        strict('{"a":1,"a":2}')
    with pytest.raises(AssertionError):
        strict('{"a":NaN}')


def test_A8_what_would_be_an_empty_list_is_absent(knowledge, client, answers):
    assert list(post(client, request(condition("G61.81"))).json) == ["cards"]
    for _, card in cards(answers):
        for name in ("systemActions", "suggestions", "links", "overrideReasons"):
            assert card.get(name, "absent"), name
    bare = {name: dataclasses.replace(each, prefetch=()) for name, each in knowledge.services.items()}
    with served(dataclasses.replace(knowledge, services=bare), steady(None, print)) as without:
        assert [each for each in without.get("/cds-services").json["services"] if "prefetch" in each] == []


@pytest.mark.parametrize(
    "value", [None, {}, [], "", {"reference": None}, {"reference": "Encounter/e1", "display": None}], ids=str
)
def test_A4_a_new_order_takes_nothing_null_or_empty_from_the_draft(client, value):
    body = request(condition("G61.81"), condition("N18.30", "c2"), orders=[order(encounter=value)])
    body["prefetch"]["observations"] = bundle()
    answer = post(client, body)
    created = [each for each in our_own(answer.json)["cards"] if "suggestions" in each]
    assert created
    assert [path for path, found in values(our_own(answer.json)) if found in (None, "", [], {})] == []
