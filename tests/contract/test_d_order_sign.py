"""D5, R1: order-sign."""

import pytest

from tests.contract.service import advice, post
from tests.requests import bundle, condition, order, request

SIGN = "/cds-services/ivig-order-sign"
CIDP, IBM = condition("G61.81"), condition("G72.41")


def signing(*conditions, orders=None):
    body = request(*conditions, orders=orders) | {"hook": "order-sign"}
    del body["context"]["selections"]
    return body


def disorders(cards):
    found = [each.get("extension", {}).get("org.cds-service.recommendations", []) for each in cards]
    return {entry["disorder"] for entries in found for entry in entries}


@pytest.mark.parametrize("status", ["draft", "active", "on-hold", "unknown", None])
def test_D5_every_draft_order_is_in_scope_whatever_its_status(client, status):
    orders = [order(identifier="m1", status=status), order(identifier="m2", status=status)]
    cards = advice(post(client, signing(IBM, orders=orders), SIGN))
    assert disorders(cards) == {"ibm"}
    removed = {action.get("resourceId") for card in cards for each in card["suggestions"] for action in each["actions"]}
    assert removed >= {"MedicationRequest/m1", "MedicationRequest/m2"}


@pytest.mark.parametrize("status", ["cancelled", "stopped", "entered-in-error", "completed"])
def test_D5_an_order_that_is_not_to_be_given_is_not_in_scope(client, status):
    assert advice(post(client, signing(CIDP, orders=[order(status=status)]), SIGN)) == []


def test_D5_selections_of_a_client_that_sends_them_anyway_are_not_needed(client):
    body = signing(CIDP)
    plain = advice(post(client, body, SIGN))
    body["context"]["selections"] = []
    assert disorders(plain) == {"cidp"}
    assert advice(post(client, body, SIGN)) in (plain, [])  # not said twice, where that is switched on


def test_R1_what_is_said_at_signing_is_about_the_record_of_that_moment(client):
    first = signing(CIDP)
    assert disorders(advice(post(client, first, SIGN))) == {"cidp"}
    later = signing(CIDP)
    later["prefetch"]["conditions"] = bundle(IBM)
    assert disorders(advice(post(client, later, SIGN))) == {"ibm"}
