import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir.hosts import AllowedHosts, Origin, is_public, parse_address, parse_hosts, parse_origin

LISTED = parse_hosts("fhir.example.org, ehr.example.org:8443, 10.1.2.3, 10.9.0.0/16, [fd00::1]:9443, 127.0.0.5:8080")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://fhir.example.org", ("https", "fhir.example.org", 443)),
        ("https://fhir.example.org:443/r4/", ("https", "fhir.example.org", 443)),
        ("HTTPS://FHIR.Example.ORG:9000/R4", ("https", "fhir.example.org", 9000)),
        ("https://fhir.example.org:/r4", ("https", "fhir.example.org", 443)),
        ("https://ehr.example.org:8443", ("https", "ehr.example.org", 8443)),
        ("https://10.1.2.3", ("https", "10.1.2.3", 443)),
        ("https://10.9.255.1:8080", ("https", "10.9.255.1", 8080)),
        ("https://[::ffff:10.9.0.1]", ("https", "10.9.0.1", 443)),
        ("https://[FD00:0:0::1]:9443", ("https", "fd00::1", 9443)),
        ("http://127.0.0.5:8080", ("http", "127.0.0.5", 8080)),
    ],
)
def test_listed_servers_may_be_called(url: str, origin: tuple[str, str, int]) -> None:
    assert LISTED.check_server(url) == origin


NOT_LISTED = """
http://fhir.example.org
https://other.example.org
https://fhir.example.org.
https://xfhir.example.org
https://fhir.example.org.evil.example
https://fhir.example.org@evil.example
https://evil.example/fhir.example.org
https://evil.example#@fhir.example.org
https://evil.example?@fhir.example.org
https://@fhir.example.org
https://user:pass@fhir.example.org
https://fhir.example.org#fragment
https://fhir.example.org/r4?x=1
https://fhir.example.org\\@evil.example
https:\\\\fhir.example.org
https://fhir.example.org/r4\\..\\@evil.example
https://fhir.example.org%2eevil.example
https://fhir%2eexample.org
https://fhir.example.org%00.evil.example
https://fhir.example.org:0
https://fhir.example.org:65536
https://fhir.example.org:443:443
https://fhir.example.org:x
https://ehr.example.org
https://ehr.example.org:8444
https:/fhir.example.org
https:///fhir.example.org
https:fhir.example.org
//fhir.example.org
fhir.example.org
ftp://fhir.example.org
file:///etc/passwd
file://fhir.example.org/etc/passwd
gopher://fhir.example.org
javascript:alert(1)
https://
https://:443
https://10.1.2.4
https://10.1.2.3.
https://10.1.2.03
https://10.1.515
https://167838211
https://0x0a010203
https://0X0A.1.2.3
https://012.1.2.3
https://0
https://0.0.0.0
https://[::ffff:10.1.2.4]
https://[fd00::1]
https://[fd00::1%25eth0]:9443
https://[fd00::1%eth0]:9443
https://fd00::1:9443
https://[fd00::1
https://[10.1.2.3]
http://127.0.0.5
http://127.0.0.1:8080
http://localhost:8080
http://[::1]:8080
http://10.1.2.3
https://169.254.169.254
""".split()


@pytest.mark.parametrize(
    "url",
    [
        *NOT_LISTED,
        "",
        "https://fhir.example.org\n",
        " https://fhir.example.org",
        "https://fhir.example.org\t/",
        "https://fhir.example.org/\x00",
        "https://fhir.exämple.org",
        "https://fhir\u3002example.org",
        "https://\u24d5hir.example.org",
        "https://\uff11\uff10.1.2.3",
    ],
)
def test_everything_else_may_not(url: str) -> None:
    assert LISTED.check_server(url) is None


def test_no_list_is_no_call() -> None:
    assert parse_hosts(" ,, ") == AllowedHosts()
    for url in ("https://fhir.example.org", "http://127.0.0.1", "http://localhost", "https://8.8.8.8"):
        assert AllowedHosts().check_server(url) is None


def test_localhost_lists_the_loopback_addresses_with_or_without_its_port() -> None:
    anywhere, port = parse_hosts("LocalHost"), parse_hosts("localhost:8080")
    for url in ("http://localhost:8080", "http://127.0.0.1:8080", "http://127.9.9.9:8080", "https://[::1]:8080"):
        assert anywhere.check_server(url)
        assert port.check_server(url)
    assert anywhere.check_server("http://127.0.0.1")
    assert not port.check_server("http://127.0.0.1")
    assert not anywhere.check_server("http://127.evil.example")


