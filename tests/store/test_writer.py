"""The queue: never an exception, never a wait, and whatever is lost is counted."""

import threading
import time

import pytest

from cds_service.errors import StoreError
from cds_service.store import writer as writer_module
from cds_service.store.rows import Advice
from cds_service.store.writer import ADVICE, CAPACITY, CARDS, Writer
from tests.store.stores import card


class Sink:
    """Takes portions; may be told to fail so many times or to wait."""

    def __init__(self, failures: int = 0) -> None:
        self.failures, self.portions, self.losses, self.tidied = failures, [], [], 0
        self.attempts = 0
        self.opened = threading.Event()
        self.opened.set()
        self.writer = Writer(self.write, self.tidy, lambda *loss: self.losses.append(loss), lambda: 0.0)

    def write(self, items) -> None:
        assert self.opened.wait(20)
        self.attempts += 1
        if self.failures:
            self.failures -= 1
            raise StoreError("not now")
        self.portions.append(list(items))

    def tidy(self) -> bool:
        self.tidied += 1
        return False


@pytest.fixture
def sink():
    made = Sink()
    yield made
    made.opened.set()
    made.writer.stop(20)


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(writer_module, "PATIENCE_S", (0.01, 0.01, 0.01))


def advice(number: int) -> Advice:
    return Advice(number.to_bytes(32, "big"), 60.0)


def test_what_waits_is_written_in_one_portion(sink):
    sink.opened.clear()
    sink.writer.put(CARDS, [card("first")])
    time.sleep(0.05)
    for number in range(9):
        sink.writer.put(ADVICE, [advice(number)])
    sink.opened.set()
    assert sink.writer.flush(20)
    assert sum(map(len, sink.portions)) == 10
    assert len(sink.portions) <= 2
    assert sink.tidied == 1


def test_a_full_queue_loses_and_counts_the_rest_at_once(sink):
    sink.opened.clear()
    sink.writer.put(CARDS, [card()])
    time.sleep(0.05)
    for _ in range(4):
        sink.writer.put(ADVICE, [advice(number) for number in range(CAPACITY // 4)])
    sink.writer.put(CARDS, [card(), card()])
    sink.writer.put(ADVICE, [advice(1)])
    lost = {kind: sum(number for of, number in sink.losses if of == kind) for kind in (CARDS, ADVICE)}
    sink.opened.set()
    assert sink.writer.flush(20)
    assert lost[CARDS] + lost[ADVICE] + sum(map(len, sink.portions)) == CAPACITY + 4
    assert lost[CARDS] == 2
    assert lost[ADVICE] in (1, 2), "one more when the thread had not taken the first card yet"


def test_an_attempt_that_fails_is_repeated(sink, short):
    sink.failures = 3
    sink.writer.put(CARDS, [card()])
    assert sink.writer.flush(20)
    assert (len(sink.portions), sink.attempts, sink.losses) == (1, 4, [])


def test_what_fails_every_time_is_lost_counted_and_no_longer_fresh(sink, short):
    sink.failures = 4
    sink.writer.put(CARDS, [card(), card()])
    sink.writer.put(ADVICE, [advice(1)])
    assert sink.writer.flush(20)
    sink.writer.put(ADVICE, [advice(2)])
    assert sink.writer.flush(20)
    number = sum(number for _, number in sink.losses) + sum(map(len, sink.portions))
    assert number == 4
    assert (CARDS, 2) in sink.losses
    assert sink.writer.fresh([advice(1).digest, advice(2).digest], 0) == frozenset()


def test_flush_gives_up_in_time_and_tells(sink):
    sink.opened.clear()
    sink.writer.put(CARDS, [card()])
    assert not sink.writer.flush(0.01)
    sink.opened.set()
    assert sink.writer.flush(20)


def test_stop_writes_what_waits_and_does_not_repeat_attempts(sink):
    sink.failures = 99
    sink.writer.put(CARDS, [card()])
    sink.writer.stop(20)
    assert sink.losses == [(CARDS, 1)]
    assert sink.attempts <= 2
    assert not sink.writer._thread.is_alive()


def test_there_is_no_thread_before_there_is_something_to_do(sink):
    assert sink.writer._thread is None
    assert sink.writer.flush(0)
    sink.writer.wake()
    assert sink.writer._thread.is_alive()


def test_a_thread_that_died_is_replaced(sink, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    sink.writer._write = lambda _: 1 / 0
    sink.writer.put(CARDS, [card()])
    sink.writer._thread.join(20)
    sink.writer._write = sink.write
    sink.writer.put(CARDS, [card()])
    sink.writer.stop(20)
    assert len(sink.portions) == 1
