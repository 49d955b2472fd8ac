"""What becomes of a card: it appears, vanishes, or a fact of it changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from cds_service.changes.cards import MATCHED_CODES, OF_RECOMMENDATION, Card, Facts, Name, facts_of
from cds_service.changes.differences import ABSENT, canonical, differences

Deed = Literal["refused", "vanishes", "appears", "changes", "order"]
PUBLIC = ("indicator", *(f"{each} of" for each in OF_RECOMMENDATION.values()), "warning", "notice", MATCHED_CODES)
MATCHED = frozenset({MATCHED_CODES, "matched", "records"})


@dataclass(frozen=True)
class CardChange:
    """What becomes of one card: `card` says which, `fact` what of it is different; None: not there, or not shown."""

    deed: Deed
    card: str
    fact: str = ""
    old: str | None = None
    new: str | None = None


def compare_cards(name: str, old: Card | None, new: Card | None) -> Iterator[CardChange]:
    """Return what becomes of the card about one thing; nothing when only versions differ."""
    if old is None and new is not None:
        yield CardChange("appears", name, "", None, _headline(new))
    elif new is None and old is not None:
        yield CardChange("vanishes", name, "", _headline(old), None)
    elif old and new and old != new:
        yield from dict.fromkeys(_changes(name, facts_of(old), facts_of(new)))


def _headline(card: Card) -> str:
    return f"{card['indicator']}: {card['summary']}"


def _changes(name: str, old: Facts, new: Facts) -> Iterator[CardChange]:
    differing = {each for each in (*old, *new) if old.get(each, ABSENT) != new.get(each, ABSENT)}
    for fact in dict.fromkeys((*old, *new)):
        if fact in differing and not _is_told(fact, differing):
            label = f"{fact.of}, {fact.part}" if fact.part else fact.of
            for part, *values in _parts(old.get(fact, ABSENT), new.get(fact, ABSENT)):
                yield CardChange("changes", name, label + part, *values)


def _is_told(fact: Name, differing: set[Name]) -> bool:
    """Return whether another fact tells it: the thing that it is a part of, or the codes that matched."""
    if fact == Name("detail", MATCHED_CODES):
        return any(each.of.startswith(MATCHED_CODES) or each.part in MATCHED for each in differing - {fact})
    wholes = {Name(fact.of), Name(fact.of, MATCHED_CODES if fact.part == "matched" else "")}
    return bool(fact.part) and bool(wholes & differing)


def _parts(old: Any, new: Any) -> Iterator[tuple[str, str | None, str | None]]:
    """Return the lines, or the elements, in which two values differ, each with its path."""
    if isinstance(old, str) and isinstance(new, str):
        yield from (("", *each) for each in _lines(old, new))
        return
    for path, one, other in differences(old, new):
        yield f", {path}" if path else "", _text(one), _text(other)


def _text(value: Any) -> str | None:
    return None if value is ABSENT else value if isinstance(value, str) else canonical(value)


def _lines(old: str, new: str) -> Iterator[tuple[str | None, str | None]]:
    """Return the stretches of lines in which two texts differ, without empty lines where there are others."""
    before, after = old.split("\n"), new.split("\n")
    for tag, i, end_i, j, end_j in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            yield _joined(before[i:end_i]), _joined(after[j:end_j])


def _joined(lines: list[str]) -> str | None:
    return "\n".join(each for each in lines if each) or (None if not lines else "(an empty line)")


def shown(change: CardChange) -> CardChange:
    """Return a change without what may be of a patient: texts and suggestions are filled in from the record."""
    thing, _, part = change.fact.partition(", ")
    if change.deed in ("refused", "order") or (thing.startswith(PUBLIC) and part in ("", MATCHED_CODES)):
        return change
    if change.deed == "changes":
        return CardChange(change.deed, change.card, "suggestion" if thing.startswith("suggestion") else thing)
    indicators = (each and each.partition(":")[0] for each in (change.old, change.new))
    return CardChange(change.deed, change.card, change.fact, *indicators)
