"""Whether files have changed: told once, when they have come to rest, whatever happens to them."""

import os
import shutil

import pytest

from cds_service.knowledge.place import Place
from cds_service.knowledge.watch import Watch
from tests.states import TOPIC


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(TOPIC / "plandefinitions", tmp_path / "plans")


@pytest.fixture
def watch(folder, tmp_path):
    (tmp_path / "sets").mkdir()
    return Watch(Place(folder, tmp_path / "sets"))


def looks(watch, number=4):
    return [watch.has_changed() for _ in range(number)]


ONCE, NEVER = [False, True, False, False], [False] * 4


def test_nothing_has_changed(watch):
    assert looks(watch) == NEVER


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "example-rash.json").write_text("{}"),
        lambda folder: os.utime(folder / "example-rash.json", (0, 0)),
        lambda folder: (folder / "example-rash.json").unlink(),
        lambda folder: (folder / "example-rash.json").rename(folder / "other.json"),
        lambda folder: shutil.copytree(folder, folder.parent / "sets" / "deep"),
        lambda folder: shutil.rmtree(folder),
    ],
    ids=["content", "time", "gone", "renamed", "more", "folder gone"],
)
def test_a_change_is_told_once(watch, folder, change):
    change(folder)
    assert looks(watch) == ONCE


def test_what_is_being_written_is_waited_for(watch, folder):
    path = folder / "example-rash.json"
    for size in range(5):
        path.write_text(" " * size)
        assert not watch.has_changed()
    assert looks(watch) == [True, False, False, False]


def test_what_is_as_it_was_is_no_change(watch, folder):
    path = folder / "example-rash.json"
    stat, text = path.stat(), path.read_text()
    path.write_text("{}")
    assert not watch.has_changed()
    path.write_text(text)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert looks(watch) == NEVER


def test_what_is_no_artifact_does_not_count(watch, folder):
    (folder / "notes.txt").write_text("x")
    assert looks(watch) == NEVER


def test_a_bundle_that_is_replaced_or_comes_late(tmp_path):
    path = tmp_path / "b.json"
    watch = Watch(Place(tmp_path, tmp_path, str(path)))
    path.write_text("{}")
    assert looks(watch) == ONCE
    (tmp_path / "new").write_text("{ }")
    (tmp_path / "new").replace(path)
    assert looks(watch) == ONCE


def test_a_link_that_leads_nowhere_hides_no_change(tmp_path):
    place = Place(tmp_path / "plans", tmp_path / "sets")
    for folder in (place.plandefinitions, place.valuesets):
        folder.mkdir()
    (place.valuesets / "a.json").symlink_to(tmp_path / "nowhere")
    (place.valuesets / "z.json").write_text("1")
    watch = Watch(place)
    (place.valuesets / "z.json").write_text("22")
    assert [watch.has_changed() for _ in range(3)] == [False, True, False]
