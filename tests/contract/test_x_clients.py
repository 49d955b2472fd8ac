"""X: what real clients were seen to need."""

from uuid import UUID

import pytest

from tests.contract.service import SERVICE, advice, post
from tests.contract.walk import actions, cards, drafts, suggestions
from tests.requests import PRIVIGEN, bundle, condition, order, request

CIDP = condition("G61.81")


@pytest.mark.parametrize("address", ["/cds-services", SERVICE, f"{SERVICE}/feedback"])
def test_X1_preflight_needs_no_token_on_three_addresses(client, address):
    assert client.options(address, headers={"Origin": "https://sandbox.example.org"}).status_code < 300


def test_X2_discovery_lists_at_least_one_service(services):
    assert services


@pytest.mark.parametrize(
    "odd",
    [
        {"intent": ...},
        {"status": ...},
        {"category": {"coding": [{"code": "outpatient"}]}},
        {"dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "{pill}", "code": "{pill}"}}]}]},
        {"dosageInstruction": {"text": "daily"}},
        {"medicationCodeableConcept": ...},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["searchset", ...])
def test_X3_orders_as_sandboxes_write_them_are_answered(client, odd, kind):
    draft = {name: value for name, value in (order() | odd).items() if value is not ...}
    body = request(CIDP)
    found = bundle(draft) | {"type": kind}
    body["context"]["draftOrders"] = {name: value for name, value in found.items() if value is not ...}
    assert bool(advice(post(client, body))) is ("medicationCodeableConcept" in draft)


def test_X4_cards_and_suggestions_can_be_named_in_feedback(answers):
    assert all(UUID(card["uuid"]) for _, card in cards(answers))
    assert all(UUID(each["uuid"]) for _, each in suggestions(answers))


def test_X5_an_order_that_is_given_back_keeps_name_and_code_of_its_drug(answers):
    checked = 0
    for call, action in actions(answers):
        if action["type"] == "update" and action["resource"]["resourceType"] == "MedicationRequest":
            sent = drafts(call.request)[f"MedicationRequest/{action['resource']['id']}"]
            for name in ("medicationCodeableConcept", "medicationReference", "medication"):
                assert action["resource"].get(name) == sent.get(name)
            checked += 1
    assert checked > 100


def test_X6_no_template_uses_a_token_of_the_user(services):
    queries = " ".join(query for each in services for query in each["prefetch"].values())
    assert "user" not in queries


def test_X8_a_constant_instance_and_keys_that_were_never_advertised_are_taken(client):
    body = request(CIDP)
    body["prefetch"] |= {"medicationRequestBundle": bundle(order()), "coverageBundle": bundle()}
    assert advice(post(client, body)) == advice(post(client, body)) == advice(post(client, request(CIDP)))


def test_X9_text_needs_no_tables_no_strikethrough_no_html_and_no_sorting(answers):
    for call, card in cards(answers):
        lines = card["detail"].splitlines()
        assert not [line for line in lines if line.lstrip().startswith("|")], call.name
        assert "~~" not in card["detail"]
    ranks = [[("critical", "warning", "info").index(card["indicator"]) for card in call.cards] for call in answers]
    assert all(each == sorted(each) for each in ranks)


def test_X9_the_name_of_a_drug_brings_no_markup(client):
    drug = order(medicationCodeableConcept={"coding": [PRIVIGEN], "text": "| a | ~~b~~ | <br>"})
    (card,) = advice(post(client, request(CIDP, orders=[drug])))
    assert not {"|", "~", "<"} & set(card["detail"].partition("**Order:**")[2].partition("\n")[0])
