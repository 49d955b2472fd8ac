"""What is known of one patient and one selected order, as conditions see it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cds_service.core.fhirpath.dates import Partial
from cds_service.core.index import Match
from cds_service.core.records import Allergy, Immunization, Lab, Medication, Order, Problem, Procedure, Record
from cds_service.core.resources import Resource
from cds_service.core.valueset import Terminology

Hits = Mapping[tuple[str, str], list[Record]]


class Evidence(NamedTuple):
    """A record that made a condition true, why it is in a value set, whether its text or a second diagnosis decided."""

    record: Record | Order
    match: Match
    by_text: bool
    combined: bool = False


@dataclass(slots=True)
class Facts:
    """One patient and one order. `unavailable` names the variables whose data did not come."""

    order: Order
    patient: Resource | None
    problems: list[Problem]
    observations: list[Lab]
    order_date: Partial
    today: Partial
    unavailable: frozenset[str] = frozenset()
    not_checked: tuple[str, ...] = ()
    hits: Hits | None = None
    medications: list[Medication] = field(default_factory=list)
    past_medications: list[Medication] = field(default_factory=list)
    allergies: list[Allergy] = field(default_factory=list)
    procedures: list[Procedure] = field(default_factory=list)
    immunizations: list[Immunization] = field(default_factory=list)

    def named(self) -> dict[str, list[Medication] | list[Allergy] | list[Procedure] | list[Immunization]]:
        """Return, by variable, the records that are also known by the names in their text."""
        return {
            "medications": self.medications,
            "pastMedications": self.past_medications,
            "allergies": self.allergies,
            "procedures": self.procedures,
            "immunizations": self.immunizations,
        }

    def results_in(self, value_set: str, terminology: Terminology) -> list[Lab]:
        """Return the results whose code is in a value set, by the index where there is one."""
        if self.hits is not None:
            return [each for each in self.hits.get(("observations", value_set), ()) if isinstance(each, Lab)]
        return [each for each in self.observations if value_set in terminology.members(each.code, local_names=True)]


def of_order(order: Order, terminology: Terminology) -> dict[tuple[str, str], list[Record]]:
    """Return the part of the index that the order's own codes make: which value sets they are in or name."""
    return {
        ("order", url): [] for code in order.code for url in {*terminology.members(code), *terminology.naming(code)}
    }


def hits(facts: Facts, terminology: Terminology) -> Hits:
    """Return the records of each variable that may be in a value set, by (variable, value set url); none for the order.

    This is the index by which conditions find records without a sweep. It changes no answer.
    """
    found = of_order(facts.order, terminology)
    for problem in facts.problems:
        for url in terminology.members(problem.code):
            found.setdefault(("problems", url), []).append(problem)
            if problem.origin != "code":
                found.setdefault(("current", url), []).append(problem)
    for lab in facts.observations:
        for url in terminology.members(lab.code, local_names=True):
            found.setdefault(("observations", url), []).append(lab)
    for variable, records in facts.named().items():
        _file_named(variable, records, terminology, found)
    return found


def _file_named(
    variable: str, records: Iterable[Record], terminology: Terminology, found: dict[tuple[str, str], list[Record]]
) -> None:
    for each in records:
        for url in {*terminology.members(each.code), *terminology.naming(each.code)}:
            found.setdefault((variable, url), []).append(each)


def how(evidence: Evidence) -> str:
    """Return how a record matched: lab, text, combination, reason, encounter or code."""
    if isinstance(evidence.record, Lab):
        return "lab"
    if evidence.by_text:
        return "text"
    if evidence.combined:
        return "combination"
    return evidence.record.origin if isinstance(evidence.record, Problem) else "code"
