from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_service.__main__ import main
from cds_service.cases.read import Case, read_cases
from cds_service.knowledge.load import KnowledgeBase, load_knowledge

TOPIC = Path(__file__).parent.parent / "topic"
FOLDERS = ("--plandefinitions", TOPIC / "plandefinitions", "--valuesets", TOPIC / "valuesets")


@pytest.fixture(scope="session")
def topic() -> KnowledgeBase:
    return load_knowledge(TOPIC / "plandefinitions", TOPIC / "valuesets")


@pytest.fixture(scope="session")
def topic_cases() -> dict[str, Case]:
    cases, problems = read_cases(TOPIC / "cases")
    assert not problems
    return cases


@pytest.fixture
def run(monkeypatch, topic):
    """A function that runs a command on the topic, which is loaded once."""
    monkeypatch.setattr("cds_service.commands.options.build_knowledge", lambda *_: topic)

    def run(*arguments: object, **more):
        return CliRunner().invoke(main, [*map(str, arguments), *map(str, FOLDERS)], catch_exceptions=False, **more)

    return run
