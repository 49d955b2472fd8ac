"""The ports of test servers: processes that run at the same time cannot be given the same one."""

import os
import socket
import subprocess
import sys
from itertools import combinations, islice

import pytest

from tests.ports import PER_WORKER, PICKED_BY_THE_SYSTEM, WORKERS, free_port, ports_of, walk


def test_no_two_workers_share_a_port():
    ranges = [set(ports_of(f"gw{i}")) for i in range(WORKERS)]
    assert all(one.isdisjoint(other) for one, other in combinations(ranges, 2))
    assert {len(each) for each in ranges} == {PER_WORKER}


def test_no_worker_has_a_port_that_needs_rights_or_that_the_system_picks():
    assert min(ports_of("gw0")) > 1024
    assert max(ports_of(f"gw{WORKERS - 1}")) < PICKED_BY_THE_SYSTEM
    with pytest.raises(ValueError, match=f"gw{WORKERS} has no ports"):
        ports_of(f"gw{WORKERS}")


def given(worker, root):
    """Return what a process of its own is given as that worker."""
    script = "from tests.ports import free_port\nprint(*(free_port() for _ in range(5)))"
    environment = os.environ | {"PYTEST_XDIST_WORKER": worker}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True)
    return [int(each) for each in done.stdout.split()]


def test_each_process_is_given_ports_of_its_own_range_each_once(root):
    for worker in ("gw98", "gw99"):
        ports = given(worker, root)
        assert len(set(ports)) == 5
        assert set(ports) <= set(ports_of(worker))


def test_this_process_is_given_its_own():
    assert free_port() in ports_of(os.environ.get("PYTEST_XDIST_WORKER", ""))
    assert free_port() != free_port()


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_is_taken_is_passed_over(address):
    ports = (free_port(), free_port())
    assert next(walk(ports, start=0)) == ports[0]
    with socket.socket() as taken:
        taken.bind((address, ports[0]))
        taken.listen()
        assert next(walk(ports, start=0)) == ports[1]


def test_a_walk_comes_back_only_after_all_others(monkeypatch):
    monkeypatch.setattr("tests.ports.can_be_bound", lambda port: True)
    ports = ports_of("gw97")
    found = list(islice(walk(ports, start=PER_WORKER + 7), PER_WORKER + 1))
    assert found[0] == found[-1] == ports[7]
    assert len(set(found)) == PER_WORKER


def test_when_nothing_is_free_it_says_so():
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("", port))
        with pytest.raises(OSError, match="none of the ports"):
            next(walk([port], start=0))
