"""Explanations -> JSON. What is empty is left out; truth is written 'true', 'false' or 'unknown'."""

from collections.abc import Iterable, Sequence
from typing import Any

from cds_service.core.card_text import to_matched
from cds_service.core.explain.records import describe, records_of, sets_of, unknown_systems
from cds_service.core.explain.values import LeftOut, Noted, Part, Seen, Stage, Step
from cds_service.core.explain.words import TRUTHS
from cds_service.core.facts import Facts
from cds_service.core.records import Record
from cds_service.core.valueset import Terminology

Json = dict[str, Any]


def _kept(**named: object) -> Json:
    """Return what says something: nothing in an explanation is null or empty."""
    return {name: value for name, value in named.items() if value not in (None, "", (), [], {})}


def to_step(step: Step, whole: bool = True) -> Json:
    """Return an action with what became of it, its condition, its notes and, where `whole`, all that is below it."""
    action = step.action
    return _kept(
        plan=step.plan.canonical,
        action=step.name,
        kind=step.kind,
        outcome=step.outcome,
        because=step.because,
        key=step.key,
        stance=action.stance,
        direction=action.direction,
        evidenceClass=action.evidence_class,
        title=step.title,
        onUnknown=("apply" if action.applies_on_unknown else "withhold") if action.condition else None,
        condition=to_part(step.condition) if step.condition else None,
        notes=[_noted(each) for each in step.notes],
        actions=[to_step(each) for each in step.children] if whole else None,
    )


def _noted(noted: Noted) -> Json:
    return {"text": noted.text, "said": noted.said, "condition": to_part(noted.condition)}


def to_part(part: Part) -> Json:
    """Return a part of a condition with the parts it is made of."""
    compared = _kept(left=part.left, right=part.right)
    return {"text": part.text, "kind": part.kind, "truth": TRUTHS[part.truth]} | _kept(
        valueSets=part.value_sets,
        variable=part.variable,
        available=part.available,
        count=part.found,
        because=part.because,
        compared=compared,
        matched=to_matched(part.evidence),
        steps=[_stage(each) for each in part.stages],
        parts=[to_part(each) for each in part.parts],
    )


def _stage(stage: Stage) -> Json:
    counted = {"text": stage.text, "considered": stage.considered, "kept": stage.kept}
    return counted | _kept(records=[{"truth": TRUTHS[each.truth], **to_record(each)} for each in stage.records])


def to_record(seen: Seen) -> Json:
    """Return a record by its reference, codes, date and value."""
    return _kept(
        resource=seen.resource,
        codes=[_kept(system=system, code=code) for system, code in seen.codes],
        hasTextOnly=seen.has_text_only or None,
        date=seen.date,
        value=seen.value,
        criterion=to_part(seen.part) if seen.part else None,
    )


def to_data(facts: Facts, terminology: Terminology) -> Json:
    """Return, by variable, whether its data came and the records that count, with the value sets that hold them."""
    return {
        name: {"available": name not in facts.unavailable}
        | _kept(records=[_datum(each, terminology) for each in records])
        for name, records in records_of(facts).items()
    }


def _datum(record: Record, terminology: Terminology) -> Json:
    seen = describe(record, terminology.units)
    return to_record(seen) | _of_sets(sets_of(record, terminology), unknown_systems(seen, terminology))


def to_left_out(record: LeftOut) -> Json:
    """Return a record that does not count, and why."""
    told = _kept(variables=record.variables) | _of_sets(record.value_sets, record.unknown_systems)
    return to_record(record.seen) | told | {"because": record.because}


def _of_sets(value_sets: Sequence[str], unknown_systems: Iterable[str]) -> Json:
    """Return the value sets that hold a record's code; where there is none, the systems that no loaded one uses."""
    return _kept(valueSets=value_sets) or _kept(unknownSystems=list(filter(None, unknown_systems)))
