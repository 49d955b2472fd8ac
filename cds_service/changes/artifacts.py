"""Two sets of artifacts -> what differs between them, artifact by artifact, in words."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.changes.about import About
from cds_service.changes.change import WEIGHT, Change, Kind, Section
from cds_service.changes.differences import differs
from cds_service.changes.names import Names, names_of
from cds_service.changes.plan import PLAN
from cds_service.changes.renamed import Partners, renamed
from cds_service.changes.terms import CODE_SYSTEM, NAMING_SYSTEM, compare_value_sets
from cds_service.knowledge.load import Sources
from cds_service.knowledge.read import Artifact

Key = tuple[str, str, int]
TELLERS = {"PlanDefinition": PLAN, "CodeSystem": CODE_SYSTEM, "NamingSystem": NAMING_SYSTEM}
KINDS = {
    "PlanDefinition": "Plan",
    "ValueSet": "Value set",
    "CodeSystem": "Code system",
    "NamingSystem": "Naming system",
}


def compare_artifacts(old: Sources, new: Sources) -> list[Change]:
    """Return every change, the most dangerous first; [] only when both hold the same artifacts."""
    before, after = _by_key(old), _by_key(new)
    names = names_of((*old.artifacts, *new.artifacts))
    partners = renamed(
        [before[key] for key in before if key not in after], [after[k] for k in after if k not in before]
    )
    found = [
        change
        for key in sorted({*before, *after})
        for change in _compare(names, before.get(key), after.get(key), partners)
    ]
    return sorted(found, key=lambda each: WEIGHT[each.kind])


def _by_key(sources: Sources) -> dict[Key, Artifact]:
    """Return the artifacts by type, id and, where two have the same, their number."""
    found: dict[Key, Artifact] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for each in sources.artifacts:
        found[*each.key, seen[each.key]] = each
        seen[each.key] += 1
    return found


def _compare(names: Names, old: Artifact | None, new: Artifact | None, partners: Partners) -> Iterator[Change]:
    about = _about(names, new or old)
    if old is None and new is not None:
        yield from _one_sided(about, new, "added", partners)
    elif new is None and old is not None:
        yield from _one_sided(about, old, "removed", partners)
    elif old and new and differs(old.source, new.source):
        found = list(_told(about, new.kind, old.source, new.source))
        yield from found or about.as_it_stands(old.source, new.source)
        yield from _not_bumped(about, old, new, found)


def _one_sided(about: About, artifact: Artifact, deed: str, partners: Partners) -> Iterator[Change]:
    """Return that an artifact came or went, and what it says; of a set that was renamed, what is not the same."""
    is_new = deed == "added"
    partner = partners.get(artifact.key)
    renaming = f" (probably renamed: {partner.words})" if partner else ""
    titles = (None, about.title) if is_new else (about.title, None)
    yield about.change(Kind.PLAN, f"{KINDS.get(artifact.kind, artifact.kind)} {deed}{renaming}", *titles)
    other = partner.artifact.source if partner else {"resourceType": artifact.kind, "id": artifact.id}
    if is_new:
        told = _told(about, artifact.kind, other, artifact.source)
        yield from (each for each in told if each.kind.section is not Section.REST)
    elif artifact.kind == "ValueSet" and not partner:
        told = _told(about, artifact.kind, artifact.source, other)
        yield from (each for each in told if each.kind.section is not Section.REST)


def _told(about: About, kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    is_set = kind == "ValueSet"
    yield from compare_value_sets(about, old, new) if is_set else about.elements(TELLERS.get(kind, {}), old, new)


def _about(names: Names, artifact: Artifact | None) -> About:
    title = artifact and (artifact.source.get("title") or artifact.source.get("name") or artifact.id)
    return About(f"{artifact.kind}/{artifact.id}" if artifact else "", str(title), names)


def _not_bumped(about: About, old: Artifact, new: Artifact, found: list[Change]) -> Iterator[Change]:
    """Return a warning where what cards say or when they come changed, and the version that they cite did not."""
    changed = [each.kind.label for each in found if each.kind.section is not Section.REST]
    version = new.source.get("version")
    if changed and version is not None and version == old.source.get("version"):
        kinds = ", ".join(dict.fromkeys(changed))
        yield about.change(Kind.WARNING, f"Version is still {version}, although this changed: {kinds}")
