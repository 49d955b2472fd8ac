"""A key pair and a token, to try out and to test authentication. A client makes its own (CDS Hooks 2.0, JWT)."""

from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cds_service.access.jwk import ALGORITHMS

RSA_BITS = 3072
_JWT = jwt.PyJWT(options={"enforce_minimum_key_length": True})


@dataclass(frozen=True, repr=False)
class KeyPair:
    """A private key (PEM, PKCS 8, not encrypted) and its public JSON Web Key."""

    private_pem: str
    public_jwk: dict[str, object]


def make_key_pair(algorithm: str, kid: str) -> KeyPair:
    """Return a new key pair for one of ES384 (P-384), RS384 and RS256 (3072 bits)."""
    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    if algorithm.startswith("ES"):
        private = ec.generate_private_key(ec.SECP384R1())
    else:
        private = rsa.generate_private_key(public_exponent=65_537, key_size=RSA_BITS)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = ALGORITHMS[algorithm].to_jwk(private.public_key(), as_dict=True)
    return KeyPair(pem, {**public, "kid": kid, "alg": algorithm, "use": "sig", "key_ops": ["verify"]})


def make_token(
    private_pem: str,
    algorithm: str,
    kid: str,
    issuer: str,
    audience: str,
    issued_at: int,
    lifetime_s: int,
    jti: str,
    tenant: str | None = None,
    jku: str | None = None,
) -> str:
    """Return a signed JWT for one call of the address `audience`; issued_at is in seconds since 1970.

    Raises ValueError when the private key cannot be read or does not fit the algorithm.
    """
    claims = {"iss": issuer, "aud": audience, "exp": issued_at + lifetime_s, "iat": issued_at, "jti": jti}
    more = {} if tenant is None else {"tenant": tenant}
    header = {"kid": kid} if jku is None else {"kid": kid, "jku": jku}
    try:
        return _JWT.encode(claims | more, private_pem, algorithm, header)
    except (jwt.PyJWTError, TypeError, ValueError):
        raise ValueError(f"not an unencrypted private key (PEM) for {algorithm}") from None
