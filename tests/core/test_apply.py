"""The indices over records and plans are only an optimisation: without them every answer is the same."""

import copy
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.cases.run import run_case
from cds_service.errors import RequestError
from tests.golden import CASES, ask

pytestmark = pytest.mark.usefixtures("unmeasured")

TEXTS = [
    "Miller Fisher",
    "necrotizing myopathy",
    "small fiber neuropathy",
    "not IgM",
    "IgM kappa",
    "negative",
    "idiopathic",
]
PARTS = 4


def answers(knowledge, name, request, indexed):
    try:
        return ask(knowledge, name, request, indexed=indexed).to_json()
    except RequestError as error:
        return error.status, str(error)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_case_is_answered_the_same_without_the_index(knowledge, part):
    for name in sorted(CASES)[part::PARTS]:
        request = CASES[name].request
        assert answers(knowledge, name, request, True) == answers(knowledge, name, request, False), name


@pytest.mark.parametrize("part", range(PARTS))
def test_every_case_passes_without_the_index(knowledge, part):
    for name in sorted(CASES)[part::PARTS]:
        assert run_case(knowledge, name, CASES[name], indexed=False).differences == [], name


# Changed requests


@cache
def codings(terminology):
    codes = sorted({code for each in terminology.value_sets.values() for code in each.names_of})
    systems = sorted(terminology.systems.items())
    names = {system: [alias for alias, preferred in systems if preferred == system] for system in terminology.systems}
    known = st.sampled_from(codes).flatmap(
        lambda code: st.sampled_from(names[code.system]).map(
            lambda system: {"system": system, "code": code.code, "display": code.display}
        )
    )
    unknown = st.sampled_from(["E11.9", "Z99.9", ""]).map(
        lambda code: {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}
    )
    return known | known | unknown


@cache
def concepts(terminology):
    texts = sorted({code.display for each in terminology.value_sets.values() for code in each.names_of})
    coding = st.lists(codings(terminology), min_size=1, max_size=2).map(lambda found: {"coding": found})
    text = st.sampled_from(TEXTS) | st.sampled_from(texts)
    both = st.builds(lambda one, other: one | {"text": other}, coding, text)
    return coding | both | text.map(lambda found: {"text": found}) | st.just({})


def records(request, key):
    bundle = request.get("prefetch", {}).get(key) or {}
    return [entry["resource"] for entry in bundle.get("entry") or [] if isinstance(entry.get("resource"), dict)]


def add_condition(draw, request, terminology):
    bundle = request.get("prefetch", {}).get("conditions")
    if isinstance(bundle, dict) and isinstance(bundle.get("entry"), list):
        subject = {"reference": f"Patient/{request['context']['patientId']}"}
        new = {"resourceType": "Condition", "id": draw(st.sampled_from("xyz")), "subject": subject}
        bundle["entry"].append({"resource": new | {"code": draw(concepts(terminology))}})


def recode(draw, request, terminology):
    found = records(request, "conditions") + records(request, "observations")
    if found:
        draw(st.sampled_from(found))["code"] = draw(concepts(terminology))


def give_value(draw, request, terminology):
    found = records(request, "observations")
    if found:
        changed = draw(st.sampled_from(found))
        changed["valueString"] = draw(st.sampled_from(TEXTS))
        changed["interpretation"] = draw(st.lists(concepts(terminology), max_size=1))


def drop_or_double(draw, request, terminology):
    for key in ("conditions", "observations"):
        bundle = request.get("prefetch", {}).get(key)
        if isinstance(bundle, dict) and bundle.get("entry"):
            position = draw(st.integers(0, len(bundle["entry"]) - 1))
            bundle["entry"][position : position + 1] = [bundle["entry"][position]] * draw(st.sampled_from([0, 2]))


def give_reason(draw, request, terminology):
    drafts = request.get("context", {}).get("draftOrders")
    if isinstance(drafts, dict) and drafts.get("entry"):
        draw(st.sampled_from(drafts["entry"]))["resource"]["reasonCode"] = [draw(concepts(terminology))]


def change_birth_date(draw, request, terminology):
    patient = request.get("prefetch", {}).get("patient")
    if isinstance(patient, dict):
        patient["birthDate"] = draw(st.sampled_from([None, "2020-02-29", "2008-11", "1950-01-01", "x"]))


def forget(draw, request, terminology):
    key = draw(st.sampled_from(["observations", "encounter"]))
    request.get("prefetch", {})[key] = draw(st.sampled_from([None, {"resourceType": "OperationOutcome"}]))


CHANGES = [add_condition, recode, give_value, drop_or_double, give_reason, change_birth_date, forget, add_condition]


@settings(max_examples=400, deadline=None, database=None)
@given(data=st.data())
def test_changed_requests_are_answered_the_same_without_the_index(knowledge, data):
    name = data.draw(st.sampled_from(sorted(CASES)))
    request = copy.deepcopy(CASES[name].request)
    for change in data.draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=5)):
        change(data.draw, request, knowledge.terminology)
    assert answers(knowledge, name, request, True) == answers(knowledge, name, request, False)


def a_firing_request(*conditions):
    request = copy.deepcopy(CASES["ivig-order-select/adult-with-cidp-in-icd-10-cm-is-recommended"].request)
    request["prefetch"]["conditions"]["entry"] += [{"resource": each} for each in conditions]
    return request


@pytest.mark.parametrize(
    "condition",
    [
        {"code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": " G72.41 "}]}},
        {
            "code": {"coding": [{"system": "http://example.org/unknown", "code": "X"}]},
            "modifierExtension": [{"url": "http://example.org/not", "valueBoolean": True}],
        },
        {"code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "G72.41"}]}},
        {"code": {"coding": [None, 5, "x"]}},
        {"code": {"coding": {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "G72.41"}}},
        {"code": {"coding": [{"system": ["x"], "code": {"y": 1}}], "text": "IBM"}},
        {"code": "G72.41"},
        {"code": []},
        {},
    ],
)
def test_odd_records_are_answered_the_same_without_the_index(knowledge, condition):
    subject = {"reference": "Patient/p1"}
    request = a_firing_request({"resourceType": "Condition", "id": "odd", "subject": subject} | condition)
    name = "ivig-order-select/adult-with-cidp-in-icd-10-cm-is-recommended"
    assert answers(knowledge, name, request, True) == answers(knowledge, name, request, False)


def test_the_comparison_would_notice_a_plan_that_is_left_asleep(knowledge, monkeypatch):
    name = "ivig-order-select/adult-with-cidp-in-icd-10-cm-is-recommended"
    request = CASES[name].request
    awake = type(knowledge.library).awake

    def without_cidp(library, facts):
        found = awake(library, facts)
        return found and {key for key in found if not str(key).endswith("/cidp")}

    monkeypatch.setattr(type(knowledge.library), "awake", without_cidp)
    assert answers(knowledge, name, request, True) != answers(knowledge, name, request, False)
