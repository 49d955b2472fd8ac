"""What settled a condition: the fewest of its parts that a person must look at."""

from cds_service.core.explain.values import Part, Step


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


def leaves(part: Part) -> list[Part]:
    """Return all undivided parts of a condition."""
    return [leaf for each in part.parts for leaf in leaves(each)] if part.parts else [part]


def is_touched(step: Step) -> bool:
    """Return whether the record holds something of what a silent action asks, or does not say whether it does."""
    if step.condition is None:
        return bool(step.because)
    return step.condition.truth is not False or any(map(_has_found, leaves(step.condition)))


def _has_found(part: Part) -> bool:
    told = [seen for stage in part.stages for seen in stage.records if seen.part]
    return any(seen.codes or seen.has_text_only for seen in told)
