"""Which servers may be called, and which addresses connected to.

`fhirServer` comes from whoever calls the service. Without a list it would be a way to make the service call anything
that it can reach: the host's own ports, the neighbours, the cloud's metadata address. So a server must be listed, and
what its name resolves to must be public or listed too.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_PORTS = {"http": 80, "https": 443}
_LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_NAT64 = ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ip_network("2000::/3")
# Python calls these global: protocol assignments with a cloud's metadata address, Azure's, the 6to4 relay,
# documentation (RFC 6890, RFC 7526, RFC 9637).
_NOT_PUBLIC: tuple[Network, ...] = tuple(
    ip_network(each) for each in ("192.0.0.0/24", "168.63.129.16/32", "192.88.99.0/24", "3fff::/20")
)
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_ITEM = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^:\[\]]+))(?::([1-9][0-9]{0,4}))?")
_MAPPED = ip_network("::ffff:0:0/96")


class Origin(NamedTuple):
    """Scheme, host (lower case, IPv6 without brackets) and port (never left out) of an address (RFC 6454)."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True)
class _Listed:
    name: str
    networks: tuple[Network, ...]
    port: int | None

    def holds(self, address: Address, port: int) -> bool:
        return self.port in (None, port) and any(address in network for network in self.networks)


@dataclass(frozen=True)
class AllowedHosts:
    """The servers that may be called; none by default."""

    listed: tuple[_Listed, ...] = ()

    def check_server(self, url: str) -> Origin | None:
        """Return the origin of a FHIR base address that may be called, None if it may not.

        https is required except of a loopback host. Nothing is resolved here: see `reaches`.
        """
        origin = parse_origin(url)
        return origin if origin and "?" not in url and self.names(origin) else None

    def names(self, origin: Origin) -> bool:
        """Return whether the list has this server: its name, or an address or network where it is a literal address."""
        address = parse_address(origin.host)
        if origin.scheme != "https" and not _is_loopback(origin.host, address):
            return False
        if address:
            return self._lists(address, origin.port)
        return any(each.name == origin.host and each.port in (None, origin.port) for each in self.listed)

    def reaches(self, origin: Origin, address: str) -> bool:
        """Return whether a server that is named may be reached at an address that its name resolved to."""
        found = parse_address(address)
        if found is None or (origin.scheme != "https" and not found.is_loopback):
            return False
        return is_public(found) or self._lists(found, origin.port)

    def _lists(self, address: Address, port: int) -> bool:
        return any(each.holds(address, port) for each in self.listed)


def parse_hosts(text: str) -> AllowedHosts:
    """Return the servers of a comma-separated list of host names, addresses and networks, each with or without a port.

    `localhost` also lists the loopback addresses. Raises ValueError naming every item that is none of these.
    """
    items = [item.strip() for item in text.split(",") if item.strip()]
    parsed = {item: _parse_item(item.lower()) for item in items}
    if wrong := [item for item, listed in parsed.items() if listed is None]:
        raise ValueError(
            f"{', '.join(wrong)}: not a host name such as fhir.example.org or fhir.example.org:8443, "
            "an address such as 10.1.2.3 or a network such as 10.1.0.0/16. There are no wildcards."
        )
    return AllowedHosts(tuple(listed for listed in parsed.values() if listed))


def parse_origin(url: str) -> Origin | None:
    """Return the origin of an absolute http(s) address; None where it is anything else.

    Parsed by urllib3, which also connects. What two parsers could read differently is refused: user information,
    fragments, backslashes, control and non-ASCII characters, numbers that some take for an IPv4 address.
    """
    if not _VISIBLE.fullmatch(url) or "\\" in url or "#" in url:
        return None
    try:
        parsed = parse_url(url)
    except LocationParseError:
        return None
    scheme, host = parsed.scheme or "", parsed.host or ""
    port = _PORTS.get(scheme) if parsed.port is None else parsed.port
    name = _canonical(host)
    # where the address does not begin with what was parsed, this is the beginning of the scheme
    rest = url.lower().removeprefix(f"{scheme}://{host}")
    if not port or scheme not in _PORTS or not name or rest[:1] not in ("", ":", "/", "?"):
        return None
    return Origin(scheme, name, port)


def parse_address(text: str) -> Address | None:
    """Return an IP address, an IPv4-mapped IPv6 one as the IPv4 address that is connected to; None if it is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


def is_public(address: Address) -> bool:
    """Return whether an address is a public unicast one, by the IPv4 address inside for NAT64 and 6to4."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address.sixtofour:
            return is_public(address.sixtofour)
        if address not in _GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast and not any(address in each for each in _NOT_PUBLIC)


def _canonical(host: str) -> str | None:
    """Return an address in its one spelling or a host name; None for what is neither."""
    if address := _literal(host):
        return str(address)
    return host if _is_name(host) else None


def _literal(host: str) -> Address | None:
    bracketed = host.startswith("[")
    address = parse_address(host[1:-1] if bracketed else host)
    return address if "%" not in host and bracketed == (":" in host) else None


def _is_name(host: str) -> bool:
    return bool(_NAME.fullmatch(host)) and not _ENDS_IN_NUMBER.fullmatch(host)


def _is_loopback(host: str, address: Address | None) -> bool:
    return address.is_loopback if address else host == "localhost"


def _parse_item(item: str) -> _Listed | None:
    match = _ITEM.fullmatch(item)
    host = (match[1] or match[2]) if match else item
    port = int(match[3]) if match and match[3] else None
    if port is not None and port > 65_535:
        return None
    if network := _parse_network(host):
        return _Listed("", (network,), port)
    return _Listed(host, _LOOPBACK if host == "localhost" else (), port) if _is_name(host) else None


def _parse_network(text: str) -> Network | None:
    """Return a network of one or more addresses; None for none, and for the two that would be a wildcard or no use."""
    try:
        network = ip_network(parse_address(text) or text)
    except ValueError:
        return None
    is_mapped = isinstance(network, IPv6Network) and network.overlaps(_MAPPED)
    return network if network.prefixlen and not is_mapped else None
