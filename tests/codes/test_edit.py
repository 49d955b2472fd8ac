"""codes add, codes remove: the lines they change, and all that they refuse; a refusal writes nothing."""

import json
import stat
from datetime import date

import pytest
from click.testing import CliRunner

from cds_service.__main__ import main
from cds_service.codes.change import Change, write_changes
from cds_service.codes.edit import renewed, with_concept, without_concept
from cds_service.codes.sets import open_set, value_sets
from cds_service.codes.systems import Systems, systems_of
from cds_service.errors import EditError
from tests.codes.lines import changed_lines

ADD = ("add", "example-rash", "--system", "codes", "--code", "RASH-3", "--display", "Rash of the leg")
REMOVE = ("remove", "example-rash", "RASH-2")
RASH, NDC = "http://example.org/codes", "http://hl7.org/fhir/sid/ndc"


def change(path, edit):
    source = json.loads(path.read_text())
    edit(source)
    path.write_text(json.dumps(source, indent=2, ensure_ascii=False) + "\n")


def includes(source):
    return source["compose"]["include"]


def test_add_changes_the_lines_of_one_concept_and_the_version(place):
    before = place.path("example-rash").read_bytes()
    others = {name: raw for name, raw in place.tree().items() if not name.endswith("example-rash.json")}
    result = place.run(*ADD, "--designation", "Spots on the leg", "--language", "en")
    assert result.exit_code == 0
    gone, new = changed_lines(before, place.path("example-rash").read_bytes())
    assert gone == ['  "version": "1",']
    assert [line.strip() for line in new] == [
        '"version": "2",',
        "},",
        "{",
        '"code": "RASH-3",',
        '"display": "Rash of the leg",',
        '"designation": [',
        "{",
        '"value": "Spots on the leg",',
        '"language": "en"',
        "}",
        "]",
    ]
    assert [f"+{line}" in result.output for line in new] == [True] * len(new), "the diff that is printed"
    assert {name: raw for name, raw in place.tree().items() if not name.endswith("example-rash.json")} == others


def test_remove_takes_the_lines_of_one_concept(place):
    before = place.path("example-rash").read_bytes()
    assert place.run("remove", "example-rash", "RASH-1").exit_code == 0
    gone, new = changed_lines(before, place.path("example-rash").read_bytes())
    assert new == ['  "version": "2",']
    assert '            "code": "RASH-1",' in gone
    assert len(gone) == 10


def test_a_dry_run_shows_the_diff_and_writes_nothing(place):
    assert '+            "code": "RASH-3",' in place.refused(*ADD, "--dry-run", code=0)


def test_the_date_is_changed_where_there_is_one(place):
    change(place.path("example-rash"), lambda source: source.update(date="2020-01-01"))
    place.run(*ADD, "--date", "2026-11-22")
    assert json.loads(place.path("example-rash").read_text())["date"] == "2026-11-22"


@pytest.mark.parametrize(
    ("version", "next_one"),
    [
        ("2026.1", "2026.2"),
        ("2026.9", "2026.10"),
        ("2026.01", "2026.02"),
        ("1", "2"),
        ("1.0.9", "1.0.10"),
        ("v3-draft", "v4-draft"),
    ],
)
def test_the_last_number_of_the_version_is_counted_up(version, next_one):
    assert renewed("f", {"version": version}, date(2026, 1, 1)) == {"version": next_one}


def test_a_new_system_makes_an_include_and_the_last_code_takes_it_away(place):
    change(place.path("units"), lambda source: source.update(version="7"))
    before = place.path("example-rash").read_bytes()
    added = place.run("add", "example-rash", "--system", "http://unitsofmeasure.org", "--code", "g", "--display", "x")
    assert added.exit_code == 0
    assert includes(json.loads(place.path("example-rash").read_text()))[1] == {
        "system": "http://unitsofmeasure.org",
        "concept": [{"code": "g", "display": "x"}],
    }
    assert place.run("remove", "example-rash", "g").exit_code == 0
    assert changed_lines(before, place.path("example-rash").read_bytes()) == (
        ['  "version": "1",'],
        ['  "version": "3",'],
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({1: "example-rush"}, "example-rush: -: there is no such value set. Fix: give an id, such as example-rash"),
        ({1: "Rahs"}, "such as example-rash"),
        ({1: "zzzzzzzz"}, "codes export lists them all"),
        (
            {3: "cods"},
            "cods: no value set draws from this system. Fix: use one that is in use or has a NamingSystem: http",
        ),
        ({5: "RASH-1"}, "RASH-1: is in the set already. Fix: it is there as 'Example rash'"),
        ({5: " RASH-3"}, "' RASH-3' is no code of http://example.org/codes."),
        ({5: ""}, "'' is no code of"),
        ({7: "  "}, "RASH-3: the display is empty."),
    ],
)
def test_what_cannot_be_added_is_refused(place, arguments, told):
    words = [arguments.get(i, word) for i, word in enumerate(ADD)]
    assert told in place.refused(*words)


