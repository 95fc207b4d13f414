"""Which way mail goes: the first route that fits, the smart host, or MX; and from which address."""

from pathlib import Path

import pytest

from mailcore.server.config import ConfigError, load
from mailcore.smtp.ways import Ways

ROUTES = """
[smtp]
local_address = "192.0.2.9"
sending_connections = 7

[[smtp.route]]
to = ["Bücher.example", "*.inner.example"]
hosts = ["relay.example:2525", "192.0.2.7"]
tls = "required"
connections = 2

[[smtp.route]]
sender = ["<>"]
hosts = ["reports.example"]

[[smtp.route]]
sender = ["alpha.example"]
to = ["partner.example"]

source = ["192.0.2.3", "2001:db8::3"]
ehlo = "partner.alpha.example"

[[smtp.source]]
sender = ["alpha.example", "*.alpha.example"]
address = ["192.0.2.1", "2001:db8::1"]
ehlo = "out.alpha.example"
"""


def ways(tmp_path: Path, text: str = ROUTES) -> Ways:
    path = tmp_path / "postroom.toml"
    path.write_text(text)
    return Ways(load(path, environ={}, services=()).smtp, "mx.here.example")


@pytest.mark.parametrize(
    ("domain", "sender", "name"),
    [
        ("bücher.example", "a@here.example", "route 1"),
        ("xn--bcher-kva.example", "a@here.example", "route 1"),
        ("DEEP.a.inner.example", "", "route 1"),
        ("inner.example", "a@here.example", "mx"),
        ("elsewhere.example", "", "route 2"),
        ("partner.example", "a@alpha.example", "route 3"),
        ("partner.example", "a@sub.alpha.example", "mx"),
        ("[192.0.2.1]", "a@here.example", "mx"),
    ],
)
def test_the_first_route_that_fits_is_taken(tmp_path: Path, domain: str, sender: str, name: str) -> None:
    assert ways(tmp_path).find(domain, sender).name == name


def test_a_route_says_how_many_connections_its_hosts_get_together(tmp_path: Path) -> None:
    one, other = (ways(tmp_path).find(each, "a@here.example") for each in ("bücher.example", "x.inner.example"))
    assert (one.connections, one.tls) == (2, "required")
    assert one.destination("bücher.example") == other.destination("x.inner.example")


def test_without_hosts_each_domain_has_its_own_connections(tmp_path: Path) -> None:
    way = ways(tmp_path).find("elsewhere.example", "a@here.example")
    assert (way.connections, way.destination("elsewhere.example")) == (7, "elsewhere.example")


@pytest.mark.parametrize(
    ("domain", "sender", "four", "six", "ehlo"),
    [
        ("elsewhere.example", "a@here.example", "192.0.2.9", "", "mx.here.example"),
        ("elsewhere.example", "a@alpha.example", "192.0.2.1", "2001:db8::1", "out.alpha.example"),
        ("elsewhere.example", "a@sub.alpha.example", "192.0.2.1", "2001:db8::1", "out.alpha.example"),
        ("bücher.example", "a@alpha.example", "192.0.2.1", "2001:db8::1", "out.alpha.example"),
        ("partner.example", "a@alpha.example", "192.0.2.3", "2001:db8::3", "partner.alpha.example"),
    ],
)
def test_connections_come_from_the_address_of_the_route_or_of_the_senders_domain(
    tmp_path: Path, domain: str, sender: str, four: str, six: str, ehlo: str
) -> None:
    way = ways(tmp_path).find(domain, sender)
    assert (way.from_address(4), way.from_address(6), way.ehlo) == (four, six, ehlo)


@pytest.mark.parametrize(
    ("tls", "becomes"), [("opportunistic", "verified"), ("required", "verified"), ("none", "none")]
)
def test_a_password_makes_tls_verified_unless_there_is_to_be_none(tmp_path: Path, tls: str, becomes: str) -> None:
    text = f'[[smtp.route]]\nhosts = ["relay.example"]\ntls = "{tls}"\nuser = "me"\npassword = "geheim"\n'
    way = ways(tmp_path, text).find("elsewhere.example", "a@here.example")
    assert way.tls == becomes
    assert "geheim" not in repr(way)


def test_routes_come_before_the_smart_host(tmp_path: Path) -> None:
    text = '[smtp]\nsmart_host = "relay.example"\n[[smtp.route]]\nto = ["direct.example"]\n'
    found = ways(tmp_path, text)
    assert found.find("direct.example", "a@here.example").hosts == ()
    assert found.find("other.example", "a@here.example").hosts == ("relay.example",)


def test_a_source_that_is_no_address_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"smtp\.source.*'here' is no IP address"):
        ways(tmp_path, '[[smtp.source]]\nsender = ["a.example"]\naddress = ["here"]\n')
