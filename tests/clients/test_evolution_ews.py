"""Evolution-EWS: Evolution's data server, which finds the folders of an account by EWS and keeps them."""

from __future__ import annotations

from typing import Any

from tests.clients.account import Account
from tests.clients.evolution import sessions
from tests.clients.programs import Programs
from tests.clients.test_davmail import CARD, TASK, objects
from tests.clients.test_evolution import inner
from tests.support.davstand import event
from tests.support.server import RunningServer

SOURCE = """\
[Data Source]
DisplayName=probe
Enabled=true
Parent=

[Collection]
BackendName=ews
CalendarEnabled=true
ContactsEnabled=true
MailEnabled=true
Identity={user}

[Authentication]
Host=127.0.0.1
Method=PLAIN
User={user}

[Ews Backend]
Hosturl=http://127.0.0.1:{port}/EWS/Exchange.asmx
Email={user}

[Security]
Method=none

[Offline]
StaySynchronized=true
"""
MONTH = (1_890_777_600, 1_893_456_000)
"""December of 2029."""


def test_evolution_keeps_events_tasks_and_contacts_by_ews(
    server: RunningServer, programs: Programs, alice: Account
) -> None:
    session = sessions(programs, "Sources5", "Calendar8", "AddressBook10")
    source = SOURCE.format(user=alice.address, port=server.port("http"))
    job: dict[str, Any] = {"user": alice.address, "password": alice.password, "sources": {"probe": source}}
    more = ("LOCATION:Attic", "TRANSP:OPAQUE", "RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=SA")
    made = inner(event("e1", "20291201T100000Z", *more, end="20291201T110000Z", summary="Planning"))
    steps = [
        ["create", "events", made],
        ["rename", "events", "Changed"],
        ["busy", "events", *MONTH, alice.address],
        ["create", "tasks", TASK[TASK.index("BEGIN:VTODO") : TASK.index("END:VCALENDAR")]],
        ["rename", "tasks", "Do it soon"],
        ["create", "contacts", CARD],
        ["rename", "contacts", "Chief"],
        *[["list", kind] for kind in ("events", "tasks", "contacts")],
    ]
    *_, [told], [task], [card] = found = session("evolution_ews_driver.py", {**job, "steps": steps})
    assert "FREEBUSY" in found[2][0] and "20291201T100000Z/20291201T110000Z" in found[2][0]
    assert "SUMMARY:Changed" in told and "TRANSP:OPAQUE" in told and "RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=SA" in told
    assert "SUMMARY:Do it soon" in task and "PHOTO" in card
    [stored] = objects(server, alice, "Calendar")
    assert all(line in stored for line in ("SUMMARY:Changed", more[0], more[2]))
    [stored] = objects(server, alice, "Tasks")
    assert all(line in stored for line in ("SUMMARY:Do it soon", "PERCENT-COMPLETE:30", "CATEGORIES:Red"))
    [stored] = objects(server, alice, "Contacts")
    assert all(words in stored for words in ("Maier;Zoë;Q.;", "Acme;Sales", "Chief", "zoe@far.test", "PHOTO"))
