"""Sync of mail: what comes, changes and goes, a window at a time, in the form that a device takes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from groupware.mime.item import Marks
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import Uid, ranges
from groupware.store.api import WriteTx
from tests.support.eas.stand import Phone, Stand
from tests.support.eas.wire import Node, read
from tests.support.jmapstand import letter

HTML = (
    b"From: Ann <ann@far.test>\r\nTo: alice@example.test\r\nSubject: =?utf-8?q?=C3=9Cber?=\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b"<p>Hello <b>there</b></p>\r\n--b\r\nContent-Type: text/plain; name=a.txt\r\n"
    b"Content-Disposition: attachment; filename=a.txt\r\n\r\nfile\r\n--b--\r\n"
)


def preference(kind: int, size: int | None = None, *more: tuple[str, str]) -> tuple[Any, ...]:
    cut = ("AirSyncBase:TruncationSize", size) if size is not None else None
    return ("AirSyncBase:BodyPreference", ("AirSyncBase:Type", kind), cut, *more)


async def flag(stand: Stand, uid: int, add: Flags, path: str = "INBOX") -> None:
    def work(tx: WriteTx) -> None:
        at = tx.locate(tx.account("alice@example.test").id, path)
        tx.update_flags(at.id, ranges([uid]), FlagChange(add=add))

    await stand.house.write(work)


async def expunge(stand: Stand, uid: int) -> None:
    def work(tx: WriteTx) -> None:
        at = tx.locate(tx.account("alice@example.test").id, "INBOX")
        tx.expunge(at.id, [(Uid(uid), Uid(uid))], deleted_only=False)

    await stand.house.write(work)


def subjects(found: dict[str, Node]) -> list[str]:
    return sorted(each.get("Subject") or "" for each in found.values())


async def test_a_first_sync_and_what_came_since(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    uid = await stand.put("alice", letter("one"))
    assert subjects(await alice.all_of(at)) == ["one"]
    await stand.put("alice", letter("two"))
    said = await alice.sync(at)
    assert [each.get("ApplicationData/Subject") for each in said.every("Commands/Add")] == ["two"]
    await flag(stand, uid, Flags.SEEN)
    said = await alice.sync(at)
    assert [each.get("ServerId") for each in said.every("Commands/Change")] == [f"{at}:{uid}"]
    assert alice.there[at][f"{at}:{uid}"].get("Read") == "1"
    await expunge(stand, uid)
    await alice.sync(at)
    assert subjects(alice.there[at]) == ["two"]
    got = await alice.sync_as_sent(at)
    assert got.status_code == 200 and not got.content


async def test_windows_of_a_folder_that_has_lost_most_of_its_mail_lose_nothing(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    there = {1, 2, 40, 57, 58, 59}
    for number in range(1, 61):
        await stand.put("alice", letter(f"m{number:02}"))
    for uid in {*range(1, 61)} - there:
        await expunge(stand, uid)
    await alice.sync(at)
    told = []
    for _ in range(3):
        said = await alice.sync(at, window=2)
        told += [each.get("ApplicationData/Subject") for each in said.every("Commands/Add")]
    assert told == [f"m{number:02}" for number in sorted(there, reverse=True)]
    assert said.find("MoreAvailable") is None


async def test_windows_bring_the_newest_first_and_lose_nothing(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    for number in range(7):
        await stand.put("alice", letter(f"m{number}"))
    await alice.sync(at)
    first = await alice.sync(at, window=3)
    assert [each.get("ApplicationData/Subject") for each in first.every("Commands/Add")] == ["m6", "m5", "m4"]
    assert first.find("MoreAvailable") is not None
    await stand.put("alice", letter("late"))
    await flag(stand, 7, Flags.SEEN)
    await flag(stand, 1, Flags.SEEN)
    await expunge(stand, 2)
    found = await alice.all_of(at, window=2)
    assert subjects(found) == ["late", "m0", "m2", "m3", "m4", "m5", "m6"]
    assert {found[f"{at}:{uid}"].get("Read") for uid in (1, 7)} == {"1"}


async def test_an_answer_that_is_lost_comes_again(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    await alice.all_of(at)
    before = alice.keys[at]
    await stand.put("alice", letter("one"))
    await alice.sync_as_sent(at)
    await stand.put("alice", letter("two"))
    assert alice.keys[at] == before
    await alice.sync(at)
    assert subjects(alice.there[at]) == ["one", "two"]
    assert (await alice.sync(at, key=before)).get("Status") == "1"
    alice.there[at] = {}
    for key in ("7-00000000", "x", "9" * 70):
        assert (await alice.sync(at, key=key)).get("Status") == "3"


async def test_two_requests_at_once_end_in_one_state(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    await alice.all_of(at)
    await stand.put("alice", letter("one"))
    answers = await asyncio.gather(*(alice.sync_as_sent(at) for _ in range(4)))
    assert all(each.status_code == 200 for each in answers)
    keys = [read(each.content).find("Collections/Collection") for each in answers if each.content]
    assert {each.get("Status") for each in keys if each is not None} <= {"1", "3"}
    alice.take(at, next(each for each in answers if each.content and b"one" in each.content))
    await stand.put("alice", letter("two"))
    for each in keys:
        if each is not None and each.get("Status") == "1":
            alice.keys[at] = each.get("SyncKey") or ""
            got = await alice.sync_as_sent(at)
            if read(got.content).get("Collections/Collection/Status") == "1":
                break
    assert b"two" in got.content


async def test_an_age_filter_takes_mail_out_and_lets_it_in(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    old = datetime.now(UTC) - timedelta(days=10)
    await stand.put("alice", letter("old"), marks=Marks(saved=old))
    await stand.put("alice", letter("new"))
    found = await alice.all_of(at, options=(("AirSync:FilterType", "3"),))
    assert subjects(found) == ["new"]
    assert subjects(await alice.all_of(at, options=(("AirSync:FilterType", "0"),))) == ["new", "old"]
    said = await alice.sync(at, options=(("AirSync:FilterType", "3"),))
    assert len(said.every("Commands/SoftDelete")) == 1 and subjects(alice.there[at]) == ["new"]
    await flag(stand, 1, Flags.SEEN)
    assert not (await alice.sync(at)).every("Commands/Change")


async def test_bodies_come_in_the_form_that_is_wanted(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    uid = await stand.put("alice", HTML)
    found = await alice.all_of(at, options=(preference(2),))
    one = found[f"{at}:{uid}"]
    assert (one.get("Subject"), one.get("Body/Type"), one.get("NativeBodyType")) == ("Über", "2", "2")
    assert "<b>there</b>" in (one.get("Body/Data") or "")
    assert one.get("Attachments/Attachment/DisplayName") == "a.txt"
    for options, kind, data in (
        ((preference(1),), "1", "Hello there"),
        ((preference(1, 5),), "1", "Hello"),
        ((("AirSync:MIMESupport", "2"), preference(4)), "4", HTML.decode()),
    ):
        fetch = ("AirSync:Fetch", ("AirSync:ServerId", f"{at}:{uid}"))
        said = await alice.sync(at, fetch, options=options)
        body = said.find("Responses/Fetch/ApplicationData/Body")
        assert body is not None and body.get("Type") == kind and (body.get("Data") or "").strip() == data.strip()
    assert body.get("EstimatedDataSize") == str(len(HTML))


async def test_truncation_is_said_and_never_splits_a_sign(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    kind = "Content-Type: text/plain; charset=utf-8"
    uid = await stand.put("alice", letter("x", "MIME-Version: 1.0", kind, body="äöü"))
    found = (await alice.all_of(at, options=(preference(1, 3),)))[f"{at}:{uid}"]
    assert (found.get("Body/Data"), found.get("Body/Truncated"), found.get("Body/EstimatedDataSize")) == ("ä", "1", "6")
    none = ("AirSyncBase:AllOrNone", "1")
    fetch = ("AirSync:Fetch", ("AirSync:ServerId", f"{at}:{uid}"))
    said = await alice.sync(at, fetch, options=(preference(1, 3, none),))
    assert said.get("Responses/Fetch/ApplicationData/Body/Data") is None
    said = await alice.sync(at, fetch, options=(preference(1, 3, ("AirSyncBase:Preview", "2")),))
    assert said.get("Responses/Fetch/ApplicationData/Body/Preview") == "äö"


def changed(server: str, *data: tuple[Any, ...]) -> tuple[Any, ...]:
    return ("AirSync:Change", ("AirSync:ServerId", server), ("AirSync:ApplicationData", *data))


async def test_a_device_reads_flags_and_files(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    uid = await stand.put("alice", letter("one"))
    await alice.all_of(at)
    server = f"{at}:{uid}"
    named = ("Email:Categories", ("Email:Category", "Blue one"))
    said = await alice.sync(
        at, changed(server, ("Email:Read", "1"), ("Email:Flag", ("Email:Status", "2")), named), key=alice.keys[at]
    )
    assert not said.every("Commands/Change") and not said.every("Responses/Change")
    [item] = await stand.house.items("alice")
    assert item.flags == Flags.SEEN | Flags.FLAGGED and item.keywords == {"Blue=20one"}
    await alice.sync(at, changed(server, ("Email:Read", "0"), ("Email:Flag",)))
    [item] = await stand.house.items("alice")
    assert item.flags == Flags.NONE and item.keywords == {"Blue=20one"}
    await alice.sync(at, changed(server, ("Email:Flag", ("Email:Status", "1"))))
    assert (await stand.house.items("alice"))[0].keywords == {"Blue=20one", "$Completed"}
    await flag(stand, uid, Flags.ANSWERED)
    said = await alice.sync(at)
    assert said.get("Commands/Change/ApplicationData/LastVerbExecuted") == "1"
    assert said.get("Commands/Change/ApplicationData/Flag/Status") == "1"


async def test_what_a_device_throws_away_is_in_the_trash_or_gone(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    await stand.put("alice", letter("one"))
    await stand.put("alice", letter("two"))
    await alice.all_of(at)
    said = await alice.sync(at, ("AirSync:Delete", ("AirSync:ServerId", f"{at}:1")))
    assert not said.every("Commands/Delete") and not said.every("Responses/Delete")
    assert len(await stand.house.items("alice", "Trash")) == 1
    tree = (
        "AirSync:Sync",
        (
            "AirSync:Collections",
            (
                "AirSync:Collection",
                ("AirSync:SyncKey", alice.keys[at]),
                ("AirSync:CollectionId", at),
                ("AirSync:DeletesAsMoves", "0"),
                ("AirSync:Commands", ("AirSync:Delete", ("AirSync:ServerId", f"{at}:2"))),
            ),
        ),
    )
    assert (await alice.ask("Sync", tree)).get("Collections/Collection/Status") == "1"
    assert not await stand.house.items("alice")
    assert len(await stand.house.items("alice", "Trash")) == 1


async def test_commands_that_cannot_be_are_answered_one_by_one(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    await alice.all_of(at)
    said = await alice.sync(
        at,
        changed(f"{at}:99", ("Email:Read", "1")),
        ("AirSync:Delete", ("AirSync:ServerId", f"{at}:98")),
        ("AirSync:Fetch", ("AirSync:ServerId", "nonsense")),
        ("AirSync:Add", ("AirSync:ClientId", "1"), ("AirSync:Class", "SMS"), ("AirSync:ApplicationData",)),
    )
    assert [each.get("Status") for each in said.every("Responses/Change")] == ["8"]
    assert [each.get("Status") for each in said.every("Responses/Delete")] == ["8"]
    assert [each.get("Status") for each in said.every("Responses/Fetch")] == ["8"]
    assert [each.get("Status") for each in said.every("Responses/Add")] == ["1"]


async def test_another_s_mail_is_only_read_where_the_rights_say_so(stand: Stand, alice: Phone) -> None:
    at = str(await stand.share("bob", "INBOX", "alice@example.test", "lr"))
    await stand.put("bob", letter("his"))
    assert subjects(await alice.all_of(at)) == ["his"]
    said = await alice.sync(at, changed(f"{at}:1", ("Email:Flag", ("Email:Status", "2"))))
    assert said.get("Responses/Change/Status") == "130"
    assert said.get("Commands/Change/ApplicationData/Flag/Status") is None and said.every("Commands/Change")
    said = await alice.sync(at, ("AirSync:Delete", ("AirSync:ServerId", f"{at}:1")))
    assert said.get("Responses/Delete/Status") == "130"
    assert said.get("Commands/Add/ApplicationData/Subject") == "his"
    await stand.share("bob", "INBOX", "alice@example.test", "")
    assert (await alice.sync(at)).get("Status") == "12"


async def test_a_request_that_waits_is_told_at_once(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    await alice.all_of(at)
    waiting = asyncio.create_task(alice.sync_as_sent(at, more=(("AirSync:HeartbeatInterval", "60"),)))
    assert await stand.waits(waiting)
    await stand.put("alice", letter("one"))
    alice.take(at, await asyncio.wait_for(waiting, 10))
    assert subjects(alice.there[at]) == ["one"]


async def test_bounds_of_waiting_and_short_requests(stand: Stand, alice: Phone) -> None:
    at = await alice.at("INBOX")
    assert (await alice.ask("Sync")).get("Status") == "13"
    await alice.all_of(at)
    for name, value, bound in (("HeartbeatInterval", 5, "60"), ("HeartbeatInterval", 9999, "3540"), ("Wait", 99, "59")):
        got = read((await alice.sync_as_sent(at, more=((f"AirSync:{name}", value),))).content)
        assert (got.get("Status"), got.get("Limit")) == ("14", bound)
    await stand.put("alice", letter("one"))
    alice.take(at, await alice.post("Sync"))
    assert subjects(alice.there[at]) == ["one"]
    await stand.put("alice", letter("two"))
    said = await alice.ask("Sync", ("AirSync:Sync", ("AirSync:Partial",)))
    assert said.get("Collections/Collection/Commands/Add/ApplicationData/Subject") == "two"


async def test_a_draft_is_made_changed_and_sent(stand: Stand, alice: Phone) -> None:
    at = await alice.at("Drafts")
    await alice.all_of(at)
    data = (
        ("Email:To", "bob@example.test"),
        ("Email:Subject", "Plan"),
        ("AirSyncBase:Body", ("AirSyncBase:Type", "1"), ("AirSyncBase:Data", "Hello")),
        (
            "AirSyncBase:Attachments",
            (
                "AirSyncBase:Add",
                ("AirSyncBase:ClientId", "f1"),
                ("AirSyncBase:DisplayName", "a.bin"),
                ("AirSyncBase:Content", b"\x00\x01"),
            ),
        ),
    )
    made = ("AirSync:Add", ("AirSync:ClientId", "1"), ("AirSync:ApplicationData", *data))
    before = alice.keys[at]
    said = await alice.sync(at, made)
    server = said.get("Responses/Add/ServerId") or ""
    assert said.get("Responses/Add/Status") == "1" and not said.every("Commands/Add")
    again = await alice.sync(at, made, key=before)
    assert again.get("Responses/Add/ServerId") == server
    assert len(await stand.house.items("alice", "Drafts")) == 1
    [octets] = await stand.house.bodies("alice", "Drafts")
    assert b"Subject: Plan" in octets and b"a.bin" in octets and b"AAE=" in octets
    alice.there[at][server] = Node("x:x")
    said = await alice.sync(at, changed(server, ("Email:Subject", "Other plan")))
    assert said.get("Status") == "1"
    [(server, found)] = alice.there[at].items()
    assert (found.get("Subject"), found.get("IsDraft")) == ("Other plan", "1")
    send = ("AirSync:Change", ("AirSync:ServerId", server), ("Email2:Send",), ("AirSync:ApplicationData",))
    await alice.sync(at, send)
    assert not await stand.house.items("alice", "Drafts")
    assert len(await stand.house.items("alice", "Sent")) == 1
    [octets] = await stand.house.bodies("bob")
    assert b"Subject: Other plan" in octets and b"a.bin" in octets
