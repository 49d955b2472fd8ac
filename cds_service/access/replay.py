"""A token counts once: what was seen is remembered for as long as it would be accepted (RFC 7519, section 4.1.7)."""

import hmac
from collections.abc import Callable
from heapq import heappop, heappush
from threading import Lock

from cds_service.errors import StoreError

CAPACITY = 100_000


class SeenTokens:
    """Whether a token was seen before, in this process and, when there is a shared check, in any.

    `now` returns seconds since 1970. `key` keys the digests, so that no issuer or jti is kept anywhere.
    `shared(digest, expires)` returns whether another process saw the 32 bytes; when it raises StoreError, the memory
    of this process decides alone. At most `capacity` tokens are remembered here; those that expire first are dropped.
    """

    def __init__(
        self,
        now: Callable[[], float],
        key: bytes,
        shared: Callable[[bytes, float], bool] | None = None,
        capacity: int = CAPACITY,
    ) -> None:
        self._now, self._key, self._shared, self._capacity = now, key, shared, capacity
        self._seen: set[bytes] = set()
        self._by_expiry: list[tuple[float, bytes]] = []
        self._lock = Lock()

    def __call__(self, issuer: str, jti: str, expires: float) -> bool:
        """Return whether this token was seen before, and remember it until `expires` (seconds since 1970)."""
        digest = hmac.digest(self._key, f"{issuer}\0{jti}".encode(), "sha256")
        if self._seen_here(digest, expires):
            return True
        if self._shared is None:
            return False
        try:
            return self._shared(digest, expires)
        except StoreError:
            return False

    def _seen_here(self, digest: bytes, expires: float) -> bool:
        with self._lock:
            self._forget_expired(self._now())
            if digest in self._seen:
                return True
            if len(self._by_expiry) >= self._capacity:
                self._forget_first()
            self._seen.add(digest)
            heappush(self._by_expiry, (expires, digest))
            return False

    def _forget_expired(self, now: float) -> None:
        while self._by_expiry and self._by_expiry[0][0] <= now:
            self._forget_first()

    def _forget_first(self) -> None:
        self._seen.discard(heappop(self._by_expiry)[1])
