"""HTTP that is none: refused without a word of it repeated, and ended where it does not come to an end."""

import socket

import pytest
import requests

from tests.serving import serving, wait_for


def raw(base: str, sent: bytes, wait: float = 10) -> bytes:
    """Return what a server answers to bytes that no HTTP library would send."""
    host, _, port = base.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=wait) as connection:
        connection.sendall(sent)
        found = b""
        while chunk := connection.recv(65_536):
            found += chunk
    return found


@pytest.fixture(scope="module")
def served(root, tmp_path_factory):
    """A server whose requests may take two seconds, and its log."""
    folder = tmp_path_factory.mktemp("served")
    with serving(root, folder, "--workers", "1", settings={"CDS_REQUEST_S": "2"}) as (base, _):
        wait_for(base)
        yield base, folder / "log"


UNREADABLE = [
    b'{"patientId":"SENTINEL"}\r\n\r\n',
    b"GET /SENTINEL\r\n\r\n",
    b"GET / HTTP/9.SENTINEL\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nSENTINEL\r\n\r\n",
    b"SENTINEL{} / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: SENTINEL\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nExpect: SENTINEL\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"SENTINEL" * 9000 + b"\r\n\r\n",
    b"GET /" + b"SENTINEL" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
]


@pytest.mark.parametrize("sent", UNREADABLE, ids=lambda sent: sent[:40].decode())
def test_what_is_no_http_is_refused_and_not_repeated(served, sent):
    base, log = served
    answer = raw(base, sent)
    assert answer.startswith(b"HTTP/1.1 4")
    assert b"OperationOutcome" in answer
    assert b"SENTINEL" not in answer
    assert "SENTINEL" not in log.read_text()


@pytest.mark.parametrize("body", [b"zz\r\n", b"5\r\nabcdeXX", b"5;\x00=\r\nabcde\r\n0\r\n\r\n"], ids=repr)
def test_a_body_in_broken_chunks_is_400(served, body):
    head = b"POST /cds-services/ivig-order-select HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    answer = raw(served[0], head + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_half_requests_do_not_hold_the_threads_for_good(served):
    host, _, port = served[0].removeprefix("http://").partition(":")
    half = [b"GET / HTTP/1.1\r\nHost: a\r\nX", b"POST /cds-services HTTP/1.1\r\nContent-Length: 100\r\n\r\n{"]
    held = [socket.create_connection((host, int(port)), timeout=30) for _ in range(8)]
    try:
        for i, each in enumerate(held):
            each.sendall(half[i % 2])
        assert requests.get(f"{served[0]}/health", timeout=30).status_code == 200
        assert {each.recv(10) for each in held} <= {b"", b"HTTP/1.1 4"}
    finally:
        for each in held:
            each.close()
