"""Two sets of artifacts -> what differs between them, artifact by artifact, in words."""

from collections import Counter
from collections.abc import Iterator

from cds_service.changes.about import About
from cds_service.changes.change import WEIGHT, Change, Kind, Section
from cds_service.changes.differences import differs
from cds_service.changes.names import Names, names_of
from cds_service.changes.plan import PLAN
from cds_service.changes.terms import CODE_SYSTEM, NAMING_SYSTEM, VALUE_SET
from cds_service.knowledge.load import Sources
from cds_service.knowledge.read import Artifact

Key = tuple[str, str, int]
TELLERS = {"PlanDefinition": PLAN, "ValueSet": VALUE_SET, "CodeSystem": CODE_SYSTEM, "NamingSystem": NAMING_SYSTEM}
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
    found = [change for key in sorted({*before, *after}) for change in _compare(names, before.get(key), after.get(key))]
    return sorted(found, key=lambda each: WEIGHT[each.kind])


def _by_key(sources: Sources) -> dict[Key, Artifact]:
    """Return the artifacts by type, id and, where two have the same, their number."""
    found: dict[Key, Artifact] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for each in sources.artifacts:
        found[*each.key, seen[each.key]] = each
        seen[each.key] += 1
    return found


def _compare(names: Names, old: Artifact | None, new: Artifact | None) -> Iterator[Change]:
    about = _about(names, new or old)
    if old is None and new is not None:
        yield about.change(Kind.PLAN, f"{KINDS.get(new.kind, new.kind)} added", None, about.title)
        told = about.elements(TELLERS.get(new.kind, {}), {"resourceType": new.kind, "id": new.id}, new.source)
        yield from (each for each in told if each.kind.section is not Section.REST)
    elif new is None and old is not None:
        yield about.change(Kind.PLAN, f"{KINDS.get(old.kind, old.kind)} removed", about.title, None)
    elif old and new and differs(old.source, new.source):
        found = list(about.elements(TELLERS.get(new.kind, {}), old.source, new.source))
        yield from found or about.as_it_stands(old.source, new.source)
        yield from _not_bumped(about, old, new, found)


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
