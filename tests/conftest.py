import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import prometheus_client  # noqa: F401  (before a test of `serve`: it settles at its import how figures are shared)
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings

from cds_service.app import create_app
from cds_service.hooks.routes import Effects
from cds_service.knowledge.load import KnowledgeBase, load_knowledge
from cds_service.settings import read_settings
from cds_service.store.schema import upgrade
from tests.databases import database_url, postgres, postgres_url, sqlite_url
from tests.mutation.report import PROPERTY, added, table

__all__ = ["database_url", "postgres", "postgres_url", "sqlite_url"]

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


@pytest.fixture
def unmeasured() -> Iterator[None]:
    """Coverage is not measured in tests that run the same code a thousand times: it would more than double their time.

    The marker no_cover of pytest-cov does not reach the processes of xdist.
    """
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shipped() -> Shipped:
    return Shipped(ROOT / "plandefinitions", ROOT / "valuesets")


@pytest.fixture(scope="session")
def knowledge(shipped: Shipped) -> KnowledgeBase:
    return load_knowledge(shipped.plandefinitions, shipped.valuesets)


@pytest.fixture(scope="session")
def wheel_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it is released, built from the source without network."""
    built = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", built, ROOT], check=True)
    (found,) = built.glob("cds_service-*.whl")
    return found


@pytest.fixture
def log() -> list[str]:
    return []


@dataclass
class Clock:
    """The time of a test, in seconds since the epoch."""

    now: float = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "empty.sqlite3"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def database(empty_store: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty_store, tmp_path / "store.sqlite3"))


@pytest.fixture
def effects(log: list[str], clock: Clock) -> Effects:
    numbers = count(1)
    return Effects(
        lambda: TODAY,
        lambda: f"00000000-0000-4000-8000-{next(numbers):012}",
        lambda: 0.0,
        log.append,
        lambda: clock.now,
    )


@pytest.fixture
def make_client(knowledge: KnowledgeBase, effects: Effects, database: Path) -> Iterator[Callable[..., FlaskClient]]:
    """A function that makes a client of the shipped service, with settings given by name."""
    opened = []

    def make(knowledge: KnowledgeBase = knowledge, effects: Effects = effects, **given: Any) -> FlaskClient:
        settings = read_settings(**{"database_url": f"sqlite:///{database}", **given})
        app = create_app(settings, knowledge, effects)
        opened.append(app.extensions["cds-service"])
        return app.test_client()

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def client(make_client: Callable[..., FlaskClient]) -> FlaskClient:
    return make_client()


@pytest.fixture
def break_store(client: FlaskClient, database: Path) -> Callable[[], None]:
    """A function that makes the store of the client unusable: a folder is where its file was."""

    def break_it() -> None:
        client.application.extensions["cds-service"].store.close()
        for path in database.parent.glob(f"{database.name}*"):
            path.unlink()
        database.mkdir()

    return break_it


@pytest.fixture
def stored_bytes(client: FlaskClient, database: Path) -> Callable[[], bytes]:
    """A function that returns all that is on disk of the client's store."""

    def read() -> bytes:
        client.application.extensions["cds-service"].store.close()
        return b"".join(path.read_bytes() for path in sorted(database.parent.glob(f"{database.name}*")))

    return read


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say who caught the mutants of the knowledge, over all processes that judged them."""
    reports = [each for name in ("passed", "failed") for each in terminalreporter.stats.get(name, [])]
    parts = [value for each in reports for name, value in each.user_properties if name == PROPERTY]
    if parts:
        terminalreporter.section("mutants of the shipped knowledge")
        terminalreporter.write_line("\n".join(table(added(parts))))