@pytest.mark.parametrize(
    "item",
    [
        *"*.example.org * https://fhir.example.org fhir.example.org/r4 fhir.example.org. f..org -a.org é.org".split(),
        *"10.1.2 10.1.2.3/33 10.1.2.3/8 0.0.0.0/0 ::/0 ::ffff:10.0.0.0/104 2130706433 0x7f.1".split(),
        *"host:0 host:65536 host:x [::1 ::1] [::1]: [::1/128".split(),
        "a b",
        "a" * 64,
    ],
)
def test_a_list_that_cannot_be_meant_is_refused_by_name(item: str) -> None:
    with pytest.raises(ValueError, match="There are no wildcards") as error:
        parse_hosts(f"fhir.example.org, {item}, bad_/one")
    assert str(error.value).startswith(f"{item}, bad_/one: not a host name")


NOT_PUBLIC = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.255 168.63.129.16 169.254.169.254
172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1
239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::7f00:1 ::10.0.0.1 ::8.8.8.8 ::ffff:10.0.0.1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 64:ff9b::10.0.0.1
64:ff9b::a9fe:a9fe 64:ff9b:1::8.8.8.8 100::1 2001::1 2001:db8::1 2002:a00:1:: 2002:a9fe:a9fe::1 2002:7f00:1::1
3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1
""".split()


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_that_are_not_public(address: str) -> None:
    found = parse_address(address)
    assert found
    assert not is_public(found)
    assert not LISTED.reaches(Origin("https", "fhir.example.org", 443), address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "93.184.216.34",
        "172.32.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
        "2606:4700::1111",
    ],
)
def test_addresses_that_are(address: str) -> None:
    assert LISTED.reaches(Origin("https", "fhir.example.org", 443), address)


def test_an_address_that_is_not_public_is_reached_where_it_is_listed() -> None:
    here = Origin("https", "fhir.example.org", 443)
    assert LISTED.reaches(here, "10.1.2.3")
    assert LISTED.reaches(here, "::ffff:10.9.7.7")
    assert not LISTED.reaches(here, "10.1.2.4")
    assert not LISTED.reaches(here, "127.0.0.5")
    assert LISTED.reaches(Origin("https", "fhir.example.org", 8080), "127.0.0.5")


def test_plain_http_reaches_loopback_only() -> None:
    hosts = parse_hosts("localhost, 10.1.2.3")
    local = Origin("http", "localhost", 80)
    assert hosts.reaches(local, "127.0.0.1")
    assert hosts.reaches(local, "::1")
    for address in ("8.8.8.8", "10.1.2.3", "0.0.0.0", "not an address"):
        assert not hosts.reaches(local, address)
    assert not hosts.reaches(Origin("https", "localhost", 443), "not an address")


PIECES = st.sampled_from(
    [
        *"https:// http:// fhir.example.org 10.1.2.3 evil.test @ : 443 / \\ # ? %2e [ ] ::1 . 0x7f é".split(),
        " ",
        "\t",
    ]
)
URLS = st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=30)


@given(URLS)
def test_law_what_is_called_is_what_is_listed_by_any_reading(url: str) -> None:
    origin = LISTED.check_server(url)
    if origin:
        assert origin.host in url.lower()
        assert url.lower().startswith((f"{origin.scheme}://{origin.host}", f"{origin.scheme}://["))
        assert "@" not in url.partition("//")[2].partition("/")[0]
        assert origin.host in ("fhir.example.org", "10.1.2.3")


@given(st.text(max_size=60) | st.lists(PIECES | st.just(","), max_size=8).map("".join))
def test_law_any_list_is_parsed_or_refused(text: str) -> None:
    try:
        hosts = parse_hosts(text)
    except ValueError:
        return
    assert hosts.check_server("https://never.listed.example") is None


@given(URLS)
def test_law_an_origin_reads_the_same_again(url: str) -> None:
    if origin := parse_origin(url):
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        assert parse_origin(f"{origin.scheme}://{host}:{origin.port}/x?y#".rstrip("#")) == origin
