"""Work in a process of its own: its result comes whole, its end is seen however it ends, and nothing of it is left."""

import os
import subprocess
import sys

import pytest

WORK = """
import os, sys, time
from cds_service.hooks.aside import Aside

def wait_for(aside):
    while not aside.is_done:
        time.sleep(0.005)
    return aside

aside = Aside(lambda: {work})
print({then})
print(os.waitpid(-1, 0)[1])
"""
LONG = '"x" * 5_000_000'  # far more than a pipe holds


def run(root, work, then):
    """Return what is printed by a process with a single thread, as the master is: the result, and the child's end."""
    script = WORK.format(work=work, then=then)
    environment = os.environ | {"PYTHONPATH": str(root)}
    ended = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=20, check=True
    )
    return ended.stdout.split()


@pytest.mark.parametrize(
    ("work", "then", "result", "end"),
    [
        ("{1: 2}", "wait_for(aside).result()[1]", "2", "0"),
        (LONG, "len(wait_for(aside).result())", "5000000", "0"),
        ("1 / 0", "wait_for(aside).result()", "None", "0"),
        ("os._exit(3)", "wait_for(aside).result()", "None", str(3 << 8)),
        ("os.kill(os.getpid(), 9)", "wait_for(aside).result()", "None", "9"),
        ("sys.exit(5)", "wait_for(aside).result()", "None", "0"),
        ("time.sleep(60)", "aside.is_done, aside.stop()", "False", "9"),
        (LONG, "wait_for(aside).stop()", "None", "0"),
        ("1", "wait_for(aside).stop()", "None", "0"),
    ],
)
def test_work_comes_to_an_end_that_is_seen(root, work, then, result, end):
    printed = run(root, work, then)
    assert (printed[0], printed[-1]) == (result, end)
