"""Ports for servers that tests start: no two processes of a test run are given the same one.

A port that the system picks is free when it is asked for, and may be another's by the time it is bound: the next
process to ask, or any outgoing connection. So each process of pytest-xdist walks a range of its own, below the ports
that the system picks from, and comes back to one only after all others of its range.
"""

import os
import socket
from collections.abc import Iterator, Sequence
from itertools import cycle

FIRST, PER_WORKER, WORKERS = 12_000, 200, 100
PICKED_BY_THE_SYSTEM = 32_768  # the lowest, as Linux is set up


def ports_of(worker: str) -> range:
    """Return the ports of a process of pytest-xdist: gw0, gw1 and so on; anything else is the only one of its run."""
    number = int(worker.removeprefix("gw") or 0)
    if number >= WORKERS:
        raise ValueError(f"{worker} has no ports: raise WORKERS, below {PICKED_BY_THE_SYSTEM} in all.")
    first = FIRST + number * PER_WORKER
    return range(first, first + PER_WORKER)


def walk(ports: Sequence[int], start: int) -> Iterator[int]:
    """Yield those of some ports that can be bound on every address, from some place on, round and round."""
    ordered = [ports[(start + i) % len(ports)] for i in range(len(ports))]
    refused = 0
    for port in cycle(ordered):
        if can_be_bound(port):
            refused = 0
            yield port
        elif (refused := refused + 1) == len(ordered):
            raise OSError(f"none of the ports {ports} is free")


def can_be_bound(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


# Where to start differs, so that two runs on one machine are seldom at the same port
_FREE = walk(ports_of(os.environ.get("PYTEST_XDIST_WORKER", "")), start=os.getpid())


def free_port() -> int:
    """Return a port that nothing listens on, and that this process has not been given for a while."""
    return next(_FREE)
