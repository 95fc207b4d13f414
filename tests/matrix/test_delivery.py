"""Mail to a folder's sub-address, and `deliver`, with and without the right to post."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from groupware.mime.item import read_item
from groupware.model.errors import NoRight, NotFound
from groupware.model.event import Target
from groupware.model.ids import FolderId
from groupware.model.principal import DELIVERY, OPERATOR
from groupware.model.rights import STANDARD, Right, decide, parse_rights
from groupware.store.api import WriteTx
from tests.support.house import House, house
from tests.support.smtpstand import stand, talker

ALICE, BOB = "alice@example.test", "bob@example.test"
MESSAGE = b"From: x@far.test\r\nSubject: hi\r\n\r\nhello\r\n"
HELD = [Right.NONE, STANDARD, *STANDARD, *(Right.LOOKUP | right for right in STANDARD)]


async def folder(here: House, grantee: str, allow: Right, deny: Right = Right.NONE) -> FolderId:
    """Alice's folder Lists, with one grant on it."""

    def work(tx: WriteTx) -> FolderId:
        root = tx.account(ALICE).id
        at = next((each.id for each in tx.folders(of=root) if each.path.endswith("Lists")), None)
        at = at or tx.add_folder(root, "Lists").id
        tx.grant(at, grantee, allow, deny)
        return at

    return await here.write(work)


@pytest.mark.parametrize(("allow", "deny"), [("p", ""), ("", "p"), ("lrs", "p"), ("", "")])
@pytest.mark.parametrize("grantee", [BOB, "everyone", "anyone"])
async def test_mail_from_outside_comes_with_the_right_to_post(
    tmp_path: Path, grantee: str, allow: str, deny: str
) -> None:
    """Delivery holds POST on every folder by itself, and no grant can name it: what others hold says nothing."""
    rights = decide([], datetime.now(UTC)) | DELIVERY.floor
    async with house(tmp_path) as here, stand(tmp_path, "lmtp", real=here.parts) as there:
        await folder(here, grantee, parse_rights(allow), parse_rights(deny))
        async with talker(there.port, "LHLO client.test") as caller:
            await caller.envelope("x@far.test", "alice+Lists@example.test")
            await caller.ask("DATA")
            caller.send(MESSAGE + b".\r\n")
            assert [each[:3] for each in await caller.replies(1)] == ["250"]
        arrived = "Lists" if Right.POST in rights else "INBOX"
        assert len(await here.items("alice", arrived)) == 1


async def test_whoever_delivers_needs_the_right_to_post(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        new = await read_item(MESSAGE, here.parts.blobs)
        for held in HELD:
            at = await folder(here, BOB, held)
            who = await here.parts.store.read(OPERATOR, lambda tx: tx.identity(tx.account(BOB).id))
            to = [Target("folder", folder=at)]
            (got,) = await here.parts.store.write(who, lambda tx, to=to: tx.deliver(to, new))  # type: ignore[misc]
            wanted = NotFound if Right.LOOKUP not in held else FolderId if Right.POST in held else NoRight
            assert got == at if wanted is FolderId else type(got) is wanted, held
