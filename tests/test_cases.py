"""The golden cases pass, and their format is guarded twice."""

import json
from datetime import date
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from cds_service.cases.read import Case, read_cases
from cds_service.cases.run import check_cases, run_case
from tests.golden import CASES, PROBLEMS

HERE = Path(__file__).parent
SCHEMA = json.loads((HERE / "cases" / "case.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
FIRING = "ivig-order-select/adult-with-cidp-in-icd-10-cm-is-recommended"


def source(name):
    return json.loads((HERE / "cases" / f"{name}.json").read_text())


def names_of_errors():
    return sorted(name for name, case in CASES.items() if case.error)


@pytest.mark.parametrize("name", sorted(CASES))
def test_case(knowledge, name):
    assert run_case(knowledge, name, CASES[name]).differences == []


def test_the_cases_exercise_every_action(knowledge):
    assert PROBLEMS == []
    assert check_cases(knowledge, CASES) == []


def test_every_risk_is_expected_by_a_case_and_left_out_by_another(shipped):
    system = json.loads((shipped.valuesets / "codesystem-risk.json").read_text())
    expected = {key for case in CASES.values() for card in case.cards or () for key in card.warnings}
    assert expected == {concept["code"] for concept in system["concept"]}


def test_titles_and_days_of_the_cases():
    titles = [case.title for case in CASES.values()]
    assert len(set(titles)) == len(titles)
    assert all(title.endswith(".") and len(title) < 200 for title in titles)
    assert all(isinstance(case.today, date) for case in CASES.values())


# The format


def test_every_case_follows_the_schema():
    Draft202012Validator.check_schema(SCHEMA)
    for name in CASES:
        assert [error.message for error in VALIDATOR.iter_errors(source(name))] == [], name


def test_the_schema_closes_every_object_but_those_that_hold_fhir():
    def objects(node):
        if isinstance(node, dict):
            yield from ([node] if node.get("type") == "object" else [])
            for each in node.values():
                yield from objects(each)

    opened = [each["description"] for each in objects(SCHEMA) if each.get("additionalProperties") is not False]
    assert len(opened) == 2
    assert opened[0].startswith("The body of the call")
    assert opened[1].startswith("The part of the action's resource that must be there")


def is_read(changed):
    """Return whether the reader takes a case, as read_cases does."""
    try:
        case = msgspec.json.decode(json.dumps(changed).encode(), type=Case)
    except msgspec.MsgspecError:
        return False
    return (case.cards is None) != (case.error is None)


def at(changed, path):
    for step in path:
        changed = changed[step]
    return changed


LEVELS = {
    "case": (),
    "why": ("why",),
    "card": ("cards", 0),
    "recommendation": ("cards", 0, "recommendations", 0),
    "match": ("cards", 0, "recommendations", 0, "matched", 0),
}
KEYS = [(level, key) for level, path in LEVELS.items() for key in at(source(FIRING), path)]


@pytest.mark.parametrize(("level", "key"), KEYS)
def test_a_misspelt_key_is_refused_by_reader_and_schema(level, key):
    changed = source(FIRING)
    holder = at(changed, LEVELS[level])
    holder[key + "s"] = holder.pop(key)
    assert not is_read(changed)
    assert not VALIDATOR.is_valid(changed)


@pytest.mark.parametrize(("level", "key"), KEYS)
@pytest.mark.parametrize("value", [..., 5, True, None, "text", [], {}, [5], {"x": 1}], ids=str)
def test_reader_and_schema_agree_on_what_they_take(level, key, value):
    changed = source(FIRING)
    holder = at(changed, LEVELS[level])
    if value is ...:
        del holder[key]
    else:
        holder[key] = value
    assert VALIDATOR.is_valid(changed) is is_read(changed)


@pytest.mark.parametrize("today", ["2024-02-29", "2025-02-29", "2026-13-01", "2026-1-1", "22.11.2026", "today", ""])
def test_reader_and_schema_agree_on_days(today):
    changed = source(FIRING) | {"today": today}
    assert VALIDATOR.is_valid(changed) is is_read(changed) is (today == "2024-02-29")


@pytest.mark.parametrize("key", ["status", "mentions", "statuses"])
@pytest.mark.parametrize("value", [..., 400, "400", None, ["x"], [4]], ids=str)
def test_reader_and_schema_agree_on_errors(key, value):
    changed = source(names_of_errors()[0])
    changed["error"].pop(key, None)
    if value is not ...:
        changed["error"][key] = value
    assert VALIDATOR.is_valid(changed) is is_read(changed)


def test_neither_and_both_expectations_are_refused():
    both, neither = source(FIRING) | {"error": {"status": 400}}, source(FIRING)
    del neither["cards"]
    assert [is_read(each) for each in (both, neither)] == [False, False]
    assert [VALIDATOR.is_valid(each) for each in (both, neither)] == [False, False]


def test_unreadable_cases_are_problems(tmp_path):
    folder = tmp_path / "ivig-order-select"
    folder.mkdir()
    (folder / "not-json.json").write_text("{")
    (folder / "misspelt.json").write_text(json.dumps(source(FIRING) | {"slient": []}))
    (folder / "both.json").write_text(json.dumps(source(FIRING) | {"error": {"status": 400}}))
    _, problems = read_cases(tmp_path)
    assert [problem.file for problem in problems] == [
        f"ivig-order-select/{name}.json" for name in ("both", "misspelt", "not-json")
    ]
    _, problems = read_cases(folder)
    assert {problem.reason for problem in problems} == {"a case lies in its service's folder."}
