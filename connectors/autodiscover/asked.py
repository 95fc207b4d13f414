"""Who asks how to set a program up, and what for. Decision 286.

1. Without a password nothing depends on whether an account exists: all addresses of a domain get one answer.
2. With one, the answer has what is switched on for the account, and its name.
3. A body has up to `BODY_OCTETS`, an address up to `LONGEST`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

from groupware.model.addresses import normal
from groupware.model.errors import BadCredentials, NotFound
from groupware.model.principal import OPERATOR, Principal
from groupware.model.settings import SWITCHES
from groupware.store.api import ReadTx
from mailcore.server.authorization import authorized
from mailcore.server.config import Config
from mailcore.server.offers import Offer, first
from mailcore.server.parts import Parts
from mailcore.server.sections_web import Told
from mailcore.server.signin import Desk

BODY_OCTETS: Final = 64 * 1024
LONGEST: Final = 320


@dataclass(frozen=True, slots=True)
class Room:
    """What all the answers are made from."""

    parts: Parts
    config: Config
    offers: tuple[Offer, ...]
    desk: Desk


@dataclass(frozen=True, slots=True)
class Asker:
    """An address, and what its owner's programs are told."""

    address: str
    login: str
    name: str
    offers: tuple[Offer, ...]
    known: bool = False
    """The owner, or who is let in by the owner, has signed in."""

    @property
    def domain(self) -> str:
        """The domain of the address."""
        return self.address.rpartition("@")[2]

    def first(self, kind: Told) -> Offer | None:
        """The best way of a kind."""
        return first(self.offers, kind)

    def all(self, kind: Told) -> list[Offer]:
        """Every way of a kind, the best first."""
        return [each for each in self.offers if each.kind == kind]


async def who_asks(room: Room, request: Request) -> Principal | None:
    """Who has signed in for the request; None: it brings no password. `BadCredentials`, `Rejected`, `TryAgain`."""
    given = request.headers.get("authorization")
    return None if given is None else await authorized(room.desk, request.scope["state"], given)


async def asker(room: Room, who: Principal | None, address: str) -> Asker:
    """What is told of an address. `NotFound`: its domain is not served here, or it is no address."""
    address = address.strip()
    local, sign, domain = address.rpartition("@")
    if not sign or not local or len(address) > LONGEST or not address.isprintable():
        raise NotFound("that is no address")
    domain = normal(domain)
    await served(room.parts, domain)
    plain = Asker(f"{local}@{domain}", f"{local}@{domain}", f"{local}@{domain}", room.offers)
    if who is None or who.account is None:
        return plain
    account = who.account

    def work(tx: ReadTx) -> tuple[str, list[str]]:
        switches = {SWITCHES[each.service] for each in room.offers if each.service in SWITCHES}
        return tx.account(account).name, [name for name in switches if not tx.setting(name, account).value]

    name, off = await room.parts.store.read(who, work)
    on = tuple(each for each in room.offers if SWITCHES.get(each.service) not in off)
    own = normal(plain.address) == who.name
    return replace(plain, login=who.name, name=(name if own else "") or plain.address, offers=on, known=True)


async def served(parts: Parts, domain: str) -> None:
    """`NotFound` unless the domain, or the one it is another name of, is served here."""
    found = await parts.store.read(OPERATOR, lambda tx: tx.domains())
    if not any(each.enabled and domain in (each.name, *each.aliases) for each in found):
        raise NotFound(f"{domain[:255]}: this domain is not served here")


async def body_of(request: Request) -> bytes:
    """What a request brings. `HTTPException`."""
    octets = bytearray()
    async for chunk in request.stream():
        octets += chunk
        if len(octets) > BODY_OCTETS:
            raise HTTPException(413, f"A request has up to {BODY_OCTETS} octets.")
    return bytes(octets)


def address_of(request: Request, *names: str) -> str:
    """The address that a query names, whatever the letter case of the name; "" when it has none."""
    wanted = {each.casefold() for each in names}
    return next((value for name, value in request.query_params.multi_items() if name.casefold() in wanted), "")


def host_of(request: Request, *prefixes: str) -> str:
    """The domain that a host name stands for, without what is put before a domain for this."""
    host = normal(request.headers.get("host", "").partition(":")[0])
    for prefix in prefixes:
        host = host.removeprefix(f"{prefix}.")
    return host


def must_sign_in(who: Principal | None) -> Principal:
    """`BadCredentials` for who has not."""
    if who is None:
        raise BadCredentials("Sign in with your address and password.")
    return who
