"""B14, H7, O9, P1, P2, P12, P13, Q3: only clients that are known may call."""

import socket
import subprocess
import sys
import time

import pytest

from tests.contract.service import SERVICE, outcome, post
from tests.contract.tokens import BODY, DISCOVERY, FEEDBACK, HOUR, Key, bearer, calling, claims, signed
from tests.ports import free_port


def test_B14_discovery_needs_a_token_too_when_calls_do(secured, client, keys):
    assert calling(secured, None, DISCOVERY) == 401
    assert calling(secured, signed(keys.es, claims(DISCOVERY)), DISCOVERY) == 200
    assert calling(client, None, DISCOVERY) == 200


def refusals(client, keys):
    """Return the answers to tokens that are wrong in different ways."""
    other = Key("ES384", "es-1")
    tokens = {
        "audience": signed(keys.es, claims("/elsewhere")),
        "expired": signed(keys.es, claims(SERVICE, exp=int(time.time()) - HOUR, iat=int(time.time()) - 2 * HOUR)),
        "issuer": signed(keys.es, claims(SERVICE, iss="https://evil.example.org")),
        "signature": signed(other, claims(SERVICE)),
        "key id": signed(keys.es, claims(SERVICE), kid="no-such-key"),
        "no token": "not-a-token",
    }
    found = {name: post(client, BODY, headers=bearer(each)) for name, each in tokens.items()}
    return found | {"nothing": post(client, BODY), "basic": post(client, BODY, headers={"Authorization": "Basic YTpi"})}


def test_H7_every_refusal_is_the_same_401(secured, keys):
    answers = refusals(secured, keys)
    assert {each.status_code for each in answers.values()} == {401}
    assert len({each.data for each in answers.values()}) == 1
    assert len({tuple(sorted(each.headers.keys())) for each in answers.values()}) == 1


def test_O9_feedback_has_an_audience_of_its_own(secured, keys):
    assert calling(secured, signed(keys.es, claims(FEEDBACK)), FEEDBACK) != 401
    assert calling(secured, signed(keys.es, claims(SERVICE)), FEEDBACK) == 401
    assert calling(secured, None, FEEDBACK) == 401


def test_P1_authentication_is_switched_by_a_setting(secured, client, keys):
    assert calling(client, None) == 200
    assert calling(secured, None) == 401
    assert calling(secured, signed(keys.es, claims(SERVICE))) == 200


def test_P1_a_public_address_is_not_served_without_authentication(root, tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "cds_service", "serve", "--host", "0.0.0.0", "--port", str(port), "--workers", "1"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env={"PYTHONPATH": str(root), "PATH": ""}, stderr=subprocess.DEVNULL
    )
    try:
        while process.poll() is None:
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", port)) != 0, "it serves"
            time.sleep(0.1)
        assert process.returncode == 2
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("path", [DISCOVERY, SERVICE, FEEDBACK])
def test_P2_every_address_needs_a_token_made_for_it(secured, keys, path):
    assert calling(secured, None, path) == 401
    assert calling(secured, signed(keys.es, claims("/cds-services/another")), path) == 401
    assert calling(secured, signed(keys.es, claims(path)), path) != 401


def test_P12_a_token_is_in_no_answer_no_log_and_no_store(trusting, keys, tmp_path, capfd):
    tokens = [signed(keys.es, claims(SERVICE, **each)) for each in ({}, {"aud": "https://x.example.org"})]
    with trusting(folder=tmp_path) as client:
        answers = [post(client, BODY, headers=bearer(each)) for each in (tokens[0], *tokens)]
    assert [each.status_code for each in answers] == [200, 401, 401]
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    told = "".join([*(each.text for each in answers), *capfd.readouterr()])
    for part in ".".join(tokens).split("."):
        assert part not in told
        assert part.encode() not in kept


def test_P13_a_refusal_says_what_is_wanted_and_not_what_was_wrong(secured, keys):
    for answer in refusals(secured, keys).values():
        said = outcome(answer, 401).lower()
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        for word in ("expired", "signature", "issuer", "audience", "replay", "unknown", "algorithm"):
            assert word not in said


def test_Q3_a_browser_can_read_that_it_needs_a_token(secured):
    browser = {"Origin": "https://sandbox.example.org"}
    refused = post(secured, BODY, headers=browser)
    assert refused.status_code == 401
    assert refused.headers["Access-Control-Allow-Origin"] in ("*", browser["Origin"])
    for path in (DISCOVERY, SERVICE, FEEDBACK):
        assert secured.options(path, headers=browser).status_code < 300
