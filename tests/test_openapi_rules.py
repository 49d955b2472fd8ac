"""What the description accepts and refuses: errors, discovery, calls and feedback, rule by rule of the standard."""

from typing import Any

import pytest

from tests.contract_schema import (
    CALL,
    FEEDBACK,
    answer_of,
    at,
    optional,
    places,
    request_to,
    schema_of,
    with_value,
)

DISCOVERY, OUTCOME = schema_of("Discovery"), schema_of("OperationOutcome")
CARD = "00000000-0000-4000-8000-000000000001"


def outcome(code: str = "invalid", **more: Any) -> Any:
    issue = {"severity": "error", "code": code, "details": {"text": "x"}, "diagnostics": "x"} | more
    return {"resourceType": "OperationOutcome", "issue": [issue]}


NEW_ORDER = {"resourceType": "ServiceRequest", "status": "draft", "intent": "order", "code": {"text": "x"}}
IDENTITY = {"version": "0.1.0", "knowledge": "0123456789ab", "plans": {"a": "1.0.0"}, "services": ["a"]}
CLOSED = {
    "OperationOutcome": outcome(),
    "Health": {"status": "ok"} | IDENTITY,
    "Ready": {"status": "ready", "store": "ok"} | IDENTITY,
    "FeedbackReceived": {"received": 2},
    "NewOrder": NEW_ORDER | {"subject": {"reference": "Patient/p1"}},
}
MAY_BE = [
    (("issue", 0, "details", "text"), "other"),
    (("issue", 0, "diagnostics"), "other"),
    (("version",), "other"),
    (("plans",), {}),
    (("plans", "a"), "other"),
    (("services",), []),
    (("services", 0), "other"),
]


@pytest.mark.parametrize("name", CLOSED)
def test_in_a_small_body_nothing_may_be_missing_added_or_something_else(name):
    schema, body = schema_of(name), CLOSED[name]
    assert optional(schema, body) <= {"plans.a"}
    for path in [(), *places(body)]:
        if isinstance(at(body, path), dict) and path != ("code",):
            assert not schema.is_valid(with_value(body, (*path, "added"), 1)), path
    for path in places(body):
        for value in (None, "", [], {}, -1, "other") if path[:-1] != ("code",) else ():
            assert schema.is_valid(with_value(body, path, value)) is ((path, value) in MAY_BE), path


def test_a4_a5_the_encounter_of_a_new_order_says_something():
    whole = CLOSED["NewOrder"] | {"encounter": {"reference": "Encounter/e1"}}
    assert optional(schema_of("NewOrder"), whole) == {"encounter"}
    assert not schema_of("NewOrder").is_valid(whole | {"encounter": {}})


def test_k9_a_changed_draft_is_an_order():
    schema = schema_of("ChangedDraft")
    assert optional(schema, {"resourceType": "MedicationRequest", "id": "o1"}) == set()
    assert not schema.is_valid({"resourceType": "Patient", "id": "o1"})


def test_an_error_has_a_code_that_goes_with_its_status():
    assert not OUTCOME.is_valid(outcome(code="exception"))
    assert not OUTCOME.is_valid({**outcome(), "issue": outcome()["issue"] * 2})
    codes = {400: "invalid", 401: "login", 404: "not-found", 405: "not-supported", 413: "too-costly"}
    for path, more in ((CALL, {412: "required"}), (FEEDBACK, {503: "transient"})):
        for status, code in (codes | more).items():
            schema = answer_of(path, "post", status, "application/json")
            assert [each for each in {*codes.values(), *more.values()} if schema.is_valid(outcome(each))] == [code]


SERVICE = {"id": "a", "hook": "order-sign", "version": "2.0.1", "title": "A", "description": "B"}


@pytest.mark.parametrize("more", [{}, {"usageRequirements": "x"}, {"prefetch": {"p": "Patient/{{context.patientId}}"}}])
def test_b4_to_b10_a_service_is_as_described(more):
    found = optional(DISCOVERY, {"services": [SERVICE | more]})
    assert {each for each in found if not each.startswith("services.prefetch.")} == {f"services.{key}" for key in more}


def test_b2_b3_the_services_may_be_none_but_not_absent():
    assert DISCOVERY.is_valid({"services": []})
    assert not DISCOVERY.is_valid({})
    assert not DISCOVERY.is_valid({"services": [], "other": 1})


@pytest.mark.parametrize(
    "more",
    [
        {"version": "1.2.0"},
        {"hook": "patient-view"},
        {"prefetch": {}},
        {"prefetch": {"p": {"resourceType": "Patient"}}},
        {"prefetch": {"p": "https://ehr.example.org/Patient/1"}},
        {"prefetch": None},
        {"title": ""},
        {"usageRequirements": None},
        {"other": 1},
    ],
)
def test_b4_to_b10_another_service_is_refused(more):
    assert not DISCOVERY.is_valid({"services": [SERVICE | more]})


