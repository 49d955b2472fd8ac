"""The rows of a sheet put into a value set: what they leave as it is keeps its place and its JSON."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import TypeVar

from cds_service.codes.edit import Source, concepts_of
from cds_service.codes.rows import DISPLAY, Row, name_of, to_designation

K = TypeVar("K", bound=Hashable)
Key = tuple[str, str]


def merge_rows(source: Source, rows: Sequence[Row]) -> Source:
    """Return the value set that the rows say, equal to `source` where they say the same.

    Concepts and names that were there keep their order, whatever that of the rows; new ones stand behind them, in the
    order of the rows: concepts at the end of their system, names at the end of their concept. An include that loses
    its last concept goes; a new system makes an include.
    """
    old = {(system, concept["code"]): concept for system, concept in concepts_of(source)}
    said: dict[Key, list[Row]] = {}
    for row in rows:
        said.setdefault((row.system, row.code), []).append(row)
    new = {key: _concept(group, old.get(key)) for key, group in said.items()}
    includes = list(source.get("compose", {}).get("include", []))
    includes += [{"system": system, "concept": []} for system in _systems(new) if system not in _systems(old)]
    placed = _placed(includes, [*new])
    kept = [
        {**include, "concept": [new[key] for key in keys]} if "concept" in include else include
        for include, keys in zip(includes, placed, strict=True)
        if keys or "concept" not in include
    ]
    return {**source, "compose": {**source.get("compose", {}), "include": kept}}


def merged(old: Sequence[K], new: Sequence[K]) -> list[K]:
    """Return the members of `new`: those of `old` in its order, then the others."""
    known, there = set(old), set(new)
    return [each for each in old if each in there] + [each for each in new if each not in known]


def differences(before: Source, after: Source) -> list[str]:
    """Return what an edit adds to, removes from and changes in a value set, a line for each concept."""
    old, new = ({(system, each["code"]): each for system, each in concepts_of(source)} for source in (before, after))
    added = [f"  + {_told(key, concept)}" for key, concept in new.items() if key not in old]
    removed = [f"  - {_told(key, concept)}" for key, concept in old.items() if key not in new]
    changed = [key for key in new if key in old and old[key] != new[key]]
    return added + removed + [f"  ~ {key[1]}  {'; '.join(_renamed(old[key], new[key]))}" for key in changed]


def _told(key: Key, concept: Source) -> str:
    return f"{key[1]}  {concept.get('display', '')}  ({key[0]})"


def _renamed(old: Source, new: Source) -> Iterator[str]:
    if old["display"] != new["display"]:
        yield f"display {old['display']!r} is now {new['display']!r}"
    before, after = (Counter(name_of(each)[:2] for each in concept.get("designation", [])) for concept in (old, new))
    for sign, names in (("+", after - before), ("-", before - after)):
        yield from (f"{sign} {name!r}{f' ({language})' if language else ''}" for name, language in names.elements())
    if before == after and old["display"] == new["display"]:
        yield "what else a designation holds"


def _systems(keys: Sequence[Key] | dict[Key, Source]) -> list[str]:
    return list(dict.fromkeys(system for system, _ in keys))


def _placed(includes: Sequence[Source], new: Sequence[Key]) -> list[list[Key]]:
    """Return the concepts of each include; new ones go to the last include of their system."""
    placed: list[list[Key]] = [[] for _ in includes]
    for system in _systems(new):
        own = [i for i, each in enumerate(includes) if each.get("system") == system and "concept" in each]
        where = {(system, concept["code"]): i for i in own for concept in includes[i]["concept"]}
        for key in merged([*where], [key for key in new if key[0] == system]):
            placed[where.get(key, own[-1])].append(key)
    return placed


def _concept(rows: Sequence[Row], old: Source | None) -> Source:
    """Return the concept that its rows say, of which one is the display, out of what it was."""
    display, *others = sorted(rows, key=lambda row: row.kind != DISPLAY)
    held = _numbered([name_of(each) for each in (old or {}).get("designation", [])])
    kept = dict(zip(held, (old or {}).get("designation", []), strict=True))
    said = dict(zip(_numbered([row[-3:] for row in others]), others, strict=True))
    names = [kept[each] if each in kept else to_designation(said[each]) for each in merged(held, [*said])]
    concept = {**(old or {"code": display.code}), "display": display.name}
    if names:
        return {**concept, "designation": names}
    return {name: value for name, value in concept.items() if name != "designation"}


def _numbered(names: Sequence[tuple[str, ...]]) -> list[tuple[tuple[str, ...], int]]:
    """Return names that may be there twice, each told apart by how often it was there before."""
    count: Counter[tuple[str, ...]] = Counter()
    found = []
    for name in names:
        found.append((name, count[name]))
        count[name] += 1
    return found
