"""What a card says of this patient: the matched records in words, what was noticed, what could not be looked at."""

from collections.abc import Iterable

from cds_service.core.apply import Advice
from cds_service.core.facts import Evidence, how
from cds_service.core.fhirpath.dates import parse_date
from cds_service.core.records import Lab, Problem
from cds_service.core.resources import Quantity
from cds_service.core.topic import Topic
from cds_service.core.units import is_number, plain

MOST_SHOWN = 5
MATCHED_ON = "**Matched on:** "


def paragraphs(topic: Topic) -> list[str]:
    """Return the paragraphs of a card that come from the record."""
    evidence = _distinct(topic.advice.evidence)
    warnings = topic.advice.warnings
    lines = [f"**{each.title}.** {each.text}".strip() for each in warnings]
    if topic.orders:
        lines.append(f"**Order:** {'; '.join(topic.orders)}")
    if evidence:
        lines.append(MATCHED_ON + "; ".join(_in_words(each) for each in evidence))
    lines += _remarks(topic)
    lines += topic.advice.notes
    if any(each.match.by_text for each in evidence):
        lines.append("The record was matched on its text only. Please add a code to it.")
    if any(isinstance(each.record, Problem) and each.record.provisional for each in evidence):
        lines.append("The diagnosis is recorded as provisional or unconfirmed.")
    if topic.unread:
        lines.append(f"{topic.unread} record(s) carry a modifier this service does not know and were not used.")
    if topic.not_checked:
        lines.append(f"Could not be checked, because the data was not available: {', '.join(topic.not_checked)}.")
    return lines


def _remarks(topic: Topic) -> list[str]:
    """Return what is said of the orders; where there are several, what is not said of each names its own."""
    said = [text for texts in topic.remarks.values() for text in texts]
    common = {text for text in said if said.count(text) >= len(topic.remarks)}
    named = [
        text if text in common or not name else f"{name}: {text}"
        for name, texts in topic.remarks.items()
        for text in texts
    ]
    return list(dict.fromkeys(named))


def risk_line(risk: Advice) -> str:
    """Return a risk as one line: what it is, what was found, why it matters and what to do."""
    records = list(dict.fromkeys(_found(each) for each in _distinct(risk.evidence)))
    more = f" and {len(records) - MOST_SHOWN} more" if len(records) > MOST_SHOWN else ""
    found = "; ".join(records[:MOST_SHOWN]) + more
    text = " ".join([risk.text, *risk.notes])
    return f"- **{risk.title}.** {f'Found: {found}. ' if found else ''}{text}".rstrip()


def _found(evidence: Evidence) -> str:
    record, code = evidence.record, evidence.match.code
    said = f"{code.display} {_value(record)}".rstrip() if isinstance(record, Lab) else code.display
    return f"{said} ({record.label})"


def _value(lab: Lab) -> str:
    quantity, day = lab.value_quantity, parse_date(lab.effective)
    written = ""
    if isinstance(quantity, Quantity) and is_number(quantity.value):
        comparator = quantity.comparator if quantity.comparator in ("<", "<=", ">", ">=") else ""
        written = f"{comparator}{plain(quantity.value)}"
    dated = "of " + "-".join(f"{part:02}" for part in day) if day else ""
    return f"{written} {dated}".strip()


def _in_words(evidence: Evidence) -> str:
    code = evidence.match.code
    name, _, version = evidence.match.value_set.rpartition("/")[2].partition("|")
    return (
        f"{code.code} {code.display} ({evidence.record.label}; by {how(evidence)}; value set {name} version {version})"
    )


def _distinct(evidence: Iterable[Evidence]) -> list[Evidence]:
    first_of_record: dict[int, Evidence] = {}
    for each in evidence:
        first_of_record.setdefault(id(each.record), each)
    distinct: dict[tuple[str, str], Evidence] = {}
    for each in first_of_record.values():
        distinct.setdefault((each.record.label, each.match.code.code), each)
    return list(distinct.values())


def to_matched(evidence: Iterable[Evidence]) -> list[dict[str, str]]:
    """Return the records behind a recommendation or warning, one entry a record."""
    return [
        {
            "resource": each.record.label,
            "system": each.match.code.system,
            "code": each.match.code.code,
            "display": each.match.code.display,
            "valueSet": each.match.value_set,
            "how": how(each),
        }
        for each in _distinct(evidence)
    ]
