"""Alarms in somebody else's calendar over JMAP: each person's own, the same that other protocols show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from connectors.ews.ids import folder_id
from groupware.model.annotation import ALARMS
from groupware.store.api import WriteTx
from tests.protocol.dav.test_alarms import alarm, seen, triggers
from tests.support.davstand import event
from tests.support.jmapstand import Client
from tests.support.sharestand import CALENDAR, Stand, share_stand

A = CALENDAR + "a.ics"
BOB = "bob@example.test"
ALERT = {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "-PT5M"}, "action": "display"}


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with share_stand(tmp_path) as made:
        assert (await made.dav("alice").put(A, event("1", "20261201T100000Z", *alarm(90)))).status == 201
        yield made


@pytest.fixture
def bob(stand: Stand) -> Client:
    return stand.jmap("bob")


async def theirs(client: Client) -> tuple[str, str, dict[str, Any]]:
    """Alice's account as somebody else sees it, the id of the event there, and what is told of it."""
    account = await client.account("alice")
    [found] = (await client.call("CalendarEvent/get", accountId=account))["list"]
    return account, found["id"], found


async def changed(client: Client, **patch: Any) -> dict[str, Any]:
    account, name, _ = await theirs(client)
    return await client.call("CalendarEvent/set", accountId=account, update={name: patch})


def offsets(found: dict[str, Any]) -> list[str]:
    return [each["trigger"]["offset"] for each in found.get("alerts", {}).values()]


@pytest.mark.parametrize("rights", ["lrs", "lrswite"])
async def test_everybody_sees_and_sets_their_own(stand: Stand, bob: Client, rights: str) -> None:
    at = str(await stand.share("alice", "Calendar", BOB, rights))
    account, name, found = await theirs(bob)
    assert offsets(found) == []
    before = (await stand.dav("alice").ask("GET", A)).body
    assert name in (await changed(bob, alerts={"k": ALERT}))["updated"]
    assert offsets((await theirs(bob))[2]) == ["-PT5M"]
    assert (await stand.dav("alice").ask("GET", A)).body == before
    assert await seen(stand.dav("bob"), A) == ["-PT5M"]
    phone = stand.phone("bob")
    await phone.folder_sync()
    [shown] = (await phone.all_of(at, options=(("AirSync:FilterType", 0),))).values()
    assert shown.get("Reminder") == "5"
    await bob.call("CalendarEvent/set", accountId=account, update={name: {"alerts": None}})
    assert await seen(stand.dav("bob"), A) == []


async def test_an_editor_s_change_leaves_the_owner_s_alarms(stand: Stand, bob: Client) -> None:
    await stand.share("alice", "Calendar", BOB, "lrswite")
    await changed(bob, title="Moved", alerts={"k": ALERT})
    got = await stand.dav("alice").ask("GET", A)
    assert triggers(got) == ["-PT90M"]
    assert b"SUMMARY:Moved" in got.body
    assert await seen(stand.dav("bob"), A) == ["-PT5M"]
    await changed(bob, title="Again")
    assert offsets((await theirs(bob))[2]) == ["-PT5M"]
    assert await seen(stand.dav("alice"), A) == ["-PT90M"]


async def test_who_may_only_read_changes_nothing_else(stand: Stand, bob: Client) -> None:
    await stand.share("alice", "Calendar", BOB, "lrs")
    _, name, _ = await theirs(bob)
    said = await changed(bob, title="Mine", alerts={"k": ALERT})
    assert said["notUpdated"][name]["type"] == "forbidden"
    assert await seen(stand.dav("bob"), A) == []


async def test_what_an_editor_puts_in_reminds_nobody_else(stand: Stand, bob: Client) -> None:
    at = await stand.share("alice", "Calendar", BOB, "lrswite")
    account = await bob.account("alice")
    given = {"calendarIds": {f"F{at}": True}, "start": "2026-12-02T10:00:00", "uid": "2", "alerts": {"k": ALERT}}
    made = (await bob.call("CalendarEvent/set", accountId=account, create={"k": given}))["created"]["k"]["id"]
    [mine] = (await bob.call("CalendarEvent/get", accountId=account, ids=[made]))["list"]
    [hers] = (await stand.jmap("alice").call("CalendarEvent/get", ids=[made]))["list"]
    assert (offsets(mine), offsets(hers)) == (["-PT5M"], [])
    file = await bob.upload(event("3", "20261203T100000Z", *alarm(7)).encode(), "text/calendar", account)
    took = {"accountId": account, "calendarId": f"F{at}", "blobId": file["blobId"]}
    assert (await bob.call("CalendarEvent/import", **took))["created"] == 1
    export = await bob.call("CalendarEvent/export", accountId=account, calendarId=f"F{at}")
    whole = await stand.jmap("alice").call("CalendarEvent/export", calendarId=f"F{at}")
    assert [each.partition("TRIGGER:")[2][:6].strip() for each in export["iCalendar"].split("BEGIN:VALARM")[1:]] == [
        "-PT5M",
        "-PT7M",
    ]
    assert "-PT90M" in whole["iCalendar"] and whole["iCalendar"].count("VALARM") == 2


