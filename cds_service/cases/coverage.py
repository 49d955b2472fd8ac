"""What the golden cases exercise: actions, value sets, and every single concept; and which concepts no case would miss.

- An action is exercised when a case fires it, and shown silent when a case names its plan as silent or fires another
  action of the plan. A suggestion is exercised when a case is offered it.
- A concept is exercised when a question that was asked of a case found a record by its code, or by its name where a
  text counts: a question of a condition, or of the reading of a dose. A record that nobody asked about, such as a
  diagnosis that is over, exercises nothing. A unit is exercised when an amount in it is read or reckoned.
- A value set is exercised when one of its concepts is.
- A concept is missed when some case fails once it is taken out of its value set, all else being as it was. All others
  are the concepts that no case would miss, those included that are exercised and whose loss no case notices.

The value set of override reasons holds what cards offer, and no record is looked up in it: it is left out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cds_service.cases.asked import watching
from cds_service.cases.read import Case
from cds_service.cases.removal import Bearers, Member, without
from cds_service.cases.run import Outcome, run_case, shown_silent
from cds_service.errors import KnowledgeError, Problem
from cds_service.knowledge.check_action import OVERRIDE_REASONS
from cds_service.knowledge.load import KnowledgeBase

Watch = Callable[[Sequence[Member]], Iterable[Member]]
FIX = "correct the knowledge or the case first: cds-service check tells more."


@dataclass(frozen=True)
class ConceptUse:
    """A concept of a value set, the first case that exercises it, and one that would miss it; None where no case does.

    `missed_by` is None as well where nobody looked (Coverage.looked).
    """

    member: Member
    exercised_by: str | None = None
    missed_by: str | None = None


@dataclass(frozen=True)
class SetUse:
    """A value set and what becomes of each of its concepts, in the order of the set."""

    url: str
    concepts: tuple[ConceptUse, ...]

    @property
    def id(self) -> str:
        """Return the id of the value set."""
        return self.url.rpartition("/")[2]

    @property
    def exercised(self) -> list[ConceptUse]:
        """Return the concepts that some case exercises."""
        return [each for each in self.concepts if each.exercised_by]

    @property
    def missed(self) -> list[ConceptUse]:
        """Return the concepts that some case would miss."""
        return [each for each in self.concepts if each.missed_by]


@dataclass(frozen=True)
class ActionUse:
    """An action as 'plan#action': a case that fires it, and one that shows it silent (None for a suggestion)."""

    action: str
    is_suggestion: bool
    fired_by: str | None
    silent_in: str | None


@dataclass(frozen=True)
class Coverage:
    """What cases exercise. `looked` says whether concepts were taken out to see who would miss them."""

    cases: int
    actions: tuple[ActionUse, ...]
    sets: tuple[SetUse, ...]
    looked: bool


def find_coverage(
    knowledge: KnowledgeBase,
    cases: Mapping[str, Case],
    only: str | None = None,
    quick: bool = False,
    watch: Watch = iter,
) -> Coverage:
    """Return what the cases exercise; of all value sets, or of the one with the url `only`.

    `quick` takes no concept out. `watch` is given the concepts that are to be taken out, and gives them back one by
    one, so that a command can show how far it is. Raises KnowledgeError when a case fails on the knowledge as it is.
    """
    outcomes, asked = _run_all(knowledge, cases)
    sets = [each for each in knowledge.terminology.value_sets.values() if each.url != OVERRIDE_REASONS]
    members = [Member(each.url, code) for each in sets if only in (None, each.url) for code in each.names_of]
    missed = {} if quick else missed_by(knowledge, cases, members, asked, watch)
    by_set: dict[str, list[ConceptUse]] = {}
    for each in members:
        use = ConceptUse(each, next(iter(asked.get(each, ())), None) or missed.get(each), missed.get(each))
        by_set.setdefault(each.value_set, []).append(use)
    found = sorted((SetUse(url, tuple(uses)) for url, uses in by_set.items()), key=lambda each: (each.id, each.url))
    return Coverage(len(cases), tuple(_actions(knowledge, cases, outcomes)), tuple(found), not quick)


def _run_all(knowledge: KnowledgeBase, cases: Mapping[str, Case]) -> tuple[dict[str, Outcome], dict[Member, list[str]]]:
    """Return the outcome of each case, and the cases that found a record by each concept."""
    seen: set[Member] = set()
    watched = watching(knowledge, seen)
    outcomes: dict[str, Outcome] = {}
    asked: dict[Member, list[str]] = {}
    for name, case in cases.items():
        seen.clear()
        outcomes[name] = run_case(watched, name, case, indexed=False)
        for member in seen:
            asked.setdefault(member, []).append(name)
    failing = [(name, each) for name, outcome in outcomes.items() for each in outcome.differences]
    if failing:
        raise KnowledgeError([Problem(f"{name}.json", "-", f"{each}.", FIX) for name, each in failing])
    return outcomes, asked


def missed_by(
    knowledge: KnowledgeBase,
    cases: Mapping[str, Case],
    members: Iterable[Member],
    asked: Mapping[Member, list[str]],
    watch: Watch = iter,
) -> dict[Member, str]:
    """Return the concepts of which a case fails without them, each with the first such case.

    Only the cases that hold a concept are run without it; the others cannot tell.
    """
    bearers = Bearers(knowledge.terminology, cases, asked)
    held = {each: bearing for each in members if (bearing := bearers.of(each))}
    found = {}
    for member in watch(list(held)):
        poorer = without(knowledge, member)
        name = next((each for each in held[member] if run_case(poorer, each, cases[each]).differences), None)
        if name:
            found[member] = name
    return found


def _actions(
    knowledge: KnowledgeBase, cases: Mapping[str, Case], outcomes: Mapping[str, Outcome]
) -> Iterator[ActionUse]:
    walked = [(plan.id, each) for plan in knowledge.library.plans.values() for each in plan.walk()]
    spoken = {f"{plan}#{each.id}" for plan, each in walked if each.speaks}
    counted = spoken | {f"{plan}#{each.id}" for plan, each in walked if each.suggestion}
    fired: dict[str, str] = {}
    silent: dict[str, str] = {}
    for name, outcome in outcomes.items():
        for action in outcome.fired:
            fired.setdefault(action, name)
        for action in shown_silent(cases[name], outcome, spoken):
            silent.setdefault(action, name)
    for name in sorted(counted):
        yield ActionUse(name, name not in spoken, fired.get(name), silent.get(name))
