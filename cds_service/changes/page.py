"""The sheet as headings, lines and tables, whatever they are then written in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cds_service.changes.card_changes import CardChange
from cds_service.changes.change import Change, Section
from cds_service.changes.exercise import Exercise
from cds_service.changes.groups import Group
from cds_service.changes.marks import Piece, marked
from cds_service.changes.sheet import CARD_DEEDS, Sheet

Cell = tuple[Piece, ...]
Row = tuple[Cell, ...]
SHOWN, FAILING_SHOWN = 20, 5
NAMED, EXAMPLES = 4, 5
WHAT = {"refused": "Error", "vanishes": "Card vanishes", "appears": "Card appears", "order": "Order of the cards"}
NOT_SHOWN = "not shown: it may hold what is known of the patient"


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the sheet's own."""

    level: int
    text: str


@dataclass(frozen=True)
class Line:
    """A sentence of its own; a grave one is one that must not be passed over."""

    text: str
    is_grave: bool = False


@dataclass(frozen=True)
class Table:
    """A table; what is after the first `shown` rows may be folded away, 0: all of it."""

    title: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    shown: int = SHOWN


Block = Heading | Line | Table


def to_page(sheet: Sheet) -> Iterator[Block]:
    """Return the sheet from top to bottom: what is answered and advised first, then what is to mend, then wording."""
    yield Heading(1, f"What changes from {sheet.old} to {sheet.new}")
    yield from (Line(text, is_grave) for text, is_grave in summary(sheet))
    yield from _behaviour(sheet)
    yield from _artifacts(Section.ADVICE, sheet.changes)
    yield from _unexercised(sheet.exercise)
    yield from _warnings(sheet)
    yield from _artifacts(Section.WORDING, sheet.changes)
    yield from _rest(sheet.changes)


def summary(sheet: Sheet) -> Iterator[tuple[str, bool]]:
    """Return the sentences that stand first, each with whether it is grave."""
    if sheet.is_same:
        yield "Behaviour: the same. Both sides hold the same artifacts, so nothing was asked of them.", False
    elif not sheet.asked:
        yield "Behaviour: not compared. No golden case was found beside either side, and no requests were given.", True
    else:
        yield f"Behaviour: {_behaviour_in_words(sheet)}", bool(sheet.groups)
    yield from _to_look_at(sheet)
    if sheet.versions_only:
        yield f"Same advice, other versions of value sets or plans: {sheet.versions_only} case(s).", False
    artifacts = len({each.artifact for each in sheet.changes})
    yield f"Artifacts: {len(sheet.changes)} change(s) in {artifacts} artifact(s).", False


def _to_look_at(sheet: Sheet) -> Iterator[tuple[str, bool]]:
    exercise, warnings = sheet.exercise, _warned(sheet)
    told = {
        f"Exercised by no case: {exercise.number} of {exercise.judged} change(s) of advice and wording, listed below. "
        "No answer shows what they do.": exercise.unexercised,
        f"Services: {len(sheet.services)} change(s).": sheet.services,
        f"Golden cases of {sheet.new} that it does not meet: {len(sheet.failing)}.": sheet.failing,
        f"{Section.WARNING.value}: {len(warnings)} version(s), listed below.": warnings,
        f"Requests that were not answered: {len(sheet.unread)}.": sheet.unread,
    }
    yield from ((text, True) for text, found in told.items() if found)


def _behaviour_in_words(sheet: Sheet) -> str:
    cards = sheet.cards
    if not sheet.differing:
        return f"no card changed in {sheet.asked} case(s)."
    parts = [f"{cards[deed]} {word}" for deed, word in CARD_DEEDS.items() if cards.get(deed)]
    counted = f" ({', '.join(parts)})" if parts else ""
    return f"{sum(cards.values())} card(s) changed in {sheet.differing} of {sheet.asked} case(s){counted}."


def _warned(sheet: Sheet) -> list[Change]:
    return [each for each in sheet.changes if each.kind.section is Section.WARNING]


