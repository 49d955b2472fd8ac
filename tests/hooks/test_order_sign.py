"""order-sign: the advice of order-select, without what was said there already."""

import copy
import json

import pytest

from cds_service.errors import RequestError
from cds_service.hooks.request import Limits, parse_request
from tests.golden import CASES, ask, cards_of
from tests.requests import condition, order, request

SELECT, SIGN = "ivig-order-select", "ivig-order-sign"


def signing(body):
    """The same call at order-sign, where nothing is selected and everything is signed."""
    signed = copy.deepcopy(body)
    signed["hook"] = "order-sign"
    signed["context"].pop("selections", None)
    return signed


def all_are_selected(body):
    try:
        selected = parse_request(json.dumps(body).encode(), Limits())
        signed = parse_request(json.dumps(signing(body)).encode(), Limits())
    except (RequestError, AttributeError, KeyError, TypeError):
        return False
    return len(selected.orders) == len(signed.orders)


def call(client, service, body, status=200):
    answer = client.post(f"/cds-services/{service}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json["cards"]


def said(cards):
    return [(card["indicator"], card["summary"]) for card in cards]


def cidp(**dose):
    return request(condition("G61.81"), orders=[order(**dose)])


def grams(value):
    amount = {"value": value, "unit": "g", "system": "http://unitsofmeasure.org", "code": "g"}
    return [{"doseAndRate": [{"doseQuantity": amount}]}]


def test_d5_every_golden_case_is_answered_alike_at_signing(knowledge):
    compared = 0
    for name, case in CASES.items():
        if name.startswith(SELECT) and case.cards is not None and all_are_selected(case.request):
            selected = cards_of(ask(knowledge, name, case.request))
            sign = ask(knowledge, f"{SIGN}/{name.partition('/')[2]}", signing(case.request), today=case.today)
            assert cards_of(sign) == selected, name
            compared += 1
    assert compared > 700


def test_advice_given_at_selection_is_not_repeated_at_signing(client):
    body = cidp()
    assert len(call(client, SELECT, body)) == 1
    assert call(client, SIGN, signing(body)) == []


def test_advice_not_given_before_is_given_at_signing(client):
    assert len(call(client, SIGN, signing(cidp()))) == 1
    assert len(call(client, SIGN, signing(cidp()))) == 1, "only advice of another hook is left out"


def test_selection_gives_its_advice_every_time(client):
    body = cidp()
    assert said(call(client, SELECT, body)) == said(call(client, SELECT, body)) != []


def change_patient(body):
    text = json.dumps(body).replace("Patient/p1", "Patient/p2").replace('"p1"', '"p2"')
    return json.loads(text)


def change_order_id(body):
    return json.loads(json.dumps(body).replace("m1", "m2"))


def change_dose(body):
    body["context"]["draftOrders"]["entry"][0]["resource"]["dosageInstruction"] = grams(30)
    return body


def change_product(body):
    drug = body["context"]["draftOrders"]["entry"][0]["resource"]["medicationCodeableConcept"]
    drug["text"] = "Another name"
    return body


def change_record(body):
    body["prefetch"]["conditions"]["entry"].append({"resource": condition("N18.30", "c2")})
    return body


def change_server(body):
    return body | {"fhirServer": "https://other.example.org/fhir"}


@pytest.mark.parametrize(
    "change", [change_patient, change_order_id, change_dose, change_product, change_record, change_server]
)
def test_what_changed_is_said_at_signing(client, change):
    body = cidp(dosageInstruction=grams(28))
    assert call(client, SELECT, body)
    assert call(client, SIGN, signing(body)) == []
    assert call(client, SIGN, signing(change(copy.deepcopy(body)))) != []


def change_status(body):
    body["context"]["draftOrders"]["entry"][0]["resource"] |= {"status": "active", "authoredOn": "2026-11-22"}
    return body


def change_instance(body):
    return body | {"hookInstance": "0b5f4f7e-1a35-4f83-9f2b-2f7f0e0f9d4e"}


def change_layout(body):
    resource = body["context"]["draftOrders"]["entry"][0]["resource"]
    body["context"]["draftOrders"]["entry"][0]["resource"] = dict(reversed(resource.items()))
    return body


@pytest.mark.parametrize("change", [change_status, change_instance, change_layout])
def test_what_has_not_changed_is_not_said_again(client, change):
    body = cidp(dosageInstruction=grams(28))
    assert call(client, SELECT, body)
    assert call(client, SIGN, signing(change(copy.deepcopy(body)))) == []


def test_only_the_new_card_is_given(client):
    body = cidp()
    call(client, SELECT, body)
    body["prefetch"]["conditions"]["entry"].append({"resource": condition("G72.41", "c2")})
    before = said(call(client, SELECT, cidp()))
    assert before
    new = said(call(client, SIGN, signing(body)))
    assert new
    assert ("warning", "x") not in new


def test_a_second_order_is_told_of_although_the_first_was(client):
    call(client, SELECT, cidp())
    both = request(condition("G61.81"), orders=[order(), order(identifier="m2")])
    assert call(client, SIGN, signing(both)) != []


def test_advice_is_given_again_after_its_time(client, clock):
    body = cidp()
    call(client, SELECT, body)
    clock.now += 8 * 3600 - 60
    assert call(client, SIGN, signing(body)) == []
    clock.now += 120
    assert len(call(client, SIGN, signing(body))) == 1


def test_a_store_that_is_down_repeats_advice(client, break_store):
    body = cidp()
    call(client, SELECT, body)
    break_store()
    assert len(call(client, SIGN, signing(body))) == 1


def test_what_is_kept_of_advice_says_nothing_of_a_patient(client, stored_bytes):
    body = json.loads(json.dumps(cidp()).replace('"p1"', '"SENTINEL-1"').replace("Patient/p1", "Patient/SENTINEL-1"))
    body["fhirServer"] = "https://sentinel.example.org/fhir"
    call(client, SELECT, body)
    content = stored_bytes()
    assert b"ivig-order-select" in content
    for word in (b"SENTINEL", b"sentinel", b"m1\x00", b"G61.81", b"1970-05-17"):
        assert word not in content
