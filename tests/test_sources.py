"""The knowledge against its sources, where they are at hand: CDS_TEST_SOURCES names the folder that holds them."""

import csv
import os
import re
from pathlib import Path

import pytest

SOURCES = Path(os.environ.get("CDS_TEST_SOURCES", "no-such-folder"))
RUN = 8
SYSTEMS = {
    "RxNorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "NDC (labeler-product)": "http://hl7.org/fhir/sid/ndc",
    "HCPCS": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "CVX": "http://hl7.org/fhir/sid/cvx",
    "ATC": "http://www.whocc.no/atc",
    "SNOMED CT": "http://snomed.info/sct",
    "ICD-10-CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "ICD-10 WHO": "http://hl7.org/fhir/sid/icd-10",
    "ICD-9-CM": "http://hl7.org/fhir/sid/icd-9-cm",
    "ICD-11": "http://id.who.int/icd/release/11/mms",
    "ORPHA": "http://www.orpha.net",
    "MONDO": "http://purl.obolibrary.org/obo/mondo.owl",
}
pytestmark = pytest.mark.skipif(not SOURCES.is_dir(), reason="CDS_TEST_SOURCES does not name the folder of the sources")


def rows(name: str) -> list[dict[str, str]]:
    with (SOURCES / "terminology" / name).open(newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def codes_of(knowledge, name: str) -> set[tuple[str, str]]:
    value_set = knowledge.terminology.value_sets[f"http://cds-service.example.org/fhir/ValueSet/{name}"]
    return {(code.system, code.code) for code in value_set.names_of}


def all_codes(knowledge) -> set[tuple[str, str]]:
    return {(code.system, code.code) for each in knowledge.terminology.value_sets.values() for code in each.names_of}


def runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}


def test_no_sentence_is_a_papers(knowledge):
    papers = set().union(*(runs(path.read_text()) for path in (SOURCES / "guidelines").glob("*.txt")))
    assert len(papers) > 1000
    for plan in knowledge.all_plans:
        for action in plan.walk():
            texts = [action.title or "", action.description or "", *(note.text for note in action.notes)]
            assert not runs(" ".join(texts)) & papers, plan.id


def test_products_are_those_of_the_table(knowledge):
    fires = codes_of(knowledge, "ivig-intravenous") | codes_of(knowledge, "immunoglobulin-any-route")
    table = [row for row in rows("products.tsv") if row["system"] in SYSTEMS and row["code"]]
    verified = {
        (SYSTEMS[row["system"]], row["code"])
        for row in table
        if row["use"] == "include" and row["status"] == "verified"
    }
    assert fires == verified


def test_every_code_that_fires_alone_is_in_a_set(knowledge):
    table = [row for row in rows("diagnoses.tsv") if row["status"] == "verified"]
    alone = {
        (SYSTEMS[row["system"]], row["code"])
        for row in table
        if row["relation"] in {"exact", "narrower"} and row["system"] in SYSTEMS
    }
    assert len(alone) > 100
    assert alone <= all_codes(knowledge)


def test_what_was_not_verified_is_in_no_set(knowledge):
    table = [row for row in rows("diagnoses.tsv") + rows("products.tsv") if row["code"] and row["system"] in SYSTEMS]
    sound = {(row["system"], row["code"]) for row in table if row["status"] == "verified"}
    unsound = {(row["system"], row["code"]) for row in table} - sound
    assert unsound
    assert not {(SYSTEMS[system], code) for system, code in unsound} & all_codes(knowledge)


def test_codes_seen_in_one_ontology_only_are_in_no_set(knowledge):
    rejected = {
        (SYSTEMS[row["system"]], row["code"])
        for row in rows("rejected_codes.tsv")
        if row["system"] in SYSTEMS and "probably a retired id" in row["why_not_to_use"]
    }
    assert len(rejected) == 9
    assert not rejected & all_codes(knowledge)


def test_no_cpt_code_is_shipped(knowledge):
    cpt = {row["code"] for row in rows("products.tsv") if row["system"] == "CPT"}
    assert cpt
    systems = {system for system, _ in all_codes(knowledge)}
    assert not [system for system in systems if "cpt" in system.lower()]
    of_orders = [codes_of(knowledge, name) for name in ("ivig-intravenous", "immunoglobulin-any-route")]
    assert not cpt & {code for found in of_orders for _, code in found}


def test_every_risk_key_is_built(knowledge):
    with (SOURCES / "clinical" / "keys.tsv").open(newline="") as table:
        named = {row["key"].replace("_", "-") for row in csv.DictReader(table, delimiter="\t") if row["kind"] == "risk"}
    built = {action.risk for plan in knowledge.library.plans.values() for action in plan.walk()}
    assert len(named) > 30
    assert named <= built


def test_no_unverified_risk_code_is_used(knowledge):
    listed = {}
    for row in rows("risks.tsv"):
        if row["system"] in SYSTEMS and row["code"]:
            listed.setdefault((SYSTEMS[row["system"]], row["code"]), set()).add(row["status"])
    unverified = {code for code, states in listed.items() if "verified" not in states}
    assert unverified
    assert not unverified & all_codes(knowledge)