def _warnings(sheet: Sheet) -> Iterator[Block]:
    warnings = _warned(sheet)
    if not (warnings or sheet.failing or sheet.unread):
        return
    yield Heading(2, Section.WARNING.value)
    if warnings:
        yield Table(
            "", ("Artifact", "What"), tuple((_plain(each.artifact), _plain(each.sentence)) for each in warnings)
        )
    if sheet.failing:
        rows = tuple((_plain(each.case), _plain("\n".join(each.differences))) for each in sheet.failing)
        yield Table("Golden cases that are not met", ("Case", "How the answer differs"), rows, FAILING_SHOWN)
    if sheet.unread:
        rows = tuple((_plain(each.file), _plain(each.reason)) for each in sheet.unread)
        yield Table("Requests that were not answered", ("File", "Why"), rows)


def _behaviour(sheet: Sheet) -> Iterator[Block]:
    if not (sheet.services or sheet.groups):
        return
    yield Heading(2, "Behaviour")
    if sheet.services:
        yield Table("Services", ("What", "Before", "After"), tuple(_service(each) for each in sheet.services))
    if sheet.groups:
        header = ("What", "Before", "After", "Card", "Cases")
        yield Table("Cards", header, tuple(_group(each) for each in sheet.groups))


def _unexercised(exercise: Exercise) -> Iterator[Block]:
    if not exercise.unexercised:
        return
    yield Heading(2, "Exercised by no case")
    rows = tuple(
        (_plain(f"{each.title} ({each.artifact})"), _plain("\n".join(each.changes)), _plain(each.asked))
        for each in exercise.unexercised
    )
    yield Table("", ("Where", "What", "What asks about it, and does"), rows)


def _service(change: CardChange) -> Row:
    if change.deed == "changes":
        return (_plain(f"{change.card}: {change.fact}"), *_both(change.old, change.new))
    return _plain(f"Service {change.deed}: {change.card}"), (), ()


def _group(group: Group) -> Row:
    change = group.change
    is_hidden = change.deed == "changes" and change.old is None and change.new is None
    both = (_plain(NOT_SHOWN), _plain(NOT_SHOWN)) if is_hidden else _both(change.old, change.new)
    more = f" and {len(group.cards) - NAMED} more" if len(group.cards) > NAMED else ""
    among = ", among them" if len(group.cases) > EXAMPLES else ""
    cases = "\n".join((f"{len(group.cases)}{among}:", *group.cases[:EXAMPLES]))
    what = WHAT.get(change.deed, change.fact[:1].upper() + change.fact[1:])
    return _plain(what), *both, _plain("; ".join(group.cards[:NAMED]) + more), _plain(cases)


def _artifacts(section: Section, changes: Iterable[Change]) -> Iterator[Block]:
    found: dict[tuple[str, str], list[Row]] = {}
    for each in changes:
        if each.kind.section is section:
            row = _plain(each.what), *_both(each.old, each.new)
            found.setdefault((each.title, each.artifact), []).append(row)
    if found:
        yield Heading(2, section.value)
    for (title, artifact), rows in found.items():
        yield Heading(3, f"{title} ({artifact})")
        yield Table("", ("What", "Before", "After"), tuple(rows))


def _rest(changes: Iterable[Change]) -> Iterator[Block]:
    rows = [
        (_plain(each.artifact), _plain(each.what), *_both(each.old, each.new))
        for each in changes
        if each.kind.section is Section.REST
    ]
    if rows:
        yield Heading(2, Section.REST.value)
        yield Table(
            "Sources, versions and what is for readers", ("Artifact", "What", "Before", "After"), tuple(rows), 0
        )


def _plain(text: str) -> Cell:
    return (Piece("same", text),) if text else ()


def _both(old: str | None, new: str | None) -> tuple[Cell, Cell]:
    """Return two texts with what differs in them marked."""
    if old is None or new is None:
        return _only("out", old), _only("in", new)
    pieces = marked(old, new)
    return tuple(each for each in pieces if each.mark != "in"), tuple(each for each in pieces if each.mark != "out")


def _only(mark: str, text: str | None) -> Cell:
    return () if text is None else (Piece("out" if mark == "out" else "in", text),)
