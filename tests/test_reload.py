"""A running server takes new knowledge: under load, from a Bundle, when files change; bad knowledge it refuses."""

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from cds_service.knowledge.bundle import to_bundle
from cds_service.knowledge.load import folder_sources
from tests.access.key_server import KeyServer, run_key_server
from tests.requests import condition, request
from tests.serving import resident_kb, serving, wait_for, workers_of
from tests.states import SERVICE, body, folders, states_in, write_state
from tests.test_server import shared_folders

SWAPS, WARM_SWAPS, CALLERS = 50, 10, 4
STATES = "ABC"
MARKS = 25  # in the answer to `body`: what is said by plans, value sets and code systems


class Caller(threading.Thread):
    """Calls without a pause on one connection after another answer, and remembers what was in each answer."""

    def __init__(self, base: str, stop: threading.Event) -> None:
        super().__init__()
        self.base, self.stopped, self.body = base, stop, json.dumps(body())
        self.answers: Counter[tuple[int, tuple[tuple[str, int], ...]]] = Counter()
        self.failures: list[str] = []

    def run(self) -> None:
        with requests.Session() as session:
            session.headers["Content-Type"] = "application/json"
            while not self.stopped.is_set():
                try:
                    answer = session.post(f"{self.base}{SERVICE}", data=self.body, timeout=10)
                    self.answers[answer.status_code, tuple(states_in(answer.text).items())] += 1
                except requests.RequestException as error:
                    self.failures.append(repr(error))


@contextlib.contextmanager
def calling(base: str) -> Iterator[list[Caller]]:
    stop = threading.Event()
    callers = [Caller(base, stop) for _ in range(CALLERS)]
    for each in callers:
        each.start()
    try:
        yield callers
    finally:
        stop.set()
        for each in callers:
            each.join(timeout=30)


