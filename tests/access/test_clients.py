"""P8, P9: the clients file. What cannot be trusted is refused with its place, and all of it at once."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from cds_service.access.address import is_fetchable
from cds_service.access.clients import Client, load_clients
from cds_service.access.jwk import ALGORITHMS, UnusableKey, parse_key
from cds_service.errors import SettingsError
from tests.access.tokens import ISSUER, LEFT_OUT, OTHER, members, pair

URL = "https://ehr.example.org/jwks.json"


def write(folder, *clients, name="clients.json"):
    path = folder / name
    path.write_text(json.dumps({"clients": clients}))
    return path


def jwk(name="ehr-1", algorithm="ES384", **changes) -> dict:
    return members(pair(name, algorithm).public_jwk, changes)


def problems(path) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_clients(path)
    return str(caught.value).splitlines()


def test_what_is_read(tmp_path):
    (tmp_path / "ehr.jwks.json").write_text(json.dumps({"keys": [jwk("filed", "RS384")]}))
    full = {"iss": ISSUER, "jku": [URL], "jwks": {"keys": [jwk()]}, "jwksFile": "ehr.jwks.json", "tenants": ["ward"]}
    first, second = load_clients(write(tmp_path, full, {"iss": OTHER, "jku": [URL]}))
    assert (first.issuer, first.urls, first.tenants) == (ISSUER, (URL,), frozenset({"ward"}))
    assert set(first.keys) == {("ehr-1", "ES384"), ("filed", "RS384")}
    assert second == Client(OTHER, (URL,))


def test_a_key_without_alg_verifies_all_of_its_type():
    assert parse_key(jwk(alg=LEFT_OUT, use=LEFT_OUT, key_ops=LEFT_OUT)).algorithms == ("ES384",)
    assert parse_key(jwk("ehr-rs", "RS384", alg=LEFT_OUT)).algorithms == ("RS384", "RS256")


def small_rsa() -> dict:
    public = rsa.generate_private_key(public_exponent=65_537, key_size=1024).public_key()
    return {**ALGORITHMS["RS384"].to_jwk(public, as_dict=True), "kid": "small"}


def p256() -> dict:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return {**ALGORITHMS["ES384"].to_jwk(public, as_dict=True), "kid": "p256"}


KEYS = {
    "private part d": (jwk(d="AQAB"), "holds a private part"),
    "private part of RSA": (jwk("ehr-rs", "RS384", p="AQAB"), "holds a private part"),
    "symmetric": ({"kty": "oct", "k": "c2VjcmV0", "kid": "s"}, "is symmetric"),
    "symmetric part": (jwk(k="c2VjcmV0"), "holds a private part"),
    "short RSA": (small_rsa(), "is shorter than 2048 bits"),
    "no kid": (jwk(kid=LEFT_OUT), "has no kid"),
    "empty kid": (jwk(kid=""), "is not a JSON Web Key"),
    "kid a number": (jwk(kid=1), "is not a JSON Web Key"),
    "no kty": (jwk(kty=LEFT_OUT), "is not a JSON Web Key"),
    "a text": ("key", "is not a JSON Web Key"),
    "another kty": (jwk(kty="OKP"), "does not verify"),
    "another curve": (p256(), "is no point of P-384"),
    "another curve's name": (jwk(crv="P-256"), "is no point of P-384"),
    "a name of a curve that is none": (jwk(crv=7), "is no point of P-384"),
    "a point off the curve": (jwk(x=pair("ehr-1").public_jwk["y"]), "is no point of P-384"),
    "a point without y": (jwk(y=LEFT_OUT), "is no point of P-384"),
    "numbers for coordinates": (jwk(x=1), "is no point of P-384"),
    "RSA without n": (jwk("ehr-rs", "RS384", n=LEFT_OUT), "is no point of P-384 and no RSA key"),
    "RSA with e 1": (jwk("ehr-rs", "RS384", e="AQ"), "is no point of P-384 and no RSA key"),
    "for encryption": (jwk(use="enc"), "does not verify"),
    "for signing only": (jwk(key_ops=["sign"]), "does not verify"),
    "alg of another type": (jwk(alg="RS384"), "does not verify"),
    "alg we do not take": (jwk("ehr-rs", "RS384", alg="PS384"), "does not verify"),
    "alg none": (jwk(alg="none"), "does not verify"),
}


@pytest.mark.parametrize("name", KEYS)
def test_p6_p9_a_key_that_is_refused(tmp_path, name):
    key, reason = KEYS[name]
    (line,) = problems(write(tmp_path, {"iss": ISSUER, "jwks": {"keys": [jwk(), key]}}))
    assert line.startswith(f"{tmp_path / 'clients.json'}: clients[0].jwks.keys[1]: {reason}")
    assert " Fix: " in line


CLIENTS = {
    "no iss": ({"jku": [URL]}, "clients[0]: has no iss"),
    "iss a number": ({"iss": 1, "jku": [URL]}, "clients[0].iss: Expected `str`"),
    "empty iss": ({"iss": "", "jku": [URL]}, "clients[0].iss: Expected `str` of length >= 1"),
    "iss with a null character": ({"iss": "a\0b", "jku": [URL]}, "clients[0].iss: holds a control character"),
    "no keys": ({"iss": ISSUER}, "clients[0]: has no keys"),
    "no addresses": ({"iss": ISSUER, "jku": []}, "clients[0].jku: Expected `array` of length >= 1"),
    "an empty key set": ({"iss": ISSUER, "jwks": {"keys": []}}, "clients[0].jwks: Expected `array` of length >= 1"),
    "jku a text": ({"iss": ISSUER, "jku": URL}, "clients[0].jku: Expected `array | null`"),
    "jku without TLS": (
        {"iss": ISSUER, "jku": ["http://ehr.example.org/jwks"]},
        "clients[0].jku[0]: is not an address",
    ),
    "no tenants": ({"iss": ISSUER, "jku": [URL], "tenants": []}, "clients[0].tenants: Expected `array`"),
    "a misspelt member": ({"iss": ISSUER, "jku": [URL], "tenant": ["a"]}, "clients[0].tenant: is not known"),
    "a file that is not there": (
        {"iss": ISSUER, "jwksFile": "gone.json"},
        "clients[0].jwksFile: cannot be read: No such",
    ),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_p8_a_client_that_is_refused(tmp_path, name):
    client, reason = CLIENTS[name]
    (line,) = problems(write(tmp_path, client))
    assert line.startswith(f"{tmp_path / 'clients.json'}: {reason}")
    assert " Fix: " in line


def test_every_problem_is_told_at_once(tmp_path):
    (tmp_path / "bad.json").write_text("[]")
    (tmp_path / "half.json").write_text(json.dumps({"keys": [{"kty": "oct", "k": "eA"}, jwk(), jwk()]}))
    lines = problems(
        write(
            tmp_path,
            {"iss": 1, "jku": "x", "other": True},
            {"iss": ISSUER, "jku": ["ftp://x", URL, "jwks.json"]},
            {"iss": ISSUER, "jwksFile": "bad.json"},
            {"iss": OTHER, "jwksFile": "half.json", "jwks": {"keys": [jwk(d="x")]}},
            {"iss": OTHER, "jku": [URL]},
            {"iss": OTHER, "jku": [URL]},
        )
    )
    places = [": ".join(line.removeprefix(f"{tmp_path}/").split(": ")[:3]) for line in lines]
    assert [place.split(". Fix")[0] for place in places] == [
        "bad.json: -: is not a JWK Set",
        "clients.json: clients[0].iss: Expected `str`, got `int`",
        "clients.json: clients[0].jku: Expected `array | null`, got `str`",
        "clients.json: clients[0].other: is not known",
        "clients.json: clients[1].jku[0]: is not an address to fetch keys from",
        "clients.json: clients[1].jku[2]: is not an address to fetch keys from",
        "clients.json: clients[2].iss: is there already",
        "clients.json: clients[3].jwks.keys[0]: holds a private part",
        "clients.json: clients[4].iss: is there already",
        "clients.json: clients[5].iss: is there already",
        "half.json: keys[0]: is symmetric (kty oct)",
        "half.json: keys[2].kid: is the id of another key",
    ]


def test_no_value_of_a_key_is_told(tmp_path):
    secret = "c2VjcmV0LWNhbmFyeQ"
    entry = {
        "iss": ISSUER,
        "jwks": {"keys": [jwk(d=secret), {"kty": secret, "kid": secret}, {"kty": "oct", "k": secret}]},
    }
    assert secret not in "".join(problems(write(tmp_path, entry)))


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"clients": []}', '{"clients": [1]}', '{"clients": [], "more": 1}', "[" * 10_000, "\xff"]
)
def test_a_file_that_is_no_trust_file(tmp_path, text):
    path = tmp_path / "clients.json"
    path.write_bytes(text.encode("latin-1"))
    (line,) = problems(path)
    assert line.startswith(f"{path}: -: is not a clients file: ")


def test_a_trust_file_that_cannot_be_read(tmp_path):
    assert problems(tmp_path / "gone.json") == [
        f"{tmp_path / 'gone.json'}: cannot be read: No such file or directory. Fix: name a file that is there."
    ]
    assert "Is a directory" in problems(tmp_path)[0]


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://10.0.0.1:8443/a?b=c",
        "https://[2001:db8::1]/",
        "http://localhost/",
        "http://127.0.0.1:1",
        "http://[::1]/",
    ],
)
def test_an_address_that_may_be_fetched(url):
    assert is_fetchable(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "jwks.json",
        "//ehr.example.org/jwks",
        "https:///jwks",
        "http://ehr.example.org/",
        "http://127.0.0.1.example.org/",
        "http://localhost.example.org/",
        "http://0.0.0.0/",
        "file:///etc/passwd",
        "ftp://localhost/",
        "https://user@ehr.example.org/",
        "http://localhost@ehr.example.org/",
        "https://ehr.example.org/#keys",
        "https://ehr.example.org/a b",
        "https://ehr.example.org/a\nb",
        "https://ehr.example.org\\@localhost/",
        "https://ehr.example.org/ü",
        "https://ehr.example.org:99999/",
        "https://ehr.example.org:0/",
        "https://ehr.example.org:port/",
        "https://[::1/",
    ],
)
def test_an_address_that_may_not_be_fetched(url):
    assert not is_fetchable(url)


SCALARS = st.none() | st.booleans() | st.integers() | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
NAMES = st.sampled_from(["kty", "kid", "use", "key_ops", "alg", "crv", "x", "y", "n", "e"])


@given(JSON | st.dictionaries(NAMES, JSON).map(lambda changes: jwk() | changes))
def test_any_key_is_usable_or_not(found):
    try:
        assert parse_key(found).algorithms
    except UnusableKey as error:
        assert error.fix  # noqa: PT017
