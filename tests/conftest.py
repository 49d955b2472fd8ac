from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings

from cds_service.app import create_app
from cds_service.hooks.routes import Effects
from cds_service.knowledge.load import KnowledgeBase, load_knowledge
from cds_service.settings import read_settings

settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("any machine")
ROOT = Path(__file__).parent.parent
TODAY = date(2026, 11, 22)


@dataclass(frozen=True)
class Shipped:
    plandefinitions: Path
    valuesets: Path


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shipped() -> Shipped:
    return Shipped(ROOT / "plandefinitions", ROOT / "valuesets")


@pytest.fixture(scope="session")
def knowledge(shipped: Shipped) -> KnowledgeBase:
    return load_knowledge(shipped.plandefinitions, shipped.valuesets)


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def client(knowledge: KnowledgeBase, log: list[str]) -> Iterator[FlaskClient]:
    numbers = count(1)
    effects = Effects(lambda: TODAY, lambda: f"00000000-0000-4000-8000-{next(numbers):012}", lambda: 0.0, log.append)
    with create_app(read_settings(), knowledge, effects).test_client() as found:
        yield found
