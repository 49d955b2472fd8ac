"""ValueSets, CodeSystems and NamingSystems: codes, their names and what they mean."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from cds_service.changes.about import About, Tellers, item, saying
from cds_service.changes.change import Change, Kind
from cds_service.changes.differences import ABSENT, at, items
from cds_service.changes.names import Names

Concepts = dict[tuple[str, str, int], dict[str, Any]]


def _codes(about: About, old: Any, new: Any) -> Iterator[Change]:
    before, after = _concepts(old), _concepts(new)
    for key in dict.fromkeys((*before, *after)):
        system = about.names.system(key[0])
        inner = about.within(f"include[{key[0]}].concept[{key[1]}]")
        yield from _code(inner, system, before.get(key), after.get(key))
    others = _without_concepts(old), _without_concepts(new)
    yield from about.as_it_stands(*others, kind=Kind.CODES)


def _concepts(compose: Any) -> Concepts:
    """Return the concepts of a value set by system, code and, where one stands twice, its number."""
    found: Concepts = {}
    seen: Counter[tuple[str, str]] = Counter()
    for include in items(at(compose, "include")):
        for concept in items(include.get("concept")):
            key = str(include.get("system", "no system")), str(concept.get("code", ""))
            found[*key, seen[key]] = concept
            seen[key] += 1
    return found


def _without_concepts(compose: Any) -> dict[str, Any]:
    rest = {} if compose is ABSENT else {name: each for name, each in compose.items() if name != "include"}
    read = {"system", "concept"}
    includes = [{k: v for k, v in each.items() if k not in read} for each in items(at(compose, "include"))]
    kept = [each for each in includes if each]
    return rest | ({"include": kept} if kept else {})


def _stored(about: About, old: Any, new: Any) -> Iterator[Change]:
    """Return what differs in the codes that are stored of filters, and then in where they are from."""
    before, after = _concepts(_as_compose(old)), _concepts(_as_compose(new))
    for key in dict.fromkeys((*before, *after)):
        inner = about.within(f"contains[{key[0]}|{key[1]}]")
        yield from _code(inner, about.names.system(key[0]), before.get(key), after.get(key))
    one, other = ({k: v for k, v in _elements(each) if k != "contains"} for each in (old, new))
    yield from about.as_it_stands(one, other)


def _as_compose(expansion: Any) -> dict[str, Any]:
    rows = items(at(expansion, "contains"))
    return {"include": [{"system": at(each, "system"), "concept": [each]} for each in rows]}


def _elements(value: Any) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, dict) else ()


def _code(about: About, system: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Iterator[Change]:
    if old is None or new is None:
        what = f"Code {'added' if old is None else 'removed'} ({system})"
        yield about.change(Kind.CODES, what, *(None if each is None else _named(each) for each in (old, new)))
        return
    who = f"{at(new, 'code')} ({system})"
    tellers: Tellers = {
        "display": saying(Kind.NAMES, f"Display of {who}"),
        "designation": lambda inner, one, other: inner.each_item(
            item(Kind.NAMES, f"Name of {_named(new)} ({system})", _value), one, other
        ),
    }
    yield from about.elements(tellers, old, new)


def _named(concept: dict[str, Any]) -> str:
    return " ".join(str(each) for each in (concept.get("code"), concept.get("display")) if each)


def _value(_: Names, designation: Any) -> str | None:
    value = at(designation, "value")
    return value if isinstance(value, str) else None


def _identified(_: Names, concept: Any) -> str:
    parts = [at(concept, name) for name in ("code", "display", "definition")]
    return ": ".join(str(each) for each in parts if each)


def _meaning(about: About, old: Any, new: Any) -> Iterator[Change]:
    if old is ABSENT or new is ABSENT:
        yield from item(Kind.MEANING, "Code of our own", _identified)(about, old, new)
        return
    code = at(new, "code")
    tellers = {
        "definition": saying(Kind.MEANING, f"Meaning of “{code}”"),
        "display": saying(Kind.MEANING, f"Display of “{code}”"),
    }
    yield from about.elements(tellers, old, new)


def _identifier(_: Names, value: Any) -> str:
    preferred = ", the preferred one" if at(value, "preferred") is True else ""
    return f"{at(value, 'value')} ({at(value, 'type')}{preferred})"


VERSIONS: Tellers = {
    "version": saying(Kind.VERSION, "Version"),
    "date": saying(Kind.VERSION, "Date"),
}
VALUE_SET: Tellers = {**VERSIONS, "compose": _codes, "expansion": _stored, "status": saying(Kind.OTHER, "Status")}
CODE_SYSTEM: Tellers = {**VERSIONS, "concept": lambda about, old, new: about.each_item(_meaning, old, new)}
NAMING_SYSTEM: Tellers = {
    "date": saying(Kind.VERSION, "Date"),
    "uniqueId": lambda about, old, new: about.each_item(
        item(Kind.CODES, "Identifier of the code system", _identifier), old, new
    ),
}
