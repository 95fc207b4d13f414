"""Where mail programs, calendars and address books find this server: what people are shown who set one up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mailcore.server.config import Config
from mailcore.server.listener import Listener

_ROLES: Final = {"submission": "smtp"}
_SERVICES: Final = {"imap": "imap", "pop3": "pop3", "managesieve": "managesieve"}


def programs_of(config: Config) -> Mapping[str, Any]:
    """The host, the points of entry for programs (the safest of each protocol first), and the addresses of pages."""
    found = [
        {"protocol": protocol, "port": each.port, "tls": each.tls}
        for each in config.listeners
        if (protocol := _protocol(each)) is not None
    ]
    safest = ("implicit", "start", "none")
    found.sort(key=lambda each: (str(each["protocol"]), safest.index(str(each["tls"]))))
    paths = {"caldav": "/.well-known/caldav", "carddav": "/.well-known/carddav", "jmap": "/.well-known/jmap"}
    return {"host": config.host, "services": found, "paths": paths}


def _protocol(each: Listener) -> str | None:
    """What a program speaks there; None: it is not for programs of people."""
    return _ROLES.get(each.role) if each.service == "smtp_incoming" else _SERVICES.get(each.service)
