"""Delivery through scripts: a server with people who have some, and a client that sends to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

from groupware.model.event import QueueEntry
from groupware.store.api import ReadTx, WriteTx
from tests.support.house import House, house
from tests.support.smtpstand import Stand, Talker, stand, talker

ALICE, BOB, CAROL = "alice@example.test", "bob@example.test", "carol@example.test"
SENDER = "ann@far.test"
MESSAGE = (
    b"From: Ann Lee <ann@far.test>\r\nTo: alice@example.test\r\nSubject: Hello\r\nMessage-ID: <one@far.test>\r\n"
    b"References: <zero@far.test>\r\nDate: Thu, 26 Nov 2026 10:30:00 +0100\r\n\r\nA text.\r\n"
)


@dataclass
class Desk:
    """A server with people who have scripts, and a client that sends to it."""

    here: House
    there: Stand
    caller: Talker

    async def script(self, text: str, of: str = ALICE, name: str = "main") -> None:
        """Make it somebody's active script."""

        def work(tx: WriteTx) -> None:
            account = tx.account(of).id
            tx.put_script(name, text.encode(), account)
            tx.activate_script(name, account)

        await self.here.write(work)

    async def send(self, *to: str, octets: bytes = MESSAGE, sender: str = SENDER) -> str:
        """Send it; the last reply."""
        return await self.caller.deliver(sender, to or (ALICE,), octets)

    async def folders(self, of: str = ALICE) -> dict[str, int]:
        """How many messages are in the folders that are not empty."""

        def work(tx: ReadTx) -> dict[str, int]:
            account = tx.account(of).id
            root = tx.locate(account, "").path
            return {
                each.path.removeprefix(root).strip("/"): each.total for each in tx.folders(of=account) if each.total
            }

        return await self.here.read(work)

    async def letters(self, path: str = "INBOX", of: str = "alice") -> list[EmailMessage]:
        """The messages in a folder."""
        return [read(each) for each in await self.here.bodies(of, path)]

    async def queued(self) -> list[tuple[QueueEntry, EmailMessage]]:
        """What waits to go out."""
        return [(each, read(await self.here.blobs.read(each.envelope.blob))) for each in await self.here.queued()]

    async def said(self, reply: str) -> list[str]:
        """What filters did, as the trace of a message tells it."""
        rows = await self.here.trace(reply.rpartition(" ")[2])
        return [str(row.event.facts["did"]) for row in rows if row.event.name == "filtered"]

    async def make(self, path: str, of: str = ALICE) -> None:
        """A folder."""
        await self.here.write(lambda tx: tx.add_folder(tx.account(of).id, path))


def read(octets: bytes) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(octets, policy=policy.default))


@asynccontextmanager
async def desk(folder: Path, role: str = "mx", hello: str = "EHLO client.test") -> AsyncIterator[Desk]:
    async with (
        house(folder) as here,
        stand(folder, role, real=here.parts) as there,
        talker(there.port, hello) as caller,
    ):
        yield Desk(here, there, caller)


def envelope_of(entry: QueueEntry) -> tuple[str, Sequence[str]]:
    return entry.envelope.sender, [each.address for each in entry.envelope.recipients]
