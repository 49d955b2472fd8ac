"""Which resources of an EHR count as a drug, an allergy, a procedure or a vaccine, and what is read of them."""

import msgspec
import pytest

from cds_service.core import inbound
from cds_service.core.resources import Concept, Resource

DRUG = Concept(text="drug")


def resource(**elements):
    return msgspec.json.decode(msgspec.json.encode(elements), type=Resource)


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, [True]),
        ({"status": "active"}, [True]),
        ({"status": "draft"}, [True]),
        ({"status": "on-hold"}, [True]),
        ({"status": "completed"}, [False]),
        ({"status": "stopped"}, [False]),
        ({"status": "ended"}, [False]),
        ({"status": "cancelled"}, []),
        ({"status": "entered-in-error"}, []),
        ({"status": "not-taken"}, []),
        ({"doNotPerform": True}, []),
        ({"doNotPerform": False}, [True]),
        ({"modifierExtension": [{"url": "http://example.org/not"}]}, []),
    ],
)
def test_a_drug_is_on_board_was_given_or_does_not_count(elements, expected):
    found = inbound.medications_of(resource(**elements), "MedicationRequest/1", [DRUG])
    assert [each.current for each in found] == expected


@pytest.mark.parametrize(
    ("elements", "day"),
    [
        ({"authoredOn": "2026-01-01", "effectiveDateTime": "2026-02-02"}, "2026-01-01"),
        ({"effectiveDateTime": "2026-02-02"}, "2026-02-02"),
        ({"effectivePeriod": {"start": "2026-03-03", "end": "2026-04-04"}}, "2026-03-03"),
        ({"effectivePeriod": "2026"}, None),
        ({}, None),
    ],
)
def test_a_drug_has_the_day_it_was_ordered_or_given(elements, day):
    (drug,) = inbound.medications_of(resource(**elements), "MedicationRequest/1", [DRUG])
    assert drug.date == day


def allergy(**elements):
    found = inbound.allergies_of(resource(code={"text": "drug"}, **elements), "AllergyIntolerance/1")
    return found[0] if found else None


def status(code, kind="clinical"):
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/allergyintolerance-{kind}", "code": code}]}


def test_an_allergy_counts_while_it_is_active_and_not_disproved():
    assert allergy()
    assert allergy(clinicalStatus=status("active"), verificationStatus=status("confirmed", "verification"))
    assert allergy(verificationStatus=status("unconfirmed", "verification"))
    assert not allergy(clinicalStatus=status("resolved"))
    assert not allergy(clinicalStatus=status("inactive"))
    assert not allergy(verificationStatus=status("refuted", "verification"))
    assert not allergy(verificationStatus=status("entered-in-error", "verification"))
    assert not allergy(modifierExtension=[{"url": "http://example.org/not"}])
    assert inbound.allergies_of(resource(), "AllergyIntolerance/1") == []


def test_an_allergy_has_the_worst_severity_and_every_manifestation():
    hives, shock = {"text": "hives"}, {"text": "shock"}
    reactions = [
        {"severity": "mild", "manifestation": [hives]},
        {"severity": "severe", "manifestation": [shock, hives]},
    ]
    found = allergy(reaction=reactions, criticality="low")
    assert (found.severity, found.criticality) == ("severe", "low")
    assert [each.text for each in found.manifestation] == ["hives", "shock", "hives"]
    assert allergy(reaction=[{"severity": "odd"}, "x", {"manifestation": "y"}]).severity is None
    r5 = allergy(reaction=[{"manifestation": [{"concept": shock}]}])
    assert [each.text for each in r5.manifestation] == ["shock"]


@pytest.mark.parametrize(
    ("elements", "day"),
    [
        ({"status": "completed", "performedDateTime": "2026-01-01"}, "2026-01-01"),
        ({"performedPeriod": {"start": "2026-01-01", "end": "2026-01-09"}}, "2026-01-09"),
        ({"performedPeriod": {"start": "2026-01-01"}}, "2026-01-01"),
        ({"occurrenceDateTime": "2026-02-02"}, "2026-02-02"),
        ({"occurrencePeriod": {"end": "2026-02-09"}}, "2026-02-09"),
        ({"status": "unknown"}, None),
    ],
)
def test_a_procedure_has_the_day_it_ended(elements, day):
    (found,) = inbound.procedures_of(resource(code={"text": "x"}, **elements), "Procedure/1")
    assert found.performed == day


@pytest.mark.parametrize("state", ["not-done", "preparation", "in-progress", "stopped", "entered-in-error"])
def test_a_procedure_that_was_not_finished_does_not_count(state):
    assert inbound.procedures_of(resource(code={"text": "x"}, status=state), "Procedure/1") == []


def test_a_vaccine_was_given_or_is_due():
    given = {"resourceType": "Immunization", "vaccineCode": {"text": "x"}, "occurrenceDateTime": "2026-01-01"}
    (one,) = inbound.immunizations_of(resource(status="completed", **given), "Immunization/1")
    assert (one.date, one.due) == ("2026-01-01", False)
    assert inbound.immunizations_of(resource(status="not-done", **given), "Immunization/1") == []
    assert inbound.immunizations_of(resource(resourceType="Immunization"), "Immunization/1") == []


@pytest.mark.parametrize(
    ("forecast", "expected"),
    [(None, 1), ("due", 1), ("overdue", 1), ("complete", 0), ("immune", 0), ("contraindicated", 0)],
)
def test_a_recommended_vaccine_is_due_unless_the_forecast_says_otherwise(forecast, expected):
    listed = {"vaccineCode": [{"text": "x"}]}
    if forecast:
        listed["forecastStatus"] = {"coding": [{"code": forecast}]}
    due = resource(resourceType="ImmunizationRecommendation", recommendation=[listed, "odd"])
    found = inbound.immunizations_of(due, "ImmunizationRecommendation/1")
    assert [each.due for each in found] == [True] * expected


@pytest.mark.parametrize(
    ("elements", "onset"),
    [
        ({"onsetDateTime": "2026-01-01"}, "2026-01-01"),
        ({"onsetPeriod": {"start": "2026-01-01"}}, "2026-01-01"),
        ({"recordedDate": "2026-01-01"}, None),
    ],
)
def test_a_problem_begins_with_its_onset_not_with_its_record(elements, onset):
    (found,) = inbound.problems_of(resource(code={"text": "x"}, **elements), "Condition/1", "code")
    assert found.onset == onset


@pytest.mark.parametrize(
    ("elements", "day"),
    [
        ({"effectiveDateTime": "2026-01-01", "issued": "2026-01-02T00:00:00Z"}, "2026-01-01"),
        ({"effectivePeriod": {"start": "2026-01-01"}}, "2026-01-01"),
        ({"issued": "2026-01-02T00:00:00Z"}, "2026-01-02T00:00:00Z"),
        ({}, None),
    ],
)
def test_a_result_and_its_components_have_the_day_of_the_sample(elements, day):
    parts = inbound.labs_of(
        resource(code={"text": "x"}, component=[{"code": {"text": "y"}}], **elements), "Observation/1"
    )
    assert [each.effective for each in parts] == [day, day]


def test_an_integer_is_a_value():
    (found,) = inbound.labs_of(resource(code={"text": "x"}, valueInteger=1), "Observation/1")
    assert [each.value for each in found.value] == [1]
