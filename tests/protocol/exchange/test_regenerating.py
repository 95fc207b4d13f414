"""Tasks that come again some time after they were done: phones and Outlook keep that about them."""

from __future__ import annotations

from typing import Any

from tests.support.eas.stand import Phone
from tests.support.exchangestand import Stand

SHAPE = "<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>"
WHERE = '<m:ParentFolderIds><t:DistinguishedFolderId Id="tasks"/></m:ParentFolderIds>'
RULE = ("Tasks:Type", 1), ("Tasks:Start", "2026-12-01T00:00:00.000Z"), ("Tasks:Interval", 2), ("Tasks:DayOfWeek", 4)


def data(*inside: Any) -> tuple[Any, ...]:
    return ("AirSync:ApplicationData", ("Tasks:Subject", "Filter"), ("Tasks:Recurrence", *RULE, *inside))


async def begun(stand: Stand, *inside: Any) -> tuple[Phone, str, str]:
    """Alice's phone, and the task that it has made."""
    phone = stand.phone("alice")
    at = await phone.at("Tasks")
    await phone.all_of(at)
    said = await phone.sync(at, ("AirSync:Add", ("AirSync:ClientId", "1"), data(*inside)))
    return phone, at, said.get("Responses/Add/ServerId") or ""


async def told(stand: Stand, at: str, server: str) -> tuple[str | None, str | None]:
    """Regenerate and DeadOccur, as another phone has them."""
    other = stand.phone("alice", "PHONE2")
    found = (await other.all_of(at))[server].find("Recurrence")
    assert found is not None
    return found.get("Regenerate"), found.get("DeadOccur")


async def listing(stand: Stand) -> Any:
    return await stand.client("alice").ask(f'<m:FindItem Traversal="Shallow">{SHAPE}{WHERE}</m:FindItem>')


async def test_what_a_phone_says_is_kept_and_taken_back(stand: Stand) -> None:
    phone, at, server = await begun(stand, ("Tasks:Regenerate", 1), ("Tasks:DeadOccur", 1))
    assert await told(stand, at, server) == ("1", "1")
    [octets] = await stand.house.bodies("alice", "Tasks")
    assert b"RRULE:FREQ=WEEKLY" in octets
    await phone.sync(at, ("AirSync:Change", ("AirSync:ServerId", server), data(("Tasks:Regenerate", 0))))
    assert await told(stand, at, server) == (None, None)


async def test_outlook_sees_a_pattern_that_counts_from_when_it_was_done(stand: Stand) -> None:
    await begun(stand, ("Tasks:Regenerate", 1))
    got = await listing(stand)
    [found] = got.find("t:Recurrence/t:WeeklyRegeneration")
    assert found.findtext("{*}Interval") == "2" and not got.find("t:WeeklyRecurrence")


async def test_a_phone_sees_what_outlook_sets(stand: Stand) -> None:
    rule = (
        "<t:Recurrence><t:MonthlyRegeneration><t:Interval>3</t:Interval></t:MonthlyRegeneration>"
        "<t:NoEndRecurrence><t:StartDate>2026-12-01</t:StartDate></t:NoEndRecurrence></t:Recurrence>"
    )
    task = f"<t:Task><t:Subject>Filter</t:Subject><t:StartDate>2026-12-01T00:00:00Z</t:StartDate>{rule}</t:Task>"
    client = stand.client("alice")
    assert (await client.ask(f"<m:CreateItem><m:Items>{task}</m:Items></m:CreateItem>")).code == "NoError"
    phone = stand.phone("alice")
    [found] = (await phone.all_of(await phone.at("Tasks"))).values()
    kind = [found.get(f"Recurrence/{name}") for name in ("Type", "Interval", "Regenerate")]
    assert kind == ["2", "3", "1"]
    meeting = f"<t:CalendarItem><t:Subject>x</t:Subject>{rule}</t:CalendarItem>"
    got = await client.ask(f"<m:CreateItem><m:Items>{meeting}</m:Items></m:CreateItem>")
    assert got.code == "ErrorCalendarInvalidRecurrence"
