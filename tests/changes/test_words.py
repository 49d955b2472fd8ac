"""One kind of change each, and the sentence that a clinician reads of it. Written from docs/authoring.md, by hand."""

import copy

import pytest

from cds_service.changes.artifacts import compare_artifacts
from cds_service.changes.change import Section
from cds_service.knowledge.load import Sources
from cds_service.knowledge.read import Artifact
from tests.changes.lotion import (
    BURN,
    OLD,
    RASH,
    RASH_SET,
    SAFETY,
    SERVICE,
    concepts,
    edited,
    extension,
    flip_stance,
    set_condition,
)

VS = "http://example.org/ValueSet"
RASH_FIRES = f"%problems.where(code.memberOf('{VS}/example-rash')).exists()"
WOUND = f"%problems.where(code.memberOf('{VS}/example-wound')).exists()"
REASON = {
    "url": "http://cds-service.example.org/fhir/StructureDefinition/override-reason",
    "valueCoding": {"system": "http://example.org/reasons", "code": "OTHER", "display": "Another reason"},
}
NOTE = {
    "url": "http://cds-service.example.org/fhir/StructureDefinition/conditional-note",
    "extension": [
        {"url": "condition", "valueExpression": {"language": "text/fhirpath", "expression": RASH_FIRES}},
        {"url": "text", "valueMarkdown": "Test a small spot first."},
    ],
}
RASH_3 = {
    "code": "RASH-3",
    "display": "Example rash of the leg",
    "designation": [{"value": "Leg rash"}, {"value": "Shin spots"}],
}
RISK = {"id": "wet", "title": "wet skin", "priority": "urgent", "description": "Lotion runs off."}


def told(edits, sections=(Section.ADVICE, Section.WORDING)):
    """Return the sentences on the edits, without those on the version and on what is only for readers."""
    return [each.sentence for each in compare_artifacts(OLD, edited(edits)) if each.kind.section in sections]


def first(plan):
    return plan["action"][0]


def dose_of(plan):
    return plan["contained"][0]["dosage"][0]["doseAndRate"][0]["doseQuantity"]


