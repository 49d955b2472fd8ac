"""V: duties of a server of the Da Vinci CRD guide that cost nothing here. The service does not claim to be one."""

from uuid import UUID

import pytest

from tests.contract.service import SERVICE, advice, outcome, post
from tests.contract.walk import cards, suggestions
from tests.requests import condition, request

CIDP = condition("G61.81")


@pytest.mark.parametrize("value", [{"contraindication": False, "guideline": 7}, {"max-cards": -1}, [], None, "x"])
def test_V4_a_configuration_is_never_needed_and_never_a_fault(client, value):
    configured = request(CIDP) | {"extension": {"davinci-crd.configuration": value}}
    assert advice(post(client, configured)) == advice(post(client, request(CIDP)))


def test_V8_every_card_has_a_type_and_every_suggestion_a_uuid(answers):
    types = {card["source"]["topic"]["system"] for _, card in cards(answers)}
    assert types == {"http://terminology.hl7.org/CodeSystem/cdshooks-card-type"}
    assert all(UUID(each["uuid"]) for _, each in suggestions(answers))


def test_V9_links_are_absolute(answers):
    assert {link["type"] for _, card in cards(answers) for link in card.get("links", [])} == {"absolute"}


def test_V10_an_invalid_call_is_400_with_an_outcome_and_an_unknown_element_is_none(client):
    outcome(client.post(SERVICE, data=b"{"), 400)
    outcome(post(client, request(CIDP) | {"context": {"patientId": "p1"}}), 400)
    body = request(CIDP)
    body["context"]["unknown"] = True
    assert advice(post(client, body))
