"""Chart and order -> Facts, one per selected order."""

import re
from dataclasses import replace

from cds_service.core.concept import texts_of
from cds_service.core.decode import decode_quantity
from cds_service.core.dose.dosage import decode_dosages
from cds_service.core.facts import Facts, hits
from cds_service.core.fhirpath.dates import Partial
from cds_service.core.inbound import problems_of
from cds_service.core.records import Order, Problem, order_date
from cds_service.core.resources import ABSENT, Concept, Reference, Resource, many
from cds_service.core.valueset import Terminology
from cds_service.hooks.chart import Chart
from cds_service.hooks.drugs import Drafted, ordered_concepts
from cds_service.hooks.prefetch import Delivered
from cds_service.hooks.references import concepts_of, label, owner, referred, refuse_other_patients, resolve
from cds_service.hooks.request import HookRequest, bare_id

MARKUP = re.compile(r"[<>&`*_~#|\[\]{}\\!\x00-\x1f]+")
LONGEST_NAME = 200
READ_FROM = {
    "conditions": ("problems", "current"),
    "observations": ("observations",),
    "medications": ("medications", "pastMedications"),
    "allergies": ("allergies",),
    "procedures": ("procedures",),
    "immunizations": ("immunizations",),
}


def read_order(order: Resource, request: HookRequest, terminology: Terminology) -> Order:
    """Return what is ordered: code, route, dose, with a Medication looked up where the order only refers to one.

    Raises BadRequest (400) when the order is for another patient.
    """
    refuse_other_patients(request.patient_id, {owner(order)})
    codes = ordered_concepts(order, request)
    dosages = decode_dosages(order.dosage_instruction)
    return Order(
        label(order),
        str(order.resource_type),
        order.status,
        order.do_not_perform,
        order.modifier_extension,
        codes,
        [each.route for each in dosages if isinstance(each.route, Concept)],
        _name(codes, terminology),
        _reasons(order),
        dosages,
        decode_quantity(order.quantity_quantity),
        _has_unread_quantity(order),
        next((i for i, entry in enumerate(request.drafts) if entry.resource is order), 0),
    )


def _has_unread_quantity(order: Resource) -> bool:
    """Return whether a request's quantity is a range or ratio, or is repeated by a timing: neither is reckoned with."""
    is_repeated = order.quantity_quantity is not ABSENT and order.occurrence_timing is not ABSENT
    return is_repeated or order.quantity_range is not ABSENT or order.quantity_ratio is not ABSENT


def _reasons(order: Resource) -> list[object]:
    coded = [*many(order.reason_code, Concept), *many(order.reason, Concept)]
    return [*coded, *many(order.reason_reference, Reference)]


def _name(codes: list[Concept], terminology: Terminology) -> str:
    """Return what the order, or else a value set, calls its drug.

    What Markdown or HTML would make something of is left out.
    """
    names = [text for concept in codes for text in texts_of(concept)]
    plain = (" ".join(MARKUP.sub(" ", name).split()) for name in names)
    told = next((name for name in plain if name), "")
    matches = () if told else (match for concept in codes for match in terminology.members(concept).values())
    return told[:LONGEST_NAME] or next((match.code.display for match in matches), "")


def to_facts(
    source: Resource,
    order: Order,
    request: HookRequest,
    chart: Chart,
    drafts: Drafted,
    delivered: Delivered,
    today: Partial,
) -> Facts:
    """Return the facts of one order: the chart, with its reasons among the problems, other drafts among the drugs."""
    wanted = {referred(each) for each in many(source.reason_reference, Reference)}
    wanted |= {referred(each) for each in many(source.reason, Concept)}
    own = resolve(wanted, "Condition", source, request.drafts)
    refuse_other_patients(request.patient_id, {owner(each) for each in own})
    problems = [_as_reason(each) if bare_id(each.label) in wanted - {None} else each for each in chart.problems]
    problems += [problem for each in own for problem in problems_of(each, label(each), "reason")]
    reasons = [*many(source.reason_code, Concept), *concepts_of(source.reason)]
    problems += [Problem(order.label, each, origin="reason") for each in reasons]
    unavailable = {name for key in READ_FROM if key not in delivered.resources for name in READ_FROM[key]}
    drugs = [*chart.medications, *(drug for draft, found in drafts if draft is not source for drug in found)]
    return Facts(
        order,
        chart.patient,
        problems,
        chart.labs,
        order_date(source.authored_on, today),
        today,
        frozenset(unavailable),
        delivered.not_checked,
        medications=[each for each in drugs if each.current],
        past_medications=[each for each in drugs if not each.current],
        allergies=chart.allergies,
        procedures=chart.procedures,
        immunizations=chart.immunizations,
    )


def _as_reason(problem: Problem) -> Problem:
    return replace(problem, origin="reason")


def with_index(facts: Facts, terminology: Terminology) -> Facts:
    """Return the facts with the index of their records by value set."""
    facts.hits = hits(facts, terminology)
    return facts
