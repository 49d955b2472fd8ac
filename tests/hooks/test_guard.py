"""Where nothing says whether calls need a token, only this machine may call."""

import pytest

from tests.hooks.calls import SERVICE, assert_outcome
from tests.requests import condition, request

OTHERS = ["192.0.2.7", "10.0.0.1", "2001:db8::1", "::ffff:192.0.2.7", "unknown"]
LOCAL = ["127.0.0.1", "127.3.2.1", "::1"]


def post_from(client, peer, **headers):
    body = request(condition("G61.81"))
    return client.post(SERVICE, json=body, headers=headers, environ_overrides={"REMOTE_ADDR": peer})


@pytest.mark.parametrize("peer", LOCAL)
def test_this_machine_is_answered(client, peer):
    assert post_from(client, peer).status_code == 200


@pytest.mark.parametrize("peer", OTHERS)
def test_others_are_refused_whatever_they_say_of_themselves(client, peer):
    claims = {
        "X-Forwarded-For": "127.0.0.1",
        "X-Real-IP": "127.0.0.1",
        "Forwarded": "for=127.0.0.1",
        "Host": "localhost",
    }
    assert_outcome(post_from(client, peer, **claims), 401)


@pytest.mark.parametrize("path", ["/cds-services", "/metrics", f"{SERVICE}/feedback"])
def test_every_address_but_the_probes_is_guarded(client, path):
    ask = client.post if path.endswith("feedback") else client.get
    assert_outcome(ask(path, environ_overrides={"REMOTE_ADDR": OTHERS[0]}), 401)
    for probe in ("/health", "/ready", "/openapi.json"):
        assert client.get(probe, environ_overrides={"REMOTE_ADDR": OTHERS[0]}).status_code == 200


@pytest.mark.parametrize("peer", OTHERS)
def test_a_setting_that_says_so_opens_it(make_client, peer):
    assert post_from(make_client(auth="off"), peer).status_code == 200
