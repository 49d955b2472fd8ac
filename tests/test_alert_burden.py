"""How much a clinician has to read: over all golden cases, and for patients who have no risk factor."""

from collections import Counter

import pytest

from cds_service.core.card import RECOMMENDATIONS, WARNINGS
from tests.golden import answered_cases, cards_of
from tests.hooks.calls import post
from tests.requests import bundle, condition, order, request

pytestmark = pytest.mark.usefixtures("unmeasured")

DISORDERS = {  # ICD-10-CM codes of an adult's disorder, each with a stance of the statements
    "cidp": "G61.81",
    "gbs-adult": "G61.0",
    "mmn": "G61.82",
    "mg-exacerbation": "G70.01",
    "mg-stable": "G70.00",
    "lems": "G70.80",
    "stiff-person": "G25.82",
    "ibm": "G72.41",
    "post-polio": "G14",
    "brachial-plexopathy": "G54.5",
    "idiopathic-neuropathy": "G60.3",
}


def test_over_all_cases_no_disorder_has_two_cards_and_no_order_two_cards_of_a_kind(knowledge):
    seen = Counter()
    for name, answered in answered_cases(knowledge):
        cards = cards_of(answered)
        recommended = [
            each["disorder"] for card in cards for each in card.get("extension", {}).get(RECOMMENDATIONS, [])
        ]
        assert max(Counter(recommended).values(), default=0) <= 1, name
        for _, advices in answered.advice:
            grouped = Counter(advice.action.id for advice in advices if advice.lines)
            assert grouped.keys() <= {"safety", "dose"}, name
            assert max(grouped.values(), default=0) <= 1, name
            seen += grouped
    assert seen["safety"] > 100
    assert seen["dose"] > 20


def test_over_all_cases_a_safety_or_dose_card_stands_beside_other_advice_and_holds_a_line(knowledge):
    for name, answered in answered_cases(knowledge):
        for _, advices in answered.advice:
            alone = [advice for advice in advices if advice.action.is_card]
            assert not alone or len(alone) < len(advices), name
            assert all(advice.lines for advice in alone), name


def test_over_all_cases_a_summary_tells_whole_titles_the_most_urgent_first(knowledge):
    for name, answered in answered_cases(knowledge):
        for _, advices in answered.advice:
            for advice in (each for each in advices if each.lines):
                priorities = [line.priority for line in advice.lines]
                assert priorities == sorted(priorities, key=("stat", "urgent", "routine").index), name
        for card in cards_of(answered):
            assert len(card["summary"]) < 140, name
            assert not card["summary"].endswith("…"), name


def test_over_all_cases_only_a_contraindication_a_slip_or_an_identity_is_critical(knowledge):
    for name, answered in answered_cases(knowledge):
        for card in cards_of(answered):
            if card["indicator"] == "critical":
                keys = {each["risk"] for each in card.get("extension", {}).get(WARNINGS, [])}
                grave = {key for key in keys if key.startswith(("contraindication-", "dose-"))}
                assert grave or "org.cds-service.notice" in card["extension"], name


def result(identifier, code, value, unit):
    coded = {"coding": [{"system": "http://loinc.org", "code": code}]}
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    found = {
        "resourceType": "Observation",
        "id": identifier,
        "status": "final",
        "code": coded,
        "valueQuantity": quantity,
    }
    return found | {"effectiveDateTime": "2026-11-20"}


def healthy_but_for(code):
    """Return a call for a patient of 56 years with normal results, a drug and an old vaccine, and a dose of 2 g/kg."""
    given = {"value": 0.4, "unit": "g/kg", "system": "http://unitsofmeasure.org", "code": "g/kg"}
    dosage = {
        "timing": {"repeat": {"count": 5, "period": 1, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": given}],
    }
    body = request(condition(code), orders=[order(dosageInstruction=[dosage])])
    drug = order(medicationCodeableConcept={"text": "mycophenolate mofetil 500 mg tablet"}, status="active")
    vaccine = {"resourceType": "Immunization", "status": "completed", "vaccineCode": {"text": "Influenza, inactivated"}}
    labs = [result("o1", "2160-0", 0.9, "mg/dL"), result("o2", "62238-1", 95, "mL/min/{1.73_m2}")]
    body["prefetch"] |= {
        "observations": bundle(*labs, result("o3", "2458-8", 180, "mg/dL"), result("o4", "718-7", 14, "g/dL")),
        "vitals": bundle(result("w1", "29463-7", 70, "kg"), result("h1", "8302-2", 175, "cm")),
        "medications": bundle(drug),
        "immunizations": bundle(vaccine | {"occurrenceDateTime": "2025-01-02"}),
    }
    return body


@pytest.mark.parametrize(("disorder", "code"), DISORDERS.items())
def test_a_patient_without_risk_factors_gets_one_card_without_a_warning(client, disorder, code):
    (card,) = post(client, healthy_but_for(code)).json["cards"]
    assert [each["disorder"] for each in card["extension"][RECOMMENDATIONS]] == [disorder]
    assert WARNINGS not in card["extension"]


def test_the_test_above_would_notice_a_risk_factor(client):
    body = healthy_but_for("G61.81")
    body["prefetch"]["conditions"] = bundle(condition("G61.81"), condition("I26.99", "c2"))
    cards = post(client, body).json["cards"]
    assert [card["indicator"] for card in cards] == ["warning", "info"]
