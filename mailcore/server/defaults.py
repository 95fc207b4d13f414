"""The services that Postroom knows and the listeners that it opens when nobody says otherwise.

The addresses are loopback, as in the reference product: what faces the network is the administrator's choice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

LOOPBACK: Final = "127.0.0.1"

# Whether a service starts when the configuration does not say.
SERVICES: Final[Mapping[str, bool]] = MappingProxyType(
    {
        "log": True,
        "processing": True,
        "smtp_incoming": True,
        "smtp_outgoing": True,
        "imap": True,
        "pop3": True,
        "managesieve": True,
        "http": True,
        "webadmin": True,
        "cli": True,
        "reporting": False,
        "ftp_backup": False,
        "rpop": False,
        "subscriptions": True,
        "smtp_proxy": False,
        "imap_proxy": False,
        "pop3_proxy": False,
        "webmail_proxy": False,
    }
)


@dataclass(frozen=True, slots=True)
class Standard:
    """A default listener."""

    name: str
    service: str
    port: int
    tls_first: bool = False
    role: str = ""


LISTENERS: Final = (
    Standard("smtp", "smtp_incoming", 25, role="mx"),
    Standard("submission", "smtp_incoming", 587, role="submission"),
    Standard("submissions", "smtp_incoming", 465, tls_first=True, role="submission"),
    Standard("lmtp", "smtp_incoming", 24, role="lmtp"),
    Standard("imap", "imap", 143),
    Standard("imaps", "imap", 993, tls_first=True),
    Standard("pop3", "pop3", 110),
    Standard("pop3s", "pop3", 995, tls_first=True),
    Standard("managesieve", "managesieve", 4190),
    Standard("http", "http", 80),
    Standard("https", "http", 443, tls_first=True),
    Standard("webadmin", "webadmin", 9000),
    Standard("cli", "cli", 7000),
    Standard("ftp_backup", "ftp_backup", 21),
)

_HTTP: Final = {
    "max_connections": 1000,
    "max_interval_connections": 1200,
    "peer_max_connections": 100,
    "peer_max_interval_connections": 600,
}

# Where a listener's defaults depend on its service.
BY_SERVICE: Final[Mapping[str, Mapping[str, int]]] = MappingProxyType(
    {
        "imap": {"idle_timeout": 1800},
        "imap_proxy": {"idle_timeout": 1800},
        "http": _HTTP,
        "webadmin": _HTTP,
        "webmail_proxy": _HTTP,
    }
)

# With a port base every client is this machine, so a limit for each peer would be one for all of them.
ON_PORT_BASE: Final[Mapping[str, int]] = MappingProxyType(
    {
        "max_connections": 100_000,
        "max_interval_connections": 0,
        "peer_max_connections": 100_000,
        "peer_max_interval_connections": 0,
    }
)

LOGIN_FREE: Final = frozenset({"mx", "lmtp"})  # roles in which a peer that never logs in is welcome
