"""Tokens as a client, or somebody who would like to be one, makes them."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from functools import cache

from cds_service.access.clients import Client
from cds_service.access.jwk import ALGORITHMS, parse_key
from cds_service.access.keys import KeySource
from cds_service.access.make import KeyPair, make_key_pair
from cds_service.access.replay import SeenTokens
from cds_service.access.token import Verifier

NOW = 1_800_000_000
BASE = "https://cds.example.org/cds-services"
AUDIENCE = f"{BASE}/a-service"
ISSUER, OTHER, GUARDED = "https://ehr.example.org", "https://other.example.org", "https://guarded.example.org"
LEFT_OUT = object()


@cache
def pair(name: str, algorithm: str = "ES384") -> KeyPair:
    return make_key_pair(algorithm, name)


def key_set(*pairs: KeyPair) -> bytes:
    return json.dumps({"keys": [each.public_jwk for each in pairs]}).encode()


def key_entries(*pairs: KeyPair) -> dict:
    return {wanted: key for each in pairs for wanted, key in parse_key(each.public_jwk).entries().items()}


def encoded(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def members(found: dict, changes: dict) -> dict:
    return {name: value for name, value in (found | changes).items() if value is not LEFT_OUT}


def make_header(**changes: object) -> dict:
    return members({"alg": "ES384", "typ": "JWT", "kid": "ehr-1"}, changes)


def make_claims(**changes: object) -> dict:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "iat": NOW - 10, "exp": NOW + 290, "jti": "jti-canary-7261"}
    return members(claims, changes)


def sign(header: dict, claims: object, signer: KeyPair | None = None, algorithm: str | None = None) -> str:
    """Return a token with this header and these claims (bytes are taken as they are)."""
    body = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    text = f"{encoded(json.dumps(header).encode())}.{encoded(body)}"
    used = ALGORITHMS[algorithm or header.get("alg") or "ES384"]
    private = used.prepare_key((signer or pair("ehr-1")).private_pem)
    return f"{text}.{encoded(used.sign(text.encode(), private))}"


def sign_with_secret(header: dict, claims: dict, secret: bytes) -> str:
    text = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    digest = getattr(hashlib, f"sha{header['alg'][2:]}")
    return f"{text}.{encoded(hmac.digest(secret, text.encode(), digest))}"


def bearer(
    header: dict | None = None, signer: KeyPair | None = None, algorithm: str | None = None, **claims: object
) -> str:
    return f"Bearer {sign(header or make_header(), make_claims(**claims), signer, algorithm)}"


def never(url: str) -> bytes:
    raise OSError("this test fetches nothing")


def clients(*urls: str) -> tuple[Client, ...]:
    """Return three clients with keys of their own; the first has key sets at these addresses too."""
    return (
        Client(ISSUER, urls, key_entries(pair("ehr-1"), pair("ehr-rs", "RS384"), pair("ehr-rs256", "RS256"))),
        Client(OTHER, (), key_entries(pair("other-1"))),
        Client(GUARDED, (), key_entries(pair("guarded-1")), frozenset({"ward"})),
    )


def verifier(known=None, fetch=never, algorithms=("ES384", "RS384"), now=lambda: NOW, seen=None) -> Verifier:
    seen = seen or SeenTokens(now, b"a key of the test")
    return Verifier(
        clients() if known is None else known, KeySource(fetch, now), frozenset(algorithms), 30, 3600, now, seen
    )
