"""A mail list over a real store: what is written to it, what it queues, and what lies in its folders."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TypeVar

from groupware.model.event import Outcome, QueueEntry
from groupware.model.folder import Role
from groupware.model.ids import EVERY, AccountId
from groupware.model.mailinglist import Subscriber
from groupware.model.principal import OPERATOR, NewAccount, PrincipalKind
from groupware.store.api import ReadTx, WriteTx
from mailcore.lists.desk import Desk, Policy
from mailcore.lists.rules import Rules, Seal, rules_of
from mailcore.lists.worker import run_due
from tests.support.clock import FakeClock
from tests.support.postoffice import Place, PostOffice, post_office

T = TypeVar("T")
LIST, OWNER = "news@example.test", "bob@example.test"


@dataclass
class Stand:
    """The list `news@example.test`, which Bob runs, and the post office around it."""

    office: PostOffice
    clock: FakeClock
    of: AccountId
    policies: dict[str, Policy] = field(default_factory=dict)
    """What domains ask for by DMARC."""

    @property
    def desk(self) -> Desk:
        """What the worker works with."""

        async def asked(domain: str) -> Policy:
            return self.policies.get(domain, "none")

        office = self.office
        return Desk(
            office.store, office.blobs, self.clock, office.log, office.config.host,
            office.config.host, Seal(b"x" * 32), policy=asked,
        )  # fmt: skip

    async def write(self, work: Callable[[WriteTx], T]) -> T:
        return await self.office.store.write(OPERATOR, work)

    async def read(self, work: Callable[[ReadTx], T]) -> T:
        return await self.office.store.read(OPERATOR, work)

    async def set(self, **values: str | int | bool) -> None:
        """Settings of the list: `listModerate="all"`."""

        def work(tx: WriteTx) -> None:
            for name, value in values.items():
                tx.put_setting(name, value, self.of)

        await self.write(work)

    async def rules(self) -> Rules:
        return await self.read(lambda tx: rules_of(tx, self.of))

    async def put(self, *addresses: str, **values: object) -> None:
        """Put people on the list."""

        def work(tx: WriteTx) -> None:
            for each in addresses:
                tx.put_subscriber(self.of, replace(Subscriber(each), **values))  # type: ignore[arg-type]

        await self.write(work)

    async def subscribers(self) -> Mapping[str, Subscriber]:
        return {each.address: each for each in await self.read(lambda tx: tx.subscribers(self.of))}

    # --- what happens

    async def post(
        self, author: str, to: str = LIST, *, subject: str = "hello", octets: bytes = b"", signed_in: bool = True,
        sender: str | None = None, more: str = "", body: str = "Hello.\r\n",
    ) -> Outcome:  # fmt: skip
        """Somebody writes a message; `signed_in`: to submit it here."""
        way = "ESMTPSA" if signed_in else "ESMTPS"
        head = (
            f"Received: from [192.0.2.1]\r\n\tby {self.office.config.host} with {way} id 1; 1 Jan 2026 00:00 +0000\r\n"
        )
        own = (
            f"From: {author}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{subject.replace(' ', '.')}@x>\r\n{more}"
        )
        octets = head.encode() + (octets or f"{own}\r\n{body}".encode())
        address = author.rpartition("<")[2].strip("<>") if sender is None else sender
        [outcome] = await self.office.accept(to, sender=address, octets=octets)
        return outcome

    async def run(self) -> int:
        """The worker does all it can."""
        return await run_due(self.desk)

    async def move(self, source: str, to: str) -> None:
        """A moderator moves all messages from one folder to another."""

        def work(tx: WriteTx) -> None:
            tx.move(tx.locate(self.of, source).id, EVERY, tx.locate(self.of, to).id)

        await self.write(work)

    # --- what is there

    async def queued(self) -> list[QueueEntry]:
        return list(await self.read(lambda tx: tx.queued()))

    async def clear(self) -> list[tuple[str, str, EmailMessage]]:
        """What is queued, as (sender, recipient, message); it is taken out of the queue."""
        found = []
        for entry in await self.queued():
            octets = await self.office.blobs.read(entry.envelope.blob)
            for each in entry.recipients:
                found.append((entry.envelope.sender, each.recipient.address, as_email(octets)))
            await self.write(lambda tx, number=entry.id: tx.drop_queued(number))  # type: ignore[misc]
        return found

    async def sent(self) -> dict[str, list[str]]:
        """The subjects that each address was sent, out of the queue."""
        found: dict[str, list[str]] = {}
        for _, to, message in await self.clear():
            found.setdefault(to, []).append(str(message["Subject"]))
        return found

    async def subjects(self, folder: str) -> list[str]:
        """The subjects of what lies in one of the list's folders."""
        return [str(as_email(each)["Subject"]) for each in await self.octets(folder)]

    async def octets(self, folder: str) -> list[bytes]:
        def work(tx: ReadTx) -> list[str]:
            at = tx.role(self.of, Role.INBOX) if folder == "INBOX" else tx.locate(self.of, folder)
            return [str(item.blob) for item in tx.items(at.id, EVERY)]

        return [await self.office.blobs.read(each) for each in await self.read(work)]  # type: ignore[arg-type]


def as_email(octets: bytes) -> EmailMessage:
    """The octets as Python's email package sees them."""
    found = message_from_bytes(octets, policy=policy.SMTPUTF8)
    assert isinstance(found, EmailMessage)
    return found


@asynccontextmanager
async def list_stand(place: Place) -> AsyncIterator[Stand]:
    """The list, with nobody on it."""
    async with post_office(place) as office:

        def work(tx: WriteTx) -> AccountId:
            of = tx.put_account(NewAccount(LIST, PrincipalKind.LIST, "News")).id
            tx.put_setting("listOwners", OWNER, of)
            return of

        yield Stand(office, FakeClock(), await office.store.write(OPERATOR, work))
