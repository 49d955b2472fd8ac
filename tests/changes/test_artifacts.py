"""Whatever differs between two sets of artifacts is told; what is the same is not."""

import copy
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.changes.artifacts import compare_artifacts
from cds_service.changes.change import Kind
from cds_service.knowledge.load import Sources, folder_sources
from tests.knowledge.test_any_artifact import changed, places

pytestmark = pytest.mark.usefixtures("unmeasured")

OTHER = [..., None, [], {}, "", "x", 1, 1.0, True, 0, False, [[]], [{}], ["x"]]


@pytest.fixture(scope="module")
def sources(shipped):
    return folder_sources(shipped.plandefinitions, shipped.valuesets)


def with_one(sources, i, source):
    artifact = replace(sources.artifacts[i], source=source)
    return Sources((*sources.artifacts[:i], artifact, *sources.artifacts[i + 1 :]))


def same(one, other):
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def test_equal_artifacts_have_no_change(sources):
    assert compare_artifacts(sources, copy.deepcopy(sources)) == []


@settings(max_examples=200)
@given(data=st.data())
def test_any_edit_of_any_element_is_told(sources, data):
    i = data.draw(st.integers(0, len(sources.artifacts) - 1))
    source = sources.artifacts[i].source
    place, other = data.draw(st.sampled_from(places(source))), data.draw(st.sampled_from(OTHER))
    edited = changed(source, place, other)
    new = with_one(sources, i, edited)
    expected = not same(source, edited)
    assert bool(compare_artifacts(sources, new)) is expected
    assert bool(compare_artifacts(new, sources)) is expected


@settings(max_examples=100)
@given(data=st.data())
def test_any_other_order_is_told(sources, data):
    i = data.draw(st.integers(0, len(sources.artifacts) - 1))
    source = sources.artifacts[i].source
    lists = [place for place in places(source) if isinstance(at(source, place), list)]
    if lists:
        place = data.draw(st.sampled_from(lists))
        edited = changed(source, place, data.draw(st.permutations(at(source, place))))
        assert bool(compare_artifacts(sources, with_one(sources, i, edited))) is not same(source, edited)


@settings(max_examples=100)
@given(data=st.data())
def test_no_change_hides_another(sources, data):
    i = data.draw(st.integers(0, len(sources.artifacts) - 1))
    source = sources.artifacts[i].source
    elements = [name for name in source if name not in ("id", "title", "name", "url")]
    one, other = data.draw(st.lists(st.sampled_from(elements), min_size=2, max_size=2, unique=True))
    place = data.draw(st.sampled_from([each for each in places(source) if each[0] == one]))
    edited = changed(source, place, data.draw(st.sampled_from(OTHER)))
    both = changed(edited, (other,), ...)
    assert told(sources, i, edited) <= told(sources, i, both)


def told(sources, i, source):
    """Return what is told of an edit, but for the warnings, which speak of all of them together."""
    changes = compare_artifacts(sources, with_one(sources, i, source))
    return {(each.what, each.old, each.new) for each in changes if each.kind is not Kind.WARNING}


def at(source, place):
    for key in place:
        source = source[key]
    return source


def test_an_artifact_more_or_less_is_told(sources):
    fewer = Sources(sources.artifacts[1:])
    assert compare_artifacts(sources, fewer)
    assert compare_artifacts(fewer, sources)
    twice = Sources((sources.artifacts[0], *sources.artifacts))
    assert compare_artifacts(sources, twice)