CHANGES = {
    "a code added": (
        {RASH_SET: lambda them: concepts(them).append({"code": "RASH-3", "display": "Example rash of the leg"})},
        ["Code added (http://example.org/codes): RASH-3 Example rash of the leg"],
    ),
    "a code added with names, each of which finds records as well": (
        {RASH_SET: lambda them: concepts(them).append(RASH_3)},
        ["Code added (http://example.org/codes): RASH-3 Example rash of the leg; also: Leg rash; Shin spots"],
    ),
    "a code removed with its names": (
        {RASH_SET: lambda them: concepts(them).pop(0)},
        ["Code removed (http://example.org/codes): RASH-1 Example rash; also: Red spots"],
    ),
    "a code removed": (
        {RASH_SET: lambda them: concepts(them).pop(1)},
        ["Code removed (http://example.org/codes): RASH-2 Example rash of the arm"],
    ),
    "a display": (
        {RASH_SET: lambda them: concepts(them)[1].update(display="Rash of the arm")},
        ["Display of RASH-2 (http://example.org/codes): Example rash of the arm → Rash of the arm"],
    ),
    "a name added": (
        {RASH_SET: lambda them: concepts(them)[0]["designation"].append({"value": "Spots"})},
        ["Name of RASH-1 Example rash (http://example.org/codes) added: Spots"],
    ),
    "a name changed": (
        {RASH_SET: lambda them: concepts(them)[0]["designation"][0].update(value="Spots")},
        [
            "Name of RASH-1 Example rash (http://example.org/codes) removed: Red spots",
            "Name of RASH-1 Example rash (http://example.org/codes) added: Spots",
        ],
    ),
    "a code in another system": (
        {RASH_SET: lambda them: them["compose"]["include"][0].update(system="http://example.org/others")},
        [
            "Code removed (http://example.org/codes): RASH-1 Example rash; also: Red spots",
            "Code removed (http://example.org/codes): RASH-2 Example rash of the arm",
            "Code added (http://example.org/others): RASH-1 Example rash; also: Red spots",
            "Code added (http://example.org/others): RASH-2 Example rash of the arm",
        ],
    ),
    "a meaning": (
        {"CodeSystem/risk": lambda them: them["concept"][0].update(definition="Lotion burns in a wound.")},
        ["Meaning of “example-wound”: Lotion stings in a wound. → Lotion burns in a wound."],
    ),
    "a code of our own": (
        {"CodeSystem/risk": lambda them: them["concept"].append({"code": "wet", "display": "Wet skin"})},
        ["Code of our own added: wet: Wet skin"],
    ),
    "stance": ({RASH: flip_stance}, ["Stance: Recommended → Not recommended", "Direction: for → against"]),
    "evidence class": (
        {RASH: lambda plan: coding(plan, "cqf-qualityOfEvidence").update(code="II")},
        ["Evidence class: Class I → Class II"],
    ),
    "direction": (
        {RASH: lambda plan: coding(plan, "cpg-directionOfRecommendation").update(code="against")},
        ["Direction: for → against"],
    ),
    "evidence from": (
        {RASH: lambda plan: extension(plan, "evidence-from").update(valueCode="example-2030")},
        ["Evidence from: example-2026 → example-2030"],
    ),
    "governing statement": (
        {RASH: lambda plan: plan["relatedArtifact"][0].update(label="example-2030")},
        ["Governing statement: example-2026 → example-2030"],
    ),
    "on unknown": (
        {RASH: lambda plan: extension(plan, "on-unknown").update(valueCode="apply")},
        ["When the data do not decide: it is left out → it applies all the same"],
    ),
    "indicator": (
        {RASH: lambda plan: first(plan).update(priority="stat")},
        ["Indicator: info → critical"],
    ),
    "title": (
        {RASH: lambda plan: first(plan).update(title="Lotion helps")},
        ["Title: Lotion is recommended for example rash: Class I (2026) → Lotion helps"],
    ),
    "text": (
        {RASH: lambda plan: first(plan).update(description="Yes.")},
        [
            "Text: **Lotion is recommended for example rash: Class I (2026).**\n\n"
            "The example statement says so. → Yes.",
        ],
    ),
    "status": ({RASH: lambda plan: plan.update(status="retired")}, ["Status: active (in use) → retired (never fires)"]),
    "what it is about": (
        {RASH: lambda plan: first(plan)["code"][0]["coding"][0].update(code="example-burn")},
        ["What it is about: Example rash → Example burn"],
    ),
    "dose": ({RASH: lambda plan: dose_of(plan).update(value=3)}, ["Dose, in “2 g/kg over 5 days”: 2 g/kg → 3 g/kg"]),
    "time of the doses": (
        {
            RASH: lambda plan: plan["contained"][0]["dosage"][0]["timing"]["repeat"].update(
                duration=1, period=3, periodUnit="wk"
            )
        },
        ["Time of the doses, in “2 g/kg over 5 days”: over 5 days → over 1 day, every 3 weeks"],
    ),
    "a regimen removed": (
        {RASH: lambda plan: plan.pop("contained")},
        ["Regimen removed: 2 g/kg over 5 days; 2 g/kg over 5 days; Example statement, section Lotion"],
    ),
    "an override reason added": (
        {BURN: lambda plan: first(plan)["extension"].append(REASON)},
        ["Override reason added: Another reason (OTHER)"],
    ),
    "a note added": (
        {RASH: lambda plan: first(plan)["extension"].append(NOTE)},
        ["Note added: Test a small spot first."],
    ),
    "data asked for": (
        {SERVICE: lambda plan: first(plan)["input"][1]["extension"][1].update(valueBoolean=False)},
        [
            "Data asked for: conditions = Condition?patient={{context.patientId}} (required) → "
            "conditions = Condition?patient={{context.patientId}} (not required)"
        ],
    ),
    "order of plans": (
        {SERVICE: lambda plan: first(plan)["action"].reverse()},
        [
            "Order in which its parts are asked: example-rash, example-burn, example-safety → "
            "example-safety, example-burn, example-rash"
        ],
    ),
    "a plan no longer asked": (
        {SERVICE: lambda plan: first(plan)["action"].pop(1)},
        ["Part of the plan removed: Lotion is not recommended for example burn: Class II (2026)"],
    ),
    "a risk added": (
        {SAFETY: lambda plan: first(plan)["action"].append(RISK)},
        [
            "Part of the plan added, in “Lotion safety”: wet skin",
            "Indicator, in “wet skin”: none → warning",
            "Title, in “wet skin”: none → wet skin",
            "Text, in “wet skin”: none → Lotion runs off.",
        ],
    ),
    "a suggestion's label": (
        {SAFETY: lambda plan: suggestion(plan).update(title="Drop it")},
        ["Title, in “Drop it”: Remove {{order}} → Drop it"],
    ),
    "the dose check": (
        {SAFETY: lambda plan: part(plan, "tolerance").update(valueDecimal=0.3)},
        ["Dose check, tolerance, in “Lotion dose”: 0.05 → 0.3"],
    ),
}


def coding(plan, name):
    return extension(plan, name)["valueCodeableConcept"]["coding"][0]


