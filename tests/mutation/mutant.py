"""One mutant, and which of them a test takes."""

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from cds_service.knowledge.read import Artifact
from tests.mutation.edit import edited


class Mutant(NamedTuple):
    """A change of the knowledge: its class, what was done in words, and the artifacts as they are then."""

    kind: str
    what: str
    changed: tuple[Artifact, ...]

    @property
    def number(self) -> int:
        """Return a number that is the same in every run: by it mutants are sampled and dealt out."""
        return zlib.crc32(f"{self.kind} {self.what}".encode())


def change(kind: str, artifact: Artifact, what: str, *edits: tuple[Sequence[str | int], Any]) -> Mutant:
    """Return the mutant in which each path of an artifact has its new value; later paths must still hold."""
    source = artifact.source
    for path, new in edits:
        source = edited(source, path, new)
    return Mutant(kind, f"{artifact.file}: {what}", (replace(artifact, source=source),))


def place(source: Any, path: Sequence[str | int]) -> str:
    """Return where a path leads, by the ids on its way: `action(recommend)`."""
    found = []
    for i, step in enumerate(path):
        source = source[step]
        if isinstance(source, dict) and "id" in source:
            found.append(f"{path[i - 1]}({source['id']})")
    return " ".join(found) or "the plan"


def distinct(mutants: Iterable[Mutant], originals: Callable[[Artifact], Artifact]) -> Iterator[Mutant]:
    """Return the mutants that change something, each deed once."""
    seen: set[tuple[str, str]] = set()
    for each in mutants:
        if (each.kind, each.what) not in seen and any(one.source != originals(one).source for one in each.changed):
            seen.add((each.kind, each.what))
            yield each
