"""The rights matrix over JMAP for what is no mail: every right by itself, what it lets one do, and what not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from groupware.contacts.card import read_item
from groupware.model.ids import EVERY
from groupware.model.item import Kind
from groupware.model.rights import STANDARD, Right, letters, parse_rights
from groupware.store.api import WriteTx
from tests.matrix.test_jmap import ALICE, _deny, _grantee
from tests.support.jmapstand import Client, Stand, jmap_stand
from web.jmap.ids import principal_id

OTHERS = principal_id("domain:example.test")
CARD = b"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:%s\r\nFN:Ann\r\nEND:VCARD\r\n"


class Scene:
    """Alice's address book `Friends` with a contact; what Bob knows of it."""

    def __init__(self, stand: Stand, bob: Client, account: str) -> None:
        self.stand, self.bob, self.account = stand, bob, account
        self.book = self.card = self.own = self.own_book = ""

    async def made(self) -> None:
        """Everything anew."""
        _, new = await read_item(CARD % b"u1", self.stand.house.blobs, "u1.vcf")

        def work(tx: WriteTx) -> tuple[int, int]:
            at = tx.locate(tx.account(ALICE).id, "Friends")
            tx.expunge(at.id, EVERY, deleted_only=False)
            return at.id, tx.append(at.id, [new])[0].id

        at, card = await self.stand.house.write(work)
        self.book, self.card = f"F{at}", f"C{card}"

    async def call(self, method: str, **given: Any) -> dict[str, Any]:
        """The answer, empty for an error."""
        [[name, found]] = await self.bob.calls((method, {"accountId": self.account, **given}))
        return dict(found) if name != "error" else {}

    async def listed(self, kind: str, name: str) -> bool:
        return any(each["id"] == name for each in (await self.call(f"{kind}/get", ids=[name])).get("list", ()))

    async def found(self) -> bool:
        return self.card in (await self.call("ContactCard/query", filter={"text": "ann"})).get("ids", ())

    async def created(self) -> bool:
        given = {"addressBookIds": {self.book: True}, "name": {"full": "B"}}
        return "k" in ((await self.call("ContactCard/set", create={"k": given})).get("created") or {})

    async def updated(self, kind: str, name: str, patch: dict[str, Any]) -> bool:
        return name in ((await self.call(f"{kind}/set", update={name: patch})).get("updated") or {})

    async def destroyed(self) -> bool:
        return self.card in ((await self.call("ContactCard/set", destroy=[self.card])).get("destroyed") or [])

    async def copied(self) -> bool:
        create = {"k": {"id": self.card, "addressBookIds": {self.own_book: True}}}
        asked = {"fromAccountId": self.account, "accountId": self.own, "create": create}
        [[name, got]] = await self.bob.calls(("ContactCard/copy", asked))
        done = name != "error" and "k" in (got["created"] or {})
        if done:
            await self.bob.call("ContactCard/set", destroy=[got["created"]["k"]["id"]])
        return done


Do = Callable[[Scene], Awaitable[bool]]
ACTIONS: dict[str, tuple[str, Do]] = {
    "AddressBook/get": ("l", lambda s: s.listed("AddressBook", s.book)),
    "ContactCard/get": ("lr", lambda s: s.listed("ContactCard", s.card)),
    "ContactCard/query": ("lr", lambda s: s.found()),
    "ContactCard/copy": ("lr", lambda s: s.copied()),
    "ContactCard/set create": ("li", lambda s: s.created()),
    "ContactCard/set update": ("lrite", lambda s: s.updated("ContactCard", s.card, {"name/full": "C"})),
    "ContactCard/set destroy": ("lrte", lambda s: s.destroyed()),
    "shareWith": ("la", lambda s: s.updated("AddressBook", s.book, {f"shareWith/{OTHERS}": None})),
}
HELD = [
    Right.NONE,
    *STANDARD,
    *(Right.LOOKUP | each for each in STANDARD),
    *(parse_rights(needs) for needs, _ in ACTIONS.values()),
    STANDARD,
    *(STANDARD & ~each for each in STANDARD),
]


@pytest.mark.parametrize("how", ["account", "group", "everyone", "denied above"])
async def test_each_method_of_contacts_takes_the_rights_that_the_store_asks_for(tmp_path: Path, how: str) -> None:
    async with jmap_stand(tmp_path) as stand:
        grantee = await _grantee(stand, how)
        await stand.house.write(lambda tx: tx.add_folder(tx.account(ALICE).id, "Friends", Kind.CONTACTS))
        await stand.share("alice", "Friends", grantee, "l")
        bob = stand.client("bob")
        scene = Scene(stand, bob, await bob.account("alice"))
        scene.own = await bob.account()
        scene.own_book = (await bob.call("AddressBook/get"))["list"][0]["id"]
        for held in dict.fromkeys(HELD):
            allowed = held & ~Right.READ if how == "denied above" else held
            for name, (needs, do) in ACTIONS.items():
                await scene.made()
                await stand.share("alice", "Friends", grantee, letters(held))
                if how == "denied above":
                    await _deny(stand, grantee, Right.READ)
                got = await do(scene)
                assert got is (parse_rights(needs) in allowed), (how, letters(held), name)


async def test_an_address_book_that_is_hidden_is_answered_as_one_that_is_absent(tmp_path: Path) -> None:
    async with jmap_stand(tmp_path) as stand:
        await stand.house.write(lambda tx: tx.add_folder(tx.account(ALICE).id, "Friends", Kind.CONTACTS))
        await stand.share("alice", "INBOX", "bob@example.test", "l")
        bob = stand.client("bob")
        scene = Scene(stand, bob, await bob.account("alice"))
        await scene.made()
        for method, given, name, other in (
            ("AddressBook/get", {"ids": ["{}"]}, scene.book, "F999999"),
            ("AddressBook/set", {"update": {"{}": {"name": "x"}}}, scene.book, "F999999"),
            ("AddressBook/set", {"destroy": ["{}"]}, scene.book, "F999999"),
            ("ContactCard/set", {"create": {"k": {"addressBookIds": {"{}": True}}}}, scene.book, "F999999"),
            ("ContactCard/get", {"ids": ["{}"]}, scene.card, "C999999"),
            ("ContactCard/set", {"destroy": ["{}"]}, scene.card, "C999999"),
            ("ContactCard/set", {"update": {"{}": {"name/full": "x"}}}, scene.card, "C999999"),
        ):
            hidden, absent = [
                await bob.calls((method, {"accountId": scene.account, **_named(given, each)})) for each in (name, other)
            ]
            assert str(hidden).replace(name, other) == str(absent)


def _named(given: Any, name: str) -> Any:
    if isinstance(given, dict):
        return {_named(key, name): _named(value, name) for key, value in given.items()}
    if isinstance(given, list):
        return [_named(each, name) for each in given]
    return name if given == "{}" else given
