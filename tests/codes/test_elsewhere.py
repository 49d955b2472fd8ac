"""codes add: what the new concept shares with other value sets is told, and is no reason to refuse it."""

import json

import pytest

from tests.codes.lines import changed_lines

FIRES = "    alone: example-rash 1.0.0, recommend: recommended, Class I"
NAMED = "a record that has only this name will count here and there."
NDC = "http://hl7.org/fhir/sid/ndc"


@pytest.fixture
def add(place):
    """A function that adds a code to the set of wounds, and returns what is said beside the diff."""

    def add(code, display, *designations, system="codes"):
        before = place.path("example-wound").read_bytes()
        names = [word for each in designations for word in ("--designation", each)]
        result = place.run("add", "example-wound", "--system", system, "--code", code, "--display", display, *names)
        assert result.exit_code == 0
        assert changed_lines(before, place.path("example-wound").read_bytes()) != ([], [])
        *notes, written = result.stderr.splitlines()
        assert written == "Written: valuesets/example-wound.json"
        return notes

    return add


def test_a_code_of_another_set_is_told_with_what_it_is_called_and_fires_there(add):
    assert add("RASH-1", "Sore skin") == [
        "Note: the code RASH-1 is in use already; a record with it will count here and there.",
        "  in example-rash 1, Rash, as RASH-1  Example rash",
        FIRES,
        "  More: cds-service codes find RASH-1",
    ]


def test_of_a_set_that_has_the_code_its_names_are_not_told(add):
    assert len(add("RASH-1", "Example rash", "Red spots")) == 4


@pytest.mark.parametrize("names", [("RED spots.", "Sore"), ("Sore", "Red, SPOTS")])
def test_a_display_or_designation_of_another_set_is_told_however_it_is_written(add, names):
    shared = next(each for each in names if each != "Sore")
    assert add("SORE-1", *names) == [
        f"Note: the name {shared!r} is in use already; {NAMED}",
        "  in example-rash 1, Rash, as RASH-1  Example rash",
        FIRES,
        f"  More: cds-service codes find '{shared}'",
    ]


def test_a_name_is_looked_up_without_what_kind_it_is_of(add):
    note, *_ = add("SORE-1", "Red spots (disorder)")
    assert note == f"Note: the name 'Red spots' is in use already; {NAMED}"


def test_a_name_that_is_shared_with_and_without_its_kind_is_told_once(place, add):
    path = place.path("example-rash")
    path.write_text(path.read_text().replace('"Red spots"', '"Red spots (disorder)"'))
    note, *rest = add("SORE-1", "Red spots (disorder)", "Red spots")
    assert note == f"Note: the name 'Red spots (disorder)' is in use already; {NAMED}"
    assert len(rest) == 3


def test_each_shared_name_is_told_with_the_concept_that_has_it(add):
    said = add("SORE-1", "Example rash", "Example rash of the arm")
    assert [line for line in said if line.startswith("  in")] == [
        "  in example-rash 1, Rash, as RASH-1  Example rash",
        "  in example-rash 1, Rash, as RASH-2  Example rash of the arm",
    ]


def test_every_set_that_has_it_is_told(place, add):
    source = json.loads(place.path("example-rash").read_text())
    system = source["compose"]["include"][0]["system"]
    for name, shown in (("example-height", "Red  spots"), ("example-weight", "Spots")):
        path = place.path(name)
        other = json.loads(path.read_text())
        other["compose"]["include"].append({"system": system, "concept": [{"code": "SORE-1", "display": shown}]})
        path.write_text(json.dumps(other))
    said = add("SORE-1", "Red spots")
    assert [line.split(",")[0] for line in said if line.startswith(("Note", "  in"))] == [
        "Note: the code SORE-1 is in use already; a record with it will count here and there.",
        "  in example-height 1",
        "  in example-weight 1",
        f"Note: the name 'Red spots' is in use already; {NAMED}",
        "  in example-rash 1",
    ]


def test_a_drug_code_is_the_same_however_it_is_written(place, add):
    path = place.path("example-lotion")
    source = json.loads(path.read_text())
    source["compose"]["include"].append({"system": NDC, "concept": [{"code": "0944-2700", "display": "Lotion"}]})
    path.write_text(json.dumps(source))
    _, held, *_ = add("00944-2700", "Sore lotion", system=NDC)
    assert held.endswith("as 0944-2700  Lotion")


def test_what_no_other_set_has_is_added_without_a_note(add):
    assert add("SORE-1", "Sore skin", "Sore") == []


def test_a_name_of_another_code_of_the_same_set_is_no_matter(add):
    assert add("WOUND-2", "Open wound") == []


def test_a_name_within_a_name_is_no_matter(add):
    assert add("SORE-1", "Red spots on a sore") == []


def test_a_dry_run_tells_it_before_anything_is_written(place):
    words = ("example-wound", "--system", "codes", "--code", "RASH-1", "--display", "Sore", "--dry-run")
    assert "Note: the code RASH-1 is in use already" in place.refused("add", *words, code=0)


def test_removing_what_another_set_has_needs_no_note(place, add):
    add("RASH-1", "Sore skin")
    assert place.run("remove", "example-wound", "RASH-1").stderr == "Written: valuesets/example-wound.json\n"


def test_what_is_shared_already_is_not_told_again(add):
    assert add("RASH-1", "Sore skin")
    assert add("SORE-1", "Sore") == []
