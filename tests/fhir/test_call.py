import socket
import time
from collections.abc import Iterator

import pytest

from cds_service.fhir.call import Call, FetchLimits
from cds_service.fhir.connection import Gate, make_session
from cds_service.fhir.hosts import parse_hosts
from cds_service.fhir.outcome import Failed
from tests.fhir.conftest import ROOMY
from tests.fhir.stub import resource, serving


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def test_the_budget_is_by_the_clock_that_was_given() -> None:
    now = 100.0
    call = Call(FetchLimits(budget_s=3, connect_s=1, read_s=2, bytes=10), lambda: now)
    assert (call.left(), call.timeouts()) == (3.0, (1, 2))
    now = 101.5
    assert call.timeouts() == (1, 1.5)
    call.take(10)
    with pytest.raises(Failed, match="too-large"):
        call.take(1)
    now = 103.0
    for spend in (call.left, call.timeouts, lambda: call.take(0)):
        with pytest.raises(Failed, match="timeout"):
            spend()


def test_the_end_of_a_call_wakes_whoever_reads(ends: tuple[socket.socket, socket.socket]) -> None:
    here, _ = ends
    call = Call(ROOMY, lambda: 0.0)
    with call.request():
        call.hold(here)
        call.end()
        assert here.recv(1) == b""
        with pytest.raises(Failed, match="timeout"):
            call.hold(here)


def test_what_is_done_is_not_shut_down(ends: tuple[socket.socket, socket.socket]) -> None:
    here, there = ends
    call = Call(ROOMY, lambda: 0.0)
    with call.request():
        call.hold(here)
    call.end()
    there.sendall(b"x")
    assert here.recv(1) == b"x"


def test_a_connection_that_serves_the_next_call_is_not_shut_down_by_the_last() -> None:
    with serving({"*": resource({"resourceType": "Patient"})}) as stub:
        with make_session(Gate(parse_hosts("127.0.0.1")), None, 1) as session:
            first, second = Call(ROOMY, time.monotonic), Call(ROOMY, time.monotonic)
            with first.request():
                session.get(stub.url)
                first.end()
            with second.request():
                session.get(stub.url)
        assert (len(stub.asked), stub.connections) == (2, 1)


def test_a_connection_that_is_taken_too_late_is_closed() -> None:
    with serving({"*": resource({"resourceType": "Patient"})}) as stub:
        with make_session(Gate(parse_hosts("127.0.0.1")), None, 1) as session:
            call = Call(ROOMY, time.monotonic)
            with call.request():
                session.get(stub.url)
                call.end()
                for _ in range(2):
                    with pytest.raises(Failed, match="timeout"):
                        session.get(stub.url)
        assert len(stub.asked) == 1
