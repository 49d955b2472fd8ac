"""What is left of a request that becomes a case: nothing that tells who it is about, and all that the answer needs."""

import copy
import json
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.cases import elements
from cds_service.cases.identity import Identity
from cds_service.cases.invented import Invented
from cds_service.cases.kept import Keeper, Shape, text, unit
from cds_service.cases.moved import Move, times
from cds_service.cases.strip import HOOK_INSTANCE, Stripped, answers_alike, strip
from cds_service.core import resources
from cds_service.core.dose import dosage, timing
from cds_service.hooks import request as calls
from tests.golden import CASES

pytestmark = pytest.mark.usefixtures("unmeasured")

DAY = date(2020, 6, 15)
ASKED = date(2026, 11, 22)
SECRET = "SECRET-Smith 1"


def stripped(knowledge, name, request, today=DAY):
    service = knowledge.services[name.partition("/")[0]]
    keys = [each.key for each in service.prefetch]
    return strip(request, CASES[name].today, today, keys, knowledge.terminology)


def are_alike(knowledge, name, request, to):
    service = knowledge.services[name.partition("/")[0]]
    return answers_alike(knowledge, service, request, CASES[name].today, to)


# The answer stays


def test_every_golden_case_is_answered_as_before_without_what_is_left_out(knowledge):
    """On the day that is proposed first, or, for a date at a limit in months, on the one that is proposed then."""
    otherwise = []
    for name, case in CASES.items():
        if not are_alike(knowledge, name, case.request, stripped(knowledge, name, case.request)):
            otherwise.append(name)
            ago = case.today.replace(year=case.today.year - 4)
            assert are_alike(knowledge, name, case.request, stripped(knowledge, name, case.request, ago)), name
    assert all("month" in CASES[name].title or "month" in CASES[name].why.says for name in otherwise), otherwise


@given(name=st.sampled_from(sorted(CASES)), fours=st.integers(1, 20))
@settings(max_examples=60)
def test_a_move_by_whole_fours_of_years_changes_no_answer(knowledge, name, fours):
    case = CASES[name]
    to = stripped(knowledge, name, case.request, case.today.replace(year=case.today.year - 4 * fours))
    assert are_alike(knowledge, name, case.request, to)


def test_the_comparison_sees_another_answer(knowledge):
    name = "ivig-order-select/adult-with-cidp-in-icd-10-cm-is-recommended"
    to = stripped(knowledge, name, CASES[name].request)
    assert are_alike(knowledge, name, CASES[name].request, to)
    poorer = copy.deepcopy(to.request)
    poorer["prefetch"]["conditions"] = None
    assert not are_alike(knowledge, name, CASES[name].request, Stripped(poorer, to.today, ()))
    assert not are_alike(knowledge, name, CASES[name].request, Stripped({}, to.today, ()))


def test_a_limit_in_months_is_seen_when_the_move_crosses_it(knowledge):
    name = "ivig-order-select/risk-infarction-just-inside-six-months-is-recent-mi"
    to = stripped(knowledge, name, CASES[name].request, date(2019, 3, 1))
    assert not are_alike(knowledge, name, CASES[name].request, to)


# Nothing else stays

PERSONAL = {
    "meta": {"source": SECRET},
    "text": {"status": "generated", "div": f"<div>{SECRET}</div>"},
    "identifier": [{"system": "http://hospital.example/SECRET", "value": SECRET}],
    "name": [{"family": SECRET, "given": [SECRET]}],
    "telecom": [{"system": "phone", "value": SECRET}],
    "address": [{"line": [SECRET], "postalCode": SECRET}],
    "photo": [{"data": SECRET}],
    "contact": [{"name": {"text": SECRET}}],
    "note": [{"text": SECRET}],
    "requester": {"reference": "Practitioner/SECRET", "display": SECRET},
    "performer": [{"identifier": {"value": SECRET}}],
    "extension": [{"url": "http://hospital.example/SECRET", "valueString": SECRET}],
    "_birthDate": {"extension": [{"url": SECRET, "valueString": SECRET}]},
    "SECRET-key": {"SECRET-inner": [SECRET, {"SECRET": SECRET}]},
    "generalPractitioner": SECRET,
}
NAMES = ("id", "reference", "fullUrl", "patientId", "encounterId", "userId")


