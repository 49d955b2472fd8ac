"""Knowledge is read again: taken, left as it is, or refused with every reason; whatever happens, nothing is raised."""

import json
import os
import signal
import subprocess
import sys

import pytest

from cds_service.hooks.reload import Reload
from cds_service.knowledge.handover import Handover
from cds_service.knowledge.load import load_knowledge
from cds_service.knowledge.place import Place
from cds_service.operations.metrics import Metrics
from tests.states import write_state


class Operator:
    """One server's master, as far as knowledge goes, over the knowledge of a folder."""

    def __init__(self, make_client, log, folder):
        self.folder, self.log, self.metrics = folder, log, Metrics()
        write_state(folder, "A")
        self.place = Place(folder / "plandefinitions", folder / "valuesets")
        known = self.load()
        (folder / "shared").mkdir()
        self.handover = Handover(folder / "shared", known.digest)
        self.running = make_client(known).application.extensions["cds-service"]
        self.metrics.knowledge(known.digest)

    def load(self):
        return load_knowledge(self.place.plandefinitions, self.place.valuesets)

    def reload(self, place=None):
        reload = self.reloading(place)
        return self.take(reload.read())

    def reloading(self, place=None):
        running, place = self.running, place or self.place
        return Reload(place, running.current, self.handover, self.metrics, running.logger, running.write, lambda: 0.0)

    def take(self, reading):
        self.log.clear()
        self.reloading().take(reading)
        return json.loads(self.log[0])

    @property
    def served(self):
        return self.running.current.served.knowledge

    @property
    def reloads(self):
        text = self.metrics.exposition().decode()
        found = [line.split('"') for line in text.splitlines() if line.startswith("cds_knowledge_reloads_total")]
        return {outcome: float(number.strip("} ")) for _, outcome, number in found}


@pytest.fixture
def operator(make_client, log, tmp_path):
    return Operator(make_client, log, tmp_path)


def test_good_knowledge_is_taken(operator):
    before = operator.served.digest
    write_state(operator.folder, "B")
    line = operator.reload()
    after = operator.load().digest
    assert (line["event"], line["level"], line["knowledge"], line["before"]) == (
        "knowledge-loaded",
        "info",
        after,
        before,
    )
    assert line["plans"] == {"lotion-order-select": "1.0.0 stateB"}
    assert operator.served.digest == operator.handover.wanted == after
    assert operator.handover.take(after).digest == after
    assert f'cds_knowledge_info{{digest="{before}"}} 0.0' in operator.metrics.exposition().decode()
    assert f'cds_knowledge_info{{digest="{after}"}} 1.0' in operator.metrics.exposition().decode()
    assert operator.reloads == {"loaded": 1}


def test_the_same_knowledge_is_not_taken_again(operator):
    served = operator.served
    path = operator.folder / "valuesets" / "example-rash.json"
    path.write_text(json.dumps(json.loads(path.read_text())))
    line = operator.reload()
    assert (line["event"], line["knowledge"]) == ("knowledge-unchanged", served.digest)
    assert operator.served is served
    assert list((operator.folder / "shared").iterdir()) == []
    assert operator.reloads == {"unchanged": 1}


def test_bad_knowledge_changes_nothing_and_every_problem_is_said(operator):
    served = operator.served
    write_state(operator.folder, "B")
    for name in ("example-rash", "example-wound", "example-lotion", "example-height"):
        (operator.folder / "valuesets" / f"{name}.json").write_text("{")
    line = operator.reload()
    assert (line["event"], line["level"], line["knowledge"]) == ("knowledge-refused", "error", served.digest)
    assert line["problems"] == operator.log[1:4]
    assert len(operator.log) == 1 + line["number"] > 4
    assert "valuesets/example-height.json: -: not readable as JSON" in operator.log[1]
    assert operator.served is served
    assert operator.handover.wanted == served.digest
    assert operator.reloads == {"refused": 1}
    write_state(operator.folder, "C")
    assert operator.reload()["event"] == "knowledge-loaded"


