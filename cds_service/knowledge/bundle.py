"""All artifacts of a knowledge in one FHIR Bundle (R4), and back."""

import json
from collections.abc import Iterable
from typing import Any, Literal

from cds_service.errors import Problem
from cds_service.knowledge.read import Artifact, parse_json, to_artifact

KINDS = frozenset({"PlanDefinition", "ValueSet", "CodeSystem", "NamingSystem"})
BundleType = Literal["collection", "transaction"]


def to_bundle(artifacts: Iterable[Artifact], kind: BundleType = "collection") -> bytes:
    """Return the Bundle of the artifacts, the same bytes for the same artifacts, in the order of type and id.

    A `collection` is for keeping and serving, a `transaction` for posting to a FHIR server: it puts each to its id.
    """
    entries = [_entry(each, kind) for each in sorted(artifacts, key=lambda each: each.key)]
    bundle = {"resourceType": "Bundle", "type": kind, "entry": entries}
    return (json.dumps(bundle, indent=2, ensure_ascii=False) + "\n").encode()


def _entry(artifact: Artifact, kind: BundleType) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if url := artifact.source.get("url"):
        entry["fullUrl"] = url
    entry["resource"] = artifact.source
    if kind == "transaction":
        entry["request"] = {"method": "PUT", "url": f"{artifact.kind}/{artifact.id}"}
    return entry


def read_bundle(raw: bytes, file: str, problems: list[Problem]) -> list[Artifact]:
    """Return the valid artifacts of a Bundle; problems are added, each with the place of its entry."""
    bundle = parse_json(raw, file, problems)
    if bundle is None:
        return []
    entries = bundle.get("entry") if isinstance(bundle, dict) and bundle.get("resourceType") == "Bundle" else None
    if not isinstance(entries, list) or bundle.get("type") not in ("collection", "transaction"):
        reason = "not a Bundle of type collection or transaction with entries."
        problems.append(Problem(file, "-", reason, "make one with: cds-service bundle."))
        return []
    read = [_read(entry, f"{file}#entry[{i}]", problems) for i, entry in enumerate(entries)]
    return sorted((each for each in read if each and each.is_valid), key=lambda each: each.key)


def _read(entry: object, file: str, problems: list[Problem]) -> Artifact | None:
    source = entry.get("resource") if isinstance(entry, dict) else None
    if isinstance(source, dict) and isinstance(source.get("resourceType"), str) and isinstance(source.get("id"), str):
        file = f"{source['resourceType']}/{source['id']}"
    return to_artifact(source, file, KINDS, problems)
