import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.core.plan import Prefetch
from cds_service.fhir.query import Query, fill
from cds_service.knowledge.load import KnowledgeBase

VALUES = {"context.patientId": "p1", "context.encounterId": None, "context.userId": "Practitioner/1"}


@pytest.mark.parametrize(
    ("template", "query"),
    [
        ("Patient/{{context.patientId}}", Query("Patient/p1", "Patient", "read", "p1")),
        ("Patient/{{ context.patientId }}", Query("Patient/p1", "Patient", "read", "p1")),
        (
            "Observation?patient={{context.patientId}}&category=laboratory",
            Query("Observation?patient=p1&category=laboratory", "Observation", "search"),
        ),
        ("Goal?code=http://loinc.org|1-5", Query("Goal?code=http://loinc.org|1-5", "Goal", "search")),
        ("Encounter/{{context.encounterId}}", None),
        ("Encounter/{{context.unheardOf}}", None),
        ("Practitioner/{{context.userId}}", None),
        ("{{context.patientId}}/p1", None),
        ("Patient/{{context.patientId}", None),
        ("Patient/..", None),
        ("Patient/a/b", None),
        ("Patient", None),
        ("/Patient/1", None),
        ("https://evil.example/Patient/1", None),
        ("Patient?name=a b", None),
        ("Patient?name=a#b", None),
        ("Patient/$everything", None),
        ("", None),
    ],
)
def test_templates(template: str, query: Query | None) -> None:
    assert fill(template, VALUES) == query


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "a/b",
        "../x",
        "a b",
        "a%2e",
        "a?b",
        "a&b=c",
        "a#b",
        "é",
        "a\n",
        "x" * 65,
        "{{a}}",
        "Patient/p1",
        "a\\b",
        "a|b",
    ],
)
def test_a_value_that_is_no_id_fills_nothing(value: str) -> None:
    assert fill("Patient/{{id}}", {"id": value}) is None
    assert fill("Observation?patient={{id}}", {"id": value}) is None


@given(st.text(max_size=70) | st.text("ab.-_/%?", max_size=5))
def test_law_an_address_is_never_left_by_what_is_filled_in(value: str) -> None:
    read = fill("Patient/{{id}}", {"id": value})
    search = fill("Observation?patient={{id}}&x=1", {"id": value})
    assert (read is None) == (search is None)
    if read and search:
        assert re.fullmatch(r"Patient/[A-Za-z0-9_.-]{1,64}", read.url)
        assert read.url not in ("Patient/.", "Patient/..")
        assert re.fullmatch(r"Observation\?patient=[A-Za-z0-9_.-]{1,64}&x=1", search.url)


def test_every_template_of_ours_can_be_filled(knowledge: KnowledgeBase) -> None:
    values = {"context.patientId": "p1", "context.encounterId": "e1"}
    templates = [each for service in knowledge.services.values() for each in service.prefetch]
    assert templates
    for each in templates:
        assert isinstance(each, Prefetch)
        assert fill(each.query, values), each.key
