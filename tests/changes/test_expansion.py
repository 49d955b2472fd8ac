"""Codes that are stored of a filter are told like codes that are listed."""

from dataclasses import replace

from cds_service.changes.artifacts import compare_artifacts
from cds_service.changes.change import Kind, Section
from cds_service.knowledge.load import Sources
from tests.changes.lotion import OLD

SYSTEM = "http://example.org/codes"


def expanded(*codes):
    """Return the lotion's artifacts with the set of rashes expanded to these codes."""

    def change(artifact):
        if artifact.key != ("ValueSet", "example-rash"):
            return artifact
        rows = [{"system": SYSTEM, "code": each, "display": f"Rash {each}"} for each in codes]
        return replace(artifact, source=artifact.source | {"expansion": {"total": len(rows), "contains": rows}})

    return Sources(tuple(change(each) for each in OLD.artifacts))


def codes_told(old, new):
    return [(each.what, each.old, each.new) for each in compare_artifacts(old, new) if each.kind == Kind.CODES]


def test_a_code_that_came_and_one_that_went_are_told_as_codes():
    told = codes_told(expanded("A1", "A2"), expanded("A2", "A3"))
    assert told == [
        (f"Code removed ({SYSTEM})", "A1 Rash A1", None),
        (f"Code added ({SYSTEM})", None, "A3 Rash A3"),
    ]


def test_codes_that_only_change_places_are_not_overlooked():
    assert compare_artifacts(expanded("A1", "A2"), expanded("A2", "A1"))


def described(display="Example rash", source="release 2026", also=()):
    """Return the lotion's artifacts with the set of rashes described by a filter, its two codes stored of it."""
    rows = [("RASH-1", display), ("RASH-2", "Example rash of the arm"), *also]
    parameter = [{"name": "source", "valueString": source}, {"name": "compose-digest", "valueString": "0"}]
    contains = [{"system": SYSTEM, "code": code, "display": each} for code, each in rows]
    expansion = {"timestamp": "2026-11-22", "total": len(rows), "parameter": parameter, "contains": contains}
    filters = [{"property": "concept", "op": "is-a", "value": "RASH"}]
    given = {"compose": {"include": [{"system": SYSTEM, "filter": filters}]}, "expansion": expansion}
    return changed(given)


def changed(given):
    def change(artifact):
        is_rash = artifact.key == ("ValueSet", "example-rash")
        return replace(artifact, source=artifact.source | given) if is_rash else artifact

    return Sources(tuple(change(each) for each in OLD.artifacts))


def advice_told(old, new):
    return [each.sentence for each in compare_artifacts(old, new) if each.kind.section is Section.ADVICE]


FORM = [
    "2 code(s) that stay are given otherwise: listed → of a filter, from the stored expansion",
    f"Filter added: {SYSTEM}: concept is-a RASH",
    "Stored expansion made from: release 2026",
]


def test_codes_that_were_listed_and_are_stored_now_are_the_same_codes():
    """The name that the list had is gone with it, and is told: it found records."""
    assert advice_told(OLD, described()) == [
        *FORM,
        f"Name of RASH-1 Example rash ({SYSTEM}) removed: Red spots",
    ]


def test_what_does_differ_between_a_list_and_an_expansion_is_told():
    told = advice_told(OLD, described("Rash", also=[("RASH-3", "Rash of the leg")]))
    assert f"Code added ({SYSTEM}): RASH-3 Rash of the leg" in told
    assert f"Display of RASH-1 ({SYSTEM}): Example rash → Rash" in told
    assert not any("Code removed" in each for each in told)


def test_a_code_that_the_list_names_is_not_told_a_second_time_of_the_expansion():
    """A code in both is called as the list says: it changes nothing that the expansion has it as well."""
    filters = {"system": SYSTEM, "filter": [{"property": "concept", "op": "is-a", "value": "RASH"}]}
    listed = {"system": SYSTEM, "concept": [{"code": "RASH-2", "display": "Arm"}]}
    both = {"compose": {"include": [listed, filters]}, "expansion": {"contains": []}}
    row = {"system": SYSTEM, "code": "RASH-2", "display": "Example rash of the arm"}
    again = both | {"expansion": {"contains": [row]}}
    assert advice_told(changed(both), changed(again)) == []
    rest = [each.sentence for each in compare_artifacts(changed(both), changed(again))]
    assert rest == ["1 code(s) that the list has stand otherwise in the expansion"]


def test_an_expansion_of_another_release_tells_its_source():
    told = advice_told(described(), described(source="release 2027"))
    assert told == ["Stored expansion made from: release 2026 → release 2027"]


def test_a_filter_of_another_system_is_told():
    other = described()
    edited = [each for each in other.artifacts if each.key == ("ValueSet", "example-rash")]
    (artifact,) = edited
    includes = [artifact.source["compose"]["include"][0] | {"system": "http://example.org/others"}]
    new = changed(artifact.source | {"compose": {"include": includes}})
    assert advice_told(other, new) == [
        f"Filter: {SYSTEM}: concept is-a RASH → http://example.org/others: concept is-a RASH"
    ]
