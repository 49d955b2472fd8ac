"""Section P: which tokens are accepted. Everything else gets one and the same answer (H7, P13)."""

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cds_service.access.clients import Client
from cds_service.access.compact import parse_bearer
from cds_service.access.token import Caller
from cds_service.errors import SettingsError, Unauthorized
from tests.access.refused import rows
from tests.access.tokens import (
    AUDIENCE,
    BASE,
    GUARDED,
    ISSUER,
    NOW,
    OTHER,
    bearer,
    clients,
    make_claims,
    make_header,
    pair,
    sign,
    verifier,
)

ROWS = rows()
MESSAGE = "This address needs a valid token. Send Authorization: Bearer with a JWT made for it."


def refusal(authorization, audience=AUDIENCE, by=None) -> Unauthorized:
    with pytest.raises(Unauthorized) as caught:
        (by or verifier()).verify(authorization, audience)
    return caught.value


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_p_the_401_matrix(row):
    error = refusal(row.authorization)
    assert error.reason == row.reason
    assert str(error) == MESSAGE


def test_every_row_has_a_name_of_its_own():
    assert len({row.name for row in ROWS}) == len(ROWS) > 100


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_p11_a_refused_token_does_not_use_up_the_jti(row):
    judge = verifier()
    refusal(row.authorization, by=judge)
    assert judge.verify(bearer(), AUDIENCE) == Caller(ISSUER, None)


def test_p12_no_token_claim_or_key_is_told(caplog, capfd):
    caplog.set_level(logging.DEBUG)
    told = [repr(part) for part in (pair("ehr-1"), *clients(), parse_bearer(bearer()), parse_bearer(bearer()).claims)]
    told += [repr(parse_bearer(bearer()).header), repr(verifier())]
    for row in ROWS:
        error = refusal(row.authorization)
        told += [str(error), repr(error), error.reason, repr(error.__cause__)]
    told += [caplog.text, *capfd.readouterr()]
    secrets = {part for row in ROWS for part in (row.authorization or "").split(".") if len(part) > 20}
    secrets |= {str(part) for part in pair("ehr-1").public_jwk.values() if len(str(part)) > 20}
    secrets |= {*pair("ehr-1").private_pem.splitlines()[1:-1], "jti-canary-7261", AUDIENCE}
    assert len(secrets) > 100
    assert [secret[:12] for secret in secrets if any(secret in text for text in told)] == []


