"""What the request itself tells of a person is not in the case that is made of it, wherever it stands."""

import copy
import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.cases.identity import Identity
from cds_service.cases.strip import strip
from tests.golden import CASES

pytestmark = pytest.mark.usefixtures("unmeasured")

NAME = "ivig-order-select/adult-with-cidp-in-icd-10-cm-is-recommended"
ICD, LOINC, UCUM = "http://hl7.org/fhir/sid/icd-10-cm", "http://loinc.org", "http://unitsofmeasure.org"


def stripped(knowledge, name, request):
    keys = [each.key for each in knowledge.services[name.partition("/")[0]].prefetch]
    return strip(request, CASES[name].today, date(2020, 6, 15), keys, knowledge.terminology)


def the_request():
    """A request of a patient with a name, numbers and a telephone."""
    request = copy.deepcopy(CASES[NAME].request)
    request["prefetch"]["patient"] |= {
        "name": [{"family": "Quackenbush"}],
        "identifier": [{"value": "4477881"}, {"value": "MRN778899"}],
        "telecom": [{"value": "555-1234"}],
    }
    return request


def diagnosis(request):
    return request["prefetch"]["conditions"]["entry"][0]["resource"]["code"]


def with_result(request, **more):
    """Add a creatinine and return it."""
    code = {"coding": [{"system": LOINC, "code": "2160-0"}]}
    lab = {"resourceType": "Observation", "id": "l1", "status": "final", "code": code, **more}
    request["prefetch"]["observations"] = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": lab}]}
    return lab


def told_at(knowledge, request):
    return {place.rpartition(".")[2]: set(words) for place, words in stripped(knowledge, NAME, request).telling.items()}


# What a person found


def test_name_number_and_telephone_in_a_text_are_told(knowledge):
    request = the_request()
    diagnosis(request)["text"] = "CIDP Quackenbush 4477881 555-1234"
    assert {"quackenbush", "4477881"} < told_at(knowledge, request)["text"]
    for each in ("quackenbush's CIDP", "CIDP (QUACKENBUSH)", "MRN4477881", "call 5551234", "(555) 1234", "mrn778899"):
        diagnosis(request)["text"] = each
        assert told_at(knowledge, request)["text"], each
    diagnosis(request)["text"] = "CIDP since 2019, quack 447788, 0.5 g, 555"
    assert told_at(knowledge, request) == {}


def test_the_display_of_a_known_code_is_the_knowledges_own(knowledge):
    request = the_request()
    (coding,) = diagnosis(request)["coding"]
    own = coding["display"]
    coding["display"] = "CIDP of Mrs Quackenbush"
    to = stripped(knowledge, NAME, request)
    assert diagnosis(to.request)["coding"][0]["display"] == own
    assert not to.telling
    assert not to.texts


def test_a_display_that_says_more_than_its_code_stays_and_is_looked_at(knowledge):
    request = the_request()
    diagnosis(request)["coding"] = [{"system": ICD, "code": "G61.81", "display": "CIDP or multifocal motor neuropathy"}]
    to = stripped(knowledge, NAME, request)
    assert to.texts == ("CIDP or multifocal motor neuropathy",)
    diagnosis(request)["coding"][0]["display"] += ", Quackenbush"
    assert told_at(knowledge, request) == {"display": {"quackenbush"}}


def test_a_unit_beside_its_code_is_left_out_unless_it_is_one(knowledge):
    request = the_request()
    lab = with_result(
        request, valueQuantity={"value": 80, "unit": "umol/L Quackenbush", "system": UCUM, "code": "umol/L"}
    )
    (entry,) = stripped(knowledge, NAME, request).request["prefetch"]["observations"]["entry"]
    assert entry["resource"]["valueQuantity"] == {"value": 80, "system": UCUM, "code": "umol/L"}
    lab["valueQuantity"] |= {"unit": "mg/dL"}
    (entry,) = stripped(knowledge, NAME, request).request["prefetch"]["observations"]["entry"]
    assert entry["resource"]["valueQuantity"]["unit"] == "mg/dL", "the two do not agree, which is an answer of its own"
    lab["valueQuantity"] = {"value": 80, "unit": "umol/L Quackenbush"}
    assert told_at(knowledge, request) == {"unit": {"quackenbush"}}


def test_codes_and_numbers_that_are_the_patients_identifiers(knowledge):
    for system in ("urn:house", ICD):
        request = the_request()
        diagnosis(request)["coding"].append({"system": system, "code": "MRN778899"})
        assert "mrn778899" in told_at(knowledge, request)["code"]
    request = the_request()
    with_result(request, valueInteger=4477881)
    assert told_at(knowledge, request) == {"valueInteger": {"4477881"}}


def test_the_text_of_an_interpretation_goes_unless_it_is_a_name(knowledge):
    request = the_request()
    lab = with_result(request, interpretation=[{"text": "high, phoned to Dr Phoned"}, {"text": "positive"}])
    (entry,) = stripped(knowledge, NAME, request).request["prefetch"]["observations"]["entry"]
    assert entry["resource"]["interpretation"] == [{}, {"text": "positive"}]
    lab["performer"] = [{"display": "Dr Phoned"}]
    lab["valueString"] = "high, phoned to Dr. PHONED"
    assert "phoned" in told_at(knowledge, request)["valueString"]


