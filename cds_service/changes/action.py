"""Actions of a plan: what they advise, when, in which words, and what they offer and ask for."""

from collections.abc import Iterator
from typing import Any

from cds_service.changes.about import About, Tellers, item, saying
from cds_service.changes.change import Change, Kind, Section
from cds_service.changes.differences import ABSENT, at
from cds_service.changes.extensions import compare_extensions
from cds_service.changes.names import Names
from cds_service.changes.values import coded_words, extension_words
from cds_service.changes.when import compare_when
from cds_service.core.plan import INDICATORS, PREFETCH_REQUIRED, QUERY_PATTERN

SELECTION = {
    "exactly-one": "each is shown as a possible answer",
    "at-most-one": "only the first that applies",
    "any": "all that apply",
}
ORDER = "Order in which its parts are asked"


def compare_actions(about: About, old: Any, new: Any) -> Iterator[Change]:
    """Return the changes of two lists of actions; where a plan has several, each change names its action."""
    is_alone = about.path == "action" and all(each is ABSENT or len(each) == 1 for each in (old, new))
    yield from about.each_item(_changed if is_alone else _named, old, new, ORDER)


def _named(about: About, old: Any, new: Any) -> Iterator[Change]:
    title = _title(about.names, old if new is ABSENT else new)
    if old is ABSENT or new is ABSENT:
        deed = "added" if old is ABSENT else "removed"
        yield about.change(Kind.PLAN, f"Part of the plan {deed}", *((None, title) if old is ABSENT else (title, None)))
    if new is not ABSENT:
        inner = _changed(about.within("", f", in “{title}”"), {} if old is ABSENT else old, new)
        yield from (each for each in inner if old is not ABSENT or each.kind.section is not Section.REST)


def _title(names: Names, action: Any) -> str:
    plan = at(action, "definitionCanonical")
    return str(at(action, "title") or (names.title(plan) if isinstance(plan, str) else at(action, "id")))


def _changed(about: About, old: Any, new: Any) -> Iterator[Change]:
    yield from about.elements(ACTION, old, new)


def _indicator(_: Names, priority: Any) -> str:
    return INDICATORS.get(str(priority), str(priority))


def _selection(_: Names, behaviour: Any) -> str:
    return SELECTION.get(str(behaviour), str(behaviour))


def _plan(names: Names, url: Any) -> str:
    return names.title(str(url))


def _link(_: Names, link: Any) -> str:
    return ", ".join(str(each) for name in ("display", "label", "url") if (each := at(link, name)))


def _query(names: Names, asked: Any) -> str:
    extensions = {at(each, "url"): each for each in at(asked, "extension") or []}
    query = extension_words(names, extensions.get(QUERY_PATTERN, {}))
    needed = at(extensions.get(PREFETCH_REQUIRED), "valueBoolean") is True
    return f"{at(asked, 'id')} = {query} ({'required' if needed else 'not required'})"


def _links(about: About, old: Any, new: Any) -> Iterator[Change]:
    yield from about.each_item(item(Kind.SOURCE, "Link", _link), old, new)


def _queries(about: About, old: Any, new: Any) -> Iterator[Change]:
    yield from about.each_item(item(Kind.DATA, "Data asked for", _query), old, new)


ACTION: Tellers = {
    "title": saying(Kind.WORDING, "Title"),
    "description": saying(Kind.WORDING, "Text"),
    "priority": saying(Kind.INDICATOR, "Indicator", _indicator),
    "code": saying(Kind.PLAN, "What it is about", coded_words),
    "extension": compare_extensions,
    "condition": compare_when,
    "definitionCanonical": saying(Kind.PLAN, "Goes on with", _plan),
    "selectionBehavior": saying(Kind.PLAN, "What is taken of its parts", _selection),
    "groupingBehavior": saying(Kind.PLAN, "Grouping"),
    "trigger": saying(Kind.PLAN, "Hook", lambda names, each: str(at(each, 0, "name"))),
    "input": _queries,
    "documentation": _links,
    "type": saying(Kind.SUGGESTION, "Type of suggestion", coded_words),
    "dynamicValue": saying(
        Kind.SUGGESTION, "What the suggestion changes", lambda names, each: str(at(each, 0, "path"))
    ),
    "action": compare_actions,
}
