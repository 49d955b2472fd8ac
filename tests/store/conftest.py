from collections.abc import Callable, Iterator

import pytest

from cds_service.store import writer
from cds_service.store.schema import upgrade
from tests.databases import database_url, postgres, postgres_url, sqlite_url
from tests.store.stores import Opened

__all__ = ["database_url", "postgres", "postgres_url", "sqlite_url"]


@pytest.fixture
def open_store() -> Iterator[Callable[..., Opened]]:
    """Return how to open a store at a URL; each is closed at the end."""
    opened = []

    def open_at(url: str, **more: object) -> Opened:
        opened.append(Opened(url, **more))
        return opened[-1]

    yield open_at
    for each in opened:
        each.store.close()


@pytest.fixture
def ready_url(database_url) -> str:
    """Return the address of a database whose tables are there."""
    upgrade(database_url)
    return database_url


@pytest.fixture
def opened(ready_url, open_store) -> Opened:
    return open_store(ready_url)


@pytest.fixture
def short_patience(monkeypatch) -> None:
    """Let the writer give up soon."""
    monkeypatch.setattr(writer, "PATIENCE_S", (0.05,))