def actions(plan):
    waiting = list(plan["action"])
    for each in waiting:
        waiting += each.get("action", [])
    return waiting


def suggestion(plan):
    return next(each for each in actions(plan) if "type" in each)


def part(plan, url):
    found = [each for one in actions(plan) for each in one.get("extension", [])]
    return next(each for one in found for each in one.get("extension", []) if each["url"] == url)


@pytest.mark.parametrize(("edits", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_told_in_words(edits, expected):
    assert told(edits) == expected


CONDITIONS = {
    "an alternative added": (
        f"{RASH_FIRES} or {WOUND}",
        ["Condition, alternative added: a diagnosis in “Wound”"],
    ),
    "a requirement added": (
        f"{RASH_FIRES} and {WOUND}.not()",
        ["Condition, requirement added: no diagnosis in “Wound”"],
    ),
    "another value set": (
        WOUND,
        ["Condition, changed (of: a diagnosis in “Rash”): in “Rash” → in “Wound”"],
    ),
    "a look-alike left out": (
        f"%problems.where(code.memberOf('{VS}/example-rash') and code.memberOf('{VS}/example-wound').not()).exists()",
        ["Condition, requirement added (of: a diagnosis in “Rash”): not in “Wound”"],
    ),
    "turned round": (
        f"{RASH_FIRES}.not()",
        ["Condition, turned into its opposite: a diagnosis in “Rash” → no diagnosis in “Rash”"],
    ),
    "written otherwise": (
        f"({RASH_FIRES})",
        ["Condition written otherwise, and asks the same"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_condition_is_told_by_the_part_that_changed(text, expected):
    assert told({RASH: set_condition(text)}) == expected


def between(old, new):
    """Return the sentences on a plan whose condition was one text and is another."""
    one, other = (edited({RASH: set_condition(each)}) for each in (old, new))
    return [each.sentence for each in compare_artifacts(one, other) if each.kind.section is Section.ADVICE]


def test_an_and_that_became_an_or_is_told():
    assert between(f"{RASH_FIRES} and {WOUND}", f"{RASH_FIRES} or {WOUND}") == [
        "Condition, “and” became “or”: any one of its parts is now enough"
    ]


def test_a_part_of_a_condition_that_is_gone_is_told():
    assert between(f"{RASH_FIRES} or {WOUND}", RASH_FIRES) == ["Condition, alternative removed: a diagnosis in “Wound”"]


def test_a_number_and_a_window_are_told_where_they_stand():
    lab = "%observations.where(code.memberOf('" + VS + "/example-weight') and effective >= %orderDate - {} days)"
    text = lab + ".newest().where(value < {} 'kg').exists() and " + RASH_FIRES
    assert between(text.format(90, 60), text.format(30, 60)) == [
        "Condition, changed (of: a result in “Weight” and date on or after 90 days before the order's date): "
        "date on or after 90 days before the order's date → date on or after 30 days before the order's date"
    ]
    assert between(text.format(90, 60), text.format(90, 45)) == [
        "Condition, changed (of: the newest of a result in “Weight” and date on or after 90 days before the "
        "order's date, and value below 60 kg): value below 60 kg → value below 45 kg"
    ]


def test_the_expressions_themselves_stand_in_the_rest():
    rest = told({RASH: set_condition(WOUND)}, (Section.REST,))
    assert rest == [f"Condition as it stands: {RASH_FIRES} → {WOUND}"]


def test_a_condition_that_is_gone_is_told():
    assert told({RASH: lambda plan: first(plan).pop("condition")}) == ["Condition removed: a diagnosis in “Rash”"]


def test_a_note_whose_condition_changed_is_told():
    one = edited({RASH: lambda plan: first(plan)["extension"].append(NOTE)})
    text = NOTE["extension"][1]
    other_condition = {"url": "condition", "valueExpression": {"language": "text/fhirpath", "expression": WOUND}}
    changed = NOTE | {"extension": [other_condition, text]}
    other = edited({RASH: lambda plan: first(plan)["extension"].append(changed)})
    found = [each.sentence for each in compare_artifacts(one, other) if each.kind.section is Section.ADVICE]
    assert found == ["Condition of a note, changed (of: a diagnosis in “Rash”): in “Rash” → in “Wound”"]


@pytest.mark.parametrize(
    ("artifact", "edit", "version"),
    [
        (RASH_SET, lambda them: concepts(them).pop(), "Version is still 1, although this changed: codes"),
        (RASH, flip_stance, "Version is still 1.0.0, although this changed: stance, direction"),
    ],
)
def test_a_version_that_was_not_bumped_is_warned_of(artifact, edit, version):
    def bumped(source):
        edit(source)
        source["version"] = "2"

    assert told({artifact: edit}, (Section.WARNING,)) == [version]
    assert told({artifact: bumped}, (Section.WARNING,)) == []


def test_what_is_for_readers_needs_no_new_version():
    edits = {RASH_SET: lambda them: them.update(publisher="somebody")}
    assert told(edits, (Section.WARNING,)) == []
    assert told(edits, (Section.REST,)) == ["publisher: somebody"]


def test_a_plan_that_is_new_is_told_whole():
    fewer = Sources(tuple(each for each in OLD.artifacts if each.key != ("PlanDefinition", "example-rash")))
    found = [each.sentence for each in compare_artifacts(fewer, OLD)]
    assert found[0] == "Plan added: Lotion is recommended for example rash: Class I (2026)"
    assert "Stance: none → Recommended" in found
    assert "Condition added: a diagnosis in “Rash”" in found
    assert [each.sentence for each in compare_artifacts(OLD, fewer)] == [
        "Plan removed: Lotion is recommended for example rash: Class I (2026)"
    ]


def without_set(name):
    return Sources(tuple(each for each in OLD.artifacts if each.key != ("ValueSet", name)))


def test_a_value_set_that_is_new_is_told_with_its_codes_and_their_names():
    assert [each.sentence for each in compare_artifacts(without_set("example-rash"), OLD)] == [
        "Value set added: Rash",
        "Code added (http://example.org/codes): RASH-1 Example rash; also: Red spots",
        "Code added (http://example.org/codes): RASH-2 Example rash of the arm",
    ]


def test_a_value_set_that_is_gone_is_told_with_its_codes_and_their_names():
    assert [each.sentence for each in compare_artifacts(OLD, without_set("example-rash"))] == [
        "Value set removed: Rash",
        "Code removed (http://example.org/codes): RASH-1 Example rash; also: Red spots",
        "Code removed (http://example.org/codes): RASH-2 Example rash of the arm",
    ]


def renamed_rash(edit):
    """Return the artifacts with the set of rashes under another id and address, with its codes edited."""
    source = copy.deepcopy(next(each.source for each in OLD.artifacts if each.key == ("ValueSet", "example-rash")))
    source |= {"id": "skin-rash", "url": f"{VS}/skin-rash", "title": "Rash of the skin"}
    edit(concepts(source))
    artifact = Artifact("skin-rash.json", "ValueSet", source, is_valid=True)
    return Sources((*without_set("example-rash").artifacts, artifact))


def test_a_value_set_under_another_name_is_told_with_the_codes_that_differ():
    def edit(rows):
        rows.append({"code": "RASH-4", "display": "Example rash of the back"})
        rows[0]["designation"].pop()

    found = [(each.artifact, each.sentence) for each in compare_artifacts(OLD, renamed_rash(edit))]
    gone, come = "ValueSet/example-rash", "ValueSet/skin-rash"
    expected = [
        (gone, "Value set removed (probably renamed: it is skin-rash now, and what differs is told there): Rash"),
        (
            come,
            "Value set added (probably renamed: it was example-rash, and 2 code(s) are the same): Rash of the skin",
        ),
        (come, "Code added (http://example.org/codes): RASH-4 Example rash of the back"),
        (come, "Name of RASH-1 Example rash (http://example.org/codes) removed: Red spots"),
    ]
    assert found == expected


def test_a_value_set_of_other_codes_is_no_other_name():
    def edit(rows):
        rows[1:] = [{"code": "X-1", "display": "One"}]

    said = [each.sentence for each in compare_artifacts(OLD, renamed_rash(edit))]
    assert not any("renamed" in each for each in said)
    assert "Code removed (http://example.org/codes): RASH-2 Example rash of the arm" in said
    assert "Code added (http://example.org/codes): RASH-1 Example rash; also: Red spots" in said


def test_a_code_system_is_called_by_its_naming_system(shipped):
    from cds_service.changes.names import names_of
    from cds_service.knowledge.load import folder_sources

    names = names_of(folder_sources(shipped.plandefinitions, shipped.valuesets).artifacts)
    assert names.system("urn:oid:2.16.840.1.113883.6.90") == "ICD10CM"


def test_the_most_dangerous_comes_first():
    edits = {
        RASH: lambda plan: (plan.update(publisher="somebody"), first(plan).update(title="Lotion"), flip_stance(plan))
    }
    kinds = [each.kind.label for each in compare_artifacts(OLD, edited(edits))]
    assert kinds == ["warning", "stance", "direction", "wording", "other"]
