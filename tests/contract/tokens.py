"""An EHR that signs its calls: its keys, its tokens, and tokens that nobody should accept. Not our own key maker."""

import base64
import hmac
import json
import time
from itertools import count
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.contract.service import SERVICE
from tests.requests import condition, request

ISSUER = "https://ehr.example.org"
PUBLIC = "https://cds.example.org"
BODY = request(condition("G61.81"))
DISCOVERY = "/cds-services"
FEEDBACK = f"{SERVICE}/feedback"
HOUR = 3600
Json = dict[str, Any]
_NUMBERS = count(1)


class Key:
    """A private key, and its public half as a JSON Web Key."""

    def __init__(self, algorithm: str, kid: str) -> None:
        self.algorithm, self.kid = algorithm, kid
        elliptic = algorithm.startswith("ES")
        self.private: Any = (
            ec.generate_private_key(ec.SECP384R1()) if elliptic else rsa.generate_private_key(65537, 2048)
        )
        jwk = jwt.get_algorithm_by_name(algorithm).to_jwk(self.private.public_key(), as_dict=True)
        self.jwk = {**jwk, "kid": kid, "alg": algorithm, "use": "sig"}

    @property
    def public_pem(self) -> bytes:
        encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(encoding, form)


def claims(path: str, **changes: Any) -> Json:
    """Return the claims of a good token for a path of the service; None leaves a claim out."""
    now = int(time.time())
    good = {"iss": ISSUER, "aud": PUBLIC + path, "exp": now + 300, "iat": now, "jti": f"jti-{next(_NUMBERS)}"}
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(key: Key, given: Json, **header: Any) -> str:
    """Return a token over claims; None leaves a member of the header out."""
    members = {"kid": key.kid} | header
    return jwt.encode(
        given, key.private, key.algorithm, {k: v for k, v in members.items() if k != "kid" or v is not None}
    )


def forged(header: Json, given: Json, secret: bytes | None = None) -> str:
    """Return a token made by hand: unsigned, or signed with a secret that is no secret."""
    parts = [_encoded(json.dumps(each).encode()) for each in (header, given)]
    digest = hmac.digest(secret, ".".join(parts).encode(), "sha256") if secret else b""
    return ".".join([*parts, _encoded(digest)])


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def calling(client, token, path=SERVICE):
    """Return the status of a call with a token."""
    headers = bearer(token) if token else {}
    if path == DISCOVERY:
        return client.get(path, headers=headers).status_code
    return client.post(path, json=BODY if path == SERVICE else {"feedback": []}, headers=headers).status_code
