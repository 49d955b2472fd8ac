"""What was sent and does not count: each record once, with the reason the reader has."""

import json
from datetime import date

import msgspec
import pytest

from cds_service.core.explain.records import records_of
from cds_service.errors import RequestError
from cds_service.hooks.answer import find_service
from cds_service.hooks.explain import explain
from tests.golden import CASES
from tests.hooks.calls import SERVICE
from tests.requests import ASPIRIN, ICD, RXNORM, bundle, condition, order, request

pytestmark = pytest.mark.usefixtures("unmeasured")

HL7 = "http://terminology.hl7.org/CodeSystem/"
OF_P1 = {"subject": {"reference": "Patient/p1"}}
LOINC = {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]}
DRUG = {"coding": [{"system": RXNORM, "code": "1191"}]}
LAB = {"resourceType": "Observation", "id": "x", "status": "final", "code": LOINC, "effectiveDateTime": "2026-11-01"}
GIVEN = {"resourceType": "MedicationRequest", "id": "x", "status": "active", "medicationCodeableConcept": DRUG}
ALLERGY = {"resourceType": "AllergyIntolerance", "id": "x", "code": DRUG}
PROCEDURE = {"resourceType": "Procedure", "id": "x", "status": "completed", "code": DRUG}
VACCINE = {"resourceType": "Immunization", "id": "x", "status": "completed", "vaccineCode": DRUG}
DUE = {"vaccineCode": [DRUG], "forecastStatus": {"text": "immune"}}
REVERSED = {"modifierExtension": [{"url": "http://example.org/not", "valueBoolean": True}]}


def status(kind, code):
    return {"coding": [{"system": HL7 + kind, "code": code}]}


def clinical(code):
    return {"clinicalStatus": status("condition-clinical", code)}


def verified(code):
    return {"verificationStatus": status("condition-ver-status", code)}


def explained(knowledge, body, name="ivig-order-select", today=None):
    return explain(knowledge, find_service(knowledge, name), msgspec.json.encode(body), today or date(2026, 11, 22))


def left_out(knowledge, body):
    return [(each.seen.resource, each.because) for each in explained(knowledge, body).left_out]


def with_record(key, resource):
    body = request(condition("G61.81"))
    body["prefetch"][key] = bundle(resource | ({} if key == "allergies" else OF_P1))
    return body


@pytest.mark.parametrize(
    ("key", "resource", "because"),
    [
        ("conditions", condition("G61.81", "x", **clinical("resolved")), "clinicalStatus resolved"),
        ("conditions", condition("G61.81", "x", **clinical("inactive")), "clinicalStatus inactive"),
        ("conditions", condition("G61.81", "x", clinicalStatus="resolved"), "clinicalStatus resolved"),
        ("conditions", condition("G61.81", "x", abatementDateTime="2024-03-02T10:00:00Z"), "abatement 2024-03-02"),
        ("conditions", condition("G61.81", "x", abatementString="last spring"), "abatement given"),
        ("conditions", condition("G61.81", "x", **verified("refuted")), "verificationStatus refuted"),
        (
            "conditions",
            condition("G61.81", "x", **verified("entered-in-error"), **clinical("resolved")),
            "verificationStatus entered-in-error, clinicalStatus resolved",
        ),
        ("conditions", condition("G61.81", "x", **REVERSED), "modifierExtension, which may reverse its meaning"),
        ("conditions", {"resourceType": "Condition", "id": "x"}, "it has no code or text that is read"),
        ("observations", LAB | {"status": "entered-in-error"}, "status entered-in-error"),
        ("observations", LAB | {"status": "cancelled"}, "status cancelled"),
        ("observations", {"resourceType": "DiagnosticReport", "id": "x"}, "resources of its type are not read"),
        ("medications", GIVEN | {"status": "cancelled"}, "status cancelled"),
        ("medications", GIVEN | {"doNotPerform": True}, "doNotPerform true"),
        ("allergies", ALLERGY | verified("refuted"), "verificationStatus refuted"),
        ("procedures", PROCEDURE | {"status": "in-progress"}, "status in-progress"),
        ("procedures", PROCEDURE | {"status": "Mrs Smith said no"}, "status a text"),
        ("immunizations", VACCINE | {"status": "not-done"}, "status not-done"),
        (
            "vaccinesDue",
            {"resourceType": "ImmunizationRecommendation", "id": "x", "recommendation": [DUE]},
            "no vaccine in it is due",
        ),
    ],
)
def test_a_record_that_does_not_count_is_named_with_the_reason(knowledge, key, resource, because):
    assert left_out(knowledge, with_record(key, resource)) == [(f"{resource['resourceType']}/x", because)]


