"""What is written of a syntax tree is the condition again."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cds_service.core.fhirpath.parser import (
    Binary,
    Call,
    Duration,
    Literal,
    Member,
    Number,
    Variable,
    parse_fhirpath,
)
from cds_service.core.fhirpath.unparse import TIGHTNESS, to_text
from tests.core.small_world import conditions

NAMES = st.sampled_from(["code", "value", "birthDate", "memberOf", "where", "x1"])
texts = st.text(st.sampled_from("ab '\"\\n/:|.é\n"), max_size=8)
leaves = st.one_of(
    st.builds(Literal, st.sampled_from([None, True, False]) | texts),
    st.builds(Duration, st.integers(0, 200), st.sampled_from(["year", "month", "day"])),
    st.builds(Number, st.floats(0, 1e20), st.sampled_from(["1", "g/kg", "mL/min/{1.73_m2}", "it's"])),
    st.builds(Variable, NAMES),
    st.builds(Member, st.none(), NAMES),
)


def grown(nodes):
    sources = nodes.filter(lambda node: not (isinstance(node, Member | Call) and node.source is None))
    calls = st.builds(Call, st.none() | sources, NAMES, st.lists(nodes, max_size=2).map(tuple))
    return st.builds(Member, nodes, NAMES) | calls | st.builds(Binary, st.sampled_from(sorted(TIGHTNESS)), nodes, nodes)


@given(st.recursive(leaves, grown, max_leaves=8))
@example(Binary("!=", Literal("\\"), Literal("")))
@example(Binary("!=", Literal("'\\\\"), Literal("\\'")))
def test_a_tree_that_is_written_and_read_is_the_same_tree(node):
    assert parse_fhirpath(to_text(node)) == node


@given(conditions)
def test_a_condition_that_is_read_written_and_read_is_the_same(text):
    node = parse_fhirpath(text)
    assert parse_fhirpath(to_text(node)) == node


def test_every_shipped_condition_is_written_as_it_means(knowledge):
    actions = [action for plan in knowledge.all_plans for action in plan.walk()]
    found = {each.text for action in actions for each in action.conditions}
    assert len(found) > 80
    for text in found:
        node = parse_fhirpath(text)
        assert parse_fhirpath(to_text(node)) == node


@pytest.mark.parametrize(
    "text",
    [
        "a and (b or c)",
        "a and b and c",
        "a and (b and c)",
        "(a or b).not()",
        "(value > 1.5 'mg/dL').empty()",
        "date < %orderDate - 1 year",
        "(a = b) = c",
        "a = (b = c)",
        "iif({}, true, code.memberOf('it\\'s'))",
    ],
)
def test_parentheses_stand_where_they_are_needed(text):
    assert to_text(parse_fhirpath(text)) == text.replace("(a = b) = c", "a = b = c")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"\\", "\\"),
        (r"\'", "'"),
        (r"\u00e9", "é"),
        (r"\t\/\`", "\t/`"),
        (r"\\n", r"\n"),
        (r"\\\'", r"\'"),
        (r"\d", r"\d"),
    ],
)
def test_a_literal_is_read_as_fhirpath_has_it(written, meant):
    assert parse_fhirpath(f"'{written}' ") == Literal(meant)
