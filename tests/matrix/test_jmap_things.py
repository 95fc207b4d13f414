"""The rights matrix over JMAP for what is no mail: every right by itself, what it lets one do, and what not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from groupware.calendar.item import read_item as read_event
from groupware.contacts.card import read_item as read_card
from groupware.model.ids import EVERY
from groupware.model.item import Kind, NewItem
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.matrix.grantees import ALICE, WAYS, sharing
from tests.matrix.trial import held_in, try_all
from tests.support.jmapstand import Client, Stand, jmap_stand
from web.jmap.ids import principal_id

OTHERS = principal_id("domain:example.test")


@dataclass(frozen=True)
class Sort:
    """One kind of folder, and what is in it."""

    kind: Kind
    folder: str
    thing: str
    container: str
    letter: str
    octets: bytes
    read: Callable[[bytes, Any, str], Awaitable[tuple[Any, NewItem]]]
    given: dict[str, Any]
    """A new one."""
    patch: dict[str, Any]
    sought: dict[str, Any]

    def in_folder(self, at: str) -> Any:
        """What says that something is there."""
        return at if self.container.endswith("Id") else {at: True}


VCARD = b"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:u1\r\nFN:Ann\r\nEND:VCARD\r\n"
EVENT = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u1\r\nDTSTAMP:20250101T000000Z\r\n"
    b"DTSTART:20250303T100000Z\r\nSUMMARY:Ann\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
SORTS = {
    "contacts": Sort(
        Kind.CONTACTS,
        "AddressBook",
        "ContactCard",
        "addressBookIds",
        "C",
        VCARD,
        read_card,
        {"name": {"full": "B"}},
        {"name/full": "C"},
        {"text": "ann"},
    ),
    "calendars": Sort(
        Kind.CALENDAR,
        "Calendar",
        "CalendarEvent",
        "calendarIds",
        "E",
        EVENT,
        read_event,
        {"start": "2025-03-03T10:00:00"},
        {"title": "C"},
        {"after": "2025-03-03T00:00:00", "before": "2025-03-04T00:00:00"},
    ),
    "tasks": Sort(
        Kind.TASKS,
        "TaskList",
        "Task",
        "taskListId",
        "K",
        EVENT.replace(b"VEVENT", b"VTODO"),
        read_event,
        {"title": "B"},
        {"title": "C"},
        {"text": "ann"},
    ),
    "notes": Sort(
        Kind.NOTES,
        "Notebook",
        "Note",
        "notebookId",
        "N",
        EVENT.replace(b"VEVENT", b"VJOURNAL"),
        read_event,
        {"title": "B"},
        {"title": "C"},
        {"text": "ann"},
    ),
}


class Scene:
    """Alice's folder `Friends` with one thing in it; what Bob knows of it."""

    def __init__(self, stand: Stand, sort: Sort, bob: Client, account: str) -> None:
        self.stand, self.sort, self.bob, self.account = stand, sort, bob, account
        self.folder = self.thing = self.own = self.own_folder = ""
        self.there = False

    async def made(self) -> None:
        _, new = await self.sort.read(self.sort.octets, self.stand.house.blobs, "u1.x")

        def work(tx: WriteTx) -> tuple[int, int]:
            at = tx.locate(tx.account(ALICE).id, "Friends")
            tx.expunge(at.id, EVERY, deleted_only=False)
            return at.id, tx.append(at.id, [new])[0].id

        at, thing = await self.stand.house.write(work)
        self.folder, self.thing = f"F{at}", f"{self.sort.letter}{thing}"
        self.there = True

    async def cleared(self) -> None:
        self.there = False

    async def call(self, method: str, **given: Any) -> dict[str, Any]:
        """The answer, empty for an error."""
        [[name, found]] = await self.bob.calls((method, {"accountId": self.account, **given}))
        return dict(found) if name != "error" else {}

    async def listed(self, kind: str, name: str) -> bool:
        return any(each["id"] == name for each in (await self.call(f"{kind}/get", ids=[name])).get("list", ()))

    async def found(self) -> bool:
        return self.thing in (await self.call(f"{self.sort.thing}/query", filter=self.sort.sought)).get("ids", ())

    async def created(self) -> bool:
        given = {self.sort.container: self.sort.in_folder(self.folder), **self.sort.given}
        return "k" in ((await self.call(f"{self.sort.thing}/set", create={"k": given})).get("created") or {})

    async def updated(self, kind: str, name: str, patch: dict[str, Any]) -> bool:
        return name in ((await self.call(f"{kind}/set", update={name: patch})).get("updated") or {})

    async def destroyed(self) -> bool:
        gone = await self.call(f"{self.sort.thing}/set", destroy=[self.thing])
        return self.thing in (gone.get("destroyed") or [])

    async def copied(self) -> bool:
        create = {"k": {"id": self.thing, self.sort.container: self.sort.in_folder(self.own_folder)}}
        asked = {"fromAccountId": self.account, "accountId": self.own, "create": create}
        [[name, got]] = await self.bob.calls((f"{self.sort.thing}/copy", asked))
        done = name != "error" and "k" in (got["created"] or {})
        if done:
            await self.bob.call(f"{self.sort.thing}/set", destroy=[got["created"]["k"]["id"]])
        return done


