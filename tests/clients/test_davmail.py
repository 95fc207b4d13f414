"""DavMail in front of EWS: what it gives to programs of IMAP, SMTP, CalDAV, CardDAV and LDAP is what all others see."""

from __future__ import annotations

import imaplib
import re
import smtplib
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from tests.clients.account import Account
from tests.clients.davmail import DavMail, davmail
from tests.clients.letters import letters
from tests.support.davstand import event
from tests.support.server import RunningServer

LISTED = '<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>'
JPEG = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP" + "/" * 86 + "wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA="
"""A picture of one dot."""
CARD = """\
BEGIN:VCARD
VERSION:3.0
UID:zoe
FN:Zoë Maier
N:Maier;Zoë;Q.;Dr.;
NICKNAME:Zo
ORG:Acme;Sales
TITLE:Boss
EMAIL;TYPE=work:zoe@far.test
TEL;TYPE=cell:+49 12
ADR;TYPE=home:;;Street 1;Town;State;12345;Land
BDAY:1980-05-06
NOTE:A note
URL;TYPE=home:http://zoe.test
CATEGORIES:Red
PHOTO;ENCODING=b;TYPE=JPEG:{}
END:VCARD
""".replace("\n", "\r\n").format(JPEG)
TASK = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//x//EN
BEGIN:VTODO
UID:task
DTSTAMP:20261101T000000Z
DUE;VALUE=DATE:20291205
SUMMARY:Do it
DESCRIPTION:Soon
PRIORITY:1
PERCENT-COMPLETE:30
STATUS:IN-PROCESS
CATEGORIES:Red
END:VTODO
END:VCALENDAR
""".replace("\n", "\r\n")


@pytest.fixture(scope="module")
def gateway(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavMail]:
    with davmail(tmp_path_factory.mktemp("davmail"), server) as found:
        yield found


def test_davmail_gives_mail_to_imap_and_takes_what_is_sent(gateway: DavMail, alice: Account, bob: Account) -> None:
    (letter,) = letters(1)
    with imaplib.IMAP4("127.0.0.1", gateway.ports["imap"], timeout=40) as imap:
        imap.login(alice.address, alice.password)
        imap.append("INBOX", "(\\Flagged)", "", letter)
        (there,) = alice.until(1)
        assert there.flags == {"\\Flagged"}
        imap.select("INBOX")
        (uid,) = imap.uid("SEARCH", "ALL")[1][0].split()
        _, found = imap.uid("FETCH", uid, "(FLAGS BODY.PEEK[])")
        assert found[0][1] == there.octets
        imap.uid("STORE", uid, "+FLAGS", "(\\Seen \\Answered Label)")
        assert alice.messages()[0].flags == {"\\Flagged", "\\Seen", "\\Answered", "Label"}
        imap.create("Work")
        imap.uid("COPY", uid, "Work")
        assert [each.octets for each in alice.messages("Work")] == [there.octets]
        imap.uid("STORE", uid, "+FLAGS", "(\\Deleted)")
        assert "\\Deleted" in alice.messages()[0].flags
        imap.expunge()
        assert alice.messages() == []
    with smtplib.SMTP("127.0.0.1", gateway.ports["smtp"], timeout=40) as smtp:
        smtp.login(alice.address, alice.password)
        head = f"From: {alice.address}\r\nTo: {bob.address}\r\nSubject: Through DavMail\r\nMessage-ID: <dm@x>\r\n"
        smtp.sendmail(alice.address, [bob.address], head + "\r\nHello\r\n")
    (got,) = bob.until(1)
    assert b"Subject: Through DavMail" in got.octets
    ldap = f"ldap://127.0.0.1:{gateway.ports['ldap']}/ou=people?cn,mail?sub?(cn={bob.address[:8]}*)"
    said = ["curl", "-s", "-m", "40", "-u", f"{alice.address}:{alice.password}", ldap]
    assert f"mail: {bob.address}" in subprocess.run(said, capture_output=True, check=True).stdout.decode()


def test_events_and_tasks_that_davmail_writes_are_those_of_all_others(
    gateway: DavMail, server: RunningServer, alice: Account
) -> None:
    more = ("CLASS:PRIVATE", "LOCATION:Attic", "CATEGORIES:Red", "TRANSP:TRANSPARENT", "RRULE:FREQ=WEEKLY;BYDAY=SA")
    made = event("e1", "20291201T100000Z", *more, end="20291201T110000Z", summary="Planning")
    gateway.dav(alice, "PUT", "calendar/e1.ics", made, content_type="text/calendar")
    tag = gateway.dav(alice, "GET", "calendar/e1.ics").headers["etag"]
    changed = made.replace("Planning", "Changed")
    gateway.dav(alice, "PUT", "calendar/e1.ics", changed, content_type="text/calendar", if_match=tag)
    assert gateway.dav(alice, "PROPFIND", "calendar/", LISTED, depth="1").text.count(".EML</D:href>") == 1
    gateway.dav(alice, "PUT", "calendar/t1.ics", TASK, content_type="text/calendar")
    assert "DUE;VALUE=DATE:20291205" in gateway.dav(alice, "GET", "calendar/t1.ics").text
    [stored] = objects(server, alice, "Calendar")
    for line in ("UID:e1", "SUMMARY:Changed", *more):
        assert line in stored
    assert not [word for word in ("METHOD", "ORGANIZER") if word in stored]
    [stored] = objects(server, alice, "Tasks")
    for line in ("UID:task", "SUMMARY:Do it", "PRIORITY:1", "PERCENT-COMPLETE:30", "CATEGORIES:Red"):
        assert line in stored
    gateway.dav(alice, "DELETE", "calendar/e1.ics")
    assert objects(server, alice, "Calendar") == []


def test_contacts_that_davmail_writes_are_those_of_all_others(
    gateway: DavMail, server: RunningServer, alice: Account
) -> None:
    gateway.dav(alice, "PUT", "contacts/zoe.vcf", CARD, content_type="text/vcard")
    tag = gateway.dav(alice, "GET", "contacts/zoe.vcf").headers["etag"]
    better = CARD.replace("Boss", "Chief").replace("+49 12", "+49 13")
    gateway.dav(alice, "PUT", "contacts/zoe.vcf", better, content_type="text/vcard", if_match=tag)
    told = gateway.dav(alice, "GET", "contacts/zoe.vcf").text
    assert all(line in told for line in ("N:Maier;Zoë;Q.;Dr.;", "BDAY:1980-05-06", "PHOTO"))
    [stored] = objects(server, alice, "Contacts")
    for words in ("Maier;Zoë;Q.;Dr.;", "Acme;Sales", "Chief", "zoe@far.test", "+49 13", "Street 1;Town", "Zo", "1980"):
        assert words in stored
    assert "PHOTO" in stored
    gateway.dav(alice, "DELETE", "contacts/zoe.vcf")
    assert objects(server, alice, "Contacts") == []


def objects(server: RunningServer, who: Account, folder: str) -> list[str]:
    """Every object of a folder, as CalDAV or CardDAV gives it."""
    area = {"Calendar": "calendars", "Tasks": "calendars", "Contacts": "contacts"}[folder]
    base = f"http://127.0.0.1:{server.port('http')}"
    with httpx.Client(base_url=base, auth=(who.address, who.password), timeout=40) as http:
        listed = http.request("PROPFIND", f"/dav/{area}/{who.address}/{folder}/", headers={"depth": "1"})
        names = re.findall(r"href>([^<]+\.(?:ics|vcf))<", listed.text)
        return [http.get(each).text.replace("\r\n ", "") for each in names]