class Log:
    """What a server has written so far."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "log"

    def text(self) -> str:
        return self._path.read_text()

    def lines(self, event: str) -> list[dict[str, Any]]:
        found = [line for line in self.text().splitlines() if line.startswith(f'{{"event":"{event}"')]
        return [json.loads(line) for line in found]

    def wait(self, what: str, is_there: Callable[[], Any], seconds: int = 30) -> None:
        for _ in range(seconds * 50):
            if is_there():
                return
            time.sleep(0.02)
        pytest.fail(f"not seen: {what}\n{self.text()[-3000:]}")

    def wait_for_swap(self, digest: str, workers: int = 2) -> None:
        """Wait until each worker has taken the knowledge of a digest as its newest."""

        def newest() -> list[str]:
            return list({line["process"]: line["knowledge"] for line in self.lines("knowledge-swapped")}.values())

        self.wait(f"{digest} in {workers} workers", lambda: newest() == [digest] * workers)

    def wait_for_loaded(self, number: int) -> str:
        """Wait until so many knowledges have been loaded, and return the digest of that one."""
        self.wait(f"{number} loaded", lambda: len(self.lines("knowledge-loaded")) >= number)
        return self.lines("knowledge-loaded")[number - 1]["knowledge"]


def both_workers(process: subprocess.Popen) -> list[int]:
    """Return the workers when both are there: one that is born later has nothing to swap."""
    for _ in range(300):
        if len(found := workers_of(process)) == 2:
            return found
        time.sleep(0.02)
    pytest.fail("no two workers")


def health(base: str) -> dict[str, Any]:
    """Ask on a connection of its own, which any worker may answer."""
    return requests.get(f"{base}/health", timeout=5).json()


def test_fifty_swaps_under_load_fail_and_mix_no_answer(root, tmp_path):
    log, digests, memory = Log(tmp_path), {}, []
    write_state(tmp_path, STATES[0])
    with serving(root, tmp_path, *folders(tmp_path)) as (base, process):
        wait_for(base)
        digests[log.wait_for_loaded(1)] = STATES[0]
        workers = both_workers(process)
        with calling(base) as callers:
            for i in range(1, SWAPS + 1):
                state = STATES[i % len(STATES)]
                if i == SWAPS // 2:
                    refuse_bad_knowledge(tmp_path, log, base, process)
                write_state(tmp_path, state)
                process.send_signal(signal.SIGHUP)
                digest = log.wait_for_loaded(i + 1)
                log.wait_for_swap(digest)
                assert digests.setdefault(digest, state) == state
                told = [health(base) for _ in range(4)]
                assert {each["knowledge"] for each in told} == {digest}
                assert set(states_in(json.dumps(told))) == {state}
                memory.append([resident_kb(each) for each in workers])
        assert workers_of(process) == workers
    assert [each.failures for each in callers] == [[]] * CALLERS
    answers = sum((each.answers for each in callers), Counter())
    assert set(answers) == {(200, ((state, MARKS),)) for state in STATES}
    assert min(answers.values()) > SWAPS
    for line in log.lines("call"):
        assert states_in(line["plan"]) == {digests[line["knowledge"]]: 1}
    for warm, last in zip(memory[WARM_SWAPS - 1], memory[-1], strict=True):
        assert last < warm * 1.05 + 4_000, memory


def refuse_bad_knowledge(folder: Path, log: Log, base: str, process: subprocess.Popen) -> None:
    before = health(base)
    (folder / "valuesets" / "example-rash.json").write_text("{")
    (folder / "plandefinitions" / "example-burn.json").write_text("[]")
    process.send_signal(signal.SIGHUP)
    log.wait("a refusal", lambda: log.lines("knowledge-refused"))
    (line,) = log.lines("knowledge-refused")
    assert (line["level"], line["knowledge"], line["number"]) == ("error", before["knowledge"], len(line["problems"]))
    log.wait("all problems", lambda: all(f"\n{each}\n" in log.text() for each in line["problems"]))
    assert "valuesets/example-rash.json: -: not readable as JSON" in line["problems"][1]
    time.sleep(0.5)
    assert [health(base) for _ in range(4)] == [before] * 4


def test_a_mixed_answer_would_be_noticed():
    assert states_in("1.0 stateA, rash stateA") == {"A": 2}
    assert states_in("1.0 stateA, rash stateB") == {"A": 1, "B": 1}
    assert states_in("a statement") == {}


def shipped_call(base: str) -> Any:
    answer = requests.post(f"{base}/cds-services/ivig-order-select", json=request(condition("G61.81")), timeout=10)
    (card,) = answer.json()["cards"]
    return card["extension"]["org.cds-service.recommendations"][0]["matched"][0]


def bump(path: Path, version: str) -> None:
    path.write_text(re.sub(r'"version": "[^"]*"', f'"version": "{version}"', path.read_text(), count=1))


def test_shipped_knowledge_is_taken_when_its_files_change_and_outlives_the_workers(root, shipped, tmp_path):
    for each in (shipped.plandefinitions, shipped.valuesets):
        shutil.copytree(each, tmp_path / each.name)
    log, changed = Log(tmp_path), tmp_path / "valuesets" / "cidp.json"
    with serving(root, tmp_path, *folders(tmp_path), "--reload") as (base, process):
        wait_for(base)
        before = log.wait_for_loaded(1)
        workers = both_workers(process)
        for each in workers:  # not theirs: sent to all processes of a service at once, it ends none
            os.kill(each, signal.SIGHUP)
        bump(changed, "3000.1")
        after = log.wait_for_loaded(2)
        log.wait_for_swap(after)
        assert shipped_call(base)["valueSet"].endswith("/ValueSet/cidp|3000.1")
        assert workers_of(process) == workers
        good = changed.read_text()
        changed.write_text(good[:-100])
        log.wait("a refusal", lambda: log.lines("knowledge-refused"))
        changed.write_text(good)
        log.wait("as it was", lambda: log.lines("knowledge-unchanged"))
        for each in workers:
            os.kill(each, signal.SIGKILL)
        log.wait("new workers", lambda: len(set(workers_of(process)) - set(workers)) == 2)
        assert shipped_call(base)["valueSet"].endswith("/ValueSet/cidp|3000.1")
        figures = requests.get(f"{base}/metrics", timeout=5).text
        assert f'cds_knowledge_info{{digest="{before}"}} 0.0' in figures
        assert f'cds_knowledge_info{{digest="{after}"}} 1.0' in figures
        for outcome in ("loaded", "refused", "unchanged"):
            assert f'cds_knowledge_reloads_total{{outcome="{outcome}"}} 1.0' in figures
        assert [len(list(each.glob("knowledge-*.json"))) for each in shared_folders(process.pid)] == [1]


def bundle_of(folder: Path) -> bytes:
    return to_bundle(folder_sources(folder / "plandefinitions", folder / "valuesets").artifacts)


class Stalling:
    """The Bundle of a state at an address, that comes when it may; and what was asked."""

    def __init__(self, web: KeyServer, folder: Path) -> None:
        self.web, self.folder, self.asked, self.may_go_on = web, folder, threading.Event(), threading.Event()
        self.url = self.put("A")

    def put(self, state: str) -> str:
        """Have it come at once."""
        write_state(self.folder, state)
        return self.web.serve("/b.json", bundle_of(self.folder))

    def put_and_stall(self, state: str) -> None:
        """Have it asked for, and then wait."""
        self.put(state)
        self.asked.clear()
        self.may_go_on.clear()
        answer = self.web.answers["/b.json"]
        self.web.answers["/b.json"] = lambda call: (self.asked.set(), self.may_go_on.wait(20), answer(call))

    def is_asked_by(self, process: subprocess.Popen) -> None:
        """Send SIGHUP, and wait until it is being fetched."""
        process.send_signal(signal.SIGHUP)
        assert self.asked.wait(20)


def begun_workers(log: Log) -> list[int]:
    return [int(each) for each in re.findall(r"Booting worker with pid: (\d+)", log.text())]


def reader_of(process: subprocess.Popen, log: Log) -> int:
    """Return the process that reads knowledge: the server's child that is no worker."""
    (found,) = set(workers_of(process)) - set(begun_workers(log))
    return found


