"""gunicorn makes the application before it forks the workers: each process has connections and a queue of its own."""

from cds_service.store.tables import FEEDBACK, GIVEN_ADVICE, ISSUED_CARD, SEEN_TOKEN
from tests.store.stores import rows, start_python, told_by

FORK = """
import os, sys, threading, time

def at_the_last_moment():  # runs after the store's own, which was registered later
    if sys.argv[2] == "used meanwhile":
        threading.Thread(target=opened.store.state).start()
        time.sleep(0.1)

os.register_at_fork(before=at_the_last_moment)
import cds_service.store.store as module
from tests.store.stores import NOW, Opened, accepted, card
opened = Opened(sys.argv[1])
uuid = "11111111-2222-4333-8444-{:012}".format
digest = lambda number: bytes([number]) * 32

def use(number):
    opened.store.record_cards([card(uuid(number))])
    opened.store.record_advice([digest(number)], NOW + 60)
    assert not opened.store.is_seen(digest(number), NOW + 60)
    assert opened.store.add_feedback([accepted(uuid(number))], None, "s", NOW) == 1
    assert opened.store.given([digest(number)])

assert opened.store.prepare() == "ok"
insert = module.insert_cards
if sys.argv[2] == "used before":
    use(0)
    module.insert_cards = lambda *some: (insert(*some), time.sleep(0.4))
    opened.store.record_cards([card(uuid(99))])
    time.sleep(0.2)  # the writer is in the middle of a transaction
database = opened.store._here().database
children = []
for number in (1, 2, 3):
    if not (child := os.fork()):
        assert opened.store._process is None
        assert database._engine is None or database._engine.pool.checkedin() == 0
        module.insert_cards = insert
        use(number)
        opened.store.close()
        sys.exit(0)
    children.append(child)
ended = [os.waitpid(child, 0)[1] for child in children]
module.insert_cards = insert
use(4)
opened.store.close()
print(ended, opened.losses)
"""


def check(url: str, used: str, numbers: set[int]) -> None:
    assert told_by(start_python(FORK, url, used)) == "[0, 0, 0] []\n"
    written = {table.name: [int(row["card"][-12:]) for row in rows(url, table)] for table in (FEEDBACK, ISSUED_CARD)}
    assert {name: sorted(found) for name, found in written.items()} == {
        "feedback": sorted(numbers - {99}),
        "issued_card": sorted(numbers),
    }
    assert all(row["recommendation"] == "r" for row in rows(url, FEEDBACK))
    for table in (GIVEN_ADVICE, SEEN_TOKEN):
        assert {row["digest"][0] for row in rows(url, table)} == numbers - {99}


def test_a_process_forked_before_the_first_use(ready_url):
    check(ready_url, "not used before", {1, 2, 3, 4})


def test_a_process_forked_while_the_parent_is_at_it(ready_url):
    check(ready_url, "used before", {0, 1, 2, 3, 4, 99})


def test_a_process_that_uses_the_store_at_the_moment_of_the_fork(ready_url):
    check(ready_url, "used meanwhile", {1, 2, 3, 4})
