"""E: the prefetch templates that the service publishes."""

import re
from urllib.parse import parse_qsl

import pytest

from tests.contract.service import advice, outcome, post, unchecked
from tests.requests import OPTIONAL, bundle, condition, request

CIDP = condition("G61.81")
READ = re.compile(r"[A-Z]\w+/\{\{[\w.]+\}\}")
SEARCH = re.compile(r"[A-Z]\w+\?[^?#]+")
TOKEN = re.compile(r"\{\{(.*?)\}\}")
USER = {"userPractitionerId", "userPractitionerRoleId", "userPatientId", "userRelatedPersonId"}
PARAMETERS = {  # FHIR R4: the search parameters that templates may use, by the type of the parameter
    "Condition": {"patient": "reference", "category": "token", "clinical-status": "token", "code": "token"},
    "Observation": {"patient": "reference", "category": "token", "code": "token", "date": "date"},
    "MedicationRequest": {"patient": "reference", "status": "token", "intent": "token", "authoredon": "date"},
    "AllergyIntolerance": {"patient": "reference", "clinical-status": "token"},
    "Procedure": {"patient": "reference", "date": "date", "code": "token"},
    "Immunization": {"patient": "reference", "date": "date", "status": "token"},
    "ImmunizationRecommendation": {"patient": "reference", "date": "date"},
}
MUST_BE_SUPPORTED = {"Patient/{{context.patientId}}", "Condition?patient={{context.patientId}}"}  # US Core 3.1.1 to 7.0


@pytest.fixture
def templates(services):
    """Each template as (service, key, query)."""
    found = [(each["id"], key, query) for each in services for key, query in each["prefetch"].items()]
    assert found
    return found


@pytest.fixture
def queries(templates):
    return {query for _, _, query in templates}


def searches(queries):
    return [query.partition("?")[::2] for query in queries if "?" in query]


def test_E1_every_key_that_is_asked_for_is_read_and_missed(client, services):
    (keys,) = [each["prefetch"] for each in services if each["id"] == "ivig-order-select"]
    assert set(keys) == {"patient", "conditions", *OPTIONAL}
    for key in keys:
        body = request(CIDP)
        body["context"]["encounterId"] = "e1"
        del body["prefetch"][key]
        answer = post(client, body)
        missed = outcome(answer, 412) if answer.status_code == 412 else unchecked(advice(answer))
        assert key in missed


def test_E2_a_template_is_a_read_or_a_search_with_a_relative_address(queries):
    for query in queries:
        assert READ.fullmatch(query) or SEARCH.fullmatch(query), query
        assert "://" not in query
        assert "$" not in query


def test_E3_tokens_stand_in_double_braces(queries):
    for query in queries:
        assert "{" not in TOKEN.sub("", query)
        assert "}" not in TOKEN.sub("", query)


def test_E4_a_token_is_a_field_of_the_context_or_one_of_the_user(queries):
    for token in (token for query in queries for token in TOKEN.findall(query)):
        assert token in USER or re.fullmatch(r"context\.\w+", token), token


def test_E5_a_token_names_a_field_at_the_root_of_the_context(queries):
    for token in (token for query in queries for token in TOKEN.findall(query)):
        assert token.count(".") <= 1
        assert not {"draftOrders", "selections"} & set(token.split("."))


def test_E6_nothing_in_a_template_needs_a_client_of_version_3(queries):
    for query in queries:
        for new in ("today()", "now()", "ofType", "resolve", "%", "|", " ", "+"):
            assert new not in query


def test_E7_no_template_depends_on_another(templates):
    for _, _, query in templates:
        assert all(token.startswith(("context.", "user")) for token in TOKEN.findall(query))


def test_E8_only_parameters_of_the_recommended_subset_are_used(queries):
    for kind, query in searches(queries):
        for name, value in parse_qsl(query, strict_parsing=True):
            bare, _, modifier = name.partition(":")
            type_of = PARAMETERS[kind][bare]
            assert modifier in ("", "in") if type_of == "token" else modifier == "", name
            assert type_of != "date" or value[:2] in ("eq", "lt", "gt", "ge", "le")


def test_E9_what_is_required_is_what_every_us_core_server_supports(client, templates):
    for _, key, query in templates:
        body = request(CIDP)
        del body["prefetch"][key]
        assert post(client, body).status_code == (412 if query in MUST_BE_SUPPORTED else 200), key


def test_E10_no_sort_is_asked_for_in_a_way_that_r4_does_not_have(queries):
    for _, query in searches(queries):
        names = [name for name, _ in parse_qsl(query)]
        assert not [name for name in names if name.startswith("sort")]


def test_E11_what_each_key_is_for_is_told(root, templates):
    text = (root / "docs" / "integrating.md").read_text().partition("What each optional key makes known")[2]
    told = set(re.findall(r"^\| `(\w+)` \|", text.partition("\n## ")[0], re.MULTILINE))
    untold = {key for _, key, _ in templates} - told
    assert untold <= {"patient", "conditions", "encounter"}


def test_E12_data_under_a_key_that_was_not_asked_for_changes_nothing(client):
    body = request(CIDP)
    expected = advice(post(client, body))
    body["prefetch"] |= {"more": bundle(condition("G72.41", "c2"), condition("I26.99", "c3")), "allergy": None}
    assert advice(post(client, body)) == expected
