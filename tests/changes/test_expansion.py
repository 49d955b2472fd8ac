"""Codes that are stored of a filter are told like codes that are listed."""

from dataclasses import replace

from cds_service.changes.artifacts import compare_artifacts
from cds_service.changes.change import Kind
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
