"""How many mutants of each class were made, and who caught them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from tests.mutation.verdict import CASES, CHECK, DIFF, SURVIVED, Verdict

PROPERTY = "mutation"
MADE, JUDGED = "made", "judged"
COLUMNS = (MADE, JUDGED, CHECK, CASES, DIFF, SURVIVED)
Counts = Mapping[str, Mapping[str, int]]


def plain(counts: Counts) -> dict[str, dict[str, int]]:
    """Return counts as what goes from one test process to another."""
    return {kind: dict(each) for kind, each in counts.items()}


def counted(made: Iterable[str], verdicts: Iterable[Verdict]) -> Counts:
    """Return, by class, how many mutants there are, how many were judged, and who caught them."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for kind in made:
        found[kind][MADE] += 1
    for each in verdicts:
        found[each.mutant.kind][JUDGED] += 1
        found[each.mutant.kind][each.caught_by] += 1
    return found


def added(parts: Iterable[Counts]) -> Counts:
    """Return the sum of the counts of several parts."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for part in parts:
        for kind, counts in part.items():
            found[kind].update(counts)
    return found


def table(counts: Counts) -> list[str]:
    """Return the lines of the table: a class each, the sum, and the kill rates."""
    width = max(map(len, counts), default=0)
    total = added([{"all": each} for each in counts.values()]).get("all", Counter())
    rows = [("class of mutant", COLUMNS)]
    rows += [(kind, tuple(counts[kind].get(name, 0) for name in COLUMNS)) for kind in sorted(counts)]
    rows.append(("all", tuple(total.get(name, 0) for name in COLUMNS)))
    lines = [f"{kind:{width}}" + "".join(f"{each:>10}" for each in numbers) for kind, numbers in rows]
    return [*lines, *_rates(total)]


def _rates(total: Mapping[str, int]) -> list[str]:
    judged = total.get(JUDGED, 0)
    if not judged:
        return ["no mutant was judged"]
    survived, without = total.get(SURVIVED, 0), total.get(CHECK, 0) + total.get(CASES, 0)
    return [
        f"kill rate {100 * (judged - survived) / judged:.1f} % of {judged} judged; "
        f"without the diff {100 * without / judged:.1f} %",
    ]