DRAFTS = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "MedicationRequest", "id": "o1"}}]}
SELECT = {
    "hook": "order-select",
    "hookInstance": CARD,
    "context": {"patientId": "p1", "selections": ["MedicationRequest/o1"], "draftOrders": DRAFTS},
}
SIGN = SELECT | {"hook": "order-sign", "context": {"patientId": "p1", "draftOrders": DRAFTS}}
TOKEN = {"access_token": "x", "token_type": "Bearer", "expires_in": 300, "scope": "user/*.rs", "subject": "cds"}
SERVER = {"fhirServer": "https://ehr.example.org/fhir"}


def in_context(**more: Any) -> Any:
    return {"context": SELECT["context"] | more}


@pytest.mark.parametrize("call", [SELECT, SIGN])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"prefetch": {"patient": None, "conditions": {"resourceType": "Bundle", "total": 0}}},
        SERVER,
        SERVER | {"fhirAuthorization": TOKEN | {"patient": "p1"}},
        {"extension": {"x": 1}, "unknown": [None]},
        in_context(patientId="Patient/p1", userId="Practitioner/u1", encounterId="e1", unknown=None),
        in_context(selections=[]),
    ],
)
def test_c8_d1_d5_d7_a_call_is_as_described(call, more):
    request_to(CALL).validate(call | more)


@pytest.mark.parametrize("call", [SELECT, SIGN])
@pytest.mark.parametrize(
    "more",
    [
        {"hook": "patient-view"},
        {"hookInstance": " "},
        {"fhirAuthorization": TOKEN},
        SERVER | {"fhirAuthorization": TOKEN | {"token_type": "Basic"}},
        {"fhirServer": "ehr"},
        {"prefetch": {"patient": 7}},
        {"prefetch": []},
        {"context": {}},
        in_context(patientId=7),
        in_context(patientId="Practitioner/p1"),
        in_context(draftOrders={"resourceType": "Parameters"}),
        in_context(draftOrders=DRAFTS | {"entry": [{"resource": {"resourceType": "not a type"}}]}),
        in_context(encounterId=None),
        in_context(encounterId="Patient/e1"),
        in_context(userId="u1"),
    ],
)
def test_c2_c4_c5_another_call_is_refused(call, more):
    assert not request_to(CALL).is_valid(call | more)


def test_c2_only_what_is_optional_may_be_left_out_of_a_call():
    more = SERVER | {"fhirAuthorization": TOKEN | {"patient": "p1"}, "prefetch": {"patient": None}, "extension": {}}
    context = {"userId": "Practitioner/u1", "encounterId": "e1"}
    common = {"fhirAuthorization", "fhirAuthorization.patient", "prefetch", "prefetch.patient", "extension"}
    entry = "context.draftOrders.entry"
    common |= {"context.userId", "context.encounterId", entry, f"{entry}.resource", f"{entry}.resource.id"}
    for call in (SELECT, SIGN):
        whole = call | more | {"context": call["context"] | context}
        assert optional(request_to(CALL), whole) == common
    assert request_to(CALL).is_valid(SIGN | in_context(selections=[]))


ACCEPTED = {"card": CARD, "outcome": "accepted", "outcomeTimestamp": "2026-11-22T10:05:31.726Z"}
ACCEPTED |= {"acceptedSuggestions": [{"id": CARD}]}
OVERRIDDEN = {"card": CARD, "outcome": "overridden", "outcomeTimestamp": "2026-11-22T10:05:31Z"}
REASON = {"code": "other", "system": "http://ehr.example.org/reasons"}


@pytest.mark.parametrize(
    "each",
    [
        ACCEPTED,
        ACCEPTED | {"extension": {}},
        OVERRIDDEN,
        OVERRIDDEN | {"overrideReason": {"reason": REASON}},
        OVERRIDDEN | {"overrideReason": {"reason": REASON | {"display": "Other"}, "userComment": "x"}},
        OVERRIDDEN | {"overrideReason": {"userComment": "x"}},
    ],
)
def test_o2_to_o6_o10_feedback_is_as_described(each):
    request_to(FEEDBACK).validate({"feedback": [each, ACCEPTED]})


def test_o2_to_o5_only_what_is_optional_may_be_left_out_of_feedback():
    assert optional(request_to(FEEDBACK), {"feedback": [ACCEPTED]}) == set()
    whole = OVERRIDDEN | {"overrideReason": {"reason": REASON | {"display": "Other"}, "userComment": "x"}}
    reason = "feedback.overrideReason"
    found = optional(request_to(FEEDBACK), {"feedback": [whole]})
    assert found == {reason, f"{reason}.reason", f"{reason}.reason.display", f"{reason}.userComment"}


@pytest.mark.parametrize(
    "each",
    [
        {key: value for key, value in ACCEPTED.items() if key != "acceptedSuggestions"},
        ACCEPTED | {"acceptedSuggestions": []},
        ACCEPTED | {"acceptedSuggestions": [{}]},
        ACCEPTED | {"card": "card-1"},
        OVERRIDDEN | {"outcome": "ignored"},
        OVERRIDDEN | {"outcomeTimestamp": "yesterday"},
        OVERRIDDEN | {"overrideReason": {}},
        OVERRIDDEN | {"overrideReason": {"reason": {"code": "other"}}},
        {},
    ],
)
def test_o2_to_o4_other_feedback_is_refused(each):
    assert not request_to(FEEDBACK).is_valid({"feedback": [each]})
    assert not request_to(FEEDBACK).is_valid({"feedback": []})
