"""Judges every mutant: `python -m tests.mutation --all`; or one class: `--kind stance`."""

import argparse
import sys
from collections.abc import Iterator
from multiprocessing import get_context

from tests.mutation.mutant import Mutant
from tests.mutation.report import counted, table
from tests.mutation.shipped import judge, mutants
from tests.mutation.verdict import DIFF, SURVIVED, Verdict

EVERY = 200
_mutants: list[Mutant]


def _one(i: int) -> tuple[str, str]:
    found = judge().judge(_mutants[i])
    return found.caught_by, found.how


def _verdicts(jobs: int) -> Iterator[Verdict]:
    with get_context("fork").Pool(jobs) as pool:
        for i, (caught_by, how) in enumerate(pool.imap(_one, range(len(_mutants)), chunksize=20)):
            if sys.stderr.isatty() and i % EVERY == 0:
                print(f"\r{i} of {len(_mutants)}", end="", file=sys.stderr)
            yield Verdict(_mutants[i], caught_by, how)


def main() -> int:
    global _mutants
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--all", action="store_true", help="judge every mutant (minutes)")
    parser.add_argument("--kind", action="append", default=[], help="judge the mutants of this class")
    parser.add_argument("--jobs", type=int, default=4, help="processes")
    parser.add_argument("--list", action="store_true", help="name what only the diff catches")
    given = parser.parse_args()
    if not given.all and not given.kind:
        parser.error("say --all or --kind CLASS.")
    _mutants = [each for each in mutants() if given.all or each.kind in given.kind]
    verdicts = list(_verdicts(given.jobs))
    told = {SURVIVED, DIFF} if given.list else {SURVIVED}
    for each in verdicts:
        if each.caught_by in told or "crashed" in each.how:
            print(f"{each.caught_by}\t{each.mutant.kind}\t{each.mutant.what}\t{each.how}")
    print("\n".join(table(counted((each.kind for each in _mutants), verdicts))))
    return int(any(each.caught_by == SURVIVED for each in verdicts))


if __name__ == "__main__":
    sys.exit(main())
