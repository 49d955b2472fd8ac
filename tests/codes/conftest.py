"""Knowledge to edit: a copy of the second topic, which is small, and the shipped artifacts, which are only read."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_service.__main__ import main
from cds_service.knowledge.load import Sources, folder_sources

TOPIC = Path(__file__).parent.parent / "topic"


@dataclass
class Place:
    """A copy of the topic, and the commands that work on it."""

    folder: Path

    def path(self, name: str) -> Path:
        return self.folder / "valuesets" / f"{name}.json"

    def run(self, command: str, *arguments: object, **more) -> Result:
        places = [f"--{name}={self.folder / name}" for name in ("plandefinitions", "valuesets")]
        words = ["codes", command, *map(str, arguments), *places]
        return CliRunner().invoke(main, words, catch_exceptions=False, **more)

    def tree(self) -> dict[str, bytes]:
        """Return every file with its bytes, so that leftovers are seen as well."""
        return {str(path): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}

    def refused(self, command: str, *arguments: object, code: int = 1, **more) -> str:
        """Return what a command says that must refuse, and must leave every file as it is."""
        before = self.tree()
        result = self.run(command, *arguments, **more)
        assert result.exit_code == code, result.output
        assert self.tree() == before
        return result.output


@pytest.fixture
def place(tmp_path) -> Place:
    for name in ("plandefinitions", "valuesets"):
        shutil.copytree(TOPIC / name, tmp_path / "knowledge" / name)
    return Place(tmp_path / "knowledge")


@pytest.fixture(scope="session")
def sources(shipped) -> Sources:
    return folder_sources(shipped.plandefinitions, shipped.valuesets)


@pytest.fixture(scope="session")
def topic_sources() -> Sources:
    return folder_sources(TOPIC / "plandefinitions", TOPIC / "valuesets")
