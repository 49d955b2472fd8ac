"""Knowledge on its way from the process that checked it to the processes that serve it."""

import json
from collections.abc import Iterable
from mmap import mmap
from pathlib import Path

from cds_service.knowledge.bundle import to_bundle
from cds_service.knowledge.load import KnowledgeBase, rebuild_knowledge
from cds_service.knowledge.read import Artifact


class Handover:
    """A Bundle in a folder of this server's own, and in shared memory the digest of the knowledge to be served.

    Made before the processes fork. A process compares the digest with that of what it serves: it can miss a change,
    begin late or fail to load, and still ends up at the knowledge that is wanted now.
    """

    def __init__(self, folder: Path, digest: str) -> None:
        self._folder, self._wanted = folder, mmap(-1, len(digest))
        self._wanted[:] = digest.encode()

    @property
    def wanted(self) -> str:
        """Return the digest of the knowledge to be served."""
        return self._wanted[:].decode()

    def write(self, artifacts: Iterable[Artifact], digest: str) -> None:
        """Have these artifacts, which passed the check, ready to be taken; raises OSError when the disk is full."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # a cleaner of temporary files may have taken it
        self._path(digest).write_bytes(to_bundle(artifacts))

    def want(self, digest: str) -> None:
        """Have the knowledge of a digest served, which is ready to be taken; no other one is then."""
        self._wanted[:] = digest.encode()
        for each in set(self._folder.glob("knowledge-*.json")) - {self._path(digest)}:
            each.unlink(missing_ok=True)

    def take(self, digest: str) -> KnowledgeBase:
        """Return the knowledge of a digest.

        Raises OSError when it is gone because another is wanted by now, ValueError when the file holds another one.
        """
        entries = json.loads(self._path(digest).read_bytes())["entry"]
        sources = [each["resource"] for each in entries]
        knowledge = rebuild_knowledge(Artifact(each["id"], each["resourceType"], each, True) for each in sources)
        if knowledge.digest != digest:
            raise ValueError(knowledge.digest)
        return knowledge

    def _path(self, digest: str) -> Path:
        return self._folder / f"knowledge-{digest}.json"
