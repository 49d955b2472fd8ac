"""Value sets carry the notices that their code systems ask for."""

import json

NOTICES = {
    "http://snomed.info/sct": "SNOMED",
    "http://loinc.org": "LOINC",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "National Library of Medicine",
    "http://hl7.org/fhir/sid/icd-10": "World Health Organization",
    "http://www.whocc.no/atc": "Collaborating Centre for Drug Statistics",
    "http://www.orpha.net": "Orpha",
}


def test_every_value_set_carries_the_notices_of_its_code_systems(shipped):
    systems = set()
    for path in shipped.valuesets.glob("*.json"):
        artifact = json.loads(path.read_text())
        for include in artifact.get("compose", {}).get("include", []):
            systems.add(include["system"])
            notice = NOTICES.get(include["system"], "")
            assert artifact.get("copyright"), path.name
            assert notice.casefold() in artifact["copyright"].casefold(), f"{path.name}: {notice}"
    assert set(NOTICES) <= systems
