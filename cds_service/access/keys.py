"""The key for a token: of the clients file, or of a key set that is fetched, kept and renewed (RFC 7517, section 5).

One KeySource serves a process; its threads share it. Nothing is fetched before a token asks for it.
"""

from collections.abc import Callable, Iterable
from threading import Lock

import msgspec

from cds_service.access.clients import Client
from cds_service.access.jwk import KeySet, PublicKey, UnusableKey, parse_key

FRESH_S = 3600.0
USABLE_S = 24 * 3600.0
RETRY_S = 60.0
WAIT_S = 1.0
NEVER = float("-inf")

Fetch = Callable[[str], bytes]
Now = Callable[[], float]


class _Jwks(msgspec.Struct):
    keys: list[object]


def parse_key_set(body: bytes) -> KeySet:
    """Return the keys of a JWK Set that we can use; others are passed over (RFC 7517, section 5).

    Of two keys with one id for one algorithm the first counts. Raises ValueError when the body is not a JWK Set.
    """
    try:
        members = msgspec.json.decode(body, type=_Jwks).keys
    except RecursionError:
        raise ValueError("nested too deeply") from None
    keys: dict[tuple[str, str], PublicKey] = {}
    for each in members:
        try:
            found = parse_key(each)
        except UnusableKey:
            continue
        for wanted, public in found.entries().items():
            keys.setdefault(wanted, public)
    return keys


def _first(found: Iterable[PublicKey | None]) -> PublicKey | None:
    return next((key for key in found if key is not None), None)


class KeySource:
    """Finds the public key for a token.

    `fetch` returns the body at an address and raises OSError. `now` is a clock in seconds that does not run backwards.
    """

    def __init__(self, fetch: Fetch, now: Now) -> None:
        self._fetch, self._now = fetch, now
        self._sets: dict[str, _KeptSet] = {}

    def find(self, client: Client, kid: str, algorithm: str, jku: str | None) -> PublicKey | None:
        """Return the client's key with this id for this algorithm, or None.

        With jku, only the key set at that address counts, and only when it is the client's. Without, the keys of the
        clients file come first, then the client's key sets in their order.
        """
        wanted = (kid, algorithm)
        if jku is None and wanted in client.keys:
            return client.keys[wanted]
        sets = [self._set(url) for url in client.urls if jku in (None, url)]
        return _first(each.fresh(wanted) for each in sets) or _first(each.renewed(wanted) for each in sets)

    def _set(self, url: str) -> "_KeptSet":
        kept = self._sets.get(url)
        # setdefault is atomic: two threads that come first get the same one
        return kept or self._sets.setdefault(url, _KeptSet(url, self._fetch, self._now))


class _KeptSet:
    """The key set at one address: fresh for an hour, used for a day when it cannot be renewed."""

    def __init__(self, url: str, fetch: Fetch, now: Now) -> None:
        self._url, self._fetch, self._now = url, fetch, now
        self._kept: tuple[KeySet, float] = ({}, NEVER)
        self._tried = NEVER
        self._fetching = Lock()

    def fresh(self, wanted: tuple[str, str]) -> PublicKey | None:
        """Return the key when it was fetched within the last hour."""
        return self._kept_for(FRESH_S, wanted)

    def renewed(self, wanted: tuple[str, str]) -> PublicKey | None:
        """Return the key after another look at the address, unless there was one within the last minute."""
        # who has an older key goes on with it while another thread fetches; who has none waits
        wait = 0.0 if self._kept_for(USABLE_S, wanted) else WAIT_S
        if self._may_fetch() and self._fetching.acquire(timeout=wait):
            try:
                self._renew()
            finally:
                self._fetching.release()
        return self._kept_for(USABLE_S, wanted)

    def _kept_for(self, seconds: float, wanted: tuple[str, str]) -> PublicKey | None:
        keys, fetched = self._kept
        return keys.get(wanted) if self._now() - fetched < seconds else None

    def _may_fetch(self) -> bool:
        return self._now() - self._tried >= RETRY_S

    def _renew(self) -> None:
        if not self._may_fetch():
            return  # another thread did while this one waited
        try:
            self._kept = (parse_key_set(self._fetch(self._url)), self._now())
        except (OSError, ValueError):
            pass
        finally:
            self._tried = self._now()
