"""Whatever an author leaves out, doubles or mistypes is accepted or refused with problems, never with a traceback."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.errors import KnowledgeError
from tests.knowledge.test_check import TESTS, copy_of_topic, load

FILES = sorted(path.relative_to(TESTS / "topic") for path in (TESTS / "topic").glob("[pv]*/*.json"))
OTHER = [None, [], {}, "", "x", 1, True, [[]], [{}], ["x"]]


def places(value, path=()):
    """Return the path of every element of a resource."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([path] if path else []), *(place for key, each in items for place in places(each, (*path, key)))]


def changed(source, place, other):
    result = copy.deepcopy(source)
    inner = result
    for key in place[:-1]:
        inner = inner[key]
    if other is ...:
        del inner[place[-1]]
    else:
        inner[place[-1]] = other
    return result


@pytest.fixture(scope="module")
def topic(tmp_path_factory):
    return copy_of_topic(tmp_path_factory.mktemp("topic"))


def problems_with(topic, file, source):
    """Return the problems of the topic while a file holds something else."""
    before = file.read_text()
    file.write_text(json.dumps(source))
    try:
        load(topic)
    except KnowledgeError as refused:
        return refused.problems
    finally:
        file.write_text(before)
    return []


@settings(max_examples=300)
@given(data=st.data())
def test_any_change_of_one_element_is_accepted_or_refused(topic, data):
    file = topic / data.draw(st.sampled_from(FILES))
    source = json.loads(file.read_text())
    place, other = data.draw(st.sampled_from(places(source))), data.draw(st.sampled_from([..., *OTHER]))
    problems = problems_with(topic, file, changed(source, place, other))
    assert all(problem.file and problem.reason and problem.fix for problem in problems)


@pytest.mark.parametrize("other", [None, [], {}, ""])
def test_null_and_empty_are_refused_wherever_they_stand(topic, other):
    file = topic / FILES[0]
    problems = problems_with(topic, file, changed(json.loads(file.read_text()), ("action",), other))
    assert any("null or empty" in problem.reason for problem in problems)
