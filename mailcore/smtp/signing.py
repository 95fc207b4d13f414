"""What SMTP Sending puts below a message and signs, and for whom.

1. Signed is what somebody here has submitted, or this server has written, and nobody has changed (`Envelope.own`).
   Mail from outside, forwarded, never gets a signature of ours, whatever its From says. What this server writes, or
   passes on to the subscribers of a list, gets that of the domain that sends it, and no other.
2. That mail gets an ARC seal instead, where a key is there and the chain before has not failed: of the domain of the
   address that led on, else of that under which it is passed on (SRS).
3. A message is signed once, however many servers it goes to.
4. The footer of who has submitted it (`footers`) comes first, so that it is signed as well.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from groupware.mime.footers import Footer
from groupware.mime.headers import unfold
from groupware.mime.lines import tidy
from groupware.model.errors import NotFound
from groupware.model.event import Attempt, Envelope
from groupware.model.ids import QueueId
from groupware.model.principal import OPERATOR
from groupware.model.signing import SigningKey
from groupware.store.api import ReadTx, Store
from mailcore.queue.dsn import header_of
from mailcore.server.events import EventLog
from mailcore.smtp import footers
from mailcore.smtp.authentication import arc, results
from mailcore.smtp.authentication.canonical import Mail, taken_apart
from mailcore.smtp.authentication.dmarc import author_domains
from mailcore.smtp.authentication.private import opened
from mailcore.smtp.authentication.sign import Signer, arc_fields, dkim_fields
from mailcore.smtp.authentication.tags import Malformed

REMEMBERED: Final = 256
"""Messages whose signatures are kept for the next server they go to."""
LARGE: Final = 65_536


@dataclass(frozen=True, slots=True)
class Desk:
    """What signing needs."""

    store: Store
    secret: bytes
    authserv_id: str
    primary_domain: str
    log: EventLog
    now: Callable[[], float]


class Signing:
    """Signs messages on their way out."""

    __slots__ = ("_desk", "_made")

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._made: OrderedDict[tuple[QueueId, int], bytes] = OrderedDict()

    async def signed(self, attempt: Attempt, octets: bytes) -> bytes:
        """The message with what is to be below it and before it. `TryAgain` when the keys cannot be had now."""
        envelope = attempt.envelope
        if envelope.body_type.upper() == "BINARYMIME" and not tidy(octets):
            return octets  # it goes out as it is, and nobody else would see the same lines in it
        now = self._desk.now()
        domain = envelope.sender.rpartition("@")[2]

        def work(tx: ReadTx) -> tuple[Footer | None, Mapping[str, Sequence[SigningKey]]]:
            """Both in one look at the store: nearly every message is from the domain of its sender."""
            assert envelope.by is not None
            return footers.of(tx, envelope.by, datetime.fromtimestamp(now, UTC)), {domain: _keys(tx, domain)}

        footer, keys = await self._desk.store.glance(OPERATOR, work) if envelope.by is not None else (None, {})
        whole = await footers.put(footer, octets)
        key = attempt.queue, 0 if whole is octets else hash(whole)
        known = self._made.get(key)
        if known is None:
            made = await self._fields(envelope, whole, int(now), keys)
            known = self._made.setdefault(key, made)  # that of who was quicker, on the way to another server
            while len(self._made) > REMEMBERED:
                self._made.popitem(last=False)
        return known + whole

    async def _fields(
        self, envelope: Envelope, octets: bytes, now: int, keys: Mapping[str, Sequence[SigningKey]]
    ) -> bytes:
        """The header alone says whether there is anything to sign: for most of a message nobody has to look at it."""
        header = header_of(octets)
        if not envelope.own:
            if results.NAME.lower() not in header.lower():
                return b""  # this server did not look at it
            return await self._seal(envelope, await _apart(octets), now)
        author, sender = author_domains(taken_apart(header))[:1], envelope.sender.rpartition("@")[2]
        domains = [*author, sender] if envelope.by is not None else [sender] if sender else author
        signers = await self._signers(domains, keys)
        if not signers:
            return b""
        return await asyncio.to_thread(dkim_fields, await _apart(octets), signers, now)

    async def _seal(self, envelope: Envelope, mail: Mail, now: int) -> bytes:
        found = self._own_results(mail)
        try:
            before = arc.chain(mail)
        except Malformed:
            return b""
        said = dict(results.methods(found)).get("arc") if found else None
        if not found or (before and said != "pass"):
            return b""  # a chain that has failed, or was not looked at, is not carried on
        led = envelope.recipients[0].orcpt.rpartition("@")[2] if envelope.recipients else ""
        domains = [led, envelope.sender.rpartition("@")[2], self._desk.primary_domain]
        signers = await self._signers(domains, {})
        signer = next((each for each in signers if each.algorithm == "rsa-sha256"), None)
        if signer is None:
            return b""  # RFC 8617 knows no other algorithm that is understood everywhere
        return await asyncio.to_thread(arc_fields, mail, before, found, signer, now)

    def _own_results(self, mail: Mail) -> str:
        """What this server found when the message came in; "" when it did not look."""
        for each in mail.named(results.NAME.lower()):
            value = unfold(each.raw.partition(b":")[2]).decode("ascii", "replace")
            if results.author(value).lower() == self._desk.authserv_id.lower():
                return value
        return ""

    async def _signers(self, domains: Sequence[str], known: Mapping[str, Sequence[SigningKey]]) -> list[Signer]:
        """The active keys of the first of the domains that has some; the keys of some domains are known."""
        for domain in dict.fromkeys(each for each in domains if each):
            keys = known.get(domain)
            if keys is None:
                keys = await self._desk.store.glance(OPERATOR, partial(_keys, domain=domain))
            found = [signer for key in keys if key.state == "active" and (signer := self._signer(key)) is not None]
            if found:
                return sorted(found, key=lambda each: each.algorithm, reverse=True)
        return []

    def _signer(self, key: SigningKey) -> Signer | None:
        private = opened(key.sealed, self._desk.secret)
        if private is None:
            self._desk.log.error("signing_key_unreadable", domain=key.domain, selector=key.selector)
            return None
        return Signer(key.domain, key.selector, private)


async def _apart(octets: bytes) -> Mail:
    return await asyncio.to_thread(taken_apart, octets) if len(octets) > LARGE else taken_apart(octets)


def _keys(tx: ReadTx, domain: str) -> Sequence[SigningKey]:
    """The keys of a domain; none when it is not here."""
    try:
        return tx.signing_keys(domain)
    except NotFound:
        return ()
