"""What settled a condition, in words: one short line for each thing that was looked at."""

import re
from collections.abc import Iterable, Mapping
from itertools import groupby

from cds_service.core.card_text import to_matched
from cds_service.core.explain.deciding import OPERATOR, deciding, leaves, telling
from cds_service.core.explain.values import LeftOut, Part, Seen, Step
from cds_service.core.template import fill, names_in, put

HOW = {"code": "by its code", "text": "by its text", "lab": "as a result", "reason": "as the reason of the order"}
HOW |= {"encounter": "as a reason of the encounter", "combination": "by its code, together with another diagnosis"}
TRUTHS = {True: "true", False: "false", None: "unknown"}
ASKED_FIRST = re.compile(r"(?:where|exists)\(\(?code\.memberOf\('[^']*'\)(?:\)|$| and | or )")
OTHER_UNIT = ": one unit cannot be converted into the other"
HELD_AGAINST = frozenset({"comparison", "isPositive"})
MOST_SETS = 6


def reasons(step: Step) -> list[str]:
    """Return why an action fired or did not, a line each; nothing where it has no condition and needs no word."""
    told = [step.because] if step.because else []
    if step.condition is None:
        return told
    if step.condition.truth is None:
        means = "applies" if step.action.applies_on_unknown else "does not apply"
        told.append(f"the condition is unknown, and then the action {means}")
    return told + lines(deciding(step.condition))


def why_unknown(step: Step) -> str:
    """Return what of an action's condition is not known; nothing where it is true or false."""
    if step.condition is None or step.condition.truth is not None:
        return ""
    return "; ".join(lines(deciding(step.condition)))


def found_all_the_same(step: Step) -> list[str]:
    """Return the records that a part of a false condition is true of."""
    parts = leaves(step.condition) if step.condition else []
    found = [line for each in parts if each.truth for line in _matched(each)]
    return list(dict.fromkeys(f"found: {line}" for line in found))


def lines(parts: Iterable[Part]) -> list[str]:
    """Return parts in words; searches of the same records that found nothing share a line.

    A constant says nothing beside what chose it, and is told only where it stands alone.
    """
    every, found = list(dict.fromkeys(parts)), list[str]()
    for together in gathered([each for each in every if each.kind != "constant"] or every):
        found += [none_of(together)] if is_plain(together[0]) else in_words(together[0])
    return list(dict.fromkeys(found))


def gathered(parts: Iterable[Part]) -> list[list[Part]]:
    """Return parts one by one, but searches of the same records that found nothing together."""
    groups = [list(group) for _, group in groupby(parts, lambda part: part.variable if is_plain(part) else None)]
    return [each for group in groups for each in ([group] if is_plain(group[0]) else [[part] for part in group])]


def is_plain(part: Part) -> bool:
    """Return whether a part is a search in which no record came near."""
    is_empty = part.kind == "search" and part.truth is False and bool(part.value_sets) and not _near(part)
    return is_empty and bool(ASKED_FIRST.match(part.stages[0].text))


def short(text: str, part: Part) -> str:
    """Return the text of a part with value sets by name and version instead of by address."""
    for canonical in part.value_sets:
        text = text.replace(canonical.partition("|")[0] + "'", name_of(canonical) + "'")
    return text


def name_of(canonical: str) -> str:
    """Return 'name|version' of a canonical."""
    return canonical.rpartition("/")[2]


def in_words(part: Part) -> list[str]:
    """Return what one undivided part came to, and on which data."""
    if is_assertion(part) and part.truth is not None:
        return [_asserted(part, part.truth)]
    is_told = part.available == "no" or part.kind == "search" or (part.truth and part.evidence) or part.left == ()
    why = OTHER_UNIT if part.other_unit else ""
    return [line if is_told else f"{line} is {TRUTHS[part.truth]}{why}" for line in statements(part)]


def statements(part: Part) -> list[str]:
    """Return the same without the truth, for where that is told beside it."""
    if part.available == "no":
        return [f"%{part.variable}: the data was not available"]
    if part.truth and part.evidence:
        return _matched(part)
    if part.kind == "search":
        return _of_search(part)
    if part.left == ():
        unknown = f"nothing is known of {OPERATOR.split(part.text, maxsplit=1)[0].removesuffix('.exists()')}"
        return [": ".join(filter(None, (unknown, part.because)))]
    if is_assertion(part):
        return [_asserted(part, True)]
    compared = " against ".join(", ".join(side) for side in (part.left, part.right) if side)
    return [short(part.text, part) + (f" ({compared})" if compared else "")]


