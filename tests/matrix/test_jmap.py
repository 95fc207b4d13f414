"""The rights matrix over JMAP: every right by itself, what it lets one do, and what not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Mount

from groupware.model.rights import Right
from tests.matrix.grantees import ALICE, BOB, WAYS, sharing
from tests.matrix.trial import held_in, try_all, work_cleared, work_made
from tests.support.jmapstand import Client, Stand, jmap_stand, letter
from web.webmail.app import webmail


class Scene:
    """Alice's mailbox `Work` with an email and two mailboxes below; what Bob knows of it."""

    def __init__(self, stand: Stand, bob: Client, account: str) -> None:
        self.stand, self.bob, self.account = stand, bob, account
        self.work = self.doomed = self.email = self.inbox = self.own = ""
        self.there = False

    async def made(self) -> None:
        self.email = await self.stand.put("alice", letter("shared"), "Work")
        at, doomed = await work_made(self.stand.house)
        self.work, self.doomed = f"F{at}", f"F{doomed}"
        self.there = True

    async def cleared(self) -> None:
        await work_cleared(self.stand.house)
        self.there = False

    async def call(self, method: str, **given: Any) -> dict[str, Any]:
        """The answer, empty for an error."""
        [[name, found]] = await self.bob.calls((method, {"accountId": self.account, **given}))
        return dict(found) if name != "error" else {}

    async def updated(self, kind: str, name: str, patch: dict[str, Any]) -> bool:
        return name in ((await self.call(f"{kind}/set", update={name: patch})).get("updated") or {})

    async def destroyed(self, kind: str, name: str) -> bool:
        return name in ((await self.call(f"{kind}/set", destroy=[name])).get("destroyed") or [])

    async def created(self, kind: str, given: dict[str, Any]) -> bool:
        return "k" in ((await self.call(f"{kind}/set", create={"k": given})).get("created") or {})

    async def listed(self, kind: str, name: str) -> bool:
        return any(each["id"] == name for each in (await self.call(f"{kind}/get", ids=[name])).get("list", ()))

    async def found(self) -> bool:
        return self.email in (await self.call("Email/query", filter={"inMailbox": self.work})).get("ids", ())

    async def downloaded(self) -> bool:
        place = f"/jmap/download/{self.account}/{self.email.replace('M', 'G')}/x"
        return (await self.bob.get(place)).status_code == 200

    async def paged(self) -> bool:
        """As the webmail shows it."""
        if not self.stand.http.cookies:
            await self.stand.browse("bob")
        place = f"/mail/body/{self.account}/{self.email.replace('M', 'G')}"
        return (await self.stand.http.get(place)).status_code == 200

    async def copied(self) -> bool:
        create = {"k": {"id": self.email, "mailboxIds": {self.inbox: True}}}
        asked = {"fromAccountId": self.account, "accountId": self.own, "create": create}
        [[name, got]] = await self.bob.calls(("Email/copy", asked))
        return name != "error" and "k" in (got["created"] or {})

    async def imported(self) -> bool:
        [[name, got]] = await self.bob.calls(
            (
                "Blob/upload",
                {"accountId": self.account, "create": {"b": {"data": [{"data:asText": "Subject: x\r\n\r\nx"}]}}},
            )
        )
        if name == "error" or not got["created"]:
            return False
        given = {"blobId": got["created"]["b"]["id"], "mailboxIds": {self.work: True}}
        return "k" in ((await self.call("Email/import", emails={"k": given})).get("created") or {})


