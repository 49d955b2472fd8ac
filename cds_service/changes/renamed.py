"""Value sets that went under one id and came under another: told by the codes that both hold."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cds_service.changes.codes import held_by
from cds_service.knowledge.read import Artifact


@dataclass(frozen=True)
class Partner:
    """The value set that another one probably was or became: most codes of both together are codes of both."""

    artifact: Artifact
    shared: int
    words: str


Partners = Mapping[tuple[str, str], Partner]


def renamed(gone: Iterable[Artifact], come: Iterable[Artifact]) -> Partners:
    """Return, by type and id of value sets that are on one side only, the one of the other side that it probably is."""
    before, after = (
        [(each, held_by(each.source).coded) for each in of if each.kind == "ValueSet"] for of in (gone, come)
    )
    found: dict[tuple[str, str], Partner] = {}
    for old, codes in before:
        for new, others in after:
            shared = len(codes & others)
            is_closer = all(shared > found[key].shared for key in (old.key, new.key) if key in found)
            if 2 * shared > len(codes | others) and is_closer:
                found[old.key] = Partner(new, shared, f"it is {new.id} now, and what differs is told there")
                found[new.key] = Partner(old, shared, f"it was {old.id}, and {shared} code(s) are the same")
    return found
