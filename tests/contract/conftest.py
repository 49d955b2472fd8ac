"""What the tests of the contract share: the answers to all golden cases, asked once, and the published services."""

import json
import time
from types import SimpleNamespace

import pytest

from tests.contract.service import Call, served, steady
from tests.contract.tokens import ISSUER, PUBLIC, Key
from tests.golden import CASES


@pytest.fixture(scope="session")
def answers(knowledge):
    """The answer to every golden case over HTTP, each on its own day."""
    found = []
    for day in sorted({case.today for case in CASES.values()}):
        with served(knowledge, steady(day, lambda line: None)) as client:
            for name, case in CASES.items():
                if case.today == day:
                    found.append(ask(client, name, case.request))
    return found


def ask(client, name, request):
    started = time.perf_counter()
    answer = client.post(f"/cds-services/{name.partition('/')[0]}", json=request)
    seconds = time.perf_counter() - started
    return Call(name, request, answer.status_code, answer.content_type, answer.text, seconds)


@pytest.fixture
def services(client):
    """The entries of discovery."""
    return client.get("/cds-services").json["services"]


@pytest.fixture(scope="session")
def keys():
    return SimpleNamespace(es=Key("ES384", "es-1"), rs=Key("RS384", "rs-1"), weak=Key("RS256", "rs256-1"))


@pytest.fixture
def trusting(knowledge, tmp_path, keys):
    """Return a context of a service that trusts one client."""

    def build(client=None, **settings):
        jwks = {"keys": [keys.es.jwk, keys.rs.jwk, keys.weak.jwk]}
        file = tmp_path / "clients.json"
        file.write_text(json.dumps({"clients": [client or {"iss": ISSUER, "jwks": jwks}]}))
        return served(knowledge, auth="on", public_url=PUBLIC, clients_file=file, **settings)

    return build


@pytest.fixture
def secured(trusting):
    with trusting() as client:
        yield client
