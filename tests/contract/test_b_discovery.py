"""B: discovery."""

import dataclasses
import re

import pytest

from tests.contract.service import SERVICE, outcome, post, served, steady
from tests.requests import request

PUBLISHED = {"order-select": "1.0", "order-sign": "1.0", "order-dispatch": "1.1"}


def is_text(value):
    return isinstance(value, str) and bool(value.strip())


def test_B1_discovery_answers_before_and_after_anything_else(client):
    assert client.get("/cds-services").status_code == 200
    client.post(SERVICE, data=b"{")
    assert client.get("/cds-services").status_code == 200


def test_B2_the_body_is_an_object_with_a_list_of_services(client):
    body = client.get("/cds-services").json
    assert isinstance(body, dict)
    assert isinstance(body["services"], list)
    assert all(isinstance(each, dict) for each in body["services"])


def test_B3_without_services_the_list_is_empty(knowledge):
    with served(dataclasses.replace(knowledge, services={}), steady(None, print)) as client:
        answer = client.get("/cds-services")
    assert (answer.status_code, answer.json) == (200, {"services": []})


def test_B4_every_service_names_its_hook(services):
    assert all(each["hook"] in PUBLISHED for each in services)


def test_B5_every_service_is_described(services):
    assert all(is_text(each["description"]) for each in services)


def test_B6_every_id_is_an_address_that_takes_a_call(client, services):
    for each in services:
        assert re.fullmatch(r"[\w.-]+", each["id"])
        answer = post(client, request() | {"hook": each["hook"]}, f"/cds-services/{each['id']}")
        assert answer.status_code == 200


def test_B7_every_service_has_a_title(services):
    assert all(is_text(each["title"]) for each in services)


def test_B8_prefetch_is_an_object_of_queries_as_text(services):
    for each in services:
        assert isinstance(each["prefetch"], dict)
        assert all(is_text(key) and is_text(query) for key, query in each["prefetch"].items())


def test_B9_what_a_service_needs_is_told_as_text(services):
    assert all(is_text(each.get("usageRequirements", "not sent")) for each in services)


def test_B11_a_version_of_a_hook_is_the_published_one_or_not_given(services):
    assert all(each.get("hookVersion", PUBLISHED[each["hook"]]) == PUBLISHED[each["hook"]] for each in services)


def test_B12_no_id_stands_for_two_hooks_and_each_service_answers_its_own_only(client, services):
    ids = [each["id"] for each in services]
    assert len(set(ids)) == len(ids)
    for each in services:
        for hook in PUBLISHED.keys() - {each["hook"]}:
            outcome(post(client, request() | {"hook": hook}, f"/cds-services/{each['id']}"), 400)


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/cds-services", 200),
        ("POST", "/cds-services", 405),
        ("GET", "/no-such-address", 404),
    ],
)
def test_B13_success_is_200_and_an_error_is_not(client, method, address, status):
    assert client.open(address, method=method).status_code == status


def test_B15_ids_and_keys_are_the_same_after_a_restart(knowledge, services):
    with served(knowledge, steady(None, print)) as again:
        assert again.get("/cds-services").json["services"] == services
    assert "ivig-order-select" in {each["id"] for each in services}


def test_B16_what_the_service_can_do_is_documented(root, services):
    text = (root / "docs" / "integrating.md").read_text()
    for each in services:
        assert f"/cds-services/{each['id']}" in text
        for key, query in each["prefetch"].items():
            assert f"| `{key}` | `{query}` |" in text
