"""Adding and removing one concept of a value set. Nothing is changed in place."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from cds_service.codes.plain import faults, plain
from cds_service.codes.systems import Systems
from cds_service.core.text import fold
from cds_service.core.units import UCUM, spelling
from cds_service.errors import EditError, Problem
from cds_service.knowledge.systems import is_code_of

Source = dict[str, Any]
EXPANDED = "this set is expanded, and its codes follow from compose."
EXPAND = "change compose and run: cds-service codes expand."
_LAST_NUMBER = re.compile(r"[0-9]+(?=[^0-9]*$)")


def with_concept(file: str, source: Source, system: str, concept: Source, systems: Systems) -> Source:
    """Return a value set with one concept more, at the end of the include of its system; makes that where needed.

    Spaces in its names are made plain ones, and taken away around them. Raises EditError with all that is wrong with
    the concept, or when the set is expanded.
    """
    uri = systems.resolve(system)
    problems = expanded(file, source)
    concept = _plain(concept)
    if uri is None:
        fix = f"use one that is in use or has a NamingSystem: {systems.near(system)}."
        problems.append(Problem(file, system, "no value set draws from this system.", fix))
    problems += _wrong(file, source, uri, concept)
    if problems or uri is None:
        raise EditError(problems)
    includes = list(source.get("compose", {}).get("include", []))
    at = next(
        (i for i, each in enumerate(includes) if each.get("system") == uri and {*each} <= {"system", "concept"}), None
    )
    if at is None:
        return _with_includes(source, [*includes, {"system": uri, "concept": [concept]}])
    includes[at] = {**includes[at], "concept": [*includes[at].get("concept", []), concept]}
    return _with_includes(source, includes)


def without_concept(file: str, source: Source, system: str | None, code: str, systems: Systems) -> Source:
    """Return a value set without one concept, and without an include that holds no other.

    Raises EditError when the set is expanded, the concept is not there, or `system` is needed to tell which is meant.
    """
    uri = systems.resolve(system) if system else None
    held = [each for each in concepts_of(source) if each[1]["code"] == code and (system is None or each[0] == uri)]
    problems = expanded(file, source)
    if not held:
        reason, fix = "this code is not in the set.", "look for it with: cds-service codes find."
        problems.append(Problem(file, code, f"{reason[:-1]}{' in that system' if system else ''}.", fix))
    if len(held) > 1:
        among = ", ".join(each[0] for each in held)
        problems.append(Problem(file, code, f"systems {among} all have it here.", "say which with --system."))
    if problems:
        raise EditError(problems)
    ((_, concept),) = held
    includes = []
    for each in source["compose"]["include"]:
        kept = [other for other in each.get("concept", []) if other is not concept]
        if kept or "concept" not in each:
            includes.append({**each, "concept": kept} if kept else each)
    return _with_includes(source, includes)


def renewed(file: str, source: Source, today: date) -> Source:
    """Return a value set with the last number of its version one higher, and its date, where it has one, today.

    Raises EditError when the version holds no number.
    """
    version = str(source.get("version", ""))
    found = _LAST_NUMBER.search(version)
    if not found:
        fix = "give it a version such as 2026.1."
        raise EditError([Problem(file, "version", f"{version!r} has no number to count up.", fix)])
    number = str(int(found[0]) + 1).zfill(len(found[0]))
    new = {"version": version[: found.start()] + number + version[found.end() :]}
    return {**source, **new, **({"date": today.isoformat()} if "date" in source else {})}


def concepts_of(source: Source) -> list[tuple[str, Source]]:
    """Return (system, concept) of everything that a value set lists, in its order."""
    includes = source.get("compose", {}).get("include", [])
    return [(each.get("system", ""), concept) for each in includes for concept in each.get("concept", [])]


def expanded(file: str, source: Source) -> list[Problem]:
    """Return why a value set with an expansion is not edited here."""
    return [Problem(file, "expansion", EXPANDED, EXPAND)] if "expansion" in source else []


def _plain(concept: Source) -> Source:
    names = [{**each, "value": plain(each["value"])} for each in concept.get("designation", [])]
    return {**concept, "display": plain(concept["display"]), **({"designation": names} if names else {})}


def _with_includes(source: Source, includes: list[Source]) -> Source:
    return {**source, "compose": {**source.get("compose", {}), "include": includes}}


def _wrong(file: str, source: Source, uri: str | None, concept: Source) -> list[Problem]:
    code, found = concept["code"], []
    there = next((each for system, each in concepts_of(source) if (system, each["code"]) == (uri, code)), None)
    if there:
        found.append(("is in the set already.", f"it is there as {there.get('display')!r}: edit that, or leave it."))
    if uri and not is_code_of(uri, code):
        found.append((f"{code!r} is no code of {uri}.", "correct the code."))
    if not concept["display"].strip():
        found.append(("the display is empty.", "give the display of the code system."))
    names = (concept["display"], *(each["value"] for each in concept.get("designation", [])))
    found += [fault for text in (code, *names) for fault in faults(text)]
    found += _idle_names(concept, spelling if uri == UCUM else fold)
    return [Problem(file, code or "code", *each) for each in found]


def _idle_names(concept: Source, read: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Return the designations that name nothing, or nothing more than a name before them: the service reads both alike.

    The check lets such names pass, since they do no harm where they came from elsewhere; who writes one means another.
    """
    known = {read(concept["display"]): concept["display"]}
    for name in (each["value"] for each in concept.get("designation", [])):
        if not fold(name):
            yield f"the designation {name!r} holds no letter or digit.", "write it in words."
        elif read(name) in known:
            yield f"the designation {name!r} is read as {known[read(name)]!r} is, and adds nothing.", "leave it out."
        known.setdefault(read(name), name)
