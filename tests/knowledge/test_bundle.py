"""One Bundle holds all artifacts: the same bytes for the same artifacts, and the same knowledge as the folders."""

import json
from dataclasses import replace

import pytest

from cds_service.errors import KnowledgeError
from cds_service.knowledge.bundle import to_bundle
from cds_service.knowledge.load import build_knowledge, bundle_sources, folder_sources


@pytest.fixture(scope="module")
def sources(shipped):
    return folder_sources(shipped.plandefinitions, shipped.valuesets)


def problems_of(raw):
    with pytest.raises(KnowledgeError) as raised:
        build_knowledge(bundle_sources(raw, "b.json"))
    return [str(each) for each in raised.value.problems]


@pytest.mark.parametrize("kind", ["collection", "transaction"])
def test_a_bundle_makes_the_knowledge_of_its_folders(sources, knowledge, kind):
    assert build_knowledge(bundle_sources(to_bundle(sources.artifacts, kind), "b.json")).digest == knowledge.digest


def test_the_same_artifacts_make_the_same_bytes_in_whatever_order(sources):
    assert to_bundle(reversed(sources.artifacts)) == to_bundle(sources.artifacts)


def test_a_transaction_puts_each_resource_to_its_id(sources):
    bundle = json.loads(to_bundle(sources.artifacts, "transaction"))
    puts = [(each["request"], each["resource"]) for each in bundle["entry"]]
    assert len(puts) == len(sources.artifacts)
    for request, resource in puts:
        assert request == {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}


@pytest.mark.parametrize("raw", [b"[]", b"{}", b'{"resourceType": "Bundle", "type": "searchset", "entry": []}', b"5"])
def test_what_is_no_bundle_of_artifacts_is_refused(raw):
    reason = "not a Bundle of type collection or transaction with entries."
    assert problems_of(raw) == [f"b.json: -: {reason} Fix: make one with: cds-service bundle."]


def test_every_entry_that_cannot_be_read_is_named():
    entries = [5, {"resource": {"resourceType": ["x"]}}, {"resource": {"resourceType": "Patient", "id": "p"}}, {}]
    entries.append({"resource": {"resourceType": "ValueSet", "id": "v", "url": "x", "status": "active"}})
    found = problems_of(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode())
    assert [each.partition(": Fix")[0].split(" ")[0] for each in found] == [
        "Patient/p:",
        "ValueSet/v:",
        "b.json#entry[0]:",
        "b.json#entry[1]:",
        "b.json#entry[3]:",
    ]


def test_two_resources_of_one_id_are_told_apart_by_their_urls(sources):
    (disorders,) = (each for each in sources.artifacts if each.key == ("CodeSystem", "disorder"))
    url = "http://other.example.org/fhir/CodeSystem/disorder"
    other = replace(disorders, source={**disorders.source, "url": url})
    fix = "Fix: give each artifact of a type its own id, and name the file after it."
    assert problems_of(to_bundle([*sources.artifacts, other])) == [
        f"CodeSystem/disorder: CodeSystem.id: CodeSystem/disorder ({each}) has the same id. {fix}"
        for each in (disorders.source["url"], url)
    ]


def test_an_empty_bundle_says_that_nothing_is_there():
    found = problems_of(b'{"resourceType": "Bundle", "type": "collection", "entry": []}')
    assert found == ["-: -: there are no plans, or no value sets. Fix: give PlanDefinitions and ValueSets."]