@pytest.mark.parametrize(
    ("key", "resource"),
    [
        ("conditions", condition("G61.81", "x", **clinical("active"), abatementDateTime="2024-03-02")),
        ("conditions", condition("Z99.9", "x", **verified("unconfirmed"))),
        ("conditions", {"resourceType": "Condition", "id": "x", "code": {"text": "Something"}}),
        ("observations", LAB | {"status": "preliminary"}),
        ("medications", GIVEN | {"status": "stopped"}),
        ("allergies", ALLERGY),
        ("procedures", PROCEDURE),
        ("immunizations", VACCINE),
    ],
)
def test_a_record_that_counts_is_not_named(knowledge, key, resource):
    assert left_out(knowledge, with_record(key, resource)) == []


def test_what_is_read_for_another_record_is_not_named(knowledge):
    body = request(condition("G61.81"))
    body["prefetch"]["conditions"]["entry"] += bundle({"resourceType": "Medication", "id": "x", "code": DRUG})["entry"]
    assert left_out(knowledge, body) == []


def test_another_encounter_than_that_of_the_call_is_named(knowledge):
    reason = {"reasonCode": [{"coding": [{"system": ICD, "code": "G61.81"}]}]}
    body = with_record("encounter", {"resourceType": "Encounter", "id": "x"} | reason)
    body["context"]["encounterId"] = "e1"
    assert left_out(knowledge, body) == [("Encounter/x", "it is not the encounter of the call")]
    body["context"]["encounterId"] = "x"
    assert left_out(knowledge, body) == []


def test_another_draft_that_is_not_to_be_given_is_named_but_no_order_in_scope(knowledge):
    other = order(ASPIRIN, "x", status="entered-in-error")
    assert left_out(knowledge, request(condition("G61.81"), orders=[order(), other])) == [
        ("MedicationRequest/x", "status entered-in-error")
    ]
    assert left_out(knowledge, request(condition("G61.81"), orders=[order(**REVERSED)])) == []


def test_those_that_a_value_set_holds_come_first_and_none_comes_twice(knowledge):
    resolved = clinical("resolved")
    known = [condition("Z99.9", "a", **resolved), *[condition("G61.81", "b", **resolved)] * 2]
    assert [name for name, _ in left_out(knowledge, request(*known))] == ["Condition/b", "Condition/a"]


@pytest.mark.parametrize("name", sorted(CASES)[::25])
def test_every_record_of_a_golden_case_is_read_or_named(knowledge, name):
    case = CASES[name]
    try:
        found = explained(knowledge, case.request, name.partition("/")[0], case.today)
    except RequestError:
        return
    named = {each.seen.resource for each in found.left_out}
    for one in found.orders:
        read = {record.label for records in records_of(one.facts).values() for record in records} if one.facts else None
        sent = [each for value in case.request.get("prefetch", {}).values() if value for each in value.get("entry", [])]
        for each in sent if read is not None else ():
            label = f"{each['resource']['resourceType']}/{each['resource'].get('id')}"
            assert (label in read) != (label in named) or not label.startswith(("Cond", "Obs", "Proc", "All")), label


# By HTTP


def test_it_is_in_the_answer_with_codes_and_value_sets_and_not_in_the_log(make_client, log):
    body = request(condition("G61.81", **clinical("resolved"), note=[{"text": "SENTINEL"}]))
    body["prefetch"]["observations"] = bundle({"resourceType": "SENTINEL of a type"}, {"resourceType": "Flag"})
    answer = make_client(explain=True).post(f"{SERVICE}/explain", json=body)
    known, *others = answer.json["leftOut"]
    (held,) = known.pop("valueSets")
    assert held.rpartition("/")[2].startswith("cidp|")
    assert known == {
        "resource": "Condition/c1",
        "codes": [{"system": ICD, "code": "G61.81"}],
        "variables": ["problems", "current"],
        "because": "clinicalStatus resolved",
    }
    assert [each["resource"] for each in others] == ["Resource", "Flag"]
    assert "SENTINEL" not in answer.text
    assert not {"c1", "G61.81", "resolved", "SENTINEL"} & set(json.dumps(log).replace('"', " ").split())


def test_a_code_of_a_system_that_is_not_loaded_is_said_to_be(make_client):
    strange = {"coding": [{"system": "urn:oid:1.2.3", "code": "G61.81"}]}
    body = request(condition("G61.81") | {"code": strange}, condition("Z99.9", "c2"))
    answer = make_client(explain=True).post(f"{SERVICE}/explain", json=body)
    of_strange, of_other = answer.json["orders"][0]["data"]["problems"]["records"]
    assert of_strange["unknownSystems"] == ["urn:oid:1.2.3"]
    assert "unknownSystems" not in of_other
