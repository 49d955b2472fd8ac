"""F: reading prefetch."""

import pytest

from tests.contract.service import advice, outcome, post, unchecked
from tests.requests import OPTIONAL, bundle, condition, request

CIDP, IBM = condition("G61.81"), condition("G72.41")
FAILED = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "timeout", "diagnostics": "IBM G72.41"}],
}
REQUIRED = ("patient", "conditions")


def with_key(key, value, *conditions):
    body = request(*(conditions or (CIDP,)))
    body["prefetch"][key] = value
    return body


def without_key(key):
    body = request(CIDP)
    del body["prefetch"][key]
    return body


@pytest.mark.parametrize("key", REQUIRED)
def test_F2_a_required_key_that_is_absent_and_cannot_be_fetched_is_412(client, key):
    assert key in outcome(post(client, without_key(key)), 412)


@pytest.mark.parametrize("key", [*REQUIRED, *OPTIONAL])
def test_F3_null_is_an_answer_and_no_failure(client, key):
    cards = advice(post(client, with_key(key, None)))
    assert cards
    assert "Could not be checked" not in str(cards)


EMPTY = [{"resourceType": "Bundle", "type": "searchset", "total": 0}, bundle()]


@pytest.mark.parametrize("key", sorted({"conditions", *OPTIONAL} - {"encounter"}))
@pytest.mark.parametrize("empty", EMPTY, ids=["no entry", "an empty list"])
def test_F4_null_and_an_empty_bundle_say_the_same(client, key, empty):
    assert advice(post(client, with_key(key, empty))) == advice(post(client, with_key(key, None)))


@pytest.mark.parametrize("key", sorted(set(OPTIONAL) - {"encounter"}))
def test_F5_absent_is_not_null(client, key):
    assert key in unchecked(advice(post(client, without_key(key))))
    assert unchecked(advice(post(client, with_key(key, None)))) == ""


@pytest.mark.parametrize("key", sorted(set(OPTIONAL) - {"encounter"}))
def test_F6_an_operation_outcome_is_neither_data_nor_silence(client, key):
    cards = advice(post(client, with_key(key, FAILED)))
    assert key in unchecked(cards)
    assert "G72.41" not in str(cards)


@pytest.mark.parametrize("key", REQUIRED)
def test_F6_an_operation_outcome_for_a_required_key_is_412(client, key):
    outcome(post(client, with_key(key, FAILED)), 412)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("patient", {"resourceType": "Patient", "id": "p1"}),
        ("conditions", bundle({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}})),
        ("observations", bundle({"resourceType": "Observation", "id": "o1", "status": "final"})),
        ("vitals", bundle()),
    ],
)
def test_F7_data_that_lacks_something_is_no_412(client, key, value):
    assert advice(post(client, with_key(key, value)))


@pytest.mark.parametrize("key", ["conditions", *sorted(set(OPTIONAL) - {"encounter"})])
def test_F8_a_first_page_alone_is_not_taken_for_everything(client, key):
    page = bundle(CIDP) if key == "conditions" else bundle()
    page["link"] = [{"relation": "self", "url": "https://ehr.example.org/1"}]
    assert unchecked(advice(post(client, with_key(key, page)))) == ""
    page["link"].append({"relation": "next", "url": "https://ehr.example.org/2"})
    assert key in unchecked(advice(post(client, with_key(key, page))))


def test_F9_a_key_that_nobody_asked_for_is_ignored(client):
    assert advice(post(client, with_key("problemList", bundle(IBM)))) == advice(post(client, request(CIDP)))


def test_F10_what_came_along_in_a_bundle_is_told_apart(client):
    along = [
        {"resource": FAILED, "search": {"mode": "outcome"}},
        {"resource": {"resourceType": "Practitioner", "id": "G72.41"}, "search": {"mode": "include"}},
        {"resource": {"resourceType": "Patient", "id": "p1"}, "search": {"mode": "include"}},
        {"resource": {"resourceType": "FamilyMemberHistory", "id": "f1", "condition": [{"code": IBM["code"]}]}},
        {"fullUrl": "urn:uuid:1"},
    ]
    mixed = bundle(CIDP)
    mixed["entry"] = [*along, *mixed["entry"]]
    assert advice(post(client, with_key("conditions", mixed))) == advice(post(client, request(CIDP)))


def test_F11_the_wrapper_of_old_clients_is_no_fault(client):
    wrapped = {"response": {"status": "200 OK"}, "resource": bundle(CIDP)}
    assert advice(post(client, with_key("conditions", wrapped))) == advice(post(client, request(CIDP)))
    not_found = {"response": {"status": "404 Not Found"}}
    assert post(client, with_key("conditions", not_found)).status_code in (200, 400, 412)


@pytest.mark.parametrize("where", ["patient", "conditions", "observations", "allergies", "order"])
def test_F12_two_patients_in_one_call_are_refused(client, where):
    other = {"subject": {"reference": "Patient/p2"}}
    body = request(CIDP)
    if where == "order":
        body["context"]["draftOrders"]["entry"][0]["resource"] |= other
    elif where == "patient":
        body["prefetch"]["patient"]["id"] = "p2"
    elif where == "allergies":
        other = {"patient": {"reference": "Patient/p2"}}
        body["prefetch"][where] = bundle({"resourceType": "AllergyIntolerance", "id": "x", **other})
    else:
        kind = where.removesuffix("s").title()
        body["prefetch"][where] = bundle(CIDP, {"resourceType": kind, "id": "x", **other})
    assert "p2" not in outcome(post(client, body), 400, 412, 422)