Do = Callable[[Scene], Awaitable[bool]]
ACTIONS: dict[str, tuple[str, Do]] = {
    "folder/get": ("l", lambda s: s.listed(s.sort.folder, s.folder)),
    "get": ("lr", lambda s: s.listed(s.sort.thing, s.thing)),
    "query": ("lr", lambda s: s.found()),
    "copy": ("lr", lambda s: s.copied()),
    "set create": ("li", lambda s: s.created()),
    "set update": ("lrite", lambda s: s.updated(s.sort.thing, s.thing, s.sort.patch)),
    "set destroy": ("lrte", lambda s: s.destroyed()),
    "shareWith": ("la", lambda s: s.updated(s.sort.folder, s.folder, {f"shareWith/{OTHERS}": None})),
}
READING = ("folder/get", "get", "query", "copy")
"""What leaves everything there as it is."""


@pytest.mark.parametrize("sort", SORTS.values(), ids=SORTS)
@pytest.mark.parametrize("how", WAYS)
async def test_each_method_takes_the_rights_that_the_store_asks_for(tmp_path: Path, how: str, sort: Sort) -> None:
    async with jmap_stand(tmp_path) as stand:
        await stand.house.write(lambda tx: tx.add_folder(tx.account(ALICE).id, "Friends", sort.kind))
        shared = await sharing(stand.house, how, "Friends")
        await shared.give(Right.LOOKUP)
        bob = stand.client("bob")
        scene = Scene(stand, sort, bob, await bob.account("alice"))
        scene.own = await bob.account()
        scene.own_folder = (await bob.call(f"{sort.folder}/get"))["list"][0]["id"]
        await try_all(scene, shared, held_in(how, ACTIONS), ACTIONS, READING)


@pytest.mark.parametrize("sort", SORTS.values(), ids=SORTS)
async def test_what_is_hidden_is_answered_as_what_is_absent(tmp_path: Path, sort: Sort) -> None:
    async with jmap_stand(tmp_path) as stand:
        await stand.house.write(lambda tx: tx.add_folder(tx.account(ALICE).id, "Friends", sort.kind))
        await stand.share("alice", "INBOX", "bob@example.test", "l")
        bob = stand.client("bob")
        scene = Scene(stand, sort, bob, await bob.account("alice"))
        await scene.made()
        folder, thing = (scene.folder, "F999999"), (scene.thing, f"{sort.letter}999999")
        new = {sort.container: sort.in_folder("{}"), **sort.given}
        for method, given, (name, other) in (
            (f"{sort.folder}/get", {"ids": ["{}"]}, folder),
            (f"{sort.folder}/set", {"update": {"{}": {"name": "x"}}}, folder),
            (f"{sort.folder}/set", {"destroy": ["{}"]}, folder),
            (f"{sort.thing}/set", {"create": {"k": new}}, folder),
            (f"{sort.thing}/get", {"ids": ["{}"]}, thing),
            (f"{sort.thing}/set", {"destroy": ["{}"]}, thing),
            (f"{sort.thing}/set", {"update": {"{}": sort.patch}}, thing),
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
