"""What is attached to events and where they take place, as 16.x says it and others have it."""

from __future__ import annotations

import base64
from typing import Any

from groupware.store.api import ReadTx
from tests.protocol.activesync.test_calendar import add, calendar, one, stored
from tests.protocol.activesync.test_sync_mail import changed
from tests.support.davstand import event
from tests.support.eas.stand import Phone, Stand
from tests.support.eas.wire import Node

TIMES = (("Calendar:StartTime", "20261201T090000Z"), ("Calendar:EndTime", "20261201T100000Z"))
WEEKLY = event("w1", "20261201T090000Z", "RRULE:FREQ=WEEKLY;COUNT=3", end="20261201T100000Z").encode()


def attach(*named: tuple[str, bytes], client: str = "f") -> tuple[Any, ...]:
    """The Attachments that a device adds, `f1` the first."""
    adds = (
        (
            "AirSyncBase:Add",
            ("AirSyncBase:ClientId", f"{client}{number}"),
            ("AirSyncBase:Method", 1),
            ("AirSyncBase:Content", octets),
            ("AirSyncBase:DisplayName", name),
            ("AirSyncBase:ContentType", "text/plain"),
        )
        for number, (name, octets) in enumerate(named, 1)
    )
    return ("AirSyncBase:Attachments", *adds)


def detach(reference: str) -> tuple[Any, ...]:
    gone = ("AirSyncBase:Delete", ("AirSyncBase:FileReference", reference))
    return ("AirSyncBase:Attachments", gone)


async def content(phone: Phone, reference: str) -> tuple[str | None, bytes]:
    """The status and the octets of what ItemOperations gives for a FileReference."""
    fetch = ("ItemOperations:Fetch", ("ItemOperations:Store", "Mailbox"), ("AirSyncBase:FileReference", reference))
    said = await phone.ask("ItemOperations", ("ItemOperations:ItemOperations", fetch))
    found = said.find("Response/Fetch")
    assert found is not None
    return found.get("Status"), base64.b64decode(found.get("Properties/Data") or "")


async def anew(phone: Phone, at: str, server: str) -> Node:
    """The event as it is told now."""
    said = await phone.sync(at, ("AirSync:Fetch", ("AirSync:ServerId", server)))
    found = said.find("Responses/Fetch/ApplicationData")
    assert found is not None
    return found


async def test_a_device_attaches_files_to_a_new_event(stand: Stand, alice: Phone) -> None:
    at = await calendar(alice)
    files = attach(("Plan.txt", b"the plan"), ("C:\\x\\List.txt", b"the list"))
    said = await alice.sync(at, add(*TIMES, ("Calendar:Subject", "Talk"), files))
    told = said.every("Responses/Add/ApplicationData/Attachments/Attachment")
    assert {(each.get("ClientId"), each.get("DisplayName")) for each in told} == {
        ("f1", "Plan.txt"),
        ("f2", "List.txt"),
    }
    for each, octets in zip(told, (b"the plan", b"the list"), strict=True):
        assert await content(alice, each.get("FileReference") or "") == ("1", octets)
    text = await stored(stand)
    assert text.count("MANAGED-ID=") == 2 and "FILENAME=Plan.txt" in text and "SIZE=8" in text
    key = (told[0].get("FileReference") or "").rpartition(":")[2]
    assert f"ATTACH;MANAGED-ID={key}" in text or f"MANAGED-ID={key}" in text
    assert f"https://mail.example.test/dav/attachments/{key}/Plan.txt" in text

    def work(tx: ReadTx) -> tuple[str, int]:
        found = tx.attachment(key)
        return found.media, found.size

    assert await stand.house.read(work) == ("text/plain", 8)


async def test_a_change_attaches_and_takes_away_and_the_rest_stays(stand: Stand, alice: Phone) -> None:
    octets = event("e1", "20261201T090000Z", "X-OWN:kept", "ATTACH:https://x.test/a.pdf", end="20261201T100000Z")
    await stand.put("alice", octets.encode(), "Calendar")
    at = await calendar(alice)
    [server] = alice.there[at]
    said = await alice.sync(at, changed(server, attach(("a.txt", b"one"), ("b.txt", b"two"))))
    first, second = (
        each.get("FileReference") for each in said.every("Responses/Change/ApplicationData/Attachments/Attachment")
    )
    assert said.get("Responses/Change/Status") == "1"
    other = stand.phone("alice", "PHONE2")
    await calendar(other)
    assert {each.get("FileReference") for each in one(other, at).every("Attachments/Attachment")} == {first, second}
    await alice.sync(at, changed(server, ("Calendar:Subject", "New"), detach(first or "")))
    text = await stored(stand)
    assert text.count("MANAGED-ID=") == 1 and "X-OWN:kept" in text and "ATTACH:https://x.test/a.pdf" in text
    assert (await content(alice, first or ""))[0] == "15" and await content(alice, second or "") == ("1", b"two")


