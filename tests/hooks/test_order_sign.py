"""order-sign: the advice of order-select, without what was said there already."""

import dataclasses
import json

import pytest

from cds_service.errors import RequestError
from cds_service.hooks.repeats import Repeats
from cds_service.hooks.request import Limits, parse_request
from tests.conftest import TODAY
from tests.golden import CASES, ask, cards_of
from tests.hooks.signing import SELECT, SIGN, call, cidp, said, signing, the_order
from tests.requests import condition, order, request

pytestmark = pytest.mark.usefixtures("unmeasured")


def all_are_selected(body):
    try:
        selected = parse_request(json.dumps(body).encode(), Limits())
        signed = parse_request(json.dumps(signing(body)).encode(), Limits())
    except (RequestError, AttributeError, KeyError, TypeError):
        return False
    return len(selected.orders) == len(signed.orders)


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


@pytest.mark.parametrize("diagnosed", [{}, {"encounter": {"reference": "Encounter/e1"}}], ids=["listed", "encounter"])
def test_the_reason_that_we_offered_and_was_accepted_brings_no_card_back(client, diagnosed):
    body = request(condition("G61.81", **diagnosed))
    body["context"]["encounterId"] = "e1"
    (card,) = call(client, SELECT, body)
    (action,) = next(each["actions"] for each in card["suggestions"] if each["actions"][0]["type"] == "update")
    body["context"]["draftOrders"]["entry"][0]["resource"] = action["resource"]
    assert action["resource"].keys() & {"reasonReference", "reasonCode"}
    assert call(client, SIGN, signing(body)) == []


def test_a_reason_that_is_news_brings_the_card_back(client):
    body = request(condition("G61.81"))
    call(client, SELECT, body)
    the_order(body)["reasonCode"] = [{"coding": [{"system": "http://snomed.info/sct", "code": "128209004"}]}]
    assert call(client, SIGN, signing(body)) != []


def test_only_the_cards_that_are_new_are_given(client):
    body = request(condition("G61.81"), condition("N18.30", "c2"))
    safety, recommendation = said(call(client, SELECT, body))
    body["prefetch"]["conditions"]["entry"].append({"resource": condition("I26.99", "c3")})
    ((indicator, summary),) = said(call(client, SIGN, signing(body)))
    assert (indicator, recommendation[0]) == ("warning", "info")
    assert summary.startswith("IVIG safety check")
    assert summary != safety[1]


def test_a_new_suggestion_brings_its_card_back(client):
    body = request(condition("G61.81"), orders=[order(reasonCode=[{"text": "see notes"}])])
    before = call(client, SELECT, body)
    assert not any(each["actions"][0]["type"] == "update" for card in before for each in card.get("suggestions", []))
    del the_order(body)["reasonCode"]
    (card,) = call(client, SIGN, signing(body))
    assert any(each["actions"][0]["type"] == "update" for each in card["suggestions"])


@pytest.mark.parametrize("name", [{"id": 7}, {"id": None}, {"id": ""}], ids=str)
def test_an_order_that_has_no_name_is_always_told_of(client, name):
    body = cidp()
    entry = body["context"]["draftOrders"]["entry"][0]
    entry["resource"] |= name
    body["context"]["selections"] = ["MedicationRequest/1"]
    entry["fullUrl"] = "urn:uuid:1"
    assert len(call(client, SELECT, body)) == 1
    assert call(client, SIGN, signing(body)) == [], "its fullUrl is its name"
    entry["fullUrl"] = "urn:uuid:2"
    assert len(call(client, SIGN, signing(body))) == 1
    del entry["fullUrl"]
    assert len(call(client, SIGN, signing(body))) == 1


def test_other_knowledge_says_everything_again(make_client, knowledge):
    key, first = "one key for both instances", make_client(secret_key="one key for both instances")
    assert call(first, SELECT, cidp())
    first.application.extensions["cds-service"].store.close()
    newer = dataclasses.replace(knowledge, digest="0123456789ab")
    assert len(call(make_client(newer, secret_key=key), SIGN, signing(cidp()))) == 1
    assert call(make_client(secret_key=key), SIGN, signing(cidp())) == []


def test_another_key_says_everything_again(make_client):
    first = make_client()
    assert call(first, SELECT, cidp())
    first.application.extensions["cds-service"].store.close()
    assert len(call(make_client(), SIGN, signing(cidp()))) == 1


def test_a_plan_that_does_not_ask_for_it_repeats_everything(make_client, knowledge):
    always = {name: dataclasses.replace(each, not_repeated_s=0) for name, each in knowledge.services.items()}
    client = make_client(dataclasses.replace(knowledge, services=always))
    call(client, SELECT, cidp())
    assert len(call(client, SIGN, signing(cidp()))) == 1


def test_another_caller_is_told_everything(knowledge):
    """The hashes of two callers have nothing in common."""
    heard = []

    def given(digests):
        heard.append(set(digests))
        return set()

    readers = (knowledge.services[SIGN],)
    for caller in ("https://a.example|north", "https://a.example|south"):
        repeats = Repeats(caller, b"k" * 16, knowledge.digest, readers, given)
        ask(knowledge, f"{SIGN}/x", signing(cidp()), today=TODAY, repeats=repeats)
    one, other = heard
    assert len(one) == len(other) > 0
    assert one.isdisjoint(other)


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