def test_a_bundle_that_cannot_be_had_is_refused(operator):
    place = Place(operator.folder, operator.folder, str(operator.folder / "none.json"))
    line = operator.reload(place)
    assert line["event"] == "knowledge-refused"
    assert "No such file or directory" in line["problems"][0]


def test_reading_changes_nothing_until_it_is_taken(operator):
    served = operator.served
    write_state(operator.folder, "B")
    reading = operator.reloading().read()
    assert operator.served is served
    assert operator.handover.wanted == served.digest
    assert operator.reloads == {}
    assert operator.take(reading)["event"] == "knowledge-loaded"


def test_a_reading_without_an_end_is_refused(operator):
    served = operator.served
    line = operator.take(None)
    assert (line["event"], line["knowledge"], line["number"]) == ("knowledge-refused", served.digest, 1)
    assert "did not come to its end" in line["problems"][0]
    assert operator.served is served
    assert operator.reloads == {"refused": 1}


def test_what_is_gone_before_it_is_taken_is_refused(operator):
    served = operator.served
    write_state(operator.folder, "B")
    reading = operator.reloading().read()
    (operator.folder / "shared" / f"knowledge-{reading.digest}.json").unlink()
    line = operator.take(reading)
    assert (line["event"], line["number"]) == ("knowledge-refused", 1)
    assert "failed (FileNotFoundError)" in line["problems"][0]
    assert operator.served is served
    assert operator.handover.wanted == served.digest


def test_a_folder_without_room_is_refused_and_nothing_is_half_taken(operator):
    served = operator.served
    write_state(operator.folder, "B")
    (operator.folder / "shared").rmdir()
    (operator.folder / "shared").write_text("in the way")
    line = operator.reload()
    assert (line["event"], line["number"]) == ("knowledge-refused", 1)
    assert "failed (FileExistsError)" in line["problems"][0]
    assert operator.served is served
    (operator.folder / "shared").unlink()
    assert operator.reload()["event"] == "knowledge-loaded"


FOLLOWER = """
import sys, time
from pathlib import Path
from cds_service.hooks.current import Current
from cds_service.hooks.follow import Follow
from cds_service.knowledge.handover import Handover
from cds_service.knowledge.load import build_knowledge, folder_sources
from cds_service.operations.log import make_logger

def read(folder):
    sources = folder_sources(folder / "plandefinitions", folder / "valuesets")
    return sources.artifacts, build_knowledge(sources)

(one, first), (other, second) = (read(Path(each)) for each in sys.argv[1:3])
handover, current = Handover(Path(sys.argv[3]), first.digest), Current(first, lambda ids: {})
Follow(current, handover, make_logger(print, time.time), time.perf_counter).start()
handover.write(other, second.digest)
handover.want(second.digest)
while current.served.knowledge.digest != second.digest:
    time.sleep(0.01)
handover.write(one, "0" * 12)
handover.want("0" * 12)
time.sleep(60)
"""


def test_a_process_that_cannot_take_what_is_wanted_says_so_and_ends(root, tmp_path):
    """The master then makes another one, which is born with it: nobody stays behind."""
    for name in "AB":
        (tmp_path / name).mkdir()
        write_state(tmp_path / name, name)
    digests = [
        load_knowledge(tmp_path / name / "plandefinitions", tmp_path / name / "valuesets").digest for name in "AB"
    ]
    command = [sys.executable, "-c", FOLLOWER, tmp_path / "A", tmp_path / "B", tmp_path]
    environment = os.environ | {"PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=50, check=False)
    assert ended.returncode == -signal.SIGTERM, ended.stderr
    swapped, given_up = (json.loads(line) for line in ended.stdout.splitlines())
    assert (swapped["event"], swapped["before"], swapped["knowledge"]) == ("knowledge-swapped", *digests)
    assert (given_up["event"], given_up["level"], given_up["error"]) == ("knowledge-not-taken", "error", "ValueError")
    assert (given_up["knowledge"], given_up["wanted"]) == (digests[1], "0" * 12)