async def test_a_request_that_is_repeated_attaches_once(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", WEEKLY, "Calendar")
    at = await calendar(alice)
    [server] = alice.there[at]
    before = alice.keys[at]
    found = []
    for _ in range(2):
        said = await alice.sync(at, changed(server, attach(("a.txt", b"one"))), key=before)
        found.append(said.get("Responses/Change/ApplicationData/Attachments/Attachment/FileReference"))
    assert found[0] and found[0] == found[1] and (await stored(stand)).count("MANAGED-ID=") == 1
    before, made = alice.keys[at], add(*TIMES, ("Calendar:Subject", "new"), attach(("b.txt", b"two")))
    answers = [(await alice.sync(at, made, key=before)).find("Responses/Add") for _ in range(2)]
    told = [each.get("ApplicationData/Attachments/Attachment/FileReference") for each in answers if each is not None]
    assert told[0] and told[0] == told[1] and len(await stand.house.bodies("alice", "Calendar")) == 2


async def test_an_occurrence_has_attachments_of_its_own(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", WEEKLY, "Calendar")
    at = await calendar(alice)
    [server] = alice.there[at]
    instance = ("AirSyncBase:InstanceId", "20261208T090000Z")
    data = ("AirSync:ApplicationData", attach(("only.txt", b"once")))
    said = await alice.sync(at, ("AirSync:Change", ("AirSync:ServerId", server), instance, data))
    reference = said.get("Responses/Change/ApplicationData/Attachments/Attachment/FileReference") or ""
    assert await content(alice, reference) == ("1", b"once")
    found = await anew(alice, at, server)
    assert found.find("Attachments") is None
    [exception] = found.every("Exceptions/Exception")
    assert exception.get("Attachments/Attachment/FileReference") == reference


async def test_what_an_invitation_brought_inside_is_fetched_and_can_be_taken_away(stand: Stand, alice: Phone) -> None:
    inside = (
        "ATTACH;VALUE=BINARY;ENCODING=BASE64;FMTTYPE=text/plain;X-FILENAME=in.txt:" + base64.b64encode(b"in").decode()
    )
    await stand.put("alice", event("e1", "20261201T090000Z", inside).encode(), "Calendar")
    at = await calendar(alice)
    [(server, found)] = alice.there[at].items()
    reference = found.get("Attachments/Attachment/FileReference") or ""
    assert found.get("Attachments/Attachment/DisplayName") == "in.txt" and await content(alice, reference) == (
        "1",
        b"in",
    )
    await alice.sync(at, changed(server, detach(reference)))
    assert "ATTACH" not in await stored(stand)


async def test_attachments_are_for_who_may_read_the_event(stand: Stand, alice: Phone) -> None:
    at = await calendar(alice)
    said = await alice.sync(at, add(*TIMES, attach(("a.txt", b"x"))))
    reference = said.get("Responses/Add/ApplicationData/Attachments/Attachment/FileReference") or ""
    assert (await content(stand.phone("bob"), reference))[0] == "15"
    await stand.share("alice", "Calendar", "bob@example.test", "lr")
    assert await content(stand.phone("bob"), reference) == ("1", b"x")
    for wrong in (f"{at}:1:x", f"{at}:1", "x", reference[:-1]):
        assert (await content(alice, wrong))[0] == "15", wrong


async def test_too_large_a_file_changes_nothing(stand: Stand, alice: Phone) -> None:
    await stand.house.write(lambda tx: tx.put_setting("attachmentSize", 1, tx.account("alice@example.test").id))
    at = await calendar(alice)
    said = await alice.sync(at, add(*TIMES, attach(("a.txt", b"x" * 2000))))
    assert said.get("Responses/Add/Status") == "6" and not await stand.house.bodies("alice", "Calendar")


async def test_before_16_0_events_have_no_attachments(stand: Stand, alice: Phone) -> None:
    at = await calendar(alice)
    await alice.sync(at, add(*TIMES, ("Calendar:Subject", "Old"), attach(("a.txt", b"x"))))
    alice.keys, alice.there, alice.folders = {}, {}, {}
    at = await calendar(alice, "14.1")
    [(server, found)] = alice.there[at].items()
    assert found.find("Attachments") is None and found.find("AirSyncBase:Location") is None
    whole = ("Calendar:Subject", "New"), *TIMES, ("Calendar:Location", "Hall")
    await alice.sync(at, changed(server, *whole))
    text = await stored(stand)
    assert "MANAGED-ID=" in text and "SUMMARY:New" in text and "LOCATION:Hall" in text


PLACE = {
    "DisplayName": "Town hall; main room",
    "Annotation": "2nd floor",
    "Street": "Square 1",
    "City": "Berlin",
    "State": "BE",
    "Country": "Germany",
    "PostalCode": "10178",
    "Latitude": "52.5184",
    "Longitude": "13.4082",
    "Accuracy": "10",
    "Altitude": "34.5",
    "AltitudeAccuracy": "2",
    "LocationUri": "https://x.test/place",
}


def location(**place: str) -> tuple[Any, ...]:
    return ("AirSyncBase:Location", *((f"AirSyncBase:{name}", text) for name, text in place.items()))


def place_of(found: Node) -> dict[str, str]:
    said = found.find("AirSyncBase:Location")
    return {each.name.partition(":")[2]: each.text for each in said.inside} if said is not None else {}


async def test_a_place_has_an_address_and_a_position(stand: Stand, alice: Phone) -> None:
    at = await calendar(alice)
    said = await alice.sync(at, add(*TIMES, location(**PLACE)))
    server = said.get("Responses/Add/ServerId") or ""
    text = await stored(stand)
    assert "LOCATION:Town hall\\; main room" in text and "GEO:52.5184;13.4082" in text
    assert place_of(await anew(alice, at, server)) == PLACE
    await alice.sync(at, changed(server, location(DisplayName=PLACE["DisplayName"]), ("Calendar:Subject", "x")))
    assert place_of(await anew(alice, at, server)) == PLACE
    await alice.sync(at, changed(server, location(DisplayName="Elsewhere", City="Bonn")))
    assert place_of(await anew(alice, at, server)) == {"DisplayName": "Elsewhere", "City": "Bonn"}
    assert "GEO" not in await stored(stand)
    await alice.sync(at, changed(server, ("AirSyncBase:Location",)))
    assert not place_of(await anew(alice, at, server)) and "LOCATION" not in await stored(stand)


async def test_a_position_that_others_gave_is_told_and_an_address_of_another_name_is_not(
    stand: Stand, alice: Phone
) -> None:
    for name, line in {
        "geo": "GEO:1.5;2.5",
        "apple": "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=Hall:geo:1.5,2.5",
    }.items():
        stale = 'X-MICROSOFT-LOCATIONS:[{"DisplayName":"Other"\\,"LocationCity":"Bonn"}]'
        await stand.put("alice", event(name, "20261201T090000Z", "LOCATION:Hall", line, stale).encode(), "Calendar")
    at = await calendar(alice)
    wanted = {"DisplayName": "Hall", "Latitude": "1.5", "Longitude": "2.5"}
    assert [place_of(each) for each in alice.there[at].values()] == [wanted, wanted]


async def test_a_place_that_cannot_be_is_refused(stand: Stand, alice: Phone) -> None:
    at = await calendar(alice)
    for wrong in ({"Latitude": "91", "Longitude": "0"}, {"Latitude": "x", "Longitude": "0"}, {"City": "x" * 3000}):
        said = await alice.sync(at, add(*TIMES, location(DisplayName="a", **wrong)))
        assert said.get("Responses/Add/Status") == "6", wrong
    assert not await stand.house.bodies("alice", "Calendar")


async def test_what_is_attached_to_a_draft_is_called_something_from_then_on(stand: Stand, alice: Phone) -> None:
    at = await alice.at("Drafts")
    await alice.all_of(at)
    first = await alice.sync(at, add(("Email:Subject", "d"), attach(("a.txt", b"one"))))
    server = first.get("Responses/Add/ServerId") or ""
    [told] = first.every("Responses/Add/ApplicationData/Attachments/Attachment")
    assert told.get("ClientId") == "f1" and await content(alice, told.get("FileReference") or "") == ("1", b"one")
    more = await alice.sync(at, changed(server, attach(("b.txt", b"two"), ("c.txt", b"three"), client="g")))
    told_ = more.every("Responses/Change/ApplicationData/Attachments/Attachment")
    assert [each.get("ClientId") for each in told_] == ["g1", "g2"]
    for each, octets in zip(told_, (b"two", b"three"), strict=True):
        assert await content(alice, each.get("FileReference") or "") == ("1", octets)