ACCEPTED = {
    "ES384": bearer(),
    "RS384": bearer(make_header(alg="RS384", kid="ehr-rs"), pair("ehr-rs", "RS384")),
    "scheme in small letters (RFC 9110)": bearer().replace("Bearer", "bearer"),
    "typ in small letters": bearer(make_header(typ="jwt")),
    "aud in a list": bearer(aud=[BASE, AUDIENCE]),
    "times with fractions": bearer(iat=NOW - 0.5, exp=NOW + 0.5),
    "expired within the skew": bearer(exp=NOW - 29),
    "issued ahead within the skew": bearer(iat=NOW + 30),
    "nbf within the skew": bearer(nbf=NOW + 30),
    "as old as may be": bearer(iat=NOW - 3629),
    "exp years ahead, as in the example of the standard": bearer(exp=NOW + 100_000_000),
    "more claims and header members": bearer(make_header(x5t="x", b64=True), sub="s", extra={"a": [1]}),
    "longest jti": bearer(jti="é" * 256),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_p3_p4_p7_accepted(name):
    assert verifier().verify(ACCEPTED[name], AUDIENCE) == Caller(ISSUER, None)


def test_p7_rs256_counts_when_configured():
    token = bearer(make_header(alg="RS256", kid="ehr-rs256"), pair("ehr-rs256", "RS256"))
    assert verifier(algorithms=["RS256"]).verify(token, AUDIENCE).issuer == ISSUER
    assert refusal(bearer(), by=verifier(algorithms=["RS256"])).reason == "alg"


def test_b14_o9_the_audience_is_the_address_that_is_called():
    for address in (BASE, AUDIENCE, f"{AUDIENCE}/feedback"):
        assert verifier().verify(bearer(aud=address), address).issuer == ISSUER
    assert refusal(bearer(), BASE).reason == "aud"


def test_p4_the_tenant():
    guarded = bearer(make_header(kid="guarded-1"), pair("guarded-1"), iss=GUARDED, tenant="ward")
    assert verifier().verify(guarded, AUDIENCE) == Caller(GUARDED, "ward")
    assert verifier().verify(bearer(tenant="any"), AUDIENCE) == Caller(ISSUER, "any")


@pytest.mark.parametrize("algorithms", [["none"], ["HS256"], ["ES384", "HS384"], ["RS512"], ["es384"], []])
def test_p5_p6_only_asymmetric_algorithms_can_be_configured(algorithms):
    with pytest.raises(SettingsError, match="ES384, RS384, RS256"):
        verifier(algorithms=algorithms)


def test_p11_a_token_counts_once():
    judge, token = verifier(), bearer()
    assert judge.verify(token, AUDIENCE).issuer == ISSUER
    assert refusal(token, by=judge).reason == "replay"
    assert refusal(bearer(aud=[AUDIENCE, BASE]), by=judge).reason == "replay", "another token with the same jti"
    assert judge.verify(bearer(jti="another"), AUDIENCE).issuer == ISSUER


def test_p11_two_clients_may_choose_the_same_jti():
    judge = verifier()
    assert judge.verify(bearer(), AUDIENCE).issuer == ISSUER
    assert judge.verify(bearer(make_header(kid="other-1"), pair("other-1"), iss=OTHER), AUDIENCE).issuer == OTHER


def test_p11_of_many_at_once_one_counts():
    judge, token, threads = verifier(), bearer(), 16
    start = Barrier(threads)

    def call(_) -> str:
        start.wait()
        try:
            return judge.verify(token, AUDIENCE).issuer
        except Unauthorized as error:
            return error.reason

    with ThreadPoolExecutor(threads) as pool:
        assert sorted(pool.map(call, range(threads))) == [ISSUER] + ["replay"] * (threads - 1)


@pytest.mark.parametrize(
    "times",
    [{}, {"exp": NOW + 10**8}, {"exp": NOW - 20}, {"iat": NOW - 3600}, {"iat": NOW + 20, "exp": NOW + 20}],
    ids=str,
)
def test_p11_a_token_is_remembered_for_exactly_as_long_as_it_is_accepted(times):
    clock = [float(NOW)]
    remembered = []
    judge = verifier(now=lambda: clock[0], seen=lambda *seen: bool(remembered.append(seen)))
    token = bearer(**times)
    judge.verify(token, AUDIENCE)
    issuer, jti, expires = remembered[0]
    assert (issuer, jti) == (ISSUER, "jti-canary-7261")
    clock[0] = expires - 0.001
    assert judge.verify(token, AUDIENCE)
    clock[0] = expires
    assert refusal(token, by=judge).reason in {"exp", "age"}


def test_an_issuer_without_clients_is_nobody():
    assert refusal(bearer(), by=verifier(known=())).reason == "iss"


def test_a_client_without_keys_is_not_believed():
    assert refusal(bearer(), by=verifier([Client(ISSUER)])).reason == "key"


JUDGE = verifier(seen=lambda *_: False)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
SEGMENT = st.text("ABCabc019-_", max_size=30)


def accepted_or_refused(authorization) -> None:
    with suppress(Unauthorized):
        assert isinstance(JUDGE.verify(authorization, AUDIENCE), Caller)


@given(st.text() | st.builds("Bearer {}".format, st.text()) | st.builds("Bearer {}.{}.{}".format, *[SEGMENT] * 3))
@example("Bearer ..")
def test_any_text_is_refused(text):
    assert str(refusal(text, by=JUDGE)) == MESSAGE


@given(st.dictionaries(st.sampled_from(["typ", "kid", "jku", "crit", "b64", "x5c", "jwk", "zip"]), JSON, max_size=3))
def test_any_header_is_accepted_or_refused(changes):
    accepted_or_refused(f"Bearer {sign(make_header(**changes), make_claims())}")


@given(st.dictionaries(st.sampled_from(["iss", "aud", "exp", "iat", "nbf", "jti", "tenant", "sub"]), JSON, max_size=3))
@example({"jti": "\ud800"})
@example({"tenant": "\0"})
def test_any_claims_are_accepted_or_refused(changes):
    accepted_or_refused(bearer(**changes))


@given(st.binary(max_size=60))
def test_any_bytes_as_claims_are_refused(body):
    assert refusal(f"Bearer {sign(make_header(), body)}", by=JUDGE).reason in {"form", "scheme"}
