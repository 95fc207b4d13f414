"""A published calendar is read as servers really write them, and gives the same octets each time."""

from __future__ import annotations

import pytest

from groupware.calendar.feed import Feed, Wanted, read_feed
from groupware.calendar.object import read_object
from groupware.model.errors import Malformed, Refused
from groupware.model.ids import AccountId, FolderId
from groupware.model.source import CalendarSource, checked_url, wait
from tests.support import corpus
from tests.support.calpeer import calendar, event

WANTED = Wanted("20261001T000000Z")


def read(octets: bytes, wanted: Wanted = WANTED, charset: str = "") -> Feed:
    return read_feed(octets, wanted, charset)


def test_every_calendar_of_the_corpus_is_read_or_refused_in_words_and_gives_valid_events() -> None:
    events = left = refused = 0
    for path in sorted(corpus.path("ical").rglob("*.ics")):
        try:
            feed = read(path.read_bytes())
        except Malformed as error:
            assert str(error)
            refused += 1
            continue
        for uid, octets in feed.objects.items():
            found = read_object(octets)
            assert found.uid == uid and found.kind == "VEVENT" and b"DTSTAMP" in octets and b"PRODID" in octets
            again = read(octets).objects[uid]
            assert again == octets, path
        events += len(feed.objects)
        left += sum(feed.left.values())
    assert events > 500 and left > 20 and refused > 20


def test_what_servers_write_anew_each_time_makes_no_other_event() -> None:
    first = calendar(event("a", "DTSTAMP:20260101T000000Z"), head="X-WR-CALDESC:now\r\nPRODID:-//x//EN\r\n")
    second = calendar(event("a", "DTSTAMP:20260202T000000Z"), head="PRODID:-//x//EN\r\nX-WR-CALDESC:later\r\n")
    assert read(first).objects == read(second).objects
    assert b"DTSTAMP:20261001T000000Z\r\n" in read(first).objects["a"]


def test_when_an_event_was_last_revised_is_what_its_stamp_says() -> None:
    octets = read(calendar(event("a", "LAST-MODIFIED:20250505T050505Z", "CREATED:20250101T000000Z"))).objects["a"]
    assert b"DTSTAMP:20250505T050505Z\r\n" in octets


def test_overrides_belong_to_their_event_in_any_order() -> None:
    whole = event("a", "RRULE:FREQ=DAILY;COUNT=5")
    moved = [event("a", f"RECURRENCE-ID:202610{day:02}T090000Z", day=day) for day in (2, 3)]
    one, other = read(calendar(whole, *moved)), read(calendar(moved[1], whole, moved[0]))
    assert one.objects == other.objects and list(one.objects) == ["a"]
    assert one.objects["a"].count(b"BEGIN:VEVENT") == 3


def test_zones_by_their_windows_names_are_known() -> None:
    zoned = event("a").replace("DTSTART:20261001T090000Z", 'DTSTART;TZID="W. Europe Standard Time":20261001T090000')
    zoned = zoned.replace("DTEND:20261001T100000Z", 'DTEND;TZID="W. Europe Standard Time":20261001T100000')
    feed = read(calendar(zoned))
    assert not feed.left and b"W. Europe Standard Time" in feed.objects["a"]


def test_what_it_says_of_itself() -> None:
    head = "NAME:Plain\r\nX-WR-CALNAME:Apple\\, too\r\nCOLOR:teal\r\nX-PUBLISHED-TTL:PT12H\r\n"
    feed = read(calendar(event("a"), head=head))
    assert (feed.title, feed.colour, feed.minutes) == ("Apple, too", "teal", 720)
    feed = read(calendar(event("a"), head="COLOR:<script>\r\nREFRESH-INTERVAL:soon\r\n"))
    assert (feed.title, feed.colour, feed.minutes) == ("", "", 0)


def test_other_alphabets_than_utf8_are_understood() -> None:
    latin = calendar(event("a", "LOCATION:Köln")).decode().encode("latin-1")
    assert "Köln".encode() in read(latin).objects["a"]
    cyrillic = calendar(event("a", "LOCATION:Омск")).decode().encode("koi8-r")
    assert "Омск".encode() in read(cyrillic, charset="koi8-r").objects["a"]
    assert read(b"\xef\xbb\xbf\r\n" + calendar(event("a"))).objects.keys() == {"a"}


def test_what_is_no_event_is_left_out_and_counted() -> None:
    todos = [event(uid).replace("VEVENT", "VTODO").replace("DTEND", "DUE") for uid in "tu"]
    feed = read(calendar(event("a"), *todos))
    assert list(feed.objects) == ["a"]
    assert [(why.partition(":")[0], count) for why, count in feed.left.items()] == [("task", 2)]
    assert not feed.unread


def test_what_is_left_out_takes_no_room_of_events() -> None:
    todos = [event(f"t{each}").replace("VEVENT", "VTODO").replace("DTEND", "DUE") for each in range(5)]
    feed = read(calendar(*todos, event("a"), event("b")), Wanted("20261001T000000Z", most=2))
    assert (list(feed.objects), list(feed.left.values())) == (["a", "b"], [5])


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "no calendar"),
        (b"  <html>", "web page"),
        (b"BEGIN:VCARD\r\nEND:VCARD\r\n", "no calendar"),
        (calendar(event("a"))[:-4], "ends in the middle"),
        (calendar(*(event(f"e{each}") for each in range(5))), "more than 4 events"),
    ],
)
def test_what_is_no_calendar_is_said(octets: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        read(octets, Wanted("20261001T000000Z", most=4))


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (" webcal://Far.test/a.ics ", "http://far.test/a.ics"),
        ("WEBCALS://far.test:8443/a?b=c#d", "https://far.test:8443/a?b=c"),
        ("https://far.test", "https://far.test"),
    ],
)
def test_an_address_is_told_as_it_is_asked(given: str, made: str) -> None:
    assert checked_url(given) == made


@pytest.mark.parametrize(
    "url",
    ["",
     "far.test/a.ics", "ftp://far.test/a", "file:///etc/passwd", "https://", "https://u:p@far.test/", "http://[x/",
     "http://far.test:0/", "http://far.test:99999/", "http://far.test/\na", "http://far.test/" + "a" * 2000,
     "webcal:x"],
)  # fmt: skip
def test_what_is_no_address_is_refused_in_words(url: str) -> None:
    with pytest.raises(Refused, match="url: "):
        checked_url(url)


def test_the_longest_of_three_wishes_says_how_long_it_waits() -> None:
    source = CalendarSource(FolderId(1), AccountId(1), "https://far.test/")
    assert wait(source, 30) == 60
    assert wait(CalendarSource(FolderId(1), AccountId(1), "", ttl=5), 30) == 30
    assert wait(CalendarSource(FolderId(1), AccountId(1), "", minutes=120, ttl=5), 30) == 120
    assert wait(CalendarSource(FolderId(1), AccountId(1), "", ttl=10**9), 30) == 31 * 24 * 60
