"""A value set that is described by a filter serves the codes it lists and those of its stored expansion."""

import json

import pytest

from cds_service.core.resources import Coding, Concept
from cds_service.core.units import UCUM
from cds_service.knowledge.bundle import to_bundle
from cds_service.knowledge.concepts import compose_digest
from cds_service.knowledge.load import build_knowledge, bundle_sources, folder_sources
from tests.knowledge.test_check import copy_of_topic

CODES = "http://example.org/codes"
RASH = "http://example.org/ValueSet/example-rash"
UNITS = "http://cds-service.example.org/fhir/ValueSet/units"
LEG = {"code": "RASH-9", "display": "Example rash of the leg"}
OURS = {"code": "RASH-1", "display": "Example rash", "designation": [{"value": "Red spots"}]}
ISA = {"property": "concept", "op": "is-a", "value": "RASH-9"}


def intensional(source, system, filters, contained):
    """Describe a part of a value set by filters and store an expansion."""
    source["compose"]["include"].append({"system": system, "filter": filters})
    digest = {"name": "compose-digest", "valueString": compose_digest(source["compose"])}
    contains = [{"system": system, **each} for each in contained]
    source["expansion"] = {"timestamp": "2026-11-22", "parameter": [digest], "contains": contains}


@pytest.fixture
def changed(tmp_path):
    """A function that stores an expansion in a value set of the topic and returns what loads."""

    def change(name, system, filters, contained):
        copy_of_topic(tmp_path)
        path = tmp_path / "valuesets" / f"{name}.json"
        source = json.loads(path.read_text())
        intensional(source, system, filters, contained)
        path.write_text(json.dumps(source))
        return folder_sources(tmp_path / "plandefinitions", tmp_path / "valuesets")

    return change


def codes_of(knowledge, url):
    return {code.code: (code.display, names) for code, names in knowledge.terminology.value_sets[url].names_of.items()}


def test_listed_codes_and_the_stored_expansion_are_served(changed):
    knowledge = build_knowledge(
        changed("example-rash", CODES, [ISA], [LEG, {"code": "RASH-1", "display": "Other name"}])
    )
    assert codes_of(knowledge, RASH) == {
        "RASH-1": ("Example rash", ("Example rash", "Red spots")),  # the list says how it is called
        "RASH-2": ("Example rash of the arm", ("Example rash of the arm",)),
        "RASH-9": ("Example rash of the leg", ("Example rash of the leg",)),
    }
    for concept in (Concept([Coding(CODES, "RASH-9")]), Concept(text="example rash of the leg")):
        assert RASH in knowledge.terminology.members(concept)


def test_an_expansion_may_hold_designations(changed):
    leg = LEG | {"designation": [{"value": "Red leg", "language": "en"}]}
    knowledge = build_knowledge(changed("example-rash", CODES, [ISA], [leg]))
    assert knowledge.terminology.members(Concept(text="red leg"))[RASH].code.code == "RASH-9"


@pytest.mark.parametrize("operator", ["=", "is-a", "descendent-of", "is-not-a", "regex", "in", "not-in", "exists"])
def test_every_filter_of_fhir_may_be_written(changed, operator):
    assert build_knowledge(changed("example-rash", CODES, [ISA | {"op": operator}], [LEG])).services


def test_a_bundle_carries_expansions(changed):
    sources = changed("example-rash", CODES, [ISA], [LEG])
    bundled = build_knowledge(bundle_sources(to_bundle(sources.artifacts), "b.json"))
    assert bundled.digest == build_knowledge(sources).digest
    assert "RASH-9" in codes_of(bundled, RASH)


def test_units_may_come_from_an_expansion(changed):
    weeks = {"code": "wk", "display": "week"}
    knowledge = build_knowledge(changed("units", UCUM, [ISA], [weeks]))
    assert "wk" in knowledge.terminology.units.by_code
