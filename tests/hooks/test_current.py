"""The knowledge that is served can be swapped: each request stays with the one that it began with."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cds_service.knowledge.load import load_knowledge
from tests.fhir.stub import serving
from tests.states import SERVICE, body, states_in, write_state

PERSON = b'{"resourceType":"Patient","id":"p1"}'


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    """The knowledge of each state, by its name."""
    found = {}
    for name in "AB":
        folder = tmp_path_factory.mktemp(name)
        write_state(folder, name)
        found[name] = load_knowledge(folder / "plandefinitions", folder / "valuesets")
    return found


def current_of(client):
    return client.application.extensions["cds-service"].current


def test_all_that_is_told_of_knowledge_is_of_the_new_one(make_client, states, log):
    client = make_client(states["A"])
    for name in ("B", "A", "B"):
        current_of(client).swap(states[name])
        log.clear()
        card = client.post(SERVICE, json=body())
        assert states_in(card.text) == {name: 25}
        assert '"valueSet":"http://example.org/ValueSet/example-rash|1 state' + name in card.text
        assert states_in(log[0]) == {name: 1}
        assert json.loads(log[0])["knowledge"] == states[name].digest
        for path in ("/health", "/ready"):
            told = client.get(path).json
            assert told["knowledge"] == states[name].digest
            assert told["plans"] == {"lotion-order-select": f"1.0.0 state{name}"}
        assert states_in(client.get("/cds-services").text) == {name: 1}


def test_services_come_and_go(make_client, states, knowledge):
    client = make_client(states["A"])
    assert client.post("/cds-services/ivig-order-select", json={}).status_code == 404
    current_of(client).swap(knowledge)
    assert client.post("/cds-services/ivig-order-select", json={}).status_code == 400
    assert client.post(SERVICE, json=body()).status_code == 404
    assert sorted(each["id"] for each in client.get("/cds-services").json["services"]) == sorted(knowledge.services)
    described = client.get("/openapi.json").json["components"]["parameters"]["ServiceId"]["schema"]["enum"]
    assert described == sorted(knowledge.services)


def test_a_call_that_was_begun_is_answered_from_what_it_began_with(make_client, states, log):
    client = make_client(states["A"], fhir_allowed_hosts="127.0.0.1")
    asked, go_on = threading.Event(), threading.Event()

    def late(_, sock):
        asked.set()
        go_on.wait(20)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(PERSON), PERSON))

    begun = body() | {"fhirAuthorization": {"access_token": "t", "token_type": "Bearer", "expires_in": 300}}
    del begun["prefetch"]["patient"]
    with serving({"*": late}) as stub, ThreadPoolExecutor() as pool:
        call = pool.submit(client.post, SERVICE, json=begun | {"fhirServer": stub.url})
        assert asked.wait(20)
        current_of(client).swap(states["B"])
        assert states_in(client.application.test_client().post(SERVICE, json=body()).text) == {"B": 25}
        go_on.set()
        assert states_in(call.result().text) == {"A": 25}
    later, earlier = (json.loads(each) for each in log)
    assert (later["knowledge"], earlier["knowledge"]) == (states["B"].digest, states["A"].digest)
    assert states_in(earlier["plan"]) == {"A": 1}