@pytest.mark.parametrize(
    ("names", "idle"),
    [
        (["rash of the LEG."], "'rash of the LEG.' is read as 'Rash of the leg'"),
        (["Spots", "Spots"], "'Spots' is read as 'Spots'"),
        (["Häutchen-Rötung", "hautchen rotung"], "'hautchen rotung' is read as 'Häutchen-Rötung'"),
    ],
)
def test_a_designation_that_is_read_as_another_name_is_refused(place, names, idle):
    said = place.refused(*ADD, *(word for name in names for word in ("--designation", name)))
    assert f"RASH-3: the designation {idle} is, and adds nothing. Fix: leave it out." in said
    assert said.endswith("1 problem(s).\n")


def test_a_designation_may_be_the_display_without_what_kind_it_is_of(place):
    """A record's own name is looked up as it stands in some places, and without its kind in others."""
    words = (*ADD[:-1], "Rash of the leg (disorder)", "--designation", "Rash of the leg")
    assert place.run(*words).exit_code == 0


def test_designations_of_units_are_told_apart_as_units_are(place):
    """Punctuation makes another unit, and so another spelling of one; white space and case do not."""
    words = ("add", "units", "--system", "unitsofmeasure.org", "--code", "mg/kg", "--display", "mg per kg")
    assert "'MG per KG' is read as 'mg per kg' is" in place.refused(*words, "--designation", "MG per KG")
    assert place.run(*words, "--designation", "mg.kg", "--designation", "mg-kg").exit_code == 0


def test_a_language_without_a_designation_is_refused(place):
    said = place.refused(*ADD, "--language", "en", code=2)
    assert "--language is that of designations: give --designation as well, or leave it out." in said


def test_an_empty_language_is_refused(place):
    said = place.refused(*ADD, "--designation", "Spots", "--language", "")
    assert "designation[0].language: not valid FHIR R4: null or empty." in said


UNFIT = [
    ("Two\nlines", "the text has several lines. Fix: write it in one line."),
    ("Two\u2028lines", "the text has several lines. Fix: write it in one line."),
    ("A\x00b", "the text holds a character that is not seen (U+0000). Fix: write it anew."),
    ("A\tb", "the text holds a character that is not seen (U+0009). Fix: write it anew."),
    ("So\u00adft", "the text holds a character that is not seen (U+00AD). Fix: write it anew."),
    ("\ufeffMark", "the text holds a character that is not seen (U+FEFF). Fix: write it anew."),
    ("x" * 2001, "the text has 2001 characters, and of a record no more than 2000 are read. Fix: shorten it."),
]


@pytest.mark.parametrize(("text", "told"), UNFIT)
def test_names_and_codes_that_hold_what_nobody_sees_are_refused(place, text, told):
    assert f": {told}" in place.refused(*ADD[:-1], text)
    assert f": {told}" in place.refused(*ADD, "--designation", text)
    assert f": {told}" in place.refused(*ADD[:4], "--code", text, "--display", "Rash")


def test_a_name_of_the_longest_length_is_taken(place):
    assert place.run(*ADD[:-1], "x" * 2000).exit_code == 0


def test_spaces_around_names_and_spaces_that_do_not_break_are_made_plain(place):
    assert place.run(*ADD[:-1], "Rash\u00a0of the leg ", "--designation", " Leg\u202frash").exit_code == 0
    *_, added = includes(json.loads(place.path("example-rash").read_text()))[0]["concept"]
    assert added == {"code": "RASH-3", "display": "Rash of the leg", "designation": [{"value": "Leg rash"}]}


def test_a_code_with_a_space_that_does_not_break_is_refused(place):
    assert ": the text holds a character that is not seen (U+00A0)." in place.refused(*ADD[:5], "RASH\u00a03", *ADD[6:])


