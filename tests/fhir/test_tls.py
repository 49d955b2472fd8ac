from pathlib import Path

import pytest
import trustme

from cds_service.fhir.call import FetchLimits
from tests.fhir.conftest import PATIENT, SMALL, MakeClient, Resolver, access, tls
from tests.fhir.stub import drip, resource, serving

SERVED = {"Patient/p1": resource({"resourceType": "Patient", "id": "p1"})}


@pytest.mark.parametrize(
    ("names", "host", "outcome"),
    [
        (["127.0.0.1"], "127.0.0.1", "ok"),
        (["fhir.example.org"], "fhir.example.org", "ok"),
        (["other.example.org"], "fhir.example.org", "connection"),
        (["127.0.0.1"], "fhir.example.org", "connection"),
        (["fhir.example.org"], "127.0.0.1", "connection"),
    ],
)
def test_the_certificate_must_be_of_the_host_that_was_named(
    names: list[str], host: str, outcome: str, authority: trustme.CA, ca_file: Path, make_client: MakeClient
) -> None:
    with serving(SERVED, context=tls(authority, *names)) as stub:
        client = make_client("fhir.example.org, 127.0.0.0/8", ca_file=ca_file, resolve=Resolver(["127.0.0.1"]))
        found = client.fetch(access(f"https://{host}:{stub.port}/fhir"), {"patient": PATIENT})
        assert found["patient"].outcome == outcome
        assert len(stub.asked) == (outcome == "ok"), "no token without the right certificate"


def test_an_authority_that_is_not_trusted(authority: trustme.CA, make_client: MakeClient) -> None:
    with serving(SERVED, context=tls(authority, "127.0.0.1")) as stub:
        found = make_client().fetch(access(f"https://127.0.0.1:{stub.port}/fhir"), {"patient": PATIENT})
        assert (found["patient"].outcome, stub.asked) == ("connection", [])


def test_authorities_of_the_environment_are_not_trusted(
    authority: trustme.CA, ca_file: Path, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(ca_file))
    with serving(SERVED, context=tls(authority, "127.0.0.1")) as stub:
        found = make_client().fetch(access(f"https://127.0.0.1:{stub.port}/fhir"), {"patient": PATIENT})
        assert (found["patient"].outcome, stub.asked) == ("connection", [])


def test_a_server_that_does_not_shake_hands_holds_nobody(make_client: MakeClient, ca_file: Path) -> None:
    with serving(SERVED) as stub:
        client = make_client(limits=SMALL, ca_file=ca_file)
        found = client.fetch(access(f"https://127.0.0.1:{stub.port}/fhir"), {"patient": PATIENT})
        assert found["patient"].outcome == "timeout"


def test_tls_connections_are_kept_and_shut_down_like_others(
    authority: trustme.CA, ca_file: Path, make_client: MakeClient
) -> None:

    with serving(SERVED | {"Patient/p2": drip(b"HTTP/1.1 200 OK\r\nX: ")}, context=tls(authority, "127.0.0.1")) as stub:
        client = make_client(limits=FetchLimits(budget_s=1.5), ca_file=ca_file, threads=1)
        server = access(f"https://127.0.0.1:{stub.port}/fhir")
        for _ in range(2):
            assert client.fetch(server, {"patient": PATIENT})["patient"].outcome == "ok"
        assert stub.connections == 1
        slow = PATIENT._replace(url="Patient/p2", id="p2")
        assert client.fetch(server, {"patient": slow})["patient"].outcome == "timeout"
        assert stub.gone.wait(5)
        assert stub.connections == 1, "dripping began on the connection that was kept"
