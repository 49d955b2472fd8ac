"""H: the status of an answer."""

import pytest

from tests.contract.service import SERVICE, outcome, post, served, steady
from tests.golden import CASES
from tests.requests import ASPIRIN, bundle, condition, order, request

CIDP = condition("G61.81")


def test_H1_success_is_200_with_an_object_that_holds_cards(answers):
    good = [call for call in answers if CASES[call.name].error is None]
    assert len(good) > 500
    for call in good:
        assert call.status == 200, call.name
        assert isinstance(call.body["cards"], list)


def test_H2_system_actions_if_there_are_any_are_a_list(answers):
    assert all(isinstance(call.body.get("systemActions", []), list) for call in answers)


@pytest.mark.parametrize("orders", [[order(ASPIRIN)], [order(status="cancelled")]], ids=["another drug", "cancelled"])
def test_H3_nothing_to_say_is_200_and_an_empty_list(client, orders):
    answer = post(client, request(CIDP, orders=orders))
    assert (answer.status_code, answer.data) == (200, b'{"cards":[]}')


@pytest.mark.parametrize("prefetch", [None, {}, {"patient": None}, {"conditions": bundle(CIDP)}], ids=str)
def test_H4_what_is_required_and_not_there_is_412(client, prefetch):
    outcome(post(client, request(CIDP) | {"prefetch": prefetch}), 412)


def test_H5_every_other_error_has_a_status_of_its_own_and_says_what_to_do(client, knowledge):
    said = [
        outcome(post(client, {}), 400),
        outcome(post(client, request(), "/cds-services/no-such-service"), 404),
        outcome(client.get(SERVICE), 405),
    ]
    with served(knowledge, steady(None, print), max_body_bytes=1000) as small:
        said.append(outcome(post(small, request(CIDP)), 413))
    assert len(set(said)) == len(said)
    assert all(len(each.split()) > 3 for each in said)


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"{}", b'{"hook":"order-select"}', b'{"hook":"order-select","hookInstance":"x","context":{}}'],
)
def test_H6_what_cannot_be_parsed_and_what_is_no_valid_call_are_400(client, body):
    outcome(client.post(SERVICE, data=body, content_type="application/json"), 400)


def test_H6_a_call_about_two_patients_is_400(client):
    outcome(post(client, request(condition("G61.81", subject={"reference": "Patient/p2"}))), 400)
