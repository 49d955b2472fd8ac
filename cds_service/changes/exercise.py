"""Which changes no golden case exercises: a sheet on which no card changed says nothing of them.

A change of a code or a name is exercised when a case that holds the code or a name of it is answered otherwise, and is
not when the value set alone is put back. Of a plan no more is asked than whether a case is answered otherwise in which
the plan speaks; of all else, whether any is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from cds_service.cases.removal import Bearers, Member
from cds_service.changes.behaviour import Compared, ask
from cds_service.changes.change import Change, Section
from cds_service.changes.questions import case_questions
from cds_service.changes.sides import Side
from cds_service.codes.find import Shelf, Use
from cds_service.codes.role import Role
from cds_service.core.valueset import Terminology, ValueSet
from cds_service.knowledge.load import KnowledgeBase
from cds_service.knowledge.units import UNITS

Spoken = tuple[str, str | None]
Shelved = tuple[Side, Shelf]
Said = Callable[[str], Spoken]
NAMED = 3
NOBODY = "no action asks about its value set"
UNIT = "amounts in this unit are read, or read otherwise, wherever one is asked about"


@dataclass(frozen=True)
class Unexercised:
    """Changes of one code, or one change of a plan, that no case exercises; `asked` is what asks the code, in words."""

    artifact: str
    title: str
    changes: tuple[str, ...]
    asked: str = ""


@dataclass(frozen=True)
class Exercise:
    """How many changes of advice and wording were looked at, and those that no case exercises."""

    judged: int = 0
    unexercised: tuple[Unexercised, ...] = ()

    @property
    def number(self) -> int:
        """Return how many changes no case exercises."""
        return sum(len(each.changes) for each in self.unexercised)


def find_unexercised(old: Side, new: Side, changes: Iterable[Change], compared: Iterable[Compared]) -> Exercise:
    """Return which changes of advice and wording the golden cases of both sides do not exercise."""
    judged = [each for each in changes if _is_judged(each)]
    differing = {each.name: each.plans for each in compared if each.changes and not each.is_request}
    seen = _CodesSeen(old, new, differing, [each for each in judged if each.coded])
    left = [each for each in judged if not (seen.has(each) if each.coded else _is_seen(each, old, new, differing))]
    by_code: dict[tuple[str, object], list[Change]] = {}
    for each in left:
        by_code.setdefault((each.artifact, each.coded or each.what), []).append(each)
    shelves = [(side, Shelf(side.sources, side.knowledge)) for side in (old, new)]
    return Exercise(len(judged), tuple(_told(each, *shelves) for each in by_code.values()))


def _is_judged(change: Change) -> bool:
    """Return whether it is a change of advice or wording; how a value set gives its codes changes no answer."""
    is_form = change.artifact.startswith("ValueSet/") and not change.coded
    return change.kind.section in (Section.ADVICE, Section.WORDING) and not is_form


def _is_seen(change: Change, old: Side, new: Side, differing: Mapping[str, frozenset[str]]) -> bool:
    kind, _, name = change.artifact.partition("/")
    plans = [plan for side in (old, new) for plan in side.knowledge.library.plans.values() if plan.id == name]
    if kind == "PlanDefinition" and any(action.speaks for plan in plans for action in plan.walk()):
        return any(name in spoken for spoken in differing.values())
    return bool(differing)


class _CodesSeen:
    """Which changes of codes and names a case that is answered otherwise shows."""

    def __init__(self, old: Side, new: Side, differing: Iterable[str], changes: list[Change]) -> None:
        self._questions = {each.name: each for each in case_questions(old.cases, new.cases) if each.name in differing}
        self._cases = {name: each for name, each in {**old.cases, **new.cases}.items() if name in self._questions}
        self._seen: set[Change] = set()
        for here, there, is_old in ((old, new, True), (new, old, False)):
            told = [each for each in changes if (each.old if is_old else each.new) is not None]
            if self._cases and told:
                self._seen |= set(self._of_side(here, there, told))

    def has(self, change: Change) -> bool:
        return change in self._seen

    def _of_side(self, here: Side, there: Side, changes: list[Change]) -> Iterator[Change]:
        """Return the changes by which a side answers otherwise than it would with the value sets of the other."""
        bearers = Bearers(here.knowledge.terminology, self._cases, {})
        said = self._asking(here.knowledge)
        by_set: dict[str, list[Change]] = {}
        for each in changes:
            by_set.setdefault(each.artifact, []).append(each)
        for artifact, of_set in by_set.items():
            if (url := url_of(here, artifact)) is None:
                continue
            codes = {code[:2]: code for code in here.knowledge.terminology.value_sets[url].names_of}
            held = {each: bearers.of(Member(url, codes[each.coded])) for each in of_set if each.coded in codes}
            if any(held.values()):
                yield from self._shown(said, _with_set_of(here, there, url, artifact), held)

    def _shown(self, said: Said, other: KnowledgeBase, held: Mapping[Change, list[str]]) -> Iterator[Change]:
        says = self._asking(other)
        return (change for change, names in held.items() if any(said(name) != says(name) for name in names))

    def _asking(self, knowledge: KnowledgeBase) -> Said:
        """Return what tells, by the name of a case, what is answered; a case is asked once."""

        @cache
        def said(name: str) -> Spoken:
            question = self._questions[name]
            reply = ask(knowledge, question.service or "", question)
            return reply.raw, reply.refusal

        return said


def url_of(side: Side, artifact: str) -> str | None:
    """Return the address of a value set by its type and id; None where the side does not have it."""
    found = (each for each in side.sources.terms if "/".join(each.key) == artifact)
    return next((str(each.source.get("url", "")) for each in found), None)


def _with_set_of(here: Side, there: Side, url: str, artifact: str) -> KnowledgeBase:
    """Return the knowledge of a side with the codes that a value set has on the other, none where it is not there."""
    known, other = here.knowledge.terminology, there.knowledge.terminology
    held = other.value_sets.get(url_of(there, artifact) or "")
    changed = ValueSet(url, known.value_sets[url].version, held.names_of if held else {})
    units = other.units if url == UNITS else known.units
    sets = {**known.value_sets, url: changed}
    return replace(here.knowledge, terminology=Terminology(sets.values(), {**other.systems, **known.systems}, units))


def _told(changes: list[Change], old: Shelved, new: Shelved) -> Unexercised:
    first = changes[0]
    asked = _asked(first, *(new if first.new is not None else old)) if first.coded else ""
    return Unexercised(first.artifact, first.title, tuple(each.sentence for each in changes), asked)


def _asked(change: Change, side: Side, shelf: Shelf) -> str:
    """Return the actions that ask the value set of a code and what they do, those first that it makes fire alone."""
    url = url_of(side, change.artifact)
    codes = side.knowledge.terminology.value_sets[url].names_of if url else {}
    code = next((each for each in codes if each[:2] == change.coded), None)
    if url is None or code is None:
        return ""
    uses = sorted(shelf.take(url, code, "").uses, key=_rank)
    more = f"; and {len(uses) - NAMED} more" if len(uses) > NAMED else ""
    return "; ".join(_use(each) for each in uses[:NAMED]) + more or (UNIT if url == UNITS else NOBODY)


def _rank(use: Use) -> bool:
    return Role.ALONE not in use.roles


def _use(use: Use) -> str:
    roles = f"{', '.join(use.roles)}: " if use.roles else ""
    return f"{roles}{use.plan.id}, {use.action.id}: {use.does}"
