"""The text of an Authorization header -> header, claims and signature of a JWT. Nothing is believed yet.

JWS Compact Serialization (RFC 7515, section 7.1) of a JWT (RFC 7519) as a bearer token (RFC 6750, section 2.1).
"""

import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec

from cds_service.errors import Unauthorized

MAX_CHARS = 16_384
BEARER = re.compile(r"[Bb]earer ([\w-]+)\.([\w-]+)\.([\w-]+)", re.ASCII)
END_OF_9999 = 253_402_300_799
Seconds = Annotated[float, msgspec.Meta(ge=0, le=END_OF_9999)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Part = TypeVar("Part", "Header", "Claims")


class _Hidden(msgspec.Struct):
    def __repr__(self) -> str:
        """Return the kind only: what a token says does not belong in a log."""
        return type(self).__name__


class Header(_Hidden):
    """What we read of a JOSE header (CDS Hooks 2.0, JWT header; RFC 7515, section 4.1); not x5u, x5c and jwk."""

    alg: str = ""
    kid: str = ""
    typ: str = ""
    jku: str | msgspec.UnsetType = msgspec.UNSET
    crit: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class Claims(_Hidden):
    """The claims of CDS Hooks 2.0, and nbf; times are seconds since 1970 (RFC 7519, section 4.1). No others."""

    iss: str
    aud: str | list[str]
    exp: Seconds
    iat: Seconds
    jti: Name
    nbf: Seconds = 0
    tenant: Name | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, repr=False)
class SignedToken:
    """A token as it came: what was signed, and the signature."""

    header: Header
    claims: Claims
    signed: bytes
    signature: bytes


def parse_bearer(authorization: str | None) -> SignedToken:
    """Return the token of an Authorization header; raises Unauthorized when it is not one JWT of at most 16 kB."""
    if not authorization:
        raise Unauthorized("missing")
    if len(authorization) > MAX_CHARS:
        raise Unauthorized("size")
    found = BEARER.fullmatch(authorization)
    if not found:
        raise Unauthorized("scheme")
    header, claims, signature = found.groups()
    signed = f"{header}.{claims}".encode()
    try:
        token = SignedToken(
            _HEADER.decode(_decode(header)), _CLAIMS.decode(_decode(claims)), signed, _decode(signature)
        )
    except (ValueError, RecursionError):
        raise Unauthorized("form") from None
    if isinstance(token.claims.tenant, str) and not token.claims.tenant.isprintable():
        raise Unauthorized("form")  # it is stored, and no database takes every character
    return token


def _decode(segment: str) -> bytes:
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


_HEADER = msgspec.json.Decoder(Header)
_CLAIMS = msgspec.json.Decoder(Claims)
