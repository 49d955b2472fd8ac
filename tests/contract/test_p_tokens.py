"""P3 to P11, P15, X7: which tokens are accepted."""

import base64
import json
import time

import pytest

from tests.contract.fhir_server import http_server
from tests.contract.service import SERVICE
from tests.contract.tokens import DISCOVERY, HOUR, ISSUER, PUBLIC, Key, calling, claims, forged, signed


@pytest.mark.parametrize("header", [{"typ": None}, {"typ": "at+jwt"}, {"kid": None}, {"kid": ""}, {"kid": "es-2"}])
def test_P3_the_header_names_type_and_key(secured, keys, header):
    assert calling(secured, signed(keys.es, claims(SERVICE), **header)) == 401
    assert calling(secured, signed(keys.es, claims(SERVICE))) == 200


@pytest.mark.parametrize("name", ["iss", "aud", "exp", "iat", "jti"])
def test_P4_a_token_without_a_required_claim_is_refused(secured, keys, name):
    assert calling(secured, signed(keys.es, claims(SERVICE, **{name: None}))) == 401
    assert calling(secured, signed(keys.es, claims(SERVICE, tenant="clinic-7"))) == 200


def test_P4_an_audience_may_be_one_of_several(secured, keys):
    both = [PUBLIC + SERVICE, PUBLIC + DISCOVERY]
    assert calling(secured, signed(keys.es, claims(SERVICE, aud=both))) == 200
    assert calling(secured, signed(keys.es, claims(SERVICE, aud=both[1:]))) == 401


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
def test_P5_an_unsigned_token_is_refused(secured, keys, name):
    header = {"alg": name, "kid": keys.es.kid, "typ": "JWT"}
    assert calling(secured, forged(header, claims(SERVICE))) == 401
    assert calling(secured, forged(header, claims(SERVICE)) + "AAAA") == 401


@pytest.mark.parametrize("name", ["HS256", "HS384", "HS512", "ES384", "RS384"])
def test_P6_a_public_key_is_no_secret(secured, keys, name):
    for key in (keys.es, keys.rs):
        header = {"alg": name, "kid": key.kid, "typ": "JWT"}
        for secret in (key.public_pem, key.public_pem.strip(), json.dumps(key.jwk).encode()):
            assert calling(secured, forged(header, claims(SERVICE), secret)) == 401


def test_P7_the_recommended_algorithms_are_accepted_and_others_by_choice(secured, trusting, keys):
    assert [calling(secured, signed(key, claims(SERVICE))) for key in (keys.es, keys.rs)] == [200, 200]
    assert calling(secured, signed(keys.weak, claims(SERVICE))) == 401
    with trusting(auth_algorithms="ES384,RS256") as choosing:
        statuses = [calling(choosing, signed(key, claims(SERVICE))) for key in (keys.es, keys.rs, keys.weak)]
    assert statuses == [200, 401, 200]


def test_P8_an_unknown_issuer_is_refused_and_an_unknown_key_set_never_fetched(secured, keys):
    evil = Key("ES384", "evil-1")
    assert calling(secured, signed(keys.es, claims(SERVICE, iss="https://evil.example.org"))) == 401
    asked = []
    with http_server(lambda target, _: (asked.append(target), (200, {"keys": [evil.jwk]}))[1]) as (base, _):
        for key in (evil, keys.es):
            assert calling(secured, signed(key, claims(SERVICE), jku=f"{base}/jwks.json")) == 401
    assert asked == []


def test_P9_keys_that_were_exchanged_beforehand_need_no_address(secured, keys):
    token = signed(keys.es, claims(SERVICE))
    assert "jku" not in json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
    assert [calling(secured, each) for each in (None, token)] == [401, 200]


def test_P10_the_key_id_picks_the_key(secured, keys):
    assert calling(secured, signed(keys.es, claims(SERVICE), kid=keys.rs.kid)) == 401
    assert calling(secured, signed(keys.rs, claims(SERVICE), kid=keys.weak.kid)) == 401
    assert calling(secured, signed(keys.rs, claims(SERVICE))) == 200


def test_P10_a_key_set_is_fetched_once_and_not_for_every_unknown_key(trusting, keys):
    asked = []
    with http_server(lambda target, _: (asked.append(target), (200, {"keys": [keys.es.jwk]}))[1]) as (base, _):
        address = f"{base}/jwks.json"
        with trusting({"iss": ISSUER, "jku": [address]}) as client:
            for _ in range(3):
                assert calling(client, signed(keys.es, claims(SERVICE), jku=address)) == 200
            for number in range(5):
                assert calling(client, signed(keys.es, claims(SERVICE), jku=address, kid=f"new-{number}")) == 401
    assert 1 <= len(asked) <= 2


@pytest.mark.parametrize("late", [-HOUR, -60, HOUR])
def test_P11_a_token_counts_from_its_issue_to_its_expiry(secured, keys, late):
    now = int(time.time())
    times = {"exp": now + late, "iat": now + late - HOUR} if late < 0 else {"exp": now + 2 * late, "iat": now + late}
    assert calling(secured, signed(keys.es, claims(SERVICE, **times))) == 401


def test_P11_a_token_counts_once(secured, keys):
    token = signed(keys.es, claims(SERVICE))
    assert [calling(secured, token) for _ in range(3)] == [200, 401, 401]


def test_P11_a_changed_token_is_refused(secured, keys):
    head, _, signature = signed(keys.es, claims(SERVICE)).split(".")
    body = forged({}, claims(SERVICE, tenant="another")).split(".")[1]
    assert calling(secured, f"{head}.{body}.{signature}") == 401


def test_P15_a_token_that_was_issued_long_ago_is_refused_however_long_it_lives(trusting, keys):
    old = {"iat": int(time.time()) - 2 * HOUR, "exp": int(time.time()) + 24 * HOUR}
    with trusting(auth_max_age_s=HOUR) as strict:
        assert calling(strict, signed(keys.es, claims(SERVICE, **old))) == 401
    with trusting() as usual:
        assert calling(usual, signed(keys.es, claims(SERVICE, **old))) == 200


def test_X7_a_token_of_a_day_signed_with_rs256_is_accepted_by_choice(trusting, keys):
    now = int(time.time())
    with trusting(auth_algorithms="RS256") as client:
        days = [claims(SERVICE, iat=now - hours * HOUR, exp=now + HOUR) for hours in (23, 25)]
        assert [calling(client, signed(keys.weak, each)) for each in days] == [200, 401]
