"""Whatever is posted, the answer is one that our OpenAPI describes, and nothing in it is null or empty."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract_schema import assert_described
from tests.hooks.calls import SERVICE
from tests.hooks.test_http import assert_nothing_null_or_empty
from tests.requests import bundle, condition, order, request

pytestmark = pytest.mark.usefixtures("unmeasured")

NAMES = """
resourceType id status code coding system text display concept reference subject patient encounter context entry
resource clinicalStatus verificationStatus value valueString valueQuantity valueCodeableConcept interpretation
referenceRange high type comparator unit component medicationCodeableConcept medicationReference medication
dosageInstruction route reasonCode reasonReference reason contained modifierExtension doNotPerform authoredOn birthDate
deceasedBoolean deceasedDateTime diagnosis condition link relation fullUrl abatementDateTime gender onsetDateTime
onsetPeriod start end effectiveDateTime effectivePeriod issued valueInteger criticality reaction manifestation severity
performedDateTime performedPeriod occurrenceDateTime vaccineCode recommendation forecastStatus quantityQuantity
doseAndRate doseQuantity doseRange low rateQuantity rateRatio numerator denominator timing repeat event count countMax
frequency period periodMax periodUnit duration durationMax durationUnit boundsDuration boundsPeriod
""".split()
WORDS = """
Condition Observation Patient Encounter MedicationRequest ServiceRequest Medication Bundle OperationOutcome Patient/p1
Condition/c1 #c1 active draft http://hl7.org/fhir/sid/icd-10-cm http://loinc.org G61.81 G61.0 93493-5 25700-6 D47.2
2026-11-22 2026-11-22T08:00:00Z 2026-11-22T25:99:00+99:00 1970 next IgM Positive
g kg mg/kg g/kg mL h d wk severe high 70
""".split()
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.sampled_from(WORDS), st.text(max_size=8)
)
junk = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)),
    max_leaves=12,
)
OTHERS = ("vitals", "medications", "allergies", "procedures", "immunizations", "vaccinesDue")
DOSAGE = ("context", "draftOrders", "entry", 0, "resource", "dosageInstruction", 0)
FRAGMENTS = [b"1e999", b"-0", b"1e-400", b'"', b"{", b"}", b"[", b"null", b"\xff", b"\\u0000", b"9" * 30, b"0.1e+3"]
PATHS = [
    ("context",),
    ("context", "draftOrders"),
    ("context", "draftOrders", "entry"),
    ("context", "draftOrders", "entry", 0),
    ("context", "selections"),
    ("context", "patientId"),
    ("context", "encounterId"),
    ("prefetch",),
    ("prefetch", "patient"),
    ("prefetch", "conditions"),
    ("prefetch", "conditions", "entry"),
    ("prefetch", "observations"),
    ("prefetch", "encounter"),
    *[("context", "draftOrders", "entry", 0, "resource", name) for name in NAMES],
    *[("prefetch", "conditions", "entry", 0, "resource", name) for name in NAMES],
    *[("prefetch", "observations", "entry", 0, "resource", name) for name in NAMES],
    *[("prefetch", "encounter", name) for name in NAMES],
    *[("prefetch", key, "entry", 0, "resource", name) for key in OTHERS for name in NAMES],
    *[(*DOSAGE, name) for name in NAMES],
    *[(*DOSAGE, "timing", "repeat", name) for name in NAMES],
    *[(*DOSAGE, "doseAndRate", 0, name) for name in NAMES],
    *[(*DOSAGE, "doseAndRate", 0, "doseQuantity", name) for name in NAMES],
    *[(*DOSAGE, "doseAndRate", 0, "rateRatio", name) for name in NAMES],
    *[("prefetch", "vitals", "entry", 0, "resource", "valueQuantity", name) for name in NAMES],
]


def quantity(value: Any, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def base() -> dict[str, Any]:
    """Return a call whose order has a dose and whose prefetch holds one resource of every type that is read."""
    coded = [{"coding": [{"system": "http://loinc.org", "code": code}]} for code in ("93493-5", "29463-7")]
    lab = {"resourceType": "Observation", "id": "o1", "code": coded[0], "valueString": "Positive"}
    weight = {"resourceType": "Observation", "id": "w1", "code": coded[1], "effectiveDateTime": "2026-11-20"}
    drug, day = {"text": "prednisone"}, "2026-11-20"
    records = {
        "conditions": condition("G72.49", clinicalStatus={"coding": [{"code": "active"}]}),
        "observations": lab,
        "vitals": weight | {"valueQuantity": quantity(70, "kg")},
        "medications": order(medicationCodeableConcept=drug, status="active", authoredOn=day),
        "allergies": {
            "resourceType": "AllergyIntolerance",
            "id": "a1",
            "code": {"text": "IVIG"},
            "criticality": "high",
        },
        "procedures": {"resourceType": "Procedure", "id": "x1", "code": {"text": "PLEX"}, "performedDateTime": day},
        "immunizations": {"resourceType": "Immunization", "id": "i1", "vaccineCode": drug, "occurrenceDateTime": day},
        "vaccinesDue": {"resourceType": "ImmunizationRecommendation", "recommendation": [{"vaccineCode": [drug]}]},
    }
    rate = {"numerator": quantity(100, "mL"), "denominator": quantity(1, "h")}
    given = {"doseQuantity": quantity(28, "g"), "rateRatio": rate}
    repeat = {"count": 5, "frequency": 1, "period": 1, "periodUnit": "d"}
    body = request(orders=[order(dosageInstruction=[{"timing": {"repeat": repeat}, "doseAndRate": [given]}])])
    body["prefetch"] |= {key: bundle(each) for key, each in records.items()}
    body["prefetch"]["encounter"] = {"resourceType": "Encounter", "id": "e1"}
    return body


def replaced(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    node = body
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return body


@settings(max_examples=900)
@given(changes=st.lists(st.tuples(st.sampled_from(PATHS), junk), min_size=1, max_size=1))
def test_one_element_may_be_anything(client, changes):
    body = base()
    for path, value in changes:
        body = replaced(body, path, value)
    check(client, body)


@settings(max_examples=200)
@given(body=junk)
def test_the_whole_body_may_be_anything(client, body):
    check(client, body)


@settings(max_examples=400)
@given(data=st.data())
def test_any_byte_of_a_call_may_be_another(client, data):
    """Python values cannot write every body: here numbers such as 1e999, cut strings and broken UTF-8 are written."""
    raw = bytearray(json.dumps(base()).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(raw) - 1))
        raw[start : start + data.draw(st.integers(0, 6))] = data.draw(
            st.sampled_from(FRAGMENTS) | st.binary(max_size=3)
        )
    answer = client.post(SERVICE, data=bytes(raw), content_type="application/json")
    assert_described(answer)
    assert_nothing_null_or_empty(answer.json)


@settings(max_examples=200)
@given(body=st.binary(max_size=60))
def test_the_body_may_be_any_bytes(client, body):
    assert client.post(SERVICE, data=body, content_type="application/json").status_code in {400, 413}


def check(client: Any, body: Any) -> None:
    answer = client.post(SERVICE, data=json.dumps(body), content_type="application/json")
    assert_described(answer)
    assert_nothing_null_or_empty(answer.json)


def third_party() -> list[Path]:
    folder = os.environ.get("CDS_TEST_SAMPLES")
    return sorted(Path(folder).glob("*.json")) if folder else []


@pytest.mark.skipif(not third_party(), reason="CDS_TEST_SAMPLES does not name a folder of third-party requests")
def test_third_party_requests_are_answered_below_500_and_without_a_card(client):
    for path in third_party():
        raw = path.read_bytes()
        bodies = [raw]
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        if isinstance(body, dict):
            bodies.append(json.dumps(body | {"hook": "order-select"}).encode())
        for each in bodies:
            answer = client.post(SERVICE, data=each, content_type="application/json")
            assert answer.status_code < 500, path.name
            assert not answer.json.get("cards"), path.name
