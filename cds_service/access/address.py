"""Which addresses key sets may be fetched from: https, and http on this machine only."""

from ipaddress import ip_address
from urllib.parse import urlsplit

UNSAFE = frozenset(' \\"<>#')


def is_fetchable(url: str) -> bool:
    """Return whether a jku is an absolute https address without user or fragment; http is for loopback (RFC 7515)."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and UNSAFE.isdisjoint(url)
    private = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    return plain and private and bool(host) and port != 0 and "@" not in parts.netloc


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, told from its name alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
