"""What makes large value sets quick to load changes nothing: plain concepts are valid FHIR, duplicates are found."""

import json
from dataclasses import replace

import pytest
from fhir.resources.R4B.valueset import ValueSet
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cds_service.knowledge.load import folder_sources
from cds_service.knowledge.plain import without_plain
from cds_service.knowledge.read import parse_json, to_artifact

HYPOTHESIS = settings(max_examples=400, deadline=None, database=None)
JUNK = st.sampled_from([None, "", 0, True, [], {}, [None], [[]], {"x": 1}, "\x1f", "\u00a0", "\n", " a", "a b", "a  b"])
TEXTS = st.sampled_from(["RASH-1", "Red rash", "é", "http://example.org/codes", "en"]) | st.text(max_size=4) | JUNK


def objects(**parts):
    return st.fixed_dictionaries({}, optional=parts)


USES = objects(system=TEXTS, code=TEXTS, display=TEXTS, version=TEXTS)
DESIGNATIONS = objects(value=TEXTS, language=TEXTS, use=USES | JUNK, extension=JUNK)
CONCEPTS = objects(
    system=TEXTS, code=TEXTS, display=TEXTS, designation=st.lists(DESIGNATIONS, max_size=2) | JUNK, id=TEXTS
)
GOOD = {
    "code": "a",
    "display": "A",
    "designation": [{"value": "b", "use": {"system": "s", "code": "c", "display": "d"}}],
}


def nearly(value, change):
    """Return the values that differ from a good one in one place, there being anything or nothing."""
    if isinstance(value, dict):
        parts = [st.builds(lambda each, n=name: value | {n: each}, nearly(value[name], change)) for name in value]
        left_out = st.sampled_from([{n: each for n, each in value.items() if n != name} for name in value])
        return st.one_of(left_out, change, st.builds(lambda each: value | {"more": each}, change), *parts)
    if isinstance(value, list):
        return st.one_of(change, st.lists(nearly(value[0], change), max_size=2))
    return change


ODD = nearly(GOOD | {"system": "s"}, TEXTS) | nearly(GOOD, TEXTS) | CONCEPTS | JUNK
LISTS = st.lists(ODD, max_size=3) | st.builds(lambda odd: [GOOD, odd], ODD)


def value_set(concepts, contained):
    url = "http://example.org/ValueSet/v"
    compose = {"include": [{"system": "http://example.org/codes", "concept": concepts}]}
    expansion = {"timestamp": "2026-11-22", "contains": contained}
    return {
        "resourceType": "ValueSet",
        "id": "v",
        "url": url,
        "status": "active",
        "compose": compose,
        "expansion": expansion,
    }


def holds_nothing(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is None or value in ([], {}, "") or any(map(holds_nothing, inner))


def is_valid(source):
    """The definition: fhir.resources accepts it, and no element is null or empty."""
    if holds_nothing(source):
        return False
    try:
        ValueSet.model_validate(source)
    except (ValidationError, KeyError, TypeError, AttributeError):
        return False
    return True


@HYPOTHESIS
@given(LISTS, LISTS)
@example([GOOD], [GOOD | {"system": "s"}])
@example([GOOD, GOOD | {"display": "\u00a0"}], [GOOD])
@example([GOOD, GOOD | {"display": ""}], [GOOD])
@example([GOOD, {"display": "without a code"}], [GOOD])
@example([GOOD, GOOD | {"code": "a  b"}], [GOOD])
def test_a_value_set_is_as_valid_without_its_plain_concepts(concepts, contained):
    source = value_set(concepts, contained)
    problems = []
    artifact = to_artifact(source, "v.json", {"ValueSet"}, problems)
    assert artifact.is_valid == is_valid(source) == (problems == [])
    assert is_valid(without_plain(source)) == is_valid(source)


def test_of_plain_concepts_only_the_first_is_looked_at_closely():
    reduced = without_plain(value_set([GOOD] * 9, [GOOD | {"system": "s"}] * 9))
    assert reduced["compose"]["include"][0]["concept"] == [GOOD]
    assert reduced["expansion"]["contains"] == [GOOD | {"system": "s"}]


def test_a_problem_among_many_is_told_with_its_place():
    problems = []
    to_artifact(value_set([GOOD] * 9 + [{"code": "a  b"}], [GOOD]), "v.json", {"ValueSet"}, problems)
    assert [each.path for each in problems] == ["ValueSet.compose.include[0].concept[9].code"]


ELEMENTS = st.text(':"\\ab', max_size=3)
VALUES = st.recursive(ELEMENTS | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=2), max_leaves=3)


@HYPOTHESIS
@given(st.lists(st.tuples(ELEMENTS, VALUES), max_size=4), st.sampled_from([None, "\\u003a", "\\u003A"]))
def test_an_element_that_is_given_twice_is_always_found(pairs, colon):
    text = "{" + ", ".join(f"{json.dumps(name)}\x00 {json.dumps(value)}" for name, value in pairs) + "}"
    raw = (text.replace(":", colon) if colon else text).replace("\x00", " :").encode()
    problems = []
    value = parse_json(raw, "x.json", problems)
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        assert value is None
        assert "is given twice" in problems[0].reason
    else:
        assert (value, problems) == (dict(pairs), [])


@pytest.mark.parametrize(
    "raw", ['\ufeff{"a": 1}'.encode(), '{"a": 1}'.encode("utf-16"), b'{"a": 1e999}', b'{"a": NaN}']
)
def test_what_only_the_standard_library_reads_is_still_read(raw):
    problems = []
    assert list(parse_json(raw, "x.json", problems)) == ["a"]
    assert problems == []


@pytest.mark.parametrize("part", [{"designation": {"value": "x"}}, {"designation": [{"value": "x", "use": [{}]}]}])
def test_one_value_where_a_list_belongs_and_a_list_where_one_belongs_are_not_plain(part):
    rows = [{"code": "A1", "display": "One"}, {"code": "A2", "display": "Two", **part}]
    source = {"resourceType": "ValueSet", "compose": {"include": [{"system": "http://example.org", "concept": rows}]}}
    assert without_plain(source)["compose"]["include"][0]["concept"] == rows


def test_the_digest_of_a_file_is_that_of_its_content(shipped):
    for each in folder_sources(shipped.plandefinitions, shipped.valuesets).artifacts:
        turned = dict(reversed(each.source.items()))
        assert replace(each, source=turned).digest == each.digest
        assert replace(each, source=each.source | {"id": "another"}).digest != each.digest