def is_running(pid: int) -> bool:
    """Return whether any thread of a process goes on; one that has ended stays listed until its parent asks how."""
    for each in Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if each.read_text().rpartition(")")[2].split()[0] not in "ZX":
                return True
    return False


def test_a_worker_that_dies_while_a_bundle_is_fetched_is_replaced_at_once_and_follows(root, tmp_path):
    log = Log(tmp_path)
    with run_key_server() as web:
        bundle = Stalling(web, tmp_path)
        with serving(root, tmp_path, "--bundle", bundle.url) as (base, process):
            wait_for(base)
            killed, other = both_workers(process)
            bundle.put_and_stall("B")
            bundle.is_asked_by(process)
            os.kill(killed, signal.SIGKILL)
            log.wait("a third worker", lambda: len(begun_workers(log)) == 3)
            assert not log.lines("knowledge-refused"), "it was replaced when the fetch had been given up"
            bundle.may_go_on.set()
            log.wait_for_swap(log.wait_for_loaded(2))
            swapped = {line["process"] for line in log.lines("knowledge-swapped")}
            assert swapped == {other, begun_workers(log)[2]}
            assert states_in(requests.post(f"{base}{SERVICE}", json=body(), timeout=5).text) == {"B": MARKS}


def test_a_reading_that_does_not_come_to_its_end_is_refused_and_the_next_one_counts(root, tmp_path):
    log = Log(tmp_path)
    with run_key_server() as web:
        bundle = Stalling(web, tmp_path)
        with serving(root, tmp_path, "--bundle", bundle.url) as (base, process):
            wait_for(base)
            workers = both_workers(process)
            bundle.put_and_stall("B")
            bundle.is_asked_by(process)
            os.kill(reader_of(process, log), signal.SIGKILL)
            log.wait("a refusal", lambda: len(log.lines("knowledge-refused")) == 1)
            before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (3, before[1]))  # no other file can be opened
            process.send_signal(signal.SIGHUP)
            log.wait("no process, no reading", lambda: len(log.lines("knowledge-refused")) == 2)
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, before)
            for line in log.lines("knowledge-refused"):
                assert "the process that was to read it again did not come to its end" in line["problems"][0]
            assert states_in(json.dumps(health(base))) == {"A": 1}
            bundle.may_go_on.set()
            process.send_signal(signal.SIGHUP)
            log.wait_for_swap(log.wait_for_loaded(2))
            assert sorted(begun_workers(log)) == sorted(workers)
            bundle.put_and_stall("C")
            bundle.is_asked_by(process)
            stop_all(process, reader_of(process, log), log)
            assert process.wait(timeout=8) == 0
            bundle.may_go_on.set()
    assert len(log.lines("knowledge-refused")) == 2, "a reading that ended with the server was not refused"


