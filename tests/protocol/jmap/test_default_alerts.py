"""Alerts of a calendar, which are CalDAV's default alarms: each person's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.sharestand import CALENDAR, Stand, share_stand

WITH_TIME, WHOLE_DAY = "C:default-alarm-vevent-datetime", "C:default-alarm-vevent-date"
ALARM = "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:x\nTRIGGER:-PT15M\nEND:VALARM\n"
NONE = "BEGIN:VALARM\nACTION:NONE\nTRIGGER;VALUE=DATE-TIME:19760401T005545Z\nEND:VALARM\n"


async def alerts_of(stand: Stand, name: str, account: str) -> tuple[Any, Any]:
    """The alerts of Alice's calendar for somebody: with a time, and of whole days."""
    [[_, found]] = await stand.jmap(name).calls(("Calendar/get", {"accountId": account}))
    at = next(each for each in found["list"] if each["name"] == "Calendar")
    return at["defaultAlertsWithTime"], at["defaultAlertsWithoutTime"]


async def test_default_alarms_of_caldav_are_alerts_of_the_calendar_for_oneself(tmp_path: Path) -> None:
    async with share_stand(tmp_path) as stand:
        account = await stand.jmap("alice").account()
        await stand.dav("alice").set(CALENDAR, f"<{WITH_TIME}>{ALARM}</{WITH_TIME}><{WHOLE_DAY}>{NONE}</{WHOLE_DAY}>")
        await stand.share("alice", "Calendar", "bob@example.test", "lrs")
        with_time, whole_day = await alerts_of(stand, "alice", account)
        [alert] = with_time.values()
        assert (alert["action"], alert["trigger"]["offset"], whole_day) == ("display", "-PT15M", None)
        assert await alerts_of(stand, "bob", account) == (None, None)


async def test_alerts_that_are_set_are_default_alarms_in_caldav(tmp_path: Path) -> None:
    async with share_stand(tmp_path) as stand:
        alice, dav = stand.jmap("alice"), stand.dav("alice")
        at = next(each["id"] for each in (await alice.call("Calendar/get"))["list"] if each["name"] == "Calendar")
        trigger = {"@type": "OffsetTrigger", "offset": "PT9H"}
        alerts = {"a": {"@type": "Alert", "action": "display", "trigger": trigger}}
        before = (await alice.call("Calendar/get", ids=[]))["state"]
        said = await alice.call("Calendar/set", update={at: {"defaultAlertsWithoutTime": alerts}})
        assert not said.get("notUpdated") and said["newState"] != before
        assert (await alerts_of(stand, "alice", await alice.account()))[1] == alerts
        kept = (await dav.props(CALENDAR, WHOLE_DAY)).found(CALENDAR, WHOLE_DAY)
        assert "ACTION:DISPLAY" in kept and "TRIGGER:PT9H" in kept
        for wrong in ({"a": {"@type": "Alert"}}, {"a": 1}, [], {"a": {"@type": "Alert", "trigger": {}}}):
            said = await alice.call("Calendar/set", update={at: {"defaultAlertsWithoutTime": wrong}})
            assert said["notUpdated"][at]["type"] == "invalidProperties", wrong
        await alice.call("Calendar/set", update={at: {"defaultAlertsWithoutTime": None}})
        assert await alerts_of(stand, "alice", await alice.account()) == (None, None)
