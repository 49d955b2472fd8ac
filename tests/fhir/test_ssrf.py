import time

import pytest

from cds_service.fhir.call import Call
from cds_service.fhir.connection import Gate, make_session
from cds_service.fhir.hosts import parse_hosts
from cds_service.fhir.outcome import Failed
from tests.fhir.conftest import PATIENT, ROOMY, SEARCH, Dialled, MakeClient, Resolver, access, tls
from tests.fhir.stub import bundle, resource, serving

P1 = {"resourceType": "Patient", "id": "p1"}
PUBLIC = "93.184.216.34"
NAME = "fhir.example.org"
SPELLINGS = """
http://127.0.0.1:{port} https://127.0.0.1:{port} http://localhost:{port} http://[::1]:{port} http://0.0.0.0:{port}
http://[::]:{port} http://[::ffff:127.0.0.1]:{port} http://127.1:{port} http://2130706433:{port}
http://0x7f000001:{port} http://0x7f.1:{port} http://0177.0.0.1:{port} http://017700000001:{port} http://127.0.0.1.:{port}
https://fhir.example.org@127.0.0.1:{port} http://fhir.example.org:x@127.0.0.1:{port}
http://127.0.0.1:{port}#@fhir.example.org http://127.0.0.1:{port}?@fhir.example.org
http://127.0.0.1:{port}\\@fhir.example.org http://fhir.example.org\\@127.0.0.1:{port}
http://fhir.example.org:{port} https://fhir.example.org.:{port} https://fhir.example.org.evil.example:{port}
https://other.example.org:{port} ftp://127.0.0.1:{port} gopher://127.0.0.1:{port} file:///etc/passwd
//127.0.0.1:{port} 127.0.0.1:{port} http:127.0.0.1:{port} http:///127.0.0.1:{port} http:/\\127.0.0.1:{port}
http://169.254.169.254 http://169.254.169.254/latest/meta-data https://169.254.169.254 http://metadata.google.internal
https://10.0.0.1 https://192.168.0.1 https://172.16.0.1 https://100.100.100.200 https://[fd00:ec2::254]
https://[::ffff:10.0.0.1] https://[::ffff:a9fe:a9fe] https://[64:ff9b::a9fe:a9fe] https://8.8.8.8
""".split()


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("hosts", [NAME, ""])
def test_no_spelling_of_a_server_that_is_not_listed_connects_to_anything(
    spelling: str, hosts: str, make_client: MakeClient, dialled: Dialled
) -> None:
    resolver = Resolver(["127.0.0.1"])
    with serving({"*": resource(P1)}) as decoy:
        server = spelling.format(port=decoy.port)
        found = make_client(hosts, resolve=resolver).fetch(access(server), {"patient": PATIENT})
        assert found["patient"].outcome == "host-refused"
        assert (decoy.connections, dialled.addresses, resolver.asked) == (0, [], [])


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 ::1 169.254.169.254 10.0.0.1 172.16.0.1 192.168.0.1 100.64.0.1 0.0.0.0 224.0.0.1 :: ::ffff:127.0.0.1 "
    "64:ff9b::7f00:1 fd00:ec2::254 fe80::1%eth0 2002:7f00:1::".split(),
)
def test_a_listed_name_that_resolves_to_an_address_within_is_refused(
    address: str, make_client: MakeClient, dialled: Dialled
) -> None:
    with serving({"*": resource(P1)}) as decoy:
        client = make_client(NAME, resolve=Resolver([address]))
        found = client.fetch(access(f"https://{NAME}:{decoy.port}"), {"patient": PATIENT})
        assert found["patient"].outcome == "host-refused"
        assert (decoy.connections, dialled.addresses) == (0, [])


@pytest.mark.parametrize(
    ("hosts", "server", "resolved", "connected"),
    [
        (NAME, "https://fhir.example.org/r4", PUBLIC, (PUBLIC, 443)),
        (NAME, "HTTPS://FHIR.EXAMPLE.ORG:8443", PUBLIC, (PUBLIC, 8443)),
        (NAME, "https://fhir.example.org", "2606:4700::1111", ("2606:4700::1111", 443)),
        (f"{NAME}, 10.0.0.0/8", "https://fhir.example.org", "10.1.1.1", ("10.1.1.1", 443)),
        ("10.0.0.0/8", "https://10.1.1.1", "10.1.1.1", ("10.1.1.1", 443)),
        ("localhost", "https://localhost", PUBLIC, (PUBLIC, 443)),
    ],
)
def test_a_server_that_may_be_called_is(
    hosts: str, server: str, resolved: str, connected: tuple[str, int], make_client: MakeClient, dialled: Dialled
) -> None:
    found = make_client(hosts, resolve=Resolver([resolved])).fetch(access(server), {"patient": PATIENT})
    assert found["patient"].outcome == "connection"
    assert dialled.addresses == [connected] * 2, "tried once more, since nobody is there"


