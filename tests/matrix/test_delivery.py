"""Mail to a folder's sub-address, and `deliver`, with and without the right to post."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupware.mime.item import read_item
from groupware.model.errors import NoRight, NotFound
from groupware.model.event import Landing, Target
from groupware.model.ids import FolderId
from groupware.model.principal import OPERATOR
from groupware.model.rights import STANDARD, Right, parse_rights
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
async def test_mail_from_outside_comes_into_a_folder_unless_anyone_is_denied_to_post(
    tmp_path: Path, grantee: str, allow: str, deny: str
) -> None:
    """Delivery holds POST on every folder by itself; of the grants, only those to `anyone` name it."""
    closed = grantee == "anyone" and deny == "p"
    async with house(tmp_path) as here, stand(tmp_path, "lmtp", real=here.parts) as there:
        await folder(here, grantee, parse_rights(allow), parse_rights(deny))
        assert await said(there.port, "alice+Lists@example.test") == "250"
        assert len(await here.items("alice", "INBOX" if closed else "Lists")) == 1


async def test_a_whole_tree_is_closed_to_mail_at_its_root_but_for_the_inbox(tmp_path: Path) -> None:
    async with house(tmp_path) as here, stand(tmp_path, "lmtp", real=here.parts) as there:
        await folder(here, BOB, Right.POST)
        await here.write(lambda tx: tx.grant(root_of(tx), "anyone", Right.NONE, Right.POST))
        assert await said(there.port, "alice+Lists@example.test") == "250"
        assert len(await here.items("alice", "INBOX")) == 1


def root_of(tx: WriteTx) -> FolderId:
    root = tx.account(ALICE).root
    assert root is not None
    return root


async def said(port: int, recipient: str) -> str:
    """The code that one message to the recipient is answered with."""
    async with talker(port, "LHLO client.test") as caller:
        await caller.envelope("x@far.test", recipient)
        await caller.ask("DATA")
        caller.send(MESSAGE + b".\r\n")
        (reply,) = await caller.replies(1)
        return reply[:3]


async def test_whoever_delivers_needs_the_right_to_post(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        new = await read_item(MESSAGE, here.parts.blobs)
        for held in HELD:
            at = await folder(here, BOB, held)
            who = await here.parts.store.read(OPERATOR, lambda tx: tx.identity(tx.account(BOB).id))
            to = [Target("folder", folder=at)]
            (got,) = await here.parts.store.write(who, lambda tx, to=to: tx.deliver(to, new))  # type: ignore[misc]
            wanted = NotFound if Right.LOOKUP not in held else Landing if Right.POST in held else NoRight
            assert type(got) is wanted, held
