"""Whatever differs between two sets of artifacts is told; what is the same is not."""

import copy
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.changes.artifacts import compare_artifacts
from cds_service.knowledge.load import Sources, folder_sources
from tests.knowledge.test_any_artifact import changed, places

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
