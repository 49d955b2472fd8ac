"""The GET of a key set: over TLS, or from this machine, and of at most 1 MB."""

from collections.abc import Callable
from pathlib import Path

from cds_service.access.address import is_fetchable
from cds_service.get import Bounds, make_get

MAX_BYTES = 1_000_000
TOTAL_S = 5.0
ACCEPT = "application/jwk-set+json, application/json"


def make_fetch(
    connect_s: float, read_s: float, ca_file: Path | None, total_s: float = TOTAL_S
) -> Callable[[str], bytes]:
    """Return a function that returns the body at an address.

    It raises OSError when there is none with status 200 of at most 1 MB within total_s seconds after connecting.
    Certificates are checked against ca_file (default: the public ones); raises SettingsError when it cannot be read.
    """
    get = make_get(Bounds(connect_s, read_s, total_s, MAX_BYTES), ca_file, ACCEPT)

    def fetch(url: str) -> bytes:
        if not is_fetchable(url):
            raise OSError("neither https nor this machine")
        return get(url)

    return fetch
