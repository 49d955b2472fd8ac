"""Checked knowledge goes from one process to others: the same knowledge, only what was checked, freed when it ends."""

import gc
import json
import weakref

import pytest

from cds_service.errors import KnowledgeError
from cds_service.hooks.answer import answer, find_service
from cds_service.knowledge.handover import Handover
from cds_service.knowledge.load import build_knowledge, folder_sources, rebuild_knowledge
from tests.requests import condition, request
from tests.states import write_state


def sources_of(folder, state):
    write_state(folder, state)
    return folder_sources(folder / "plandefinitions", folder / "valuesets")


@pytest.fixture
def first(tmp_path):
    return sources_of(tmp_path, "A")


@pytest.fixture
def second(tmp_path, first):
    return sources_of(tmp_path, "B")


@pytest.fixture
def handover(tmp_path, first):
    (tmp_path / "shared").mkdir()
    return Handover(tmp_path / "shared", build_knowledge(first).digest)


def give(handover, sources, digest):
    handover.write(sources.artifacts, digest)
    handover.want(digest)


def test_what_is_taken_is_what_was_given(handover, second):
    built = build_knowledge(second)
    give(handover, second, built.digest)
    assert handover.wanted == built.digest
    taken = handover.take(handover.wanted)
    assert (taken.digest, taken.versions) == (built.digest, built.versions) != ("", {})
    assert [each.canonical for each in taken.all_plans] == [each.canonical for each in built.all_plans]
    assert taken.terminology.value_sets.keys() == built.terminology.value_sets.keys()


def test_only_the_newest_is_kept(handover, first, second, tmp_path):
    digests = [build_knowledge(each).digest for each in (first, second)]
    for each, digest in zip((first, second, first), (*digests, digests[0]), strict=True):
        give(handover, each, digest)
        assert [path.name for path in (tmp_path / "shared").iterdir()] == [f"knowledge-{digest}.json"]
    with pytest.raises(FileNotFoundError):
        handover.take(digests[1])


def test_what_is_not_what_was_checked_is_not_taken(handover, first, second):
    digest = build_knowledge(second).digest
    give(handover, first, digest)
    with pytest.raises(ValueError, match=build_knowledge(first).digest):
        handover.take(digest)


def test_a_full_disk_leaves_wanted_what_was(handover, second, tmp_path):
    before = handover.wanted
    (tmp_path / "shared").rmdir()
    (tmp_path / "shared").write_text("in the way")
    with pytest.raises(FileExistsError):
        give(handover, second, build_knowledge(second).digest)
    assert handover.wanted == before


def test_a_folder_that_a_cleaner_took_is_made_again(handover, second, tmp_path):
    (tmp_path / "shared").rmdir()
    digest = build_knowledge(second).digest
    give(handover, second, digest)
    assert handover.take(digest).digest == digest
    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o700


def test_rebuilding_refuses_what_it_cannot_interpret(first):
    plan = next(each for each in first.plans if each.id == "example-rash")
    plan.source["action"][0]["condition"][0]["expression"]["expression"] = "nonsense("
    with pytest.raises(KnowledgeError, match="condition"):
        rebuild_knowledge(first.artifacts)


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_knowledge_that_was_served_is_freed_without_the_collector(first, no_collector):
    """A server freezes what it has loaded: what was held by a cycle would stay for good."""
    known = rebuild_knowledge(first.artifacts)
    parts = [known, known.terminology, known.library, *known.services.values(), *known.all_plans]
    left = [weakref.ref(each) for each in parts]
    del known, parts
    assert [each() for each in left if each()] == []


def test_a_call_leaves_nothing_for_the_collector(knowledge, effects, no_collector):
    body = json.dumps(request(condition("G61.81"), condition("N18.30", "c2"))).encode()
    for name in knowledge.services:
        raw = body.replace(b'"order-select"', f'"{knowledge.services[name].hook}"'.encode())
        told = answer(knowledge, find_service(knowledge, name), raw, effects.today(), effects.new_uuid)
        assert told.cards
        del told
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            assert gc.collect() == 0, {type(each).__qualname__ for each in gc.garbage}
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
