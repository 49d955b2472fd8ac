"""Which single codes or names fire two plans of opposite direction: the plans are asked about each one alone."""

from collections.abc import Iterable, Iterator, Set

from cds_service.core.apply import apply_plan
from cds_service.core.facts import Facts, hits
from cds_service.core.library import Library
from cds_service.core.plan import Plan
from cds_service.core.records import Order, Problem
from cds_service.core.resources import Coding, Concept, Resource
from cds_service.core.valueset import Terminology

ADULT, CHILD, DAY = "1970-01-01", "2020-01-01", (2026, 1, 1)


def records_that_fire_both_ways(plans: Iterable[Plan], terminology: Terminology) -> Iterator[tuple[str, str, str]]:
    """Return (record, url of the plan for, url of the plan against) for all that alone fires both.

    A record is a code as 'system#code', or a name that several codes have.
    """
    directed = [(plan, Library([plan])) for plan in plans if any(action.direction for action in plan.walk())]
    asked = {
        url for plan, _ in directed for action in plan.walk() for each in action.conditions for url in each.value_sets
    }
    for records, concept in [*_coded(terminology, asked), *_named(terminology, asked)]:
        for birth_date in (ADULT, CHILD):
            fired = _fired(concept, birth_date, directed, terminology)
            if "for" in fired and "against" in fired:
                yield from ((record, fired["for"], fired["against"]) for record in records)
                break


Records = tuple[Iterable[str], Concept]


def _coded(terminology: Terminology, asked: Set[str]) -> Iterator[Records]:
    """Return the codes of the sets by what they are in: of those that are in the same sets one speaks for all."""
    for urls, code in terminology.combinations().items():
        if not asked.isdisjoint(urls):
            yield _alike(terminology, urls), Concept([Coding(code.system, code.code)])


def _alike(terminology: Terminology, urls: tuple[str, ...]) -> Iterator[str]:
    for code in terminology.value_sets[urls[0]].names_of:
        if tuple(terminology.sets_of(code.system, code.code)) == urls:
            yield f"{code.system}#{code.code}"


def _named(terminology: Terminology, asked: Set[str]) -> Iterator[Records]:
    """Return the names that several codes of the sets have."""
    for name in terminology.shared_names():
        sets = terminology.sets_named(name)
        if len({match.code[:2] for url, match in sets.items() if url in asked}) > 1:
            yield [f"the name {name!r}"], Concept(text=name)


def _fired(
    concept: Concept, birth_date: str, plans: list[tuple[Plan, Library]], terminology: Terminology
) -> dict[str, str]:
    problem = Problem("Condition/1", concept)
    patient = Resource(birth_date=birth_date)
    facts = Facts(Order("MedicationRequest/1", "MedicationRequest"), patient, [problem], [], DAY, DAY)
    facts.hits = hits(facts, terminology)
    found = {}
    for plan, library in plans:
        for advice in apply_plan(plan, facts, terminology, library):
            for each in advice.recommendations:
                if each.decided and each.direction:
                    found[each.direction] = plan.url
    return found
