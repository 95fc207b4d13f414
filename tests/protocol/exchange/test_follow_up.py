"""The follow-up flag: what a phone sets Outlook shows, and the other way round; other programs see that it is set."""

from __future__ import annotations

from typing import Any

from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import ranges
from groupware.store.api import WriteTx
from tests.support.eas.stand import Phone
from tests.support.eas.wire import Node
from tests.support.ewsstand import Client, Said
from tests.support.exchangestand import Stand
from tests.support.jmapstand import letter

DATES = (
    ("Tasks:StartDate", "2026-03-01T00:00:00.000Z"),
    ("Tasks:UtcStartDate", "2026-02-28T23:00:00.000Z"),
    ("Tasks:DueDate", "2026-03-05T00:00:00.000Z"),
    ("Tasks:UtcDueDate", "2026-03-04T23:00:00.000Z"),
)
SHAPE = "<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>"


def flagged(server: str, *data: tuple[Any, ...]) -> tuple[Any, ...]:
    return (
        "AirSync:Change",
        ("AirSync:ServerId", server),
        ("AirSync:ApplicationData", ("Email:Flag", *data)),
    )


def told(phone: Phone, at: str, server: str) -> dict[str, str]:
    found = phone.there[at][server].find("Flag")
    assert found is not None
    return {each.name.partition(":")[2]: each.text for each in found.inside}


async def begun(stand: Stand) -> tuple[Phone, str, str]:
    """Alice's phone with one message."""
    phone = stand.phone("alice")
    at = await phone.at("INBOX")
    uid = await stand.put("alice", letter("one"))
    await phone.all_of(at)
    return phone, at, f"{at}:{uid}"


async def message(client: Client) -> Said:
    where = '<m:ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds>'
    return await client.ask(f'<m:FindItem Traversal="Shallow">{SHAPE}{where}</m:FindItem>')


def set_flag(ident: str, inside: str) -> str:
    field = f'<t:FieldURI FieldURI="item:Flag"/><t:Message><t:Flag>{inside}</t:Flag></t:Message>'
    item = f'<t:ItemId Id="{ident}"/><t:Updates><t:SetItemField>{field}</t:SetItemField></t:Updates>'
    return (
        '<m:UpdateItem ConflictResolution="AlwaysOverwrite" MessageDisposition="SaveOnly"><m:ItemChanges>'
        f"<t:ItemChange>{item}</t:ItemChange></m:ItemChanges></m:UpdateItem>"
    )


async def test_the_dates_that_a_phone_sets_are_told_to_it_and_to_outlook(stand: Stand) -> None:
    phone, at, server = await begun(stand)
    rings = ("Tasks:ReminderSet", "1"), ("Tasks:ReminderTime", "2026-03-04T08:00:00.000Z")
    said = await phone.sync(at, flagged(server, ("Email:Status", "2"), ("Email:FlagType", "Call"), *DATES, *rings))
    assert not said.every("Commands/Change")
    other = stand.phone("alice", "PHONE2")
    await other.all_of(at)
    assert told(other, at, server) == {
        "Status": "2",
        "FlagType": "Call",
        **{name.partition(":")[2]: value for name, value in (*DATES, *rings)},
    }
    flag = await message(stand.client("alice"))
    assert flag.texts("t:FlagStatus") == ["Flagged"]
    assert flag.texts("t:StartDate") == ["2026-02-28T23:00:00Z"] and flag.texts("t:DueDate") == ["2026-03-04T23:00:00Z"]


async def test_what_outlook_completes_is_completed_on_the_phone(stand: Stand) -> None:
    phone, at, server = await begun(stand)
    alice = stand.client("alice")
    ident = (await message(alice)).ids()[0]
    due = "<t:StartDate>2026-03-01T09:00:00Z</t:StartDate><t:DueDate>2026-03-02T09:00:00+01:00</t:DueDate>"
    assert (await alice.ask(set_flag(ident, f"<t:FlagStatus>Flagged</t:FlagStatus>{due}"))).code == "NoError"
    await phone.sync(at)
    assert told(phone, at, server)["UtcDueDate"] == "2026-03-02T08:00:00.000Z"
    done = "<t:FlagStatus>Complete</t:FlagStatus><t:CompleteDate>2026-03-02T10:00:00Z</t:CompleteDate>"
    assert (await alice.ask(set_flag(ident, done))).code == "NoError"
    await phone.sync(at)
    now = told(phone, at, server)
    assert now["Status"] == "1" and now["CompleteTime"] == "2026-03-02T10:00:00.000Z"
    [item] = await stand.house.items("alice")
    assert Flags.FLAGGED not in item.flags and item.keywords == {"$Completed"}
    assert (await message(alice)).texts("t:FlagStatus") == ["Complete"]


async def test_a_flag_that_is_taken_away_leaves_no_dates_for_the_next_one(stand: Stand) -> None:
    phone, at, server = await begun(stand)
    await phone.sync(at, flagged(server, ("Email:Status", "2"), *DATES))
    await phone.sync(at, flagged(server))
    alice = stand.client("alice")
    ident = (await message(alice)).ids()[0]
    await alice.ask(set_flag(ident, "<t:FlagStatus>Flagged</t:FlagStatus>"))
    await phone.sync(at)
    assert told(phone, at, server) == {"Status": "2", "FlagType": "for Follow Up"}


async def test_who_flags_anew_by_imap_flags_what_was_completed(stand: Stand) -> None:
    phone, at, server = await begun(stand)
    await phone.sync(at, flagged(server, ("Email:Status", "1"), ("Email:CompleteTime", "2026-03-02T10:00:00.000Z")))

    def work(tx: WriteTx) -> None:
        folder = tx.locate(tx.account("alice@example.test").id, "INBOX")
        tx.update_flags(folder.id, ranges([int(server.partition(":")[2])]), FlagChange(add=Flags.FLAGGED))

    await stand.house.write(work)
    await phone.sync(at)
    assert told(phone, at, server)["Status"] == "2"


async def test_a_flag_with_no_date_where_one_belongs_changes_nothing(stand: Stand) -> None:
    phone, at, server = await begun(stand)
    said: Node = await phone.sync(at, flagged(server, ("Email:Status", "2"), ("Tasks:DueDate", "soon")))
    assert said.get("Responses/Change/Status") == "6"
    said = await phone.sync(at, flagged(server, ("Tasks:ReminderSet", "1")))
    assert said.get("Responses/Change/Status") == "6"
    assert (await stand.house.items("alice"))[0].flags == Flags.NONE


async def test_a_status_that_there_is_none_of_is_refused(stand: Stand) -> None:
    await begun(stand)
    alice = stand.client("alice")
    ident = (await message(alice)).ids()[0]
    assert (await alice.ask(set_flag(ident, "<t:FlagStatus>Maybe</t:FlagStatus>"))).code == "ErrorInvalidArgument"