def test_a_name_of_the_knowledge_is_nobodys(knowledge):
    """A patient called Small, whose diagnosis is a small fiber neuropathy."""
    request = the_request()
    request["prefetch"]["patient"]["name"] = [{"family": "Small", "given": ["Fiber"]}]
    diagnosis(request)["text"] = "Small fiber neuropathy"
    assert told_at(knowledge, request) == {}
    diagnosis(request)["text"] = "Small fiber neuropathy of the feet"
    assert told_at(knowledge, request) == {"text": {"small", "fiber"}}


def test_common_words_of_addresses_and_ids_do_not_count(knowledge):
    request = the_request()
    request["prefetch"]["patient"] |= {
        "id": "patient-new-1",
        "address": [{"line": ["5 Main Street"], "city": "New Zork"}],
    }
    for each in ("new onset in a patient", "main complaint 5 of 10"):
        diagnosis(request)["text"] = each
        assert told_at(knowledge, request) == {}
    diagnosis(request)["text"] = "moved to Zork"
    assert told_at(knowledge, request) == {"text": {"zork"}}


@pytest.mark.parametrize("name", sorted(CASES)[::5])
def test_an_invented_request_tells_of_nobody(knowledge, name):
    assert stripped(knowledge, name, CASES[name].request).telling == {}


# Whatever is planted, wherever

PEOPLE = {
    "patient's name": lambda call, said: call["prefetch"]["patient"].update(name=[{"family": said, "given": ["Ann"]}]),
    "given name": lambda call, said: call["prefetch"]["patient"].update(name={"given": ["Ann", said]}),
    "identifier": lambda call, said: call["prefetch"]["patient"].update(identifier=[{"value": said}]),
    "telecom": lambda call, said: call["prefetch"]["patient"].update(telecom=[{"value": f"{said}@example.org"}]),
    "address": lambda call, said: call["prefetch"]["patient"].update(address=[{"line": [f"1 {said} Road"]}]),
    "contact": lambda call, said: call["prefetch"]["patient"].update(contact=[{"name": {"text": f"Mr {said}"}}]),
    "id": lambda call, said: call["prefetch"]["patient"].update(id=said),
    "user": lambda call, said: call["context"].update(userId=f"Practitioner/{said}"),
    "display": lambda call, said: call["prefetch"]["patient"].update(generalPractitioner=[{"display": f"Dr {said}"}]),
    "contained": lambda call, said: call["prefetch"]["patient"].update(
        contained=[{"resourceType": "Practitioner", "name": [{"text": f"{said}, MD"}]}]
    ),
    "relative": lambda call, said: call["prefetch"].update(
        other={"resourceType": "RelatedPerson", "name": [{"family": said}]}
    ),
    "extension": lambda call, said: call["prefetch"]["patient"].update(
        extension=[{"valueHumanName": {"family": said}}]
    ),
}
ELEMENTS = (
    "text display unit code system status valueString gender criticality birthDate effectiveDateTime fullUrl reference "
    "durationUnit severity type intent resourceType comparator timeOfDay contained valueInteger value"
).split()
FORMS = (
    "{}",
    "CIDP {}",
    "{}'s, 5 mg",
    "2020-01-01T08 {}",
    "http://terminology.hl7.org/CodeSystem/{}",
    "A-{}.1",
    "({})",
)
made_up = st.text("bcdfgjklmnpqvwxyz", min_size=6, max_size=9).map(lambda each: f"Qu{each}") | st.integers(
    10**6, 10**9
).map(str)


def objects(value):
    """Return the objects of a call that an element can be put into."""
    found = [value] if isinstance(value, dict) else []
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        found += objects(each)
    return found


spots = st.tuples(st.integers(0, 999), st.sampled_from(ELEMENTS), st.sampled_from(FORMS), st.booleans())


def put(request, said, spot):
    """Put what was made up into an object of the call, into an element that is there or another one."""
    number, element, form, as_it_is = spot
    places = objects({"context": request["context"], "prefetch": request["prefetch"]})
    place = places[number % len(places)]
    there = sorted(key for key in place if isinstance(place[key], str))
    if there and number % 3 == 0:
        element = there[number % len(there)]
    place[element] = int(said) if said.isdigit() and as_it_is else form.format(said if as_it_is else said.upper())


@given(name=st.sampled_from(sorted(CASES)), who=st.sampled_from(sorted(PEOPLE)), said=made_up, at=st.lists(spots))
@settings(max_examples=300)
def test_what_tells_who_it_is_about_never_survives(knowledge, name, who, said, at):
    request = copy.deepcopy(CASES[name].request)
    if not isinstance(request.get("prefetch", {}).get("patient"), dict) or "context" not in request:
        request = the_request()
    for spot in at:
        put(request, said, spot)
    request["prefetch"]["patient"]["resourceType"] = "Patient"
    PEOPLE[who](request, said)
    to = stripped(knowledge, name, request)
    is_left = said.casefold() in json.dumps(to.request).casefold()
    assert not is_left or to.telling


def test_each_of_them_is_seen(knowledge):
    """The property would hold of nothing if no planted text were kept: each source of words makes one refused."""
    for source, plant in PEOPLE.items():
        request = copy.deepcopy(CASES[NAME].request)
        plant(request, "Quackenbush")
        diagnosis(request)["text"] = "CIDP, quackenbush"
        assert told_at(knowledge, request) == {"text": {"quackenbush"}}, source


def test_an_identity_of_nothing_tells_nothing(knowledge):
    for odd in ({}, {"name": 5}, {"identifier": [None, {"value": None}]}, {"name": [[]]}, {"display": "x", "id": []}):
        assert Identity(odd, knowledge.terminology).told_by("name 5 none x") == {}
