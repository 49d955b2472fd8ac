"""Expansions are made of a release or a server, say where they are from, and change nothing when nothing did."""

import json
from dataclasses import replace
from datetime import date

import pytest

from cds_service.codes.expand import Means, expand, intensional
from cds_service.codes.systems import ICD_10_CM
from cds_service.codes.terminology_server import Server
from cds_service.errors import KnowledgeError, TerminologyError
from cds_service.knowledge.load import build_knowledge, folder_sources
from tests.codes.releases import NEW, OLD, release
from tests.codes.terminology_stub import expansion, terminology_server
from tests.knowledge.test_check import TESTS

TODAY, LATER = date(2026, 11, 22), date(2027, 10, 1)
RASH = "http://example.org/ValueSet/example-rash"
SERVED = "http://example.org/codes"


def filtered(value, op="is-a", system=ICD_10_CM, **more):
    return {"system": system, "filter": [{"property": "concept", "op": op, "value": value, **more}]}


def topic(*includes):
    """Return the sources of the topic with more includes in one value set."""
    sources = folder_sources(TESTS / "topic" / "plandefinitions", TESTS / "topic" / "valuesets")
    return swapped(sources, lambda source: source["compose"]["include"].extend(includes))


def swapped(sources, change):
    artifacts = []
    for each in sources.artifacts:
        if each.source.get("url") == RASH:
            source = json.loads(json.dumps(each.source))
            change(source)
            each = replace(each, source=source)
        artifacts.append(each)
    return replace(sources, artifacts=tuple(artifacts))


def put(sources, artifact):
    return replace(
        sources, artifacts=tuple(artifact if each.file == artifact.file else each for each in sources.artifacts)
    )


def means(codes=OLD, year="2026", today=TODAY, server=None):
    return Means(today, lambda: release(codes, year), server)


def only(sources):
    (artifact,) = intensional(sources.artifacts)
    return artifact


def codes_of(sources):
    return {code.code for code in build_knowledge(sources).terminology.value_sets[RASH].names_of}


LISTED = {"RASH-1", "RASH-2"}


@pytest.mark.parametrize(
    ("include", "codes"),
    [
        (filtered("Q00"), {"Q00", "Q00.1", "Q00.2", "Q00.21", "Q00.22"}),
        (filtered("Q00", "descendent-of"), {"Q00.1", "Q00.2", "Q00.21", "Q00.22"}),
        (filtered("Q00.2"), {"Q00.2", "Q00.21", "Q00.22"}),
        (filtered("Q01"), {"Q01"}),
    ],
)
def test_what_is_expanded_and_loaded_is_the_code_and_all_below_it(include, codes):
    sources = topic(include)
    with pytest.raises(KnowledgeError, match="no expansion of it is stored"):
        build_knowledge(sources)
    found = expand(only(sources), means())
    assert {code.code for code in found.added} == codes
    assert codes_of(put(sources, found.artifact)) == LISTED | codes


def test_the_expansion_says_where_it_is_from_and_when():
    source = expand(only(topic(filtered("Q01"))), means()).artifact.source
    stored = source["expansion"]
    assert (stored["timestamp"], stored["total"], len(stored["contains"])) == ("2026-11-22", 3, 3)
    told = {each["name"]: next(value for key, value in each.items() if key != "name") for each in stored["parameter"]}
    assert told["source"] == "invented 2026"
    assert told["used-codesystem"] == f"{ICD_10_CM}|2026"
    assert (source["version"], "date" in source) == ("2", False)


def test_expanding_again_changes_nothing():
    sources = topic(filtered("Q00"))
    once = expand(only(sources), means())
    twice = expand(once.artifact, means(today=LATER))
    assert once.is_changed
    assert not twice.is_changed
    assert twice.artifact == once.artifact
    assert (twice.added, twice.removed, twice.renamed) == ((), (), ())


def test_a_new_release_shows_what_is_added_removed_and_renamed():
    once = expand(only(topic(filtered("Q00"))), means())
    found = expand(once.artifact, means(NEW, "2027", LATER))
    assert [code.code for code in found.added] == ["Q00.23", "Q00.3"]
    assert [code.code for code in found.removed] == ["Q00.22"]
    assert [(old.display, new.display) for old, new in found.renamed] == [("Rash of the arm", "Rash of the upper arm")]
    assert found.artifact.source["version"] == "3"
    assert found.artifact.source["expansion"]["timestamp"] == "2027-10-01"


def test_an_expansion_is_stale_when_compose_was_edited_and_expanding_mends_it():
    sources = topic(filtered("Q00"))
    expanded = put(sources, expand(only(sources), means()).artifact)
    edited = swapped(expanded, lambda source: source["compose"]["include"][-1]["filter"][0].update(value="Q01"))
    with pytest.raises(KnowledgeError, match="belongs to another compose"):
        build_knowledge(edited)
    mended = expand(only(edited), means())
    assert codes_of(put(edited, mended.artifact)) == LISTED | {"Q01"}


def test_a_code_that_is_also_listed_is_called_as_it_is_listed():
    listed = {"system": ICD_10_CM, "concept": [{"code": "Q01", "display": "Our itch"}]}
    sources = topic(listed, filtered("Q01"))
    found = expand(only(sources), means())
    assert (found.added, found.renamed) == ((), ())
    names = build_knowledge(put(sources, found.artifact)).terminology.value_sets[RASH].names_of
    assert [code.display for code in names if code.code == "Q01"] == ["Our itch"]


def test_other_systems_come_from_a_terminology_server():
    rows = [{"system": SERVED, "code": "X1", "display": "Rash of the ear", "version": "7", "inactive": True}]
    used = [{"name": "used-codesystem", "valueUri": f"{SERVED}|7"}]
    sources = topic(filtered("Q01"), filtered("X", system=SERVED, op="="))
    with terminology_server(lambda asked: (200, expansion(rows, total=1, parameter=used))) as stub:
        found = expand(only(sources), means(server=Server(stub.url)))
        (asked,) = stub.asked
    assert asked["valueSet"]["compose"]["include"] == [filtered("X", system=SERVED, op="=")]
    assert found.inactive == 1
    assert codes_of(put(sources, found.artifact)) == LISTED | {"Q01", "X1"}
    stored = found.artifact.source["expansion"]["parameter"]
    assert {"name": "source", "valueUri": stub.url} in stored
    assert {"name": "used-codesystem", "valueUri": f"{SERVED}|7"} in stored


@pytest.mark.parametrize(
    ("include", "sentence"),
    [
        (filtered("Q99"), "Q99 is no code of invented 2026."),
        (filtered("Q01", "descendent-of"), "example-rash: the filters give no code. Correct them."),
        (filtered("X", system=SERVED), "filters of http://example.org/codes are expanded by a terminology server"),
        (filtered("Q0.*", "regex"), f"filters of {ICD_10_CM} are expanded by a terminology server"),
    ],
)
def test_a_filter_that_cannot_be_expanded_is_told(include, sentence):
    with pytest.raises(TerminologyError) as raised:
        expand(only(topic(include)), means())
    assert sentence in str(raised.value)


def test_codes_without_display_are_refused():
    rows = [{"system": SERVED, "code": "X1"}, {"system": SERVED, "code": "X2", "display": " "}]
    artifact = only(topic(filtered("X", system=SERVED)))
    message = "X1 and 1 more came without display"
    with (
        terminology_server(lambda asked: (200, expansion(rows))) as stub,
        pytest.raises(TerminologyError, match=message),
    ):
        expand(artifact, means(server=Server(stub.url)))