def planted(value, key=None):
    """Return JSON with a marked string in every id, and in every element of a resource that is not read."""
    if isinstance(value, list):
        return [planted(each, key) for each in value]
    if isinstance(value, str):
        return marked(value) if key in (*NAMES, "selections") else value
    if not isinstance(value, dict):
        return value
    made = {name: planted(each, name) for name, each in value.items()}
    if "resourceType" in made and made["resourceType"] != "Bundle":
        made |= PERSONAL | ({"modifierExtension": [{"url": SECRET}]} if made.get("modifierExtension") else {})
    if "reference" in made and isinstance(made["reference"], str) and key != "medicationReference":
        made |= {"display": SECRET, "identifier": {"value": SECRET}, "type": "SECRET"}
    return made | {"SECRET-key": SECRET, "extension": [{"url": SECRET, "valueString": SECRET}]}


def marked(reference):
    """Return a reference to another id, on another server."""
    if not reference.strip():
        return reference
    head, slash, last = reference.strip().rpartition("/")
    sign = next((each for each in ("urn:uuid:", "#") if last.startswith(each)), "")
    return f"{head}{slash}{sign}SECRET-{last.removeprefix(sign)}"


def server(request):
    return request | {
        "hookInstance": SECRET,
        "fhirServer": "https://SECRET.example/fhir",
        "fhirAuthorization": {"access_token": SECRET, "subject": SECRET},
        "extension": {"SECRET": SECRET},
    }


@given(name=st.sampled_from(sorted(CASES)))
@settings(max_examples=80)
def test_nothing_that_was_planted_is_left_and_the_answer_stays(knowledge, name):
    case = CASES[name]
    request = server(planted(case.request))
    assert "SECRET" in json.dumps(request)
    to = stripped(knowledge, name, request, case.today.replace(year=case.today.year - 4))  # keeps limits in months, too
    assert "SECRET" not in json.dumps(to.request)
    assert "SECRET" not in "".join(to.texts)
    assert are_alike(knowledge, name, request, to)


