"""What settled a condition: the fewest of its parts that a person must look at."""

import re
from collections.abc import Iterable

from cds_service.core.explain.values import LeftOut, Part, Step

OPERATOR = re.compile(r" (?:!?=|[<>]=?) ")


def deciding(part: Part) -> tuple[Part, ...]:
    """Return the undivided parts that made a condition what it is: of `or` the true ones, of `and` the false ones."""
    if part.kind in {"and", "or"}:
        chosen = [each for each in part.parts if each.truth is part.truth]
    elif part.kind == "iif":
        criterion, then, *rest = part.parts
        chosen = [criterion, then] if criterion.truth else [criterion, *rest]
    else:
        chosen = list(part.parts)
    return tuple(leaf for each in chosen for leaf in deciding(each)) if chosen else (part,)


def telling(part: Part, denied: bool = False) -> tuple[Part, ...]:
    """Return the undivided parts that tell why a record was not counted; `denied` inside an odd number of not().

    They are the deciding ones, except where a limit is given in several units: of these the record can only be held
    against one, the others stay unknown, and by logic these alone leave the whole unknown. Whoever looks for the cause
    must see the one that was compared: the value is on the right side of its limit, nothing ails its unit.
    """
    if part.kind == "not":
        return telling(part.parts[0], not denied)
    if part.kind not in {"and", "or"}:
        return deciding(part)
    is_choice = part.kind == ("and" if denied else "or")
    chosen = [each for each in part.parts if each.truth is part.truth]
    chosen = _compared(part, chosen, failed=denied) if is_choice and part.truth is None else chosen
    return tuple(leaf for each in chosen for leaf in telling(each, denied))


def _compared(part: Part, unknown: list[Part], failed: bool) -> list[Part]:
    """Return the parts of a choice that is unknown without the limits in a unit that the record does not have."""
    suiting = [each for each in unknown if not _is_in_other_unit(each)]
    told = [*suiting, *(each for each in part.parts if each.truth is failed)]
    compared = {_element(leaf) for each in told for leaf in leaves(each) if _is_compared(leaf)}
    unsuited = [each for each in unknown if _is_in_other_unit(each)]
    if not unsuited or any(_element(leaf) not in compared for each in unsuited for leaf in deciding(each)):
        return unknown
    return suiting or [each for each in told if compared & {_element(leaf) for leaf in leaves(each)}]


def _is_compared(leaf: Part) -> bool:
    return leaf.kind == "comparison" and bool(leaf.left) and not leaf.other_unit


def _is_in_other_unit(part: Part) -> bool:
    return all(leaf.other_unit for leaf in deciding(part))


def _element(part: Part) -> str:
    """Return what a comparison compares: what stands before its operator."""
    return OPERATOR.split(part.text, maxsplit=1)[0]


def leaves(part: Part) -> list[Part]:
    """Return all undivided parts of a condition."""
    return [leaf for each in part.parts for leaf in leaves(each)] if part.parts else [part]


def is_touched(step: Step) -> bool:
    """Return whether the record holds something of what a silent action asks, or does not say whether it does."""
    if step.condition is None:
        return bool(step.because)
    return step.condition.truth is not False or any(map(_has_found, leaves(step.condition)))


def left_out_of(step: Step, left_out: Iterable[LeftOut]) -> list[LeftOut]:
    """Return the records that were left out and are in a value set that the condition of an action asks."""
    parts = leaves(step.condition) if step.condition else []
    asked = {(part.variable, canonical) for part in parts for canonical in part.value_sets}
    return [each for each in left_out if any((name, of) in asked for name in each.variables for of in each.value_sets)]


def _has_found(part: Part) -> bool:
    told = [seen for stage in part.stages for seen in stage.records if seen.part]
    return any(seen.codes or seen.has_text_only for seen in told)
