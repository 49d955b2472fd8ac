import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import pytest
import trustme
from urllib3.util.connection import create_connection

from cds_service.fhir import connection
from cds_service.fhir.access import Access
from cds_service.fhir.call import FetchLimits
from cds_service.fhir.client import FhirClient
from cds_service.fhir.hosts import parse_hosts
from cds_service.fhir.query import Query

TOKEN = "canary-6c1f0e9a"
PATIENT = Query("Patient/p1", "Patient", "read", "p1")
SEARCH = Query("Observation?patient=p1", "Observation", "search")
SMALL = FetchLimits(budget_s=0.4, connect_s=0.3, read_s=0.3, pages=3, bytes=200_000, entries=50)
ROOMY = FetchLimits(budget_s=20.0, connect_s=10.0, read_s=10.0, pages=3, bytes=200_000, entries=50)

MakeClient = Callable[..., FhirClient]


def access(server: str, **rest: object) -> Access:
    return Access(server, TOKEN, **rest)


@pytest.fixture
def make_client() -> Iterator[MakeClient]:
    made: list[FhirClient] = []

    def make(hosts: str = "127.0.0.1", limits: FetchLimits = ROOMY, **rest: object) -> FhirClient:
        made.append(FhirClient(parse_hosts(hosts), limits, time.monotonic, **rest))
        return made[-1]

    yield make
    for client in made:
        client.close()


@dataclass
class Dialled:
    """Every address that a connection was asked of; only loopback, or what stands for another address, is dialled."""

    addresses: list[tuple[str, int]] = field(default_factory=list)
    stands_for: dict[str, tuple[str, int]] = field(default_factory=dict)

    def dial(self, address: tuple[str, int], *args: object, **kwargs: object) -> socket.socket:
        self.addresses.append(address)
        host, port = self.stands_for.get(address[0], address)
        if not ip_address(host).is_loopback:
            raise ConnectionRefusedError
        return create_connection((host, port), *args, **kwargs)


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> Dialled:
    dialled = Dialled()
    monkeypatch.setattr(connection, "create_connection", dialled.dial)
    return dialled


class Resolver:
    """A resolver that answers from a list, one after the other, the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, *rest: object) -> list[tuple[object, ...]]:
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(0, 0, 0, "", (address, port)) for address in answer]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path / "ca.pem"


def tls(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context