json_of_secrets = st.recursive(
    st.sampled_from([SECRET, "SECRET", 1, True, None]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["SECRET", "resource", "entry", "reference", "value", "start"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


def keeper_of(knowledge):
    return Keeper(Invented(), Move(ASKED, DAY), [], Identity({}, knowledge.terminology), knowledge.terminology)


SHAPES = {name: each for name, each in vars(elements).items() if isinstance(each, Shape)}
KEPT = [(f"{name}.{key}", rule) for name, each in SHAPES.items() for key, rule in each.rules.items()]


@pytest.mark.parametrize(("name", "rule"), KEPT, ids=[name for name, _ in KEPT])
@given(data=st.data())
@settings(max_examples=15)
def test_an_element_that_is_read_keeps_no_text_that_is_not_shown(knowledge, name, rule, data):
    """Whatever stands in an element that is read, what is kept of it was replaced, or is shown to be looked at."""
    keeper = keeper_of(knowledge)
    kept = json.dumps(rule(data.draw(json_of_secrets), keeper))
    for shown in keeper.texts:
        kept = kept.replace(json.dumps(shown), "")
    assert "SECRET" not in kept


def test_only_texts_units_and_codes_of_the_house_are_kept_as_they_are(knowledge):
    keeping = {name for name, rule in KEPT if "SECRET" in json.dumps(rule(SECRET, keeper_of(knowledge)))}
    assert keeping == {name for name, rule in KEPT if rule in (text, unit)}
    keeper = keeper_of(knowledge)
    coded = elements.CONCEPT(
        {"coding": [{"system": "urn:house", "code": "H-1", "display": "Ours"}], "text": "Own"}, keeper
    )
    assert coded == {
        "coding": [{"system": "http://example.org/codes/1", "code": "H-1", "display": "Ours"}],
        "text": "Own",
    }
    assert set(keeper.texts) == {"H-1", "Ours", "Own"}


def test_public_codes_and_known_names_need_no_look(knowledge):
    keeper = keeper_of(knowledge)
    icd = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I10"}
    status = {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}
    named = min(knowledge.terminology.shared_names())
    concept = {"coding": [icd, status], "text": named.upper()}
    assert elements.CONCEPT(concept, keeper) == concept
    assert not keeper.texts
    elements.CONCEPT({"coding": [icd | {"code": "John Smith"}, icd | {"code": 5}]}, keeper)
    assert set(keeper.texts) == {"John Smith", "5"}


# Every element that is read has a rule

READ = [
    (resources.Resource, {**elements.ELEMENTS.rules, **dict.fromkeys(("id", "resourceType", *elements.ABATEMENT))}),
    (resources.Concept, elements.CONCEPT.rules),
    (resources.Quantity, elements.QUANTITY.rules),
    (resources.Period, elements.PERIOD.rules),
    (resources.ReferenceRange, elements.REFERENCE_RANGE.rules),
    (resources.Component, elements.COMPONENT.rules),
    (resources.Reaction, elements.REACTION.rules),
    (resources.DueVaccine, elements.DUE_VACCINE.rules),
    (resources.EncounterDiagnosis, elements.ELEMENTS.rules["diagnosis"].rules),
    (resources.Entry, elements.ELEMENTS.rules["entry"].rules),
    (resources.Reference, elements.NAMED_REFERENCE.rules),
    (resources.Coding, dict.fromkeys(("system", "code", "display"))),
    (dosage.Range, elements.RANGE.rules),
    (dosage.Ratio, elements.RATIO.rules),
    (dosage.DoseAndRate, elements.DOSAGE.rules["doseAndRate"].rules),
    (dosage.Dosage, elements.DOSAGE.rules),
    (timing.Timing, elements.TIMING.rules),
    (timing.Repeat, elements.REPEAT.rules),
    (calls.Context, elements.CONTEXT.rules),
]


@pytest.mark.parametrize(("struct", "rules"), READ, ids=lambda each: getattr(each, "__name__", ""))
def test_what_is_read_has_a_rule(struct, rules):
    assert {each.encode_name for each in msgspec.structs.fields(struct)} <= set(rules)


def test_what_is_in_the_table_is_read(knowledge):
    read = {each.encode_name for each in msgspec.structs.fields(resources.Resource)}
    assert set(elements.ELEMENTS.rules) - read == {"intent", "type"}, "FHIR asks for these of orders and Bundles"


# The parts


def test_the_frame_of_a_call(knowledge):
    name = "ivig-order-select/adult-with-cidp-in-icd-10-cm-is-recommended"
    to = stripped(knowledge, name, CASES[name].request)
    assert to.today == DAY
    assert to.request["hookInstance"] == HOOK_INSTANCE
    assert to.request["context"]["patientId"] == "p1"
    assert to.request["context"]["userId"] == "Practitioner/dr1"


def test_a_call_that_is_no_call_becomes_nothing(knowledge):
    for odd in ({}, {"context": 5, "prefetch": []}, {"hook": 5, "hookInstance": [], "context": None}):
        assert strip(odd, ASKED, DAY, ["patient"], knowledge.terminology).request == {}
    odd = {"hook": SECRET, "context": {"draftOrders": [], "selections": "x"}, "prefetch": {"patient": 5, "x": None}}
    assert strip(odd, ASKED, DAY, ["patient"], knowledge.terminology).request == {
        "hook": "another-hook",
        "context": {"draftOrders": [], "selections": "x1"},
        "prefetch": {},
    }


def test_a_prefetch_key_that_is_null_stays_null_and_one_of_another_type_stays_there(knowledge):
    given = {"patient": None, "conditions": {"resourceType": "Person", "name": SECRET, "subject": {"reference": "P/9"}}}
    to = strip({"prefetch": given | {"other": None}}, ASKED, DAY, ["patient", "conditions"], knowledge.terminology)
    assert to.request["prefetch"] == {
        "patient": None,
        "conditions": {"resourceType": "Basic", "subject": {"reference": "Resource/x1"}},
    }


REFERENCES = [
    ("Patient/77", "Patient/p1"),
    ("https://ehr.example/fhir/Patient/77", "Patient/p1"),
    ("https://ehr.example/fhir/Patient/77/_history/3", "Patient/p1"),
    ("urn:uuid:77", "urn:uuid:p1"),
    ("#77", "#p1"),
    (" 77 ", "p1"),
    ("Smith/77", "Resource/p1"),
    ("", None),
    ("  ", None),
]


@pytest.mark.parametrize(("written", "invented"), REFERENCES)
def test_a_reference_keeps_its_form_and_loses_its_id(written, invented):
    names = Invented()
    names.meet({"resourceType": "Patient", "id": "77"})
    assert names.reference(written) == invented


def test_ids_are_the_same_wherever_they_stand():
    names = Invented()
    names.meet({"entry": [{"fullUrl": "urn:uuid:a", "resource": {"resourceType": "Condition"}}]})
    names.meet([{"resourceType": "Condition", "id": "b"}, {"resourceType": "Observation", "id": "a"}])
    assert names.reference("#a") == "#c1"
    assert names.reference("Condition/b") == "Condition/c2"
    assert names.address("https://ehr.example/Condition/b") == "https://fhir.example.org/Condition/c2"
    assert names.address("urn:uuid:a") == "urn:uuid:c1"
    assert " " in names.id("Condition", "not fit"), "it is not repeated in an answer, before and after"


DATES = [
    ("2026-11-22", "2020-06-15"),
    ("2026-11-01", "2020-05-25"),
    ("2024-02-29", "2017-09-22"),
    ("2026-11", "2020-06"),
    ("2026-01", "2019-08"),
    ("2026", "2020"),
    ("1999", "1993"),
    ("2026-11-22T23:30:00+02:00", "2020-06-15"),
    ("2026-11-22T08:15:30.5Z", "2020-06-15"),
    ("2026-11-22T08 with Dr Smith", "2020-06-15"),
    ("2026-11-22 Smith", "unknown"),
    ("yesterday", "unknown"),
    ("0001-01-01", "unknown"),
    ("0003", "unknown"),
    (20261122, "unknown"),
    ("", None),
    (None, None),
]


@pytest.mark.parametrize(("written", "moved"), DATES)
def test_dates_move_together(written, moved):
    assert Move(ASKED, DAY).day(written) == moved


def test_times_of_day_become_invented_ones_in_their_order_where_a_day_has_several():
    morning, noon, as_well = "2026-11-22T07:12:34+01:00", "2026-11-22T12:01:02+01:00", "2026-11-22T11:01:02Z"
    request = {"labs": [{"effectiveDateTime": noon}, {"issued": as_well}, {"issued": morning}], "on": "2026-11-22"}
    move = Move(ASKED, DAY, times(request))
    first, second = "2020-06-15T08:00:00Z", "2020-06-15T08:01:00Z"
    assert [move.day(each) for each in (morning, noon, as_well)] == [first, second, second]
    assert [move.day(each) for each in ("2026-11-22", "2026-11-22T07:12:34")] == ["2020-06-15", "2020-06-15"]
    assert move.day("2026-11-21T07:12:34+01:00") == "2020-06-14", "the only time of its day"


def test_the_newest_result_of_a_day_stays_the_newest(knowledge):
    """Two creatinines of one day: the later one is low, and no risk of the kidney."""
    name = "ivig-order-select/adult-with-cidp-in-icd-10-cm-is-recommended"
    creatinine = {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]}
    answers = []
    for early, late in ((9, 1), (1, 9)):
        request = copy.deepcopy(CASES[name].request)
        labs = [
            {"id": each, "code": creatinine, "effectiveDateTime": at, "status": "final", "resourceType": "Observation"}
            | {"valueQuantity": {"value": value, "code": "mg/dL", "system": "http://unitsofmeasure.org"}}
            for each, at, value in (
                ("l1", "2026-11-20T18:00:00+01:00", late),
                ("l2", "2026-11-20T07:00:00+01:00", early),
            )
        ]
        found = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in labs]}
        request["prefetch"]["observations"] = found
        to = stripped(knowledge, name, request)
        assert are_alike(knowledge, name, request, to)
        answers.append(to)
    assert not are_alike(knowledge, name, request, answers[0]), "the test would see it"


