"""Expansions of value sets that are described by filters: made here, stored in the file, served as they stand there.

FHIR's `is-a` is the code and all its descendants. Records carry billable codes, and problem lists also categories, so
both are kept.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

from cds_service.codes.edit import renewed
from cds_service.codes.icd10cm import Release
from cds_service.codes.server_expansion import fetch_expansion
from cds_service.codes.systems import ICD_10_CM
from cds_service.codes.terminology_server import Server
from cds_service.core.coding import Code
from cds_service.errors import TerminologyError
from cds_service.knowledge.concepts import COMPOSE_DIGEST, compose_digest, expanded, is_intensional, listed
from cds_service.knowledge.read import Artifact

SOURCE, USED = "source", "used-codesystem"
Progress = Callable[[int, int], object]
Json = dict[str, Any]


class Means(NamedTuple):
    """What value sets are expanded with: the date, a release of ICD-10-CM, a terminology server if there is one."""

    today: date
    release: Callable[[], Release]
    server: Server | None = None
    progress: Progress = lambda *_: None


@dataclass(frozen=True)
class Expanded:
    """A value set with the expansion it has now, and how its codes differ from those it had before."""

    artifact: Artifact
    added: tuple[Code, ...]
    removed: tuple[Code, ...]
    renamed: tuple[tuple[Code, Code], ...]
    inactive: int
    is_changed: bool


class _Part(NamedTuple):
    """The codes of some includes, and where they are from."""

    codes: Iterable[Code]
    parameters: tuple[Json, ...]
    inactive: int = 0


def intensional(artifacts: Iterable[Artifact]) -> list[Artifact]:
    """Return the value sets that are described by a filter."""
    return [each for each in artifacts if each.kind == "ValueSet" and is_intensional(each.source)]


def expand(artifact: Artifact, means: Means) -> Expanded:
    """Return the value set with its expansion as it is now; version and date are others when anything changed.

    Raises TerminologyError when a filter cannot be expanded, gives nothing, or gives codes without display.
    """
    parts = list(_parts(artifact.source["compose"], means))
    found = {code[:2]: code for part in parts for code in part.codes}
    if not found:
        raise TerminologyError(f"{artifact.id}: the filters give no code. Correct them.")
    if nameless := [code for code in found.values() if not code.display.strip()]:
        raise TerminologyError(f"{artifact.id}: {nameless[0].code} and {len(nameless) - 1} more came without display.")
    codes = sorted((found | _listed(artifact.source)).values())
    parameters = [parameter for part in parts for parameter in part.parameters]
    return _compared(artifact, codes, parameters, means.today, sum(part.inactive for part in parts))


def _listed(source: Json) -> dict[tuple[str, str], Code]:
    rows = [(each.system or "", row) for each in listed(source) for row in each.concepts]
    return {(system, row["code"]): Code(system, row["code"], row.get("display", "")) for system, row in rows}


def _parts(compose: Mapping[str, Any], means: Means) -> Iterator[_Part]:
    filtered = [each for each in compose["include"] if each.get("filter")]
    ours = [each for each in filtered if _is_hierarchical(each)]
    others = [each for each in filtered if each not in ours]
    if ours:
        release = means.release()
        codes = [code for include in ours for code in _below(include, release)]
        used = {"name": USED, "valueUri": f"{ICD_10_CM}|{release.year}"}
        yield _Part(codes, ({"name": SOURCE, "valueString": release.source}, used))
    if others and not means.server:
        needing = ", ".join(sorted({str(each.get("system")) for each in others}))
        raise TerminologyError(f"filters of {needing} are expanded by a terminology server: name one with --server.")
    if others and means.server:
        expansion = fetch_expansion(means.server, others, means.progress)
        asked = ({"name": SOURCE, "valueUri": means.server.source}, {"name": "excludeNested", "valueBoolean": True})
        yield _Part(
            expansion.codes,
            (*asked, *({"name": USED, "valueUri": each} for each in expansion.used)),
            expansion.inactive,
        )


def _is_hierarchical(include: Mapping[str, Any]) -> bool:
    """Return whether an include is one that a release of ICD-10-CM answers: one code, perhaps with all below it."""
    (first, *more) = include["filter"]
    is_below = first.get("property") == "concept" and first.get("op") in ("is-a", "descendent-of")
    return include.get("system") == ICD_10_CM and is_below and not more


def _below(include: Mapping[str, Any], release: Release) -> Iterator[Code]:
    (filter_,) = include["filter"]
    if filter_["value"] not in release.nodes:
        raise TerminologyError(f"{filter_['value']} is no code of {release.source}.")
    for code in release.below(filter_["value"]):
        if code != filter_["value"] or filter_["op"] == "is-a":
            yield Code(ICD_10_CM, code, release.nodes[code].display)


def _compared(artifact: Artifact, codes: list[Code], parameters: list[Json], today: date, inactive: int) -> Expanded:
    stored = [[row.get(name, "") for name in Code._fields] for row in expanded(artifact.source).concepts]
    before = {(system, code): Code(system, code, display) for system, code, display in stored} | _listed(
        artifact.source
    )
    after = {code[:2]: code for code in codes}
    renamed = tuple((code, after[key]) for key, code in before.items() if key in after and code != after[key])
    removed = tuple(code for key, code in before.items() if key not in after)
    added = tuple(code for key, code in after.items() if key not in before)
    digest = {"name": COMPOSE_DIGEST, "valueString": compose_digest(artifact.source["compose"])}
    expansion = {
        "timestamp": today.isoformat(),
        "total": len(codes),
        "parameter": [digest, *parameters],
        "contains": [code._asdict() for code in codes],
    }
    known = artifact.source.get("expansion", {})
    is_changed = known | {"timestamp": expansion["timestamp"]} != expansion
    source = artifact.source
    if is_changed:
        source = renewed(artifact.file, source, today) | {"expansion": expansion}
    return Expanded(replace(artifact, source=source), added, removed, renamed, inactive, is_changed)
