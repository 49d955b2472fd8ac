"""Two ValueSets: the codes that each has, listed or stored of its filters, and how these are given."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from cds_service.changes.about import About, Tellers, item, saying
from cds_service.changes.change import Change, Coded, Kind
from cds_service.changes.differences import ABSENT, at, differs, items
from cds_service.changes.names import Names

Key = tuple[str, str, int]
Concepts = Mapping[Key, Mapping[str, Any]]
LISTED, OF_FILTER = "listed", "of a filter, from the stored expansion"
ORIGIN = frozenset({"source", "used-codesystem"})


class Held(NamedTuple):
    """The concepts of a value set by system, code and, where one stands twice, its number."""

    listed: Concepts
    stored: Concepts

    @property
    def members(self) -> Concepts:
        """Return all of them; where a code is in both, the list says how it is called, as when it is served."""
        return {**self.listed, **{key: each for key, each in self.stored.items() if key not in self.listed}}

    @property
    def coded(self) -> frozenset[Coded]:
        """Return the system and code of each."""
        return frozenset(key[:2] for key in self.members)


def held_by(source: Mapping[str, Any]) -> Held:
    """Return the concepts of a ValueSet."""
    includes = items(at(source, "compose", "include"))
    listed = [(each.get("system", "no system"), one) for each in includes for one in items(each.get("concept"))]
    stored = [(each.get("system", "no system"), each) for each in items(at(source, "expansion", "contains"))]
    return Held(_by_key(listed), _by_key([(system, _without_system(each)) for system, each in stored]))


def _by_key(concepts: Iterable[tuple[Any, Mapping[str, Any]]]) -> Concepts:
    found: dict[Key, Mapping[str, Any]] = {}
    seen: Counter[Coded] = Counter()
    for system, concept in concepts:
        key = str(system), str(concept.get("code", ""))
        found[*key, seen[key]] = concept
        seen[key] += 1
    return found


def _without_system(concept: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: each for name, each in concept.items() if name != "system" or not isinstance(each, str)}


def compare_codes(about: About, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Return the changes of the codes that two ValueSets have, and then of how they are given."""
    before, after = held_by(old), held_by(new)
    one, other = before.members, after.members
    for key in dict.fromkeys((*one, *other)):
        inner = about.within(f"concept[{key[0]}|{key[1]}]")
        changes = _code(inner, about.names.system(key[0]), one.get(key), other.get(key))
        yield from (replace(each, coded=key[:2]) for each in changes)
    yield from _form(about, before, after)
    for name, *pair in (("compose", before.listed, after.listed), ("expansion", before.stored, after.stored)):
        values = old.get(name, ABSENT), new.get(name, ABSENT)
        told = list(FORMS[name](about.within(name), *map(_without_codes, values)))
        is_same = not told and not differs(*(_unordered(each) for each in pair))
        yield from about.within(name).as_it_stands(*values) if is_same else told


def _code(about: About, system: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[Change]:
    if old is None or new is None:
        what = f"Code {'added' if old is None else 'removed'} ({system})"
        yield about.change(Kind.CODES, what, *(None if each is None else _with_names(each) for each in (old, new)))
        return
    who = f"{at(new, 'code')} ({system})"
    tellers: Tellers = {
        "display": saying(Kind.NAMES, f"Display of {who}"),
        "designation": lambda inner, one, other: inner.each_item(
            item(Kind.NAMES, f"Name of {_named(new)} ({system})", _value), one, other
        ),
    }
    yield from about.elements(tellers, old, new)


def _named(concept: Mapping[str, Any]) -> str:
    return " ".join(str(each) for each in (concept.get("code"), concept.get("display")) if each)


def _with_names(concept: Mapping[str, Any]) -> str:
    """Return a code with all that it is called: each of its names finds a record, as the code does."""
    names = [str(at(each, "value")) for each in items(concept.get("designation"))]
    return _named(concept) + (f"; also: {'; '.join(names)}" if names else "")


def _value(_: Names, designation: Any) -> str | None:
    value = at(designation, "value")
    return value if isinstance(value, str) else None


def _form(about: About, before: Held, after: Held) -> Iterator[Change]:
    """Return how many of the codes that stay are listed now and were stored of a filter, or the other way round."""
    kept = [key for key in before.members if key in after.members]
    places = Counter((_place(before, key), _place(after, key)) for key in kept)
    for (old, new), number in places.items():
        if old != new:
            yield about.change(Kind.CODES, f"{number} code(s) that stay are given otherwise", old, new)
    both = {*before.listed} & {*after.listed}
    said = [key[1] for key in both if differs(before.stored.get(key, ABSENT), after.stored.get(key, ABSENT))]
    if said:
        yield about.change(Kind.OTHER, f"{len(said)} code(s) that the list has stand otherwise in the expansion")


def _place(held: Held, key: Key) -> str:
    return LISTED if key in held.listed else OF_FILTER


def _unordered(concepts: Concepts) -> list[Any]:
    return [[*key, dict(each)] for key, each in sorted(concepts.items())]


def _without_codes(value: Any) -> Any:
    """Return compose or an expansion without the codes in it."""
    if not isinstance(value, dict):
        return {} if value is ABSENT else value
    rest = {name: each for name, each in value.items() if name not in ("include", "contains")}
    includes = [_without_concepts(each) for each in items(value.get("include"))]
    kept = [each for each in includes if each]
    return rest | ({"include": kept} if kept else {})


def _without_concepts(include: dict[str, Any]) -> dict[str, Any]:
    """Return an include without the codes that it lists; the system belongs to them, or to the filter."""
    rest = {name: each for name, each in include.items() if name not in ("concept", "system")}
    return {name: each for name, each in include.items() if name != "concept"} if rest else {}


def _compose(about: About, old: Any, new: Any) -> Iterator[Change]:
    """Return the changes of the filters, and of whatever else describes codes."""
    before, after = ([each for each in items(at(one, "include")) if _filter(about.names, each)] for one in (old, new))
    yield from about.within("include").each_item(item(Kind.CODES, "Filter", _filter), before, after)
    yield from about.as_it_stands(_others(old, before), _others(new, after), kind=Kind.CODES)


def _others(compose: Any, filters: list[dict[str, Any]]) -> Any:
    if not isinstance(compose, dict):
        return compose
    return compose | {"include": [each for each in items(compose.get("include")) if each not in filters]}


def _filter(names: Names, include: Any) -> str:
    """Return a filter in words; '' of what is none: 'Codes: concept is-a A00'."""
    parts = [[str(at(each, name)) for name in ("property", "op", "value")] for each in items(at(include, "filter"))]
    words = " and ".join(" ".join(each) for each in parts)
    return f"{names.system(str(at(include, 'system')))}: {words}" if words else ""


def _expansion(about: About, old: Any, new: Any) -> Iterator[Change]:
    """Return what the stored codes are from, and then all else that is said of them."""
    origins = [_origin(each) for each in (old, new)]
    if origins[0] != origins[1]:
        yield about.change(Kind.CODES, "Stored expansion made from", *origins)
    yield from about.as_it_stands(old, new)


def _origin(expansion: Any) -> str | None:
    known = [each for each in items(at(expansion, "parameter")) if at(each, "name") in ORIGIN]
    values = [str(value) for each in known for name, value in each.items() if name.startswith("value")]
    return "; ".join(values) or None


FORMS = {"compose": _compose, "expansion": _expansion}