BIRTHS = [
    (date(1970, 5, 17), "1963-12-14"),  # 56 years, 6 months and some days, on both days
    (date(2008, 11, 22), "2002-06-15"),  # 18 today: the day counts
    (date(2008, 11, 23), "2002-07-14"),  # 18 tomorrow: 17 years and 11 months
    (date(2026, 11, 20), "2020-06-14"),  # newborn
    (date(1930, 1, 1), "1930-06-14"),  # 96: 90
    (date(2030, 1, 1), "2023-08-14"),  # not born yet
]


@pytest.mark.parametrize(("birth", "moved"), BIRTHS)
def test_a_birth_date_keeps_the_age_in_months_and_not_the_day(birth, moved):
    assert Move(ASKED, DAY).birth_date(birth.isoformat(), []) == moved


def months(birth, day):
    whole = (day.year - birth.year) * 12 + day.month - birth.month
    return whole - (birth.day > day.day)


@given(birth=st.dates(date(1945, 1, 1), ASKED), asked=st.dates(ASKED, date(2028, 12, 28)), ago=st.integers(0, 20))
def test_the_age_in_months_is_kept_on_the_day_of_the_call(birth, asked, ago):
    asked = asked.replace(day=min(asked.day, 28))
    born = date.fromisoformat(Move(asked, DAY).birth_date(birth.isoformat(), []))
    assert months(born, DAY) == min(months(birth, asked), 90 * 12)
    is_to_the_day = birth.day == asked.day
    assert (born.day == DAY.day) is is_to_the_day
    both = date.fromisoformat(Move(asked, DAY).birth_date(birth.isoformat(), [asked - timedelta(days=ago)]))
    assert both <= born


def test_a_partial_birth_date_stays_partial():
    assert Move(ASKED, DAY).birth_date("1970", []) == "1964"
    assert Move(ASKED, DAY).birth_date("1970-12", []) == "1964-07"


@pytest.mark.parametrize("written", ["1915", "1915-03"])
def test_who_is_far_over_90_by_a_partial_date_becomes_90(written):
    year = int(Move(ASKED, DAY).birth_date(written, [])[:4])
    assert DAY.year - year <= 91