def test_a_code_in_small_letters_is_noted_where_all_others_are_in_capitals(place):
    """Codes are compared as they are written."""
    result = place.run(*ADD[:5], "rash-3", *ADD[6:])
    assert result.exit_code == 0
    assert (
        "Note: rash-3 is in small letters, and all other codes of http://example.org/codes that have letters are in "
        "capitals. Records with RASH-3 will not count."
    ) in result.stderr.splitlines()
    assert "small letters" not in place.run(*ADD[:5], "rash-4", *ADD[6:]).stderr, "there is one in small letters now"


def test_codes_of_a_system_without_letters_or_with_small_ones_are_not_noted(place):
    for name, code in (("units", "mmol"), ("example-rash", "12345")):
        system = "unitsofmeasure.org" if name == "units" else "codes"
        words = ("add", name, "--system", system, "--code", code, "--display", f"Display {code}")
        assert "small letters" not in place.run(*words).stderr


def test_all_reasons_are_given_at_once(place):
    said = place.refused(*ADD[:4], "--code", "RASH-1", "--display", "", "--designation", "--", "--designation", "!")
    assert said.endswith("4 problem(s).\n")


def test_a_drug_code_that_is_none_is_refused(sources):
    systems = systems_of(sources.terms)
    source = value_sets(sources)["immunoglobulin-excluded"].source
    with pytest.raises(EditError, match=rf"'1234' is no code of {NDC}"):
        with_concept("f", source, "NDC", {"code": "1234", "display": "x"}, systems)


@pytest.mark.parametrize(
    "name", ["icd-10-cm", "ICD10CM", "icd10cm", "http://hl7.org/fhir/sid/icd-10-us", "urn:oid:2.16.840.1.113883.6.90"]
)
def test_a_system_may_be_called_by_its_short_names_and_identifiers(sources, name):
    assert systems_of(sources.terms).resolve(name) == "http://hl7.org/fhir/sid/icd-10-cm"


def test_a_short_name_of_two_systems_is_none(topic_sources, place):
    change(place.path("example-burn"), lambda source: includes(source)[0].update(system="http://example.com/codes"))
    assert "no value set draws from this system" in place.refused(*ADD)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("example-rash", "RASH-9"),
            "RASH-9: this code is not in the set. Fix: look for it with: cds-service codes find.",
        ),
        (
            ("example-rash", "RASH-1", "--system", "http://unitsofmeasure.org"),
            "this code is not in the set in that system.",
        ),
        (("example-rash", "RASH-1", "--system", "nowhere"), "this code is not in the set in that system."),
        (("example-burn", "BURN-1"), "not valid FHIR R4: null or empty."),
    ],
)
def test_what_cannot_be_removed_is_refused(place, arguments, told):
    assert told in place.refused("remove", *arguments)


def test_a_code_of_two_systems_is_removed_from_the_one_that_is_named(place):
    other = {"system": "http://unitsofmeasure.org", "concept": [{"code": "RASH-2", "display": "Rash"}]}
    change(place.path("example-rash"), lambda source: includes(source).append(other))
    assert "say which with --system" in place.refused("remove", "example-rash", "RASH-2")
    assert place.run("remove", "example-rash", "RASH-2", "--system", "unitsofmeasure.org").exit_code == 0
    assert len(includes(json.loads(place.path("example-rash").read_text()))) == 1


def test_a_version_without_a_number_is_refused(place):
    change(place.path("example-rash"), lambda source: source.update(version="latest"))
    assert "'latest' has no number to count up. Fix: give it a version such as 2026.1." in place.refused(*ADD)


def test_an_expanded_set_is_not_edited_here(place):
    source = json.loads(place.path("example-rash").read_text()) | {"expansion": {"timestamp": "2026-01-01"}}
    for edit, what in ((with_concept, {"code": "RASH-3", "display": "x"}), (without_concept, "RASH-1")):
        with pytest.raises(EditError, match=r"this set is expanded.*codes expand"):
            edit("f", source, RASH, what, Systems(frozenset({RASH}), {}))


def test_an_edit_that_breaks_a_rule_across_artifacts_is_refused_with_all_problems(place):
    """One code in two sets of opposite direction; the check of the whole knowledge finds it."""
    words = ["add", "example-rash", "--system", "codes", "--code", "BURN-1", "--display", "Example burn"]
    said = place.refused(*words)
    assert "http://example.org/codes#BURN-1 alone fires this plan and" in said