async def test_a_change_of_alarms_is_told_to_its_owner_s_other_programs(stand: Stand, bob: Client) -> None:
    await stand.share("alice", "Calendar", BOB, "lrs")
    alice, account = stand.jmap("alice"), await bob.account("alice")
    states = [
        (client, at, (await client.call("CalendarEvent/get", accountId=at, ids=[]))["state"])
        for client, at in ((bob, account), (alice, await alice.account()))
    ]
    assert (await stand.dav("bob").put(A, event("1", "20261201T100000Z", *alarm(5)))).status == 204
    told = [
        (await client.call("CalendarEvent/changes", accountId=at, sinceState=state))["updated"]
        for client, at, state in states
    ]
    assert told == [[(await theirs(bob))[1]], []]


async def test_alarms_that_are_for_all_are_shown_until_one_has_one_s_own(stand: Stand, bob: Client) -> None:
    at = await stand.share("alice", "Calendar", BOB, "lrs")

    def work(tx: WriteTx) -> None:
        tx.annotate(at, {ALARMS: b"shared"})

    await stand.house.write(work)
    assert offsets((await theirs(bob))[2]) == ["-PT90M"]
    await changed(bob, alerts=None)
    assert offsets((await theirs(bob))[2]) == []
    assert await seen(stand.dav("alice"), A) == ["-PT90M"]


async def test_a_task_of_a_shared_list_reminds_each_by_themselves(stand: Stand, bob: Client) -> None:
    at = await stand.share("alice", "Tasks", BOB, "lrswite")
    alice, account = stand.jmap("alice"), await bob.account("alice")
    hers = {**ALERT, "trigger": {"@type": "OffsetTrigger", "offset": "-PT1H"}}
    given = {"taskListId": f"F{at}", "title": "Paint", "due": "2026-12-02T10:00:00", "alerts": {"h": hers}}
    made = (await alice.call("Task/set", create={"k": given}))["created"]["k"]["id"]
    await bob.call("Task/set", accountId=account, update={made: {"alerts": {"k": ALERT}, "progress": "in-process"}})
    [mine] = (await bob.call("Task/get", accountId=account, ids=[made]))["list"]
    [theirs_] = (await alice.call("Task/get", ids=[made]))["list"]
    assert (offsets(mine), offsets(theirs_)) == (["-PT5M"], ["-PT1H"])
    assert mine["progress"] == theirs_["progress"] == "in-process"


async def test_exchange_shows_and_keeps_the_same_alarms(stand: Stand, bob: Client) -> None:
    at = await stand.share("alice", "Calendar", BOB, "lrswite")
    await changed(bob, alerts={"k": ALERT})
    outlook = stand.ews("bob")
    shape = "<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>"
    where = f'<m:ParentFolderIds><t:FolderId Id="{folder_id(at)}"/></m:ParentFolderIds>'
    found = await outlook.ask(f'<m:FindItem Traversal="Shallow">{shape}{where}</m:FindItem>')
    assert found.texts("t:ReminderMinutesBeforeStart") == ["5"]
    field = (
        '<t:SetItemField><t:FieldURI FieldURI="item:ReminderMinutesBeforeStart"/>'
        "<t:CalendarItem><t:ReminderMinutesBeforeStart>20</t:ReminderMinutesBeforeStart></t:CalendarItem></t:SetItemField>"
    )
    change = f'<t:ItemChange><t:ItemId Id="{found.ids()[0]}"/><t:Updates>{field}</t:Updates></t:ItemChange>'
    said = await outlook.ask(
        '<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone">'
        f"<m:ItemChanges>{change}</m:ItemChanges></m:UpdateItem>"
    )
    assert said.codes == ["NoError"], said.body
    assert offsets((await theirs(bob))[2]) == ["-PT20M"]
    assert await seen(stand.dav("alice"), A) == ["-PT90M"]


@pytest.mark.parametrize("rights", ["lrs", "lrswite"])
async def test_whether_an_event_has_the_alerts_of_its_calendar_is_each_persons_own(
    stand: Stand, bob: Client, rights: str
) -> None:
    await stand.share("alice", "Calendar", BOB, rights)
    alice = stand.jmap("alice")
    [event] = (await alice.call("CalendarEvent/get"))["list"]
    assert not (await alice.call("CalendarEvent/set", update={event["id"]: {"useDefaultAlerts": True}}))["notUpdated"]
    assert (await alice.call("CalendarEvent/get"))["list"][0]["useDefaultAlerts"] is True
    assert "useDefaultAlerts" not in (await theirs(bob))[2]
    before = (await stand.dav("alice").ask("GET", A)).body
    assert not (await changed(bob, useDefaultAlerts=True, alerts={"k": ALERT}))["notUpdated"]
    _, _, found = await theirs(bob)
    assert (found["useDefaultAlerts"], offsets(found)) == (True, ["-PT5M"])
    assert not (await changed(bob, useDefaultAlerts=False))["notUpdated"]
    assert (await theirs(bob))[2]["useDefaultAlerts"] is False
    assert (await alice.call("CalendarEvent/get"))["list"][0]["useDefaultAlerts"] is True
    assert (await stand.dav("alice").ask("GET", A)).body == before
