"""One JSON Web Key (RFC 7517), and what it may verify."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, cast

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWTError, get_algorithm_by_name
from jwt.algorithms import Algorithm

PublicKey = EllipticCurvePublicKey | RSAPublicKey
KeySet = Mapping[tuple[str, str], PublicKey]
"""Public keys by key id and algorithm: no key is found for an algorithm that is not its own."""

ALGORITHMS: Mapping[str, Algorithm] = {name: get_algorithm_by_name(name) for name in ("ES384", "RS384", "RS256")}
RSA_BITS = 2048
_OF_TYPE = {"EC": ("ES384",), "RSA": ("RS384", "RS256")}
_PRIVATE = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))
_PUBLIC = ("kty", "crv", "x", "y", "n", "e")


class UnusableKey(Exception):
    """A key that cannot be trusted to verify a token; `fix` says what to give instead. Holds no part of the key."""

    def __init__(self, reason: str, fix: str) -> None:
        self.reason, self.fix = reason, fix
        super().__init__(reason)


@dataclass(frozen=True, repr=False)
class VerifyingKey:
    """A public key that is ready for use, its id, and the algorithms it may verify."""

    kid: str
    public: PublicKey
    algorithms: tuple[str, ...]

    def entries(self) -> dict[tuple[str, str], PublicKey]:
        """Return what the key adds to a KeySet."""
        return {(self.kid, algorithm): self.public for algorithm in self.algorithms}


class _Jwk(msgspec.Struct):
    kty: str
    kid: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    use: str | None = None
    key_ops: list[str] | None = None
    alg: str | None = None


def parse_key(found: object) -> VerifyingKey:
    """Return the key of one member of a JWK Set; raises UnusableKey when it must not or cannot verify our tokens."""
    try:
        jwk = msgspec.convert(found, _Jwk)
    except msgspec.ValidationError:
        raise UnusableKey("is not a JSON Web Key.", "give an object with kty and kid, as RFC 7517 says.") from None
    members = cast(dict[str, object], found)
    if jwk.kty == "oct":
        raise UnusableKey("is symmetric (kty oct).", "use an EC key of curve P-384 or an RSA key.")
    if _PRIVATE & members.keys():
        raise UnusableKey("holds a private part.", "make a new key pair, and give its public key only.")
    if jwk.kid is None:
        raise UnusableKey("has no kid.", "give every key an id of its own.")
    return VerifyingKey(jwk.kid, _public_key(jwk, members), _algorithms(jwk))


def _algorithms(jwk: _Jwk) -> tuple[str, ...]:
    named = tuple(name for name in _OF_TYPE.get(jwk.kty, ()) if jwk.alg in (None, name))
    for_signatures = jwk.use in (None, "sig") and (jwk.key_ops is None or "verify" in jwk.key_ops)
    if not named or not for_signatures:
        raise UnusableKey(
            f"does not verify {', '.join(ALGORITHMS)}.",
            'kty is EC or RSA; alg, when there, one of these; use, when there, "sig"; key_ops has "verify".',
        )
    return named


def _public_key(jwk: _Jwk, members: dict[str, object]) -> PublicKey:
    algorithm = ALGORITHMS[_algorithms(jwk)[0]]
    given = {name: members[name] for name in _PUBLIC if name in members}
    try:
        public: PublicKey = algorithm.prepare_key(algorithm.from_jwk(given))
    except (PyJWTError, UnsupportedAlgorithm, TypeError, ValueError):
        raise UnusableKey("is no point of P-384 and no RSA key.", "give crv P-384 with x and y, or n and e.") from None
    if isinstance(public, RSAPublicKey) and public.key_size < RSA_BITS:
        raise UnusableKey(f"is shorter than {RSA_BITS} bits.", "make a longer RSA key, or an EC key.")
    return public
