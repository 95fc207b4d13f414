"""The configuration's tables for sending: how mail goes to which destination, and from which address it comes."""

import ipaddress
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, StringConstraints

from mailcore.server.declare import Many, Section, key


def _addresses(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        try:
            ipaddress.ip_address(value)
        except ValueError:
            raise ValueError(f"{value!r} is no IP address, such as 192.0.2.1 or 2001:db8::1") from None
    return values


Addresses = Annotated[Many[str], AfterValidator(_addresses)]
WayTls = Literal["none", "opportunistic", "required", "verified", "implicit"]
_MOST: Final = 10_000


class RouteSection(Section):
    """How mail for some destinations is sent. The first route that fits is taken; without one it goes by MX.

    In the patterns `*` stands for every domain, `*.example.org` for all below one; `<>` is the sender of reports.
    """

    to: Many[str] = key("Domains of recipients it is for", ("*",), example=["example.org", "*.example.org"])
    sender: Many[str] = key("Domains of senders it is for; <>: reports, which have no sender", ("*",))
    hosts: Many[str] = key(
        "Hosts that take this mail, host or host:port, in the order to try them; none: those of the MX records", ()
    )
    tls: WayTls = key(
        "TLS to them: none; opportunistic, when it is offered; required, whoever signed the certificate; verified, with"
        " a certificate that is good for the host's name; implicit, the same from the first octet",
        "opportunistic",
    )
    user: str = key("Login at the hosts; empty: none", "")
    password: str = key("Password there", "", repr=False)
    source: Addresses = key("Addresses that connections come from, one of each family; none: the usual", ())
    ehlo: str = key("Name to greet by; empty: the usual", "", max_length=255)
    connections: int = key("Connections at once to one destination; 0: sending_connections", 0, ge=0, le=128)
    messages_per_connection: int = key("Messages over one connection; 0: as smtp says", 0, ge=0, le=_MOST)
    hold: bool = key("Keep this mail in the queue until it is released", False)


Pattern = Annotated[str, StringConstraints(pattern=r"^(\*\.)?[A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z0-9]$", max_length=255)]


class OwnStsSection(Section):
    """What other servers are told about TLS to the hosts that take mail for the domains here (MTA-STS)."""

    mode: Literal["off", "none", "testing", "enforce"] = key(
        "off: there is no policy; testing: they report what goes wrong; enforce: they send over good TLS or not at all;"
        " none: for as long as max_age before off, so that they forget",
        "off",
    )
    mx: Many[Pattern] = key(
        "Names of the hosts that the MX records have; none: this server's", (), example=["mx1.example.org"]
    )
    max_age: int = key("Seconds for which they remember it", 604_800, ge=3600, le=31_557_600)


class SourceSection(Section):
    """From where the mail of some sender domains comes, whatever its route."""

    sender: Many[str] = key("Domains of senders, as in a route", example=["example.org"])
    address: Addresses = key("Addresses that their connections come from, one of each family", example=["192.0.2.1"])
    ehlo: str = key("Name to greet by; empty: this server's", "", max_length=255)