def test_plain_http_to_localhost_connects_to_loopback_only(make_client: MakeClient, dialled: Dialled) -> None:
    with serving({"Patient/p1": resource(P1)}) as stub:
        server = access(f"http://localhost:{stub.port}/fhir")
        elsewhere = make_client("localhost", resolve=Resolver([PUBLIC])).fetch(server, {"patient": PATIENT})
        assert (elsewhere["patient"].outcome, dialled.addresses) == ("host-refused", [])
        here = make_client("localhost", resolve=Resolver(["127.0.0.1"])).fetch(server, {"patient": PATIENT})
        assert here["patient"].outcome == "ok"


def test_of_mixed_answers_only_the_public_address_is_connected_to(make_client: MakeClient, dialled: Dialled) -> None:
    mixed = Resolver(["127.0.0.1", PUBLIC, "10.0.0.1", PUBLIC])
    with serving({"*": resource(P1)}) as decoy:
        found = make_client(NAME, resolve=mixed).fetch(access(f"https://{NAME}:{decoy.port}"), {"patient": PATIENT})
        assert found["patient"].outcome == "connection"
        assert (decoy.connections, dialled.addresses) == (0, [(PUBLIC, decoy.port)] * 2)


def test_the_address_that_was_checked_is_connected_to_although_the_name_moves(
    make_client: MakeClient, dialled: Dialled, authority: object, ca_file: object
) -> None:
    """DNS rebinding: public when asked first, private ever after."""
    rebinding = Resolver([PUBLIC], ["127.0.0.1"])
    served = {"Patient/p1": resource(P1, extra="Connection: close\r\n")}
    with serving({"*": resource(P1)}, "127.0.0.1") as decoy:
        with serving(served, "127.0.0.2", tls(authority, NAME)) as stub:
            dialled.stands_for[PUBLIC] = ("127.0.0.2", stub.port)
            client = make_client(NAME, resolve=rebinding, ca_file=ca_file)
            server = access(f"https://{NAME}:{decoy.port}/fhir")
            assert client.fetch(server, {"patient": PATIENT})["patient"].outcome == "ok"
            assert rebinding.asked == [NAME], "asked once for one connection"
            assert client.fetch(server, {"patient": PATIENT})["patient"].outcome == "host-refused"
        assert rebinding.asked == [NAME] * 2
        assert (decoy.connections, dialled.addresses) == (0, [(PUBLIC, decoy.port)])


def test_a_name_that_moves_between_two_tries_is_checked_again(make_client: MakeClient, dialled: Dialled) -> None:
    with serving({"*": resource(P1)}) as decoy:
        client = make_client(NAME, resolve=Resolver([PUBLIC], ["127.0.0.1"]))
        found = client.fetch(access(f"https://{NAME}:{decoy.port}"), {"patient": PATIENT})
        assert found["patient"].outcome == "host-refused"
        assert (decoy.connections, dialled.addresses) == (0, [(PUBLIC, decoy.port)])


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_neither_redirect_nor_next_link_leads_the_token_elsewhere(status: str, make_client: MakeClient) -> None:
    with serving({"*": resource(P1)}) as decoy:
        served = {
            "Patient/p1": resource(b"", status, f"Location: {decoy.url}/Patient/p1\r\n"),
            "Observation?patient=p1": resource(bundle("a", following=f"{decoy.url}/Observation?page=2")),
        }
        with serving(served) as stub:
            client = make_client("127.0.0.1")
            first_page = {"vitals": f"{decoy.url}/Observation?page=2", "junk": "http://[", "file": "file:///etc/passwd"}
            found = client.fetch(access(stub.url), {"patient": PATIENT, "labs": SEARCH}, first_page)
        outcomes = {key: each.outcome for key, each in found.items()}
        assert outcomes == {"patient": "redirect", "labs": "partial"} | dict.fromkeys(first_page, "host-refused")
        assert decoy.connections == 0


@pytest.mark.parametrize(
    "url",
    "http://localhost:{port} http://127.0.0.1:{port} https://other.test:{port} https://fhir.example.org.:{port}".split(),
)
def test_the_connection_itself_asks_the_list(url: str, dialled: Dialled) -> None:
    """Whatever the layers above have let through."""
    with serving({"*": resource(P1)}, "127.0.0.2") as decoy:
        gate = Gate(parse_hosts(f"{NAME}, 127.0.0.2"), Resolver(["127.0.0.2"]))
        refused = pytest.raises(Failed, match="host-refused")
        with make_session(gate, None, 1) as session, Call(ROOMY, time.monotonic).request(), refused:
            session.get(url.format(port=decoy.port))
        assert (decoy.connections, dialled.addresses) == (0, [])


def test_a_proxy_of_the_environment_is_not_used(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving({"*": resource(P1)}) as decoy, serving({"Patient/p1": resource(P1)}) as stub:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, decoy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        found = make_client().fetch(access(stub.url), {"patient": PATIENT})
        assert (found["patient"].outcome, decoy.connections) == ("ok", 0)
