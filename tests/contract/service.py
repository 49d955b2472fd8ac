"""The service as a client sees it: an HTTP client of a fresh application, and what comes back."""

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.hooks.routes import Effects
from cds_service.knowledge.load import KnowledgeBase
from cds_service.settings import read_settings
from cds_service.store.schema import upgrade

SERVICE = "/cds-services/ivig-order-select"
UUIDS = ("uuid",)


@dataclass(frozen=True)
class Call:
    """A call that was answered: the case it is from, what was sent, what came back and after how many seconds."""

    name: str
    request: dict[str, Any]
    status: int
    kind: str
    text: str
    seconds: float

    @cached_property
    def body(self) -> dict[str, Any]:
        return strict(self.text)

    @property
    def cards(self) -> list[dict[str, Any]]:
        return self.body.get("cards", [])


def steady(today: date, log: Any) -> Effects:
    """Return effects that give the same day, the same uuids and no time."""
    numbers = count(1)
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
    return Effects(
        lambda: today, lambda: f"00000000-0000-4000-8000-{next(numbers):012}", lambda: 0.0, log, lambda: noon
    )


@cache
def empty_store() -> bytes:
    """Return the database file of a store that holds nothing."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite3"
        upgrade(f"sqlite:///{path}")
        return path.read_bytes()


@contextmanager
def served(knowledge: KnowledgeBase, effects: Effects | None = None, **settings: Any) -> Iterator[FlaskClient]:
    """Yield a client of a fresh application; its store is a file of its own, in `folder` where that is given."""
    with TemporaryDirectory() as made:
        store = Path(settings.pop("folder", made)) / "store.sqlite3"
        store.write_bytes(empty_store())
        given = {"auth": "off", "database_url": f"sqlite:///{store}"} | settings
        app = create_app(read_settings(**given), knowledge, effects)
        try:
            yield app.test_client()
        finally:
            app.extensions["cds-service"].close()


def post(client: FlaskClient, body: Any, service: str = SERVICE, **more: Any) -> Any:
    return client.post(service, json=body, **more)


def strict(text: str | bytes) -> Any:
    """Return JSON; NaN, Infinity and a key that comes twice in an object are refused."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        assert len(found) == len(pairs), sorted(key for key, _ in pairs)
        return found

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(text, object_pairs_hook=once, parse_constant=refuse)


def advice(answer: Any) -> list[dict[str, Any]]:
    """Return the cards of an answer without what differs from call to call."""
    assert answer.status_code == 200, answer.text
    cards = copy.deepcopy(answer.json["cards"])
    for card in cards:
        for each in (card, *card.get("suggestions", [])):
            for name in UUIDS:
                each.pop(name, None)
    return cards


def unchecked(cards: list[dict[str, Any]]) -> str:
    """Return what the first card says could not be looked at."""
    return cards[0]["detail"].partition("Could not be checked")[2].partition(".")[0]


def outcome(answer: Any, *statuses: int) -> str:
    """Return what an error answer says; it must be an OperationOutcome with one of the statuses."""
    assert answer.status_code in statuses, answer.text
    assert answer.content_type == "application/json"
    body = strict(answer.data)
    assert body["resourceType"] == "OperationOutcome"
    assert "cards" not in body
    for issue in body["issue"]:
        assert issue["severity"] in {"fatal", "error", "warning", "information"}
        assert issue["code"]
    return " ".join(issue["diagnostics"] for issue in body["issue"])