def test_what_is_wrong_already_is_told_first(place):
    place.path("example-burn").write_text("{")
    assert "valuesets/example-burn.json: -: not readable as JSON" in place.refused(*ADD)


def test_two_sets_of_one_id_are_told_as_such(place):
    """An edit of one of them must not take the place of the other, which would then seem to have its url, too."""
    more = place.folder / "valuesets" / "more" / "example-rash.json"
    more.parent.mkdir()
    url = "http://other.example.org/ValueSet/example-rash"
    path = place.path("example-rash")
    more.write_text(path.read_text().replace("http://example.org/ValueSet/example-rash", url))
    for said in (place.refused("find", "RASH-1"), place.refused(*REMOVE)):
        assert (
            f"valuesets/example-rash.json: ValueSet.id: valuesets/more/example-rash.json ({url}) has the same id."
            in said
        )
        assert "another file has the same url" not in said


def test_a_file_formatted_by_hand_is_refused(place):
    path = place.path("example-rash")
    path.write_text(path.read_text().replace('  "id"', '"id"'))
    assert "formatted by hand" in place.refused(*ADD)


def test_a_bundle_is_not_edited():
    for command in (ADD, ("remove", "x", "y"), ("import", __file__)):
        result = CliRunner().invoke(main, ["codes", *command, "--bundle", "b.json"])
        assert result.exit_code == 2
        assert "Codes are edited in folders, not in a Bundle" in result.output


def test_mode_and_link_of_a_file_are_kept_and_nothing_is_left_beside_it(place, tmp_path):
    path = place.path("example-rash")
    real = tmp_path / "elsewhere.json"
    path.rename(real)
    path.symlink_to(real)
    real.chmod(0o640)
    names = {*place.tree()}
    assert place.run(*ADD).exit_code == 0
    assert path.is_symlink()
    assert b"RASH-3" in real.read_bytes()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert {*place.tree()} == names
    assert [*tmp_path.glob(".*")] == []


def changes_of(place, topic_sources, *names):
    files = [open_set(place.folder / "valuesets", value_sets(topic_sources)[name]) for name in names]
    return [Change(each, {**each.source, "version": "9"}) for each in files]


def test_a_file_that_someone_changed_meanwhile_is_not_overwritten(place, topic_sources):
    changes = changes_of(place, topic_sources, "example-burn", "example-rash")
    place.path("example-rash").write_text("{}")
    before = place.tree()
    with pytest.raises(EditError, match=r"example-rash.json: -: the file was changed meanwhile; nothing was written."):
        write_changes(changes)
    place.path("example-rash").unlink()
    with pytest.raises(EditError, match="changed meanwhile"):
        write_changes(changes)
    place.path("example-rash").write_text("{}")
    assert place.tree() == before


def test_when_one_file_cannot_be_written_none_is(place, topic_sources):
    changes = changes_of(place, topic_sources, "example-burn", "example-rash")
    (place.folder / "valuesets" / ".example-rash.json.new").mkdir()
    before = place.tree()
    with pytest.raises(EditError, match=r"cannot be written \(IsADirectoryError\); written: nothing\."):
        write_changes(changes)
    assert place.tree() == before


@pytest.mark.parametrize("name", ["mmn", "look-alike", "immunoglobulin-excluded", "units", "cidp", "positive-wording"])
def test_of_a_shipped_set_exactly_the_lines_of_the_concept_differ(sources, shipped, name):
    systems = systems_of(sources.terms)
    written = open_set(shipped.valuesets, value_sets(sources)[name])
    system = includes(written.source)[0]["system"]
    concept = {"code": "99999-1234", "display": "A ü display"}
    today = date(2027, 1, 2)
    added = renewed("f", with_concept("f", written.source, system, concept, systems), today)
    year, _, number = written.source["version"].partition(".")
    version = f"{year}.{int(number) + 1}"
    gone, new = changed_lines(written.raw, Change(written, added).after)
    assert [line.strip() for line in gone] == [f'"version": "{year}.{number}",', f'"date": "{written.source["date"]}",']
    assert [line.strip() for line in new] == [
        f'"version": "{version}",',
        '"date": "2027-01-02",',
        "},",
        "{",
        '"code": "99999-1234",',
        '"display": "A ü display"',
    ]
    back = without_concept("f", added, system, concept["code"], systems)
    assert Change(written, {**back, "version": f"{year}.{number}", "date": written.source["date"]}).after == written.raw
