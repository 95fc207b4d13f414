"""What is seen in the pictures: a demo server with mail, contacts, notes, a week that is planned and things to do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from groupware.calendar.item import read_item as read_note
from groupware.contacts.card import read_item as read_card
from groupware.contacts.split import split
from groupware.mime.item import Marks, read_item
from groupware.model.device import NewDevice
from groupware.store.api import WriteTx
from mailcore.cli.demo import NOTES, furnish
from mailcore.cli.place import Place
from mailcore.cli.site import Site, configuration, opened
from tests.e2e.calls import Program, guest
from tests.support.server import started, stop

WHO = "alice@demo.test"
BOB = "bob@demo.test"
CAROL = "carol@demo.test"
NEWSLETTER = b"""From: The Seed Shop <news@seeds.example>\r
To: alice@demo.test\r
Subject: Seeds for early spring\r
Message-ID: <spring@seeds.example>\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/html; charset=utf-8\r
\r
<div style="max-width: 560px; margin: 0 auto; font-family: Georgia, serif">\r
<h1 style="color: #2f5d3a">Sow early, eat early</h1>\r
<p>Broad beans and peas stand a light frost. Four weeks under glass, then out into the bed.</p>\r
<table width="100%" cellpadding="10" style="border-collapse: collapse">\r
<tr bgcolor="#e8f0e4"><th align="left">Seed</th><th align="left">Under glass</th><th align="left">Outside</th></tr>\r
<tr><td>Broad beans</td><td>from 1 February</td><td>from 1 March</td></tr>\r
<tr><td>Peas</td><td>from 15 February</td><td>from 15 March</td></tr>\r
<tr><td>Spinach</td><td>-</td><td>from 10 March</td></tr></table>\r
<img src="https://seeds.example/open.gif" alt="">\r
<p><a href="https://seeds.example/">All seeds in the shop</a></p></div>\r
--b\r
Content-Type: application/pdf; name="calendar.pdf"\r
Content-Disposition: attachment; filename="calendar.pdf"\r
\r
%PDF-1.4\r
--b--\r
"""


CARDS = "".join(
    f"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:{name}\r\nFN:{name}\r\nN:{name.split()[1]};{name.split()[0]};;;\r\n{more}END:VCARD\r\n"
    for name, more in (
        (
            "Bob Brandt",
            "EMAIL;TYPE=work:bob@demo.test\r\nTEL;TYPE=cell:+49 30 1234567\r\nORG:Allotment Society;Board\r\n"
            "TITLE:Treasurer\r\nADR;TYPE=home:;;Gartenweg 7;Bonn;;53111;Germany\r\nBDAY:19800214\r\n"
            "CATEGORIES:garden,friends\r\nNOTE:Knows everything about beans.\r\n",
        ),
        ("Carol Costa", "EMAIL:carol@demo.test\r\n"),
        ("Dora Delgado", "EMAIL:dora@seeds.example\r\nORG:The Seed Shop\r\n"),
        ("Emil Ende", "TEL:+49 228 555\r\n"),
    )
)
NOTES_OF = (
    ("Spring", "Broad beans: under glass from 1 February.\\nPeas from the 15th.\\n\\nOrder seeds before Easter."),
    ("Tools to mend", "The long rake.\\nBoth watering cans."),
)


def put(site: Site, octets: bytes) -> None:
    """One more message in the inbox."""
    new = site.run(read_item(octets, site.blobs, Marks(saved=datetime.now(UTC) - timedelta(minutes=12))))

    def work(tx: WriteTx) -> None:
        tx.append(tx.locate(tx.account(WHO).id, "INBOX").id, [new])

    site.write(work)


def fill(site: Site) -> None:
    """Contacts and notes of Alice's, and her phone."""
    cards = [
        read_card(each.read.octets, site.blobs, f"{at}.vcf")
        for at, each in enumerate(split(CARDS.encode()))
        if each.read
    ]
    notes = [
        read_note(
            f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VJOURNAL\r\nUID:{at}\r\nDTSTAMP:20260201T080000Z\r\n"
            f"SUMMARY:{title}\r\nDESCRIPTION:{text}\r\nEND:VJOURNAL\r\nEND:VCALENDAR\r\n".encode(),
            site.blobs,
            f"{at}.ics",
        )
        for at, (title, text) in enumerate(NOTES_OF)
    ]
    said = {"name": "Alice's phone", "model": "iPhone 15", "os": "iOS 19.1"}
    phone = NewDevice("A1B2C3D4", "iPhone", "16.1", json.dumps(said))
    alice = site.read(lambda tx: tx.identity(tx.account(WHO).id))
    site.run(site.store.write(alice, lambda tx: tx.put_device(phone)))
    new = {"Contacts": [site.run(each)[1] for each in cards], "Notes": [site.run(each)[1] for each in notes]}

    def work(tx: WriteTx) -> None:
        for path, items in new.items():
            tx.append(tx.locate(tx.account(WHO).id, path).id, items)

    site.write(work)


