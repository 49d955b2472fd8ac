"""Counts of the store -> acceptance and override rates per recommendation and plan version.

A rate is a share of the cards that were reported on. Clients report nothing of a card that is ignored (CDS Hooks 2.0,
Card ignored), so silence counts neither as acceptance nor as override.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from cds_service.feedback.wilson import wilson_interval
from cds_service.store.counts import Counts

Key = tuple[str | None, str | None, str | None]
UNKNOWN, NO_REASON = "(unknown card)", "no reason given"
TOP = 3
COUNTED = ("issued", "reported", "accepted", "overridden")
HEADER = ("recommendation", "version", *COUNTED, "acceptance", "override", "reasons")
NOTE = (
    "Rates are shares of the reported cards, with 95% Wilson score intervals; ignored cards are never reported.\n"
    "Issued are the cards that the store still knows. A card counts once, with its latest outcome.\n"
)
EMPTY = "No cards and no feedback are stored for this.\n"
COLUMNS = (
    "recommendation",
    "plan",
    "version",
    *COUNTED,
    "acceptance_rate",
    "acceptance_low",
    "acceptance_high",
    "override_rate",
    "override_low",
    "override_high",
    "reasons",
)


@dataclass(frozen=True)
class Line:
    """What became of the cards of one recommendation and plan version; no names where the cards are not known.

    `reasons` counts the codes that overrides gave, the most frequent first.
    """

    recommendation: str | None
    plan: str | None
    version: str | None
    issued: int
    accepted: int
    overridden: int
    reasons: tuple[tuple[str, int], ...]

    @property
    def reported(self) -> int:
        """Return how many cards something was reported of."""
        return self.accepted + self.overridden


def to_lines(counts: Counts) -> list[Line]:
    """Return one line per recommendation and plan version, sorted; cards that are not known come last."""
    issued: dict[Key, int] = {(each.recommendation, each.plan, each.version): each.cards for each in counts.issued}
    outcomes: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    reasons: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    for each in counts.outcomes:
        key = (each.recommendation, each.plan, each.version)
        outcomes[key][each.outcome] += each.cards
        if each.outcome == "overridden":
            reasons[key][each.reason_code or NO_REASON] += each.cards
    return [
        Line(*key, issued.get(key, 0), outcomes[key]["accepted"], outcomes[key]["overridden"], _sorted(reasons[key]))
        for key in sorted({*issued, *outcomes}, key=lambda key: tuple((part is None, part or "") for part in key))
    ]


def to_table(lines: Sequence[Line]) -> str:
    """Return aligned text with a header and what the rates mean; a sentence when there is nothing."""
    if not lines:
        return EMPTY
    rows = [HEADER, *(_cells(line) for line in lines)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEADER))]
    return "\n".join(_aligned(row, widths) for row in rows) + "\n\n" + NOTE


def to_csv(lines: Sequence[Line]) -> str:
    """Return CSV with a header; rates are between 0 and 1, and empty where nothing was reported."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in lines:
        counted = (line.issued, line.reported, line.accepted, line.overridden)
        rates = (*_rates(line.accepted, line.reported), *_rates(line.overridden, line.reported))
        writer.writerow((line.recommendation, line.plan, line.version, *counted, *rates, _shown(line.reasons)))
    return text.getvalue()


def _sorted(reasons: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(reasons.items(), key=lambda each: (-each[1], each[0])))


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.recommendation or UNKNOWN,
        line.version or "-",
        *map(str, (line.issued, line.reported, line.accepted, line.overridden)),
        _percent(line.accepted, line.reported),
        _percent(line.overridden, line.reported),
        _shown(line.reasons[:TOP]) or "-",
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, version, *numbers, reasons = row
    middle = (number.rjust(width) for number, width in zip(numbers, widths[2:-1], strict=True))
    return "  ".join((first.ljust(widths[0]), version.ljust(widths[1]), *middle, reasons))


def _percent(hits: int, of: int) -> str:
    if not of:
        return "-"
    low, high = wilson_interval(hits, of)
    return f"{hits / of:.1%} ({low:.1%} to {high:.1%})"


def _rates(hits: int, of: int) -> tuple[str, str, str]:
    if not of:
        return "", "", ""
    low, high = wilson_interval(hits, of)
    return f"{hits / of:.4f}", f"{low:.4f}", f"{high:.4f}"


def _shown(reasons: Sequence[tuple[str, int]]) -> str:
    """Return reasons behind their numbers: a cell must not begin with a client's text, which may be a formula."""
    return "; ".join(f"{number} {code}" for code, number in reasons)
