"""What this server offers to programs, and where they reach it: one table for everything that tells of it.

1. An offer is a service that runs, at a listener with TLS; the web's are paths below `Config.web_url`. Where some
   listeners face the network, those on loopback are for this machine; where none does, something is in front of them.
2. What the configuration's section `autodiscover` does not want told is not in the table.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from mailcore.server.config import Config
from mailcore.server.listener import Listener, TlsMode
from mailcore.server.rules import address
from mailcore.server.sections_web import Told

PATHS: Final[Mapping[Told, str]] = {
    "caldav": "/dav/",
    "carddav": "/dav/",
    "jmap": "/.well-known/jmap",
    "activesync": "/Microsoft-Server-ActiveSync",
    "ews": "/EWS/Exchange.asmx",
}
ALWAYS: Final = ("/dav", "/.well-known/jmap")
"""What every HTTP service here has; the others are there where they are mounted."""
JMAP_SESSION: Final = "/jmap/session"
SWITCH: Final[Mapping[Told, str]] = {
    "smtp": "smtpOutgoing",
    "caldav": "dav",
    "carddav": "dav",
}
"""The service that an account signs in to, where it is not called as here."""
_SERVICES: Final[tuple[tuple[Told, str], ...]] = (
    ("imap", "imap"),
    ("pop3", "pop3"),
    ("smtp", "smtp_incoming"),
    ("sieve", "managesieve"),
)
_SRV: Final[Mapping[tuple[Told, TlsMode], str]] = {
    ("smtp", "implicit"): "_submissions",
    ("smtp", "start"): "_submission",
    ("imap", "implicit"): "_imaps",
    ("imap", "start"): "_imap",
    ("pop3", "implicit"): "_pop3s",
    ("pop3", "start"): "_pop3",
    ("sieve", "start"): "_sieve",
    ("caldav", "implicit"): "_caldavs",
    ("carddav", "implicit"): "_carddavs",
    ("jmap", "implicit"): "_jmap",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to this server."""

    kind: Told
    host: str
    port: int
    tls: TlsMode
    url: str = ""
    """For what is reached by HTTP."""

    @property
    def service(self) -> str:
        """The service that an account signs in to by it."""
        return SWITCH.get(self.kind, self.kind)

    @property
    def srv(self) -> str:
        """The name of its SRV record below the domain, RFC 6186, 6764, 8314, 8620 §2.2; "": it has none."""
        found = _SRV.get((self.kind, self.tls), "")
        return f"{found}._tcp" if found else ""


def offers(config: Config, served: Iterable[str] = ALWAYS) -> tuple[Offer, ...]:
    """Everything that programs are told of, TLS at once before STARTTLS. `served`: paths that the HTTP service has."""
    section = config.autodiscover
    found: list[Offer] = []
    for kind, service in _SERVICES:
        if kind in section.told and config.services[service].enabled:
            found += _at_listeners(config, kind, service)
    if config.services["http"].enabled:
        below = [each.casefold().rstrip("/") for each in served]
        found += [_web(config, kind) for kind, path in PATHS.items() if kind in section.told and _is_below(path, below)]
    return tuple(found)


def first(found: Sequence[Offer], kind: Told) -> Offer | None:
    """The best offer of a kind."""
    return next((each for each in found if each.kind == kind), None)


def issuer(config: Config) -> str:
    """Who gives tokens to programs (RFC 8414 §2); "": nobody does."""
    return config.web_url if config.oauth.enabled and config.services["http"].enabled else ""


def jmap_session(config: Config) -> str:
    """The session of JMAP (RFC 8620 §2), as programs reach it; "": none is told, or passwords would be heard there."""
    found = first(offers(config), "jmap")
    secure = found is not None and (found.tls != "none" or config.port_base is not None)
    return config.web_url + JMAP_SESSION if secure and config.web_url.isascii() else ""


def _at_listeners(config: Config, kind: Told, service: str) -> list[Offer]:
    section = config.autodiscover
    outside: str = getattr(section, kind)
    if outside:
        host, _, port = outside.rpartition(":")
        return [Offer(kind, host, int(port), "implicit")]
    here = [each for each in config.listeners if each.service == service and each.tls != "none"]
    if kind == "smtp":
        here = [each for each in here if each.role == "submission"]
    if not all(map(_is_on_loopback, config.listeners)):
        here = [each for each in here if not _is_on_loopback(each)]
    modes = {each.tls: each for each in reversed(here)}
    named = section.host or config.host
    return [
        Offer(kind, named if config.port_base is None else modes[mode].address, modes[mode].port, mode)
        for mode in ("implicit", "start")
        if mode in modes
    ]


def _is_on_loopback(listener: Listener) -> bool:
    return address(listener.address).is_loopback


def _web(config: Config, kind: Told) -> Offer:
    base = urlsplit(config.web_url)
    secure = base.scheme == "https"
    port = base.port or (443 if secure else 80)
    return Offer(kind, base.hostname or "", port, "implicit" if secure else "none", config.web_url + PATHS[kind])


def _is_below(path: str, served: Iterable[str]) -> bool:
    wanted = path.casefold().rstrip("/")
    return any(wanted == each or wanted.startswith(f"{each}/") for each in served if each)


# --- draft-ietf-mailmaint-pacc: a document whose digest is in DNS, so whoever prints the record has to know its octets


def pacc(found: Sequence[Offer], domain: str, issuer: str) -> bytes:
    """The document that a domain serves at `/.well-known/user-agent-configuration.json`: what has TLS at once."""
    protocols: dict[str, dict[str, str]] = {}
    shown: Mapping[Told, Callable[[Offer], dict[str, str]]] = {
        **dict.fromkeys(("imap", "pop3", "smtp"), lambda each: {"host": each.host}),
        **dict.fromkeys(("jmap", "caldav", "carddav"), lambda each: {"url": each.url}),
    }
    standard = {"imap": 993, "pop3": 995, "smtp": 465}
    for each in found:
        usual = standard.get(each.kind, each.port) == each.port
        if each.kind in shown and each.tls == "implicit" and usual:
            protocols.setdefault(each.kind, shown[each.kind](each))
    authentication: dict[str, object] = {"password": True}
    if issuer:
        authentication["oauth-public"] = {"issuer": issuer}
    document = {
        "protocols": protocols,
        "authentication": authentication,
        "info": {"provider": {"name": domain, "shortName": domain[:20]}},
    }
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


def pacc_digest(document: bytes) -> str:
    """What the TXT record `_ua-auto-config` of the domain says of the document."""
    return f"v=UAAC1; a=sha256; d={base64.b64encode(sha256(document).digest()).decode()}"