def negation(part: Part) -> str | None:
    """Return not() of one simple part as one statement; None where it takes more than a line."""
    (denied,) = part.parts if part.kind == "not" else (part,)
    if part.kind != "not" or denied.parts or (denied.stages and not is_plain(denied)):
        return None
    if is_assertion(denied):
        return _asserted(denied, False)
    (line, *more) = [none_of([denied])] if is_plain(denied) else statements(denied)
    is_nothing = is_plain(denied) or denied.available == "no" or denied.left == ()
    return None if more else line if is_nothing else f"not: {line}"


def is_assertion(part: Part) -> bool:
    """Return whether a part says of a record that something is given, or that it is positive."""
    is_known = part.available != "no" and part.left != ()
    return part.kind == "isPositive" or (part.kind == "exists" and is_known)


def _asserted(part: Part, holds: bool) -> str:
    if part.kind == "isPositive":
        by = f"positive by its interpretation, value or reference range ({name_of(part.value_sets[0])})"
        return by if holds else f"not {by}"
    element = part.text.removesuffix(".exists()")
    if element == f"%{part.variable}":
        return f"there are {element}" if holds else f"no {element}"
    values = f" ({', '.join(part.left)})" if part.left else ""
    return f"{element} is given{values}" if holds else f"no {element} is given{values}"


def told(seen: Seen) -> str:
    """Return a record as a line names it: reference, codes, value and date."""
    codes = " ".join(code for _, code in seen.codes) or ("(text only)" if seen.has_text_only else "")
    return " ".join(filter(None, (seen.resource, codes, _valued(seen))))


def _valued(seen: Seen) -> str:
    return " ".join(filter(None, (f"= {seen.value}" if seen.value else "", f"of {seen.date}" if seen.date else "")))


def told_left_out(record: LeftOut) -> str:
    """Return a record that does not count, and why."""
    return f"left out: {told(record.seen)}, {record.because}"


def worded(text: str, values: Mapping[str, str], matched: str = "") -> str:
    """Return a title or note with what is known in the place of placeholders, and the names of those that are not.

    An order is called just that: the name it gives its drug is a text of the record.
    """
    known = {"order": "the order"} | ({"matched": matched} if matched else {})
    names = {name: f"[{name.replace('.', ' ')}]" for name in names_in(text)}
    return put(fill(text, values) if values else text, names | known)


def _near(part: Part) -> list[Seen]:
    return [seen for stage in part.stages for seen in stage.records if seen.part and not seen.truth]


def none_of(parts: list[Part], most: int = MOST_SETS) -> str:
    """Return for searches of the same records that nothing was found in their value sets."""
    first = parts[0]
    count = first.stages[0].considered
    sets = list(dict.fromkeys(name_of(each.value_sets[0]) for each in parts))
    asked = ", ".join(sets[:most]) + (f" and {len(sets) - most} more" if len(sets) > most else "")
    return f"none of {count} %{first.variable} is in {asked}" if count else f"no %{first.variable}: {asked}"


def _matched(part: Part) -> list[str]:
    """Return the records that made a part true: each with its value, and what that was held against."""
    return [_match(each, _kept(part, each)) for each in to_matched(part.evidence)]


def _kept(part: Part, matched: dict[str, str]) -> list[Seen]:
    """Return what each step of a search kept of a record; a search that was told of so many records leaves some out."""
    kept = [each for stage in part.stages for each in stage.records if each.truth and each.part]
    same = [each for each in kept if each.resource == matched["resource"]]
    return [each for each in same if any(code == matched["code"] for _, code in each.codes)] or same


def _match(matched: dict[str, str], kept: list[Seen]) -> str:
    valued = _valued(kept[0]) if kept else ""
    code = " ".join(filter(None, (f"{matched['resource']} {matched['code']} ({matched['display']})", valued)))
    parts = [leaf for seen in kept if seen.part for leaf in deciding(seen.part)]
    held = [each for each in parts if each.kind in HELD_AGAINST]
    told = [line for leaf in held for line in (statements(leaf) if leaf.truth else in_words(leaf))]
    where = f"{code} is in {name_of(matched['valueSet'])} {HOW[matched['how']]}"
    return "; ".join(dict.fromkeys((where, *told)))


def _of_search(part: Part) -> list[str]:
    last = part.stages[-1]
    if part.truth:
        return [f"{', '.join(seen.resource for seen in last.records if seen.truth)}: {short(last.text, part)}"]
    if near := [_nearly(seen) for seen in _near(part)]:
        return near
    if part.available == "partly":
        return [f"%{part.variable}: only part of the data was available, and nothing in it matched"]
    told = "; ".join(f"{stage.kept} of {stage.considered} after {short(stage.text, part)}" for stage in part.stages)
    return [f"%{part.variable}: {told}"]


def _nearly(seen: Seen) -> str:
    assert seen.part is not None  # noqa: S101  (those that came near are the ones that were taken apart)
    failed = "; ".join(line for each in telling(seen.part) for line in in_words(each))
    return f"{told(seen)} came near, but {failed}"
