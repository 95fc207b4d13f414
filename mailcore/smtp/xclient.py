"""XCLIENT: a trusted front end says who its client is. http://www.postfix.org/XCLIENT_README.html

1. Only who comes from `smtp.xclient_networks` may say it, and is told that it may; what counts is where the connection
   comes from, whatever was said before.
2. Then the session begins anew, with a greeting: rules, limits, back-off, trace and log see the client that was named.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from groupware.directory.api import Login
from groupware.model.errors import BadCredentials
from mailcore.queue import xtext
from mailcore.server import log
from mailcore.server.dialogue import Peer
from mailcore.server.rules import address as ip_of
from mailcore.server.rules import ip_set
from mailcore.smtp.greeting import greeting
from mailcore.smtp.policy import asking
from mailcore.smtp.reply import Reply
from mailcore.smtp.state import LMTP, Replies, State
from mailcore.smtp.wire import Bad, hello_name

NAMES: Final = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT")
NOT_KNOWN: Final = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")
NOWHERE: Final = "0.0.0.0"  # noqa: S104 - an address that is not known, nothing is bound to it
VALUE_MAX: Final = 255


@dataclass(frozen=True, slots=True)
class Named:
    """What a front end has said of its client; None: nothing, "": that it does not know."""

    name: str | None = None
    ip: str | None = None
    port: int | None = None
    protocol: str | None = None
    hello: str | None = None
    login: str | None = None
    to_ip: str | None = None
    to_port: int | None = None


def parse(argument: str) -> Named:
    """What the words of the command say. Bad."""
    given: dict[str, str] = {}
    for word in argument.split():
        name, equals, value = word.partition("=")
        if not equals or name.upper() not in NAMES:
            raise Bad(501, "5.5.4", f"{word[:60]!r} is nothing that XCLIENT knows; it knows {', '.join(NAMES)}.")
        given[name.upper()] = _value(word, value)
    if not given:
        raise Bad(501, "5.5.4", "Say who the client is: XCLIENT ADDR=192.0.2.1 NAME=client.example.org")
    return Named(
        name=given.get("NAME"),
        ip=_address(given.get("ADDR")),
        port=_port(given.get("PORT")),
        protocol=_protocol(given.get("PROTO")),
        hello=_hello(given.get("HELO")),
        login=given.get("LOGIN"),
        to_ip=_address(given.get("DESTADDR")),
        to_port=_port(given.get("DESTPORT")),
    )


def _value(word: str, value: str) -> str:
    if value.upper() in NOT_KNOWN:
        return ""
    try:
        found = xtext.decode(value)
    except ValueError:
        raise Bad(501, "5.5.4", f"{word[:60]!r} is not xtext.") from None
    if not found or len(found) > VALUE_MAX or not found.isprintable():
        raise Bad(501, "5.5.4", f"{word[:60]!r} is empty, too long, or has control characters.")
    return found


def _address(text: str | None) -> str | None:
    if not text:
        return text
    try:
        return str(ip_address(text[5:] if text[:5].upper() == "IPV6:" else text))
    except ValueError:
        raise Bad(501, "5.5.4", f"{text[:60]!r} is no IP address.") from None


def _port(text: str | None) -> int | None:
    if not text:
        return None if text is None else 0
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text) < 65536):
        raise Bad(501, "5.5.4", f"{text[:60]!r} is no port.")
    return int(text)


def _protocol(text: str | None) -> str | None:
    if text and text.upper() not in ("SMTP", "ESMTP"):
        raise Bad(501, "5.5.4", f"{text[:60]!r} is neither SMTP nor ESMTP.")
    return text.upper() if text is not None else None


def _hello(text: str | None) -> str | None:
    return hello_name(text) if text else text


def may(state: State) -> bool:
    """Whether the front end at the other end is trusted."""
    networks = state.shared.config.smtp.xclient_networks
    return bool(networks) and state.role != LMTP and ip_of(state.front.ip) in ip_set(networks)


async def xclient(state: State, argument: str) -> Replies:
    """Goes on as if the client that is named had connected."""
    if not may(state):
        return Reply(550, "5.7.0", "You are not to say who the client is (smtp.xclient_networks).")
    if state.transaction is not None:
        return Reply(503, "5.5.1", "A message has begun; say it before MAIL.")
    named = parse(argument)
    await _become(state, named)
    state.log.info("xclient", ip=state.connection.peer.ip, helo=state.hello, user=state.owner[1], front=state.front.ip)
    refusal = await asking.connected(state)
    if refusal is not None:
        return refusal
    state.connection.write(greeting(state))
    return None


async def _become(state: State, named: Named) -> None:
    connection = state.connection
    connection.peer = _changed(connection.peer, named.ip, named.port)
    log.seen_from(connection.peer.ip)
    connection.local = _changed(connection.local, named.to_ip, named.to_port)
    state.restart()
    state.taken = state.taken_octets = 0
    state.looked_up.clear()
    if named.name is not None:
        state.looked_up["reverseDns"] = (named.name,) if named.name else ()
    if named.hello is not None:
        state.hello = named.hello
    state.extended = named.protocol == "ESMTP"
    if named.login:
        with contextlib.suppress(BadCredentials):
            login = Login(named.login, proven=True, peer=connection.peer.ip, service="smtp")
            state.signin.who = await state.shared.parts.directory.login(login)


def _changed(old: Peer, ip: str | None, port: int | None) -> Peer:
    return Peer(old.ip if ip is None else ip or NOWHERE, old.port if port is None else port)


OFFERED: Final[Mapping[bool, tuple[str, ...]]] = {True: (f"XCLIENT {' '.join(NAMES)}",), False: ()}
"""The line of EHLO."""
