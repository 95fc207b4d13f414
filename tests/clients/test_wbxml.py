"""ActiveSync by a codec of others: libwbxml makes the requests and reads the answers, and curl carries them."""

from __future__ import annotations

import re

import pytest

from tests.clients.account import Account
from tests.clients.programs import Programs
from tests.clients.test_davmail import objects
from tests.support.server import RunningServer

HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE ActiveSync PUBLIC "-//MICROSOFT//DTD ActiveSync//EN"'
    ' "http://www.microsoft.com/">\n'
)
LETTER = "From: Zoë <zoe@far.test>\r\nSubject: Grüße\r\nMessage-ID: <1@far.test>\r\n\r\nUntil Tuesday\r\n".encode()
EVENT = (
    '<TimeZone xmlns="Calendar:">{zone}</TimeZone><AllDayEvent xmlns="Calendar:">0</AllDayEvent>'
    '<BusyStatus xmlns="Calendar:">0</BusyStatus>'
    '<EndTime xmlns="Calendar:">20291201T110000Z</EndTime><Location xmlns="Calendar:">Attic</Location>'
    '<Sensitivity xmlns="Calendar:">0</Sensitivity><Subject xmlns="Calendar:">Planning</Subject>'
    '<StartTime xmlns="Calendar:">20291201T100000Z</StartTime><UID xmlns="Calendar:">e1</UID>'
    '<MeetingStatus xmlns="Calendar:">0</MeetingStatus>'
).format(zone="A" * 230 + "==")


class Phone:
    """A device that speaks ActiveSync 14.1."""

    def __init__(self, server: RunningServer, programs: Programs, who: Account) -> None:
        self._programs, self._who = programs, who
        self._url = f"http://127.0.0.1:{server.port('http')}/Microsoft-Server-ActiveSync"
        self.keys: dict[str, str] = {}

    def ask(self, command: str, xml: str) -> str:
        """The answer, as XML in one line."""
        asked = self._programs.file("asked.xml", HEAD + xml)
        binary = self._programs.home / "asked.wbxml"
        self._programs.run("xml2wbxml", "-n", "-v", "1.3", "-a", "-o", binary, asked)
        user = f"{self._who.address}:{self._who.password}"
        heads = ("-H", "MS-ASProtocolVersion: 14.1", "-H", "Content-Type: application/vnd.ms-sync.wbxml")
        url = f"{self._url}?Cmd={command}&User={self._who.address}&DeviceId=WBXML1&DeviceType=Test"
        got = self._programs.run("curl", "-sSf", "-u", user, *heads, "--data-binary", f"@{binary}", url)
        if not got:
            return ""
        answer = self._programs.home / "answer.wbxml"
        answer.write_bytes(got)
        return self._programs.run("wbxml2xml", "-l", "ACTIVESYNC", "-i", "0", "-o", "-", answer).decode()

    def folder(self, name: str) -> str:
        """The id of a folder."""
        said = self.ask("FolderSync", '<FolderSync xmlns="FolderHierarchy:"><SyncKey>0</SyncKey></FolderSync>')
        found = re.search(rf"<ServerId>(\d+)</ServerId>\s*<ParentId>0</ParentId>\s*<DisplayName>{name}<", said)
        assert found, said
        return found[1]

    def sync(self, at: str, inside: str = "") -> str:
        """Sync of one folder."""
        key = self.keys.get(at, "0")
        said = self.ask(
            "Sync",
            f'<Sync xmlns="AirSync:"><Collections><Collection><SyncKey>{key}</SyncKey><CollectionId>{at}</CollectionId>'
            f"{inside}</Collection></Collections></Sync>",
        )
        found = re.search(r"<SyncKey>([^<]+)</SyncKey>", said)
        self.keys[at] = found[1] if found else key
        return said


@pytest.fixture
def phone(server: RunningServer, programs: Programs, alice: Account) -> Phone:
    return Phone(server, programs, alice)


def test_another_codec_reads_mail_and_marks_it(phone: Phone, alice: Account) -> None:
    alice.put(LETTER)
    at = phone.folder("INBOX")
    phone.sync(at)
    wanted = '<Options><BodyPreference xmlns="AirSyncBase:"><Type>1</Type></BodyPreference></Options>'
    said = phone.sync(at, f"<GetChanges/>{wanted}")
    assert "Grüße" in said and "Until Tuesday" in said and "zoe@far.test" in said
    (uid,) = re.findall(r"<Add>\s*<ServerId>([^<]+)</ServerId>", said)
    read = '<ApplicationData><Read xmlns="Email:">1</Read></ApplicationData>'
    phone.sync(at, f"<Commands><Change><ServerId>{uid}</ServerId>{read}</Change></Commands>")
    assert alice.messages()[0].flags == {"\\Seen"}


def test_an_event_by_another_codec_is_one_of_the_calendar(server: RunningServer, phone: Phone, alice: Account) -> None:
    at = phone.folder("Calendar")
    phone.sync(at)
    phone.sync(at, "<GetChanges/>")
    data = f"<Commands><Add><ClientId>1</ClientId><ApplicationData>{EVENT}</ApplicationData></Add></Commands>"
    said = phone.sync(at, data)
    assert said.count("<Status>1</Status>") == 2, said
    (stored,) = objects(server, alice, "Calendar")
    for line in ("UID:e1", "SUMMARY:Planning", "LOCATION:Attic", "TRANSP:TRANSPARENT"):
        assert line in stored