def stop_all(process: subprocess.Popen, reader: int, log: Log) -> None:
    """Send SIGTERM to all, as Ctrl-C and service managers do; and the server hears of the reader's end with its own."""
    process.send_signal(signal.SIGSTOP)
    try:
        os.kill(reader, signal.SIGTERM)
        log.wait("no reader", lambda: not is_running(reader), seconds=6)  # less than a fetch waits
        process.send_signal(signal.SIGTERM)
    finally:
        process.send_signal(signal.SIGCONT)


def test_a_server_that_was_killed_in_a_fetch_leaves_its_port_to_the_next_one(root, tmp_path):
    log = Log(tmp_path)
    with run_key_server() as web:
        bundle = Stalling(web, tmp_path)
        with serving(root, tmp_path, "--bundle", bundle.url, settings={"TMPDIR": str(tmp_path)}) as (base, process):
            wait_for(base)
            workers = both_workers(process)
            bundle.put_and_stall("B")
            bundle.is_asked_by(process)
            reader = reader_of(process, log)
            os.kill(process.pid, signal.SIGKILL)
            try:
                log.wait("no worker", lambda: not any(is_running(each) for each in workers))
                assert is_running(reader)
                socket.create_server(("127.0.0.1", urlsplit(base).port)).close()
            finally:
                os.kill(reader, signal.SIGTERM)
            log.wait("no reader", lambda: not is_running(reader), seconds=6)  # less than a fetch waits
            bundle.may_go_on.set()


def test_a_bundle_is_fetched_again_once_for_many_signals_and_a_stop_does_not_wait_for_it(root, tmp_path):
    log = Log(tmp_path)
    with run_key_server() as web:
        bundle = Stalling(web, tmp_path)
        with serving(root, tmp_path, "--bundle", bundle.url) as (base, process):
            wait_for(base)
            both_workers(process)
            assert states_in(requests.post(f"{base}{SERVICE}", json=body(), timeout=5).text) == {"A": MARKS}
            bundle.put_and_stall("B")
            bundle.is_asked_by(process)
            for _ in range(20):
                process.send_signal(signal.SIGHUP)
                time.sleep(0.005)
            assert states_in(json.dumps(health(base))) == {"A": 1}, "calls are answered meanwhile"
            bundle.may_go_on.set()
            log.wait_for_swap(log.wait_for_loaded(2))
            log.wait("the other signals", lambda: log.lines("knowledge-unchanged"))
            assert states_in(requests.post(f"{base}{SERVICE}", json=body(), timeout=5).text) == {"B": MARKS}
            assert web.asked["/b.json"] == 3
            bundle.put_and_stall("C")
            bundle.is_asked_by(process)
            reader = reader_of(process, log)
            for _ in range(2):  # the second must not cut short what the first began
                process.send_signal(signal.SIGTERM)
                time.sleep(0.1)
            assert process.wait(timeout=8) == 0, "the fetch would have gone on for ten seconds"
            assert not is_running(reader)
        bundle.may_go_on.set()
    assert "Traceback" not in log.text()
    assert not log.lines("knowledge-refused")
