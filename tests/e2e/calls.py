"""JMAP as another program speaks it, beside the browser."""

from __future__ import annotations

from typing import Any, Final

import httpx

Json = dict[str, Any]
USING: Final = [
    f"urn:ietf:params:jmap:{name}"
    for name in ("core", "mail", "calendars", "contacts", "tasks", "principals", "submission")
] + ["urn:postroom:jmap:access", "urn:postroom:jmap:meetings"]


class Program:
    """One person's program."""

    def __init__(self, where: str, address: str, password: str) -> None:
        self._where, self._auth = where, (address, password)
        session = httpx.get(f"{where}jmap/session", auth=self._auth, timeout=30).raise_for_status().json()
        self.account: str = session["primaryAccounts"]["urn:ietf:params:jmap:mail"]

    def call(self, method: str, **given: Any) -> Json:
        """The answer of one method; what it has left undone fails."""
        calls = [[method, {"accountId": self.account, **given}, "0"]]
        asked = {"using": USING, "methodCalls": calls}
        told = httpx.post(f"{self._where}jmap/api", auth=self._auth, json=asked, timeout=30).raise_for_status().json()
        name, answer, _ = told["methodResponses"][0]
        assert name == method, answer
        undone = [answer.get(each) for each in ("notCreated", "notUpdated", "notDestroyed") if answer.get(each)]
        assert not undone, undone
        return dict(answer)

    def calendar(self) -> str:
        """The calendar that is used when none is named."""
        return str(next(each["id"] for each in self.call("Calendar/get")["list"] if each["isDefault"]))

    def add(self, title: str, start: str, *, tell: bool = False, **more: Any) -> str:
        """An event, of an hour in Europe/Berlin where nothing else is said."""
        made = {
            "@type": "Event",
            "calendarIds": {self.calendar(): True},
            "title": title,
            "start": start,
            "duration": "PT1H",
            "timeZone": "Europe/Berlin",
            **more,
        }
        answer = self.call("CalendarEvent/set", create={"made": made}, sendSchedulingMessages=tell)
        return str(answer["created"]["made"]["id"])

    def events(self, **filters: Any) -> list[Json]:
        """All events that pass a filter, whole."""
        ids = self.call("CalendarEvent/query", filter=filters)["ids"]
        return list(self.call("CalendarEvent/get", ids=ids)["list"])

    def task(self, title: str, **more: Any) -> str:
        """A task in the list that is used when none is named."""
        lists = self.call("TaskList/get")["list"]
        made = {
            "@type": "Task",
            "title": title,
            "taskListId": next(each["id"] for each in lists if each["isDefault"]),
            **more,
        }
        return str(self.call("Task/set", create={"made": made})["created"]["made"]["id"])

    def tasks(self) -> list[Json]:
        """All tasks, whole."""
        return list(self.call("Task/get", ids=None)["list"])


def guest(address: str, name: str = "", **more: Any) -> Json:
    """Somebody who is asked to come."""
    return {
        "@type": "Participant",
        "name": name or address,
        "sendTo": {"imip": f"mailto:{address}"},
        "roles": {"attendee": True},
        "participationStatus": "needs-action",
        "expectReply": True,
        **more,
    }