@contextmanager
def demo() -> Iterator[tuple[str, Mapping[str, str]]]:
    """A demo server, with something planned: its address, and the passwords."""
    with TemporaryDirectory() as folder:
        data = Path(folder)
        with opened(configuration(Place(data=data))) as site:
            furnish(site)
            put(site, NEWSLETTER)
            fill(site)
        process, base = started(data)
        try:
            where, passwords = f"http://127.0.0.1:{base + 80}/", json.loads((data / NOTES).read_text())
            plan(where, passwords)
            yield where, passwords
        finally:
            stop(process)


def plan(where: str, passwords: Mapping[str, str]) -> None:
    """A week of Alice's, with what Bob asks her, and what she has to do."""
    alice, bob, carol = (Program(where, each, passwords[each]) for each in (WHO, BOB, CAROL))
    principals = alice.call("Principal/get", ids=None)["list"]
    she = next(each["id"] for each in principals if each["email"] == WHO)
    for other in (bob, carol):
        other.call("Calendar/set", update={other.calendar(): {f"shareWith/{she}": {"mayReadFreeBusy": True}}})
    today = datetime.now(UTC).date()
    monday = today - timedelta(days=today.weekday())

    def at(day: int, time: str) -> str:
        return f"{monday + timedelta(days=day)}T{time}:00"

    club = str(
        alice.call("Calendar/set", create={"c": {"name": "Garden club", "color": "#b0573d"}})["created"]["c"]["id"]
    )
    days = [{"@type": "NDay", "day": each} for each in ("mo", "tu", "we", "th", "fr")]
    daily = [{"@type": "RecurrenceRule", "frequency": "weekly", "byDay": days}]
    utc, whole = {"timeZone": "Etc/UTC"}, {"timeZone": None, "showWithoutTime": True}
    guests = {"b": guest(BOB, "Bob Brandt"), "c": guest(CAROL, "Carol Costa")}
    alice.add("Stand-up", at(-14, "09:00"), duration="PT30M", recurrenceRules=daily, **utc)
    alice.add("Dentist", at(1, "11:00"), locations={"1": {"name": "Main Street 4"}}, **utc)
    alice.add("Planning", at(2, "13:00"), duration="PT2H", participants=guests, tell=True, **utc)
    alice.add("Beds and paths", at(3, "14:00"), duration="PT1H30M", calendarIds={club: True}, **utc)
    alice.add("Review", at(3, "14:30"), **utc)
    alice.add("Seed swap", at(4, "16:00"), duration="PT2H", calendarIds={club: True}, **utc)
    alice.add("Carol away", at(1, "00:00"), duration="P3D", freeBusyStatus="free", **whole)
    alice.add("Harvest festival", at(5, "00:00"), duration="P2D", calendarIds={club: True}, **whole)
    carol.add("Class", at(2, "15:00"), duration="PT2H", **utc)
    for title, start in (("Lunch?", at(2, "12:00")), ("Budget", at(4, "10:00"))):
        bob.add(title, start, participants={"a": guest(WHO, "Alice Adams")}, tell=True, **utc)

    def due(days: int, time: str = "00:00") -> dict[str, object]:
        return {"due": f"{today + timedelta(days=days)}T{time}:00", "showWithoutTime": time == "00:00"}

    alice.task("Order seeds", priority=1, **due(-1))
    alice.task("Call the plumber", priority=5, **due(0, "16:00"), **utc)
    alice.task("Plan the beds for next year", percentComplete=40, **due(0))
    uid = next(each["uid"] for each in alice.tasks() if each["title"].startswith("Plan the beds"))
    for title in ("Measure", "Draw", "Ask Bob"):
        alice.task(title, relatedTo={uid: {"@type": "Relation", "relation": {"parent": True}}}, **due(0))
    alice.task("Mend the shed", **due(4))
