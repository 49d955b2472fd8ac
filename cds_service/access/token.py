"""Which token is accepted, and who calls with it (CDS Hooks 2.0, Trusting CDS Clients; RFC 8725).

Reasons of Unauthorized, for the log, in the order of the checks: missing, size, scheme, form (of the text); alg, typ,
kid, crit (of the header); iss, jku, key, signature (of the client); aud, nbf, iat, exp, age, tenant (of the claims);
replay.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from msgspec import UNSET

from cds_service.access.clients import Client
from cds_service.access.compact import Claims, Header, SignedToken, parse_bearer
from cds_service.access.jwk import ALGORITHMS
from cds_service.access.keys import KeySource
from cds_service.errors import SettingsError, Unauthorized


@dataclass(frozen=True)
class Caller:
    """Who calls: a client of the clients file, and the tenant it calls for, if it says one."""

    issuer: str
    tenant: str | None


class Verifier:
    """Accepts the tokens of known clients, each once.

    `algorithms` are of ES384, RS384 and RS256; SettingsError otherwise. `now` returns seconds since 1970.
    `is_replayed(issuer, jti, expires)` returns whether that token was seen before, and remembers it till it expires.
    """

    def __init__(
        self,
        clients: Iterable[Client],
        keys: KeySource,
        algorithms: frozenset[str],
        clock_skew_s: int,
        max_age_s: int,
        now: Callable[[], float],
        is_replayed: Callable[[str, str, float], bool],
    ) -> None:
        if not algorithms or not algorithms <= ALGORITHMS.keys():
            raise SettingsError(f"Signing algorithms are of {', '.join(ALGORITHMS)}, at least one.")
        self._clients = {client.issuer: client for client in clients}
        self._keys, self._now, self._is_replayed = keys, now, is_replayed
        self._algorithms = {name: ALGORITHMS[name] for name in algorithms}
        self._skew, self._max_age = clock_skew_s, max_age_s

    def verify(self, authorization: str | None, audience: str) -> Caller:
        """Return who calls the address `audience` with this Authorization header; raises Unauthorized."""
        token = parse_bearer(authorization)
        header, claims = token.header, token.claims
        _check_header(header, self._algorithms)
        client = self._clients.get(claims.iss)
        if client is None:
            raise Unauthorized("iss")
        self._check_signature(client, token)
        _check_audience(claims, audience)
        expires = self._check_times(claims)
        tenant = _check_tenant(claims, client)
        # last: a token that is refused for another reason must not use up the id of a good one
        if self._is_replayed(client.issuer, claims.jti, expires):
            raise Unauthorized("replay")
        return Caller(client.issuer, tenant)

    def _check_signature(self, client: Client, token: SignedToken) -> None:
        header = token.header
        jku = None if header.jku is UNSET else header.jku
        if jku is not None and jku not in client.urls:
            raise Unauthorized("jku")
        key = self._keys.find(client, header.kid, header.alg, jku)
        if key is None:
            raise Unauthorized("key")
        if not self._algorithms[header.alg].verify(token.signed, key, token.signature):
            raise Unauthorized("signature")

    def _check_times(self, claims: Claims) -> float:
        """Return when the token stops being accepted, in seconds since 1970."""
        now, skew = self._now(), self._skew
        wrong = {
            "nbf": claims.nbf > now + skew,
            "iat": claims.iat > now + skew,
            "exp": claims.exp + skew <= now,
            "age": claims.iat + self._max_age + skew <= now,
        }
        for reason, is_wrong in wrong.items():
            if is_wrong:
                raise Unauthorized(reason)
        return min(claims.exp, claims.iat + self._max_age) + skew


def _check_header(header: Header, algorithms: Iterable[str]) -> None:
    if header.alg not in algorithms:
        raise Unauthorized("alg")
    if header.typ.upper() != "JWT":
        raise Unauthorized("typ")
    if not header.kid:
        raise Unauthorized("kid")
    if header.crit is not UNSET:
        raise Unauthorized("crit")


def _check_audience(claims: Claims, audience: str) -> None:
    named = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if audience not in named:
        raise Unauthorized("aud")


def _check_tenant(claims: Claims, client: Client) -> str | None:
    tenant = None if claims.tenant is UNSET else claims.tenant
    if client.tenants is not None and tenant not in client.tenants:
        raise Unauthorized("tenant")
    return tenant
