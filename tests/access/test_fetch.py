"""Key sets over real HTTP: what is good, and everything a server can do wrong."""

import ssl
import time

import pytest
import trustme

from cds_service.access.fetch import MAX_BYTES, make_fetch
from cds_service.errors import SettingsError
from tests.access.key_server import run_key_server

fetch = make_fetch(2.0, 0.5, None)


def test_the_body(server):
    assert fetch(server.serve("/jwks?a=b", b'{"keys": []}')) == b'{"keys": []}'
    assert fetch(server.serve("/", b"root").removesuffix("/")) == b"root"


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 401, 404, 429, 500])
def test_another_status(server, status):
    target = server.serve("/target", b"elsewhere")
    with pytest.raises(OSError, match="200"):
        fetch(server.serve("/jwks", b"", status, Location=target))
    assert server.asked == {"/jwks": 1}, "redirects are not followed"


def test_too_large(server):
    assert len(fetch(server.serve("/most", bytes(MAX_BYTES)))) == MAX_BYTES
    with pytest.raises(OSError, match="large"):
        fetch(server.serve("/more", bytes(MAX_BYTES + 1)))


OK = b"HTTP/1.1 200 OK\r\n"
DRIPS = {
    "status line": (b"HTTP/1.1 ", b"2"),
    "header": (OK + b"X-Name: ", b"x"),
    "headers": (OK, b"X-Name: x\r\n"),
    "body": (OK + b"\r\n", b"x"),
    "body of known length": (OK + b"Content-Length: 1000\r\n\r\n", b"x"),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
}


@pytest.mark.parametrize("name", DRIPS)
def test_a_server_that_drips(server, name):
    started = time.monotonic()
    with pytest.raises(TimeoutError, match="too long"):
        make_fetch(2.0, 2.0, None, total_s=0.3)(server.drip("/jwks", *DRIPS[name]))
    assert time.monotonic() - started < 10, "the server would drip for 20 seconds"


@pytest.mark.parametrize(
    "lie",
    [
        b"",
        b"garbage\r\n\r\n",
        OK + b"Content-Length: 10\r\n\r\nshort",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"X: y\r\n" * 500 + b"\r\n",
        OK + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
    ids=["nothing", "garbage", "short", "chunks", "many headers", "a long header"],
)
def test_a_server_that_lies(server, lie):
    server.answers["/jwks"] = lambda call: call.wfile.write(lie)
    with pytest.raises(OSError, match="no HTTP answer"):
        fetch(server.url("/jwks"))


def test_a_server_that_says_nothing(server):
    server.answers["/jwks"] = lambda call: server.stopped.wait(10)
    with pytest.raises(TimeoutError, match="timed out"):
        make_fetch(30.0, 0.1, None)(server.url("/jwks"))


def test_nobody_listens():
    with run_key_server() as gone:
        url = gone.url("/jwks")
    with pytest.raises(ConnectionRefusedError):
        fetch(url)


def test_the_environment_is_not_asked_for_a_proxy(server, monkeypatch):
    with run_key_server() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url(""))
        assert fetch(server.serve("/jwks", b"direct")) == b"direct"
        assert not proxy.asked


@pytest.mark.parametrize("url", ["http://ehr.example.org/jwks", "file:///etc/passwd", "ftp://127.0.0.1/jwks", "jwks"])
def test_only_https_except_on_this_machine(url):
    with pytest.raises(OSError, match="neither"):
        fetch(url)


def test_tls(tmp_path):
    authority, others = trustme.CA(), trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    trusted, strange = tmp_path / "trusted.pem", tmp_path / "strange.pem"
    authority.cert_pem.write_to_path(trusted)
    others.cert_pem.write_to_path(strange)
    with run_key_server(tls) as server:
        url = server.serve("/jwks", b"over TLS")
        assert make_fetch(2.0, 2.0, trusted)(url) == b"over TLS"
        for untrusting in (make_fetch(2.0, 2.0, strange), make_fetch(2.0, 2.0, None)):
            with pytest.raises(ssl.SSLCertVerificationError):
                untrusting(url)
        with pytest.raises(ssl.SSLCertVerificationError):
            make_fetch(2.0, 2.0, trusted)(url.replace("127.0.0.1", "localhost"))
        with pytest.raises(TimeoutError, match="too long"):
            make_fetch(2.0, 2.0, trusted, total_s=0.3)(server.drip("/slow", OK + b"\r\n", b"x"))


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_certificates_that_cannot_be_read(tmp_path, text):
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsError, match=r"ca\.pem: holds no certificates"):
        make_fetch(2.0, 2.0, path)