Do = Callable[[Scene], Awaitable[bool]]
ACTIONS: dict[str, tuple[str, Do]] = {
    "Mailbox/get": ("l", lambda s: s.listed("Mailbox", s.work)),
    "Email/get": ("lr", lambda s: s.listed("Email", s.email)),
    "Email/query": ("lr", lambda s: s.found()),
    "download": ("lr", lambda s: s.downloaded()),
    "body as a page": ("lr", lambda s: s.paged()),
    "$seen": ("lrs", lambda s: s.updated("Email", s.email, {"keywords/$seen": True})),
    "$flagged": ("lrw", lambda s: s.updated("Email", s.email, {"keywords/$flagged": True})),
    "keyword": ("lrw", lambda s: s.updated("Email", s.email, {"keywords/word": True})),
    "Email/set create": (
        "li",
        lambda s: s.created("Email", {"mailboxIds": {s.work: True}, "subject": "new"}),
    ),
    "Email/import": ("li", lambda s: s.imported()),
    "Email/copy": ("lr", lambda s: s.copied()),
    "Email/set move": ("lrtei", lambda s: s.updated("Email", s.email, {"mailboxIds": {s.doomed: True}})),
    "Email/set destroy": ("lrte", lambda s: s.destroyed("Email", s.email)),
    "Mailbox/set create": ("lk", lambda s: s.created("Mailbox", {"name": "New", "parentId": s.work})),
    "Mailbox/set destroy": ("lx", lambda s: s.destroyed("Mailbox", s.doomed)),
    "Mailbox/set rename": ("lxk", lambda s: s.updated("Mailbox", s.doomed, {"name": "Young"})),
    "subscribe": ("l", lambda s: s.updated("Mailbox", s.work, {"isSubscribed": True})),
}
"""What is done, and the rights that it takes: those of IMAP's table (`table.py`), where IMAP has the same."""
READING = (
    "Mailbox/get", "Email/get", "Email/query", "download", "body as a page", "Email/copy", "subscribe",
)  # fmt: skip
"""What leaves everything there as it is."""


@pytest.mark.parametrize("how", WAYS)
async def test_each_method_takes_the_rights_that_the_store_asks_for(tmp_path: Path, how: str) -> None:
    async with jmap_stand(tmp_path, lambda parts: [Mount("/mail", webmail(parts, {}))]) as stand:
        await stand.house.write(lambda tx: tx.add_folder(tx.account(ALICE).id, "Work"))
        shared = await sharing(stand.house, how, "Work")
        await shared.give(Right.LOOKUP)
        bob = stand.client("bob")
        scene = Scene(stand, bob, await bob.account("alice"))
        scene.own = await bob.account()
        scene.inbox = (await bob.call("Mailbox/query", filter={"role": "inbox"}))["ids"][0]
        await try_all(scene, shared, held_in(how, ACTIONS), ACTIONS, READING)


async def test_what_is_hidden_is_answered_as_what_is_absent(tmp_path: Path) -> None:
    async with jmap_stand(tmp_path) as stand:
        await stand.house.write(lambda tx: tx.add_folder(tx.account(ALICE).id, "Work"))
        await stand.share("alice", "INBOX", BOB, "l")
        bob = stand.client("bob")
        scene = Scene(stand, bob, await bob.account("alice"))
        await scene.made()
        for method, given in (
            ("Mailbox/get", {"ids": ["{}"]}),
            ("Mailbox/set", {"update": {"{}": {"name": "x"}}}),
            ("Mailbox/set", {"destroy": ["{}"]}),
            ("Mailbox/set", {"create": {"k": {"name": "x", "parentId": "{}"}}}),
            ("Email/set", {"create": {"k": {"mailboxIds": {"{}": True}}}}),
        ):
            hidden, absent = [
                await bob.calls((method, _named({"accountId": scene.account, **given}, name)))
                for name in (scene.work, "F999999")
            ]
            assert str(hidden).replace(scene.work, "F999999") == str(absent)
        for given in ({"destroy": ["{}"]}, {"update": {"{}": {"keywords/$seen": True}}}):
            hidden, absent = [
                await bob.calls(("Email/set", _named({"accountId": scene.account, **given}, name)))
                for name in (scene.email, "M999999")
            ]
            assert str(hidden).replace(scene.email, "M999999") == str(absent)


def _named(given: Any, name: str) -> Any:
    """The arguments with the name put in."""
    if isinstance(given, dict):
        return {_named(key, name): _named(value, name) for key, value in given.items()}
    if isinstance(given, list):
        return [_named(each, name) for each in given]
    return name if given == "{}" else given
