"""The matrix of lenses in ActiveSync: what each right tells a device of a calendar is what CalDAV tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.activesync.pim import busy
from groupware.calendar.blocks import Periods
from groupware.model.ids import FolderId
from groupware.model.rights import letters
from tests.matrix.test_lens import BOB, DAY, HELD, HIDDEN, OPEN, WORDS, told
from tests.protocol.activesync.test_calendar import add
from tests.protocol.activesync.test_sync_mail import changed
from tests.support.davstand import event
from tests.support.eas.stand import Phone
from tests.support.sharestand import CALENDAR, Stand, filled_stand, lend

NO_MEETING = {"x@else.test"}
"""Of an event that nobody organizes a device is told no people."""


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[Stand]:
    async with filled_stand(tmp_path, open=OPEN, private=HIDDEN) as stand:
        await lend(stand, "l")
        yield stand


async def anew(phone: Phone, at: FolderId | str) -> set[str] | None:
    """The words of all events, which the device asks for from the beginning; None: it is told of no such folder."""
    phone.keys.clear()
    phone.there.clear()
    phone.folders.clear()
    await phone.folder_sync()
    if str(at) not in phone.folders:
        assert (await phone.sync(str(at))).get("Status") == "12"
        return None
    text = repr(await phone.all_of(str(at)))
    return {word for word in WORDS if word in text}


async def test_each_right_tells_a_device_what_it_tells_in_caldav(filled: Stand) -> None:
    phone = filled.phone("bob")
    for held in dict.fromkeys(HELD):
        at = await filled.share("alice", "Calendar", BOB, letters(held))
        wanted = told(held)
        assert await anew(phone, at) == (None if wanted is None else wanted - NO_MEETING), letters(held)


async def test_a_device_that_knows_busy_times_is_told_what_differs(filled: Stand) -> None:
    phone, alice = filled.phone("bob"), filled.dav("alice")
    at = str(await filled.share("alice", "Calendar", BOB, "l9"))
    await phone.folder_sync()
    there = dict(await phone.all_of(at, window=1))
    assert len(there) == 3
    assert {(each.get("Subject"), each.get("BusyStatus")) for each in there.values()} == {("Busy", "2")}
    assert f"{DAY:%Y%m%d}T120000Z" in {each.get("StartTime") for each in there.values()}
    key = phone.keys[at]
    assert (await phone.sync(at)).get("SyncKey") in (None, key)
    later = DAY + timedelta(days=9)
    assert (await alice.put(CALENDAR + "new.ics", event("new", f"{later:%Y%m%d}T100000Z"))).status == 201
    assert (await alice.ask("DELETE", CALENDAR + "private.ics")).status == 204
    said = await phone.sync(at)
    assert (len(said.every("Commands/Add")), len(said.every("Commands/Delete"))) == (1, 1)
    assert len(there.keys() & phone.there[at].keys()) == 2
    estimate = await phone.ask(
        "GetItemEstimate",
        (
            "GetItemEstimate:GetItemEstimate",
            (
                "GetItemEstimate:Collections",
                (
                    "GetItemEstimate:Collection",
                    ("AirSync:SyncKey", key),
                    ("GetItemEstimate:CollectionId", at),
                ),
            ),
        ),
    )
    assert estimate.get("Response/Collection/Estimate") == "2"


async def test_a_change_that_moves_no_busy_time_wakes_no_device(filled: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busy, "_PERIODS", Periods())  # what a process remembers is of one store
    phone, alice = filled.phone("bob"), filled.dav("alice")
    at = str(await filled.share("alice", "Calendar", BOB, "l9"))
    begins = f"{DAY + timedelta(days=9):%Y%m%d}T100000Z"
    assert (await alice.put(CALENDAR + "new.ics", event("new", begins))).status == 201
    await phone.folder_sync()
    await phone.all_of(at)
    assert (await alice.put(CALENDAR + "new.ics", event("new", begins, summary="Other"))).status == 204
    named = ("Ping:Folders", ("Ping:Folder", ("Ping:Id", at), ("Ping:Class", "Calendar")))
    asked = ("Ping:Ping", ("Ping:HeartbeatInterval", 60), named)
    waiting = asyncio.create_task(phone.ask("Ping", asked))
    assert await filled.waits(waiting)
    assert (await alice.ask("DELETE", CALENDAR + "new.ics")).status == 204
    said = await waiting
    assert (said.get("Status"), said.get("Folders/Folder")) == ("2", at)


@pytest.mark.parametrize("rights", ["l9", "l98", "l98switep"])
async def test_what_a_device_is_told_in_part_it_only_reads(filled: Stand, rights: str) -> None:
    phone = filled.phone("bob")
    at = str(await filled.share("alice", "Calendar", BOB, rights))
    await phone.folder_sync()
    there = dict(await phone.all_of(at))
    stored = await filled.house.bodies("alice", "Calendar")
    times = ("Calendar:StartTime", "20261201T090000Z"), ("Calendar:EndTime", "20261201T100000Z")
    said = await phone.sync(
        at,
        *(changed(each, ("Calendar:Subject", "x")) for each in there),
        ("AirSync:Delete", ("AirSync:ServerId", next(iter(there)))),
        add(*times),
    )
    answers = [*said.every("Responses/Change"), *said.every("Responses/Delete"), *said.every("Responses/Add")]
    assert len(answers) == len(there) + 2 and all(each.get("Status") != "1" for each in answers)
    assert await filled.house.bodies("alice", "Calendar") == stored
    assert {name: repr(each) for name, each in phone.there[at].items()} == {
        name: repr(each) for name, each in there.items()
    }


async def test_a_device_begins_again_when_it_is_told_more_or_less(filled: Stand) -> None:
    phone = filled.phone("bob")
    at = str(await filled.share("alice", "Calendar", BOB, "l9"))
    await phone.folder_sync()
    for rights in ("l98", "lr", "l9"):
        await phone.all_of(at)
        await filled.share("alice", "Calendar", BOB, rights)
        assert (await phone.sync(at)).get("Status") == "3", rights
        phone.keys.pop(at)
        phone.there.pop(at)
