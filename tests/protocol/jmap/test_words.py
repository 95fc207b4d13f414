"""Objects in whose octets a word does not stand are not made to look for it in them, and nothing is missed by that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from groupware.calendar import split as calendars
from groupware.contacts import split as contacts
from groupware.model.errors import Malformed
from groupware.model.ids import BlobId
from tests.protocol.jmap.test_calendars import put as put_event
from tests.protocol.jmap.test_calendars import vevent
from tests.protocol.jmap.test_contacts import put as put_card
from tests.protocol.jmap.test_contacts import vcard
from tests.support import corpus
from tests.support.jmapstand import Client, Stand
from web.jmap import card_query, event_query, tasks
from web.jmap.card import CARDS, card_json, card_text
from web.jmap.converted import text_of, words_in
from web.jmap.event import EVENTS
from web.jmap.tasks import TASKS

Json = dict[str, Any]


def stored() -> Iterator[tuple[str, str, bytes]]:
    """The kind and octets of everything in the corpus that can be stored."""
    for folder, split in (("ical", calendars.split), ("vcard", contacts.split)):
        for path in sorted(corpus.path(folder).rglob("*")):
            try:
                pieces = list(split(path.read_bytes())) if path.is_file() else []
            except Malformed:
                continue
            for each in pieces:
                if each.read is not None:
                    yield path.name, getattr(each.read, "kind", "VCARD"), each.read.octets


def said(kind: str, octets: bytes) -> list[str]:
    """All texts that conditions look into."""
    if kind == "VCARD":
        return list(card_query._TEXTS["text"](card_json(octets)))
    if kind == "VEVENT":
        whole = EVENTS._make(octets)
        return [text for one in event_query._every(whole) for text in event_query._TEXTS["text"](one)]
    return list(tasks._TEXTS["text"](TASKS._make(octets))) if kind == "VTODO" else []


def test_every_word_that_an_object_says_stands_in_its_octets() -> None:
    looked = 0
    for name, kind, octets in stored():
        text = card_text(octets) if kind == "VCARD" else text_of(octets)
        for each in said(kind, octets):
            for word in each.casefold().split():
                for run in words_in({"text": word}, ("text",)):
                    assert run.encode() in text, (name, kind, word)
                    looked += 1
    assert looked > 20_000


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (None, set()),
        ({"text": 'Say "Straße", o\'Neil\\;x'}, {"say", "strasse", "o", "neil", "x"}),
        ({"text": "a", "after": "2025-01-01T00:00:00"}, {"a"}),
        (
            {"operator": "AND", "conditions": [{"text": "a"}, {"operator": "AND", "conditions": [{"title": "b"}]}]},
            {"a", "b"},
        ),
        ({"operator": "OR", "conditions": [{"text": "a"}, {"text": "b"}]}, set()),
        ({"operator": "NOT", "conditions": [{"text": "a"}]}, set()),
        ({"operator": "AND", "conditions": [{"text": "a"}, {"operator": "NOT", "conditions": [{"text": "b"}]}]}, {"a"}),
    ],
)
def test_words_that_have_to_be_there(wanted: Json | None, words: set[str]) -> None:
    assert words_in(wanted, ("text", "title")) == words


def test_what_is_long_and_says_nothing_is_not_kept() -> None:
    lines = [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Berlin",
        "END:VTIMEZONE",
        "SUMMARY:Gar",
        " den",
        "item1.PHOTO;X=1:QUJD",
        "X:y",
    ]
    assert re.sub(r"\s+", " ", text_of("\r\n".join(lines).encode()).decode()).strip() == "summary:garden x:y"


async def test_only_what_may_say_a_word_is_made(stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[BlobId] = []
    for kind in (CARDS, EVENTS):
        real = kind._put
        monkeypatch.setattr(kind, "_put", lambda blob, value, real=real: made.append(blob) or real(blob, value))
    for number, word in enumerate(("garden", "rivër", "house")):
        await put_card(stand, "alice", vcard(f"w{number}", f"FN:Ann {word}", "NOTE:only here"))
        await put_event(stand, "alice", vevent(f"w{number}", "DTSTART:20250303T100000Z", f"SUMMARY:At the {word}"))
    for kind in ("ContactCard", "CalendarEvent"):
        made.clear()
        assert len((await alice.call(f"{kind}/query", filter={"text": "RIVËR"}))["ids"]) == 1
        assert len(made) == 1
        assert (await alice.call(f"{kind}/query", filter={"text": "nowhere"}))["ids"] == []
        assert len(made) == 1


async def test_a_contact_that_says_nothing_of_its_kind_is_somebody(stand: Stand, alice: Client) -> None:
    await put_card(stand, "alice", vcard("1", "FN:Ann"))
    await put_card(stand, "alice", vcard("2", "FN:Us", "KIND:group"))
    assert len((await alice.call("ContactCard/query", filter={"kind": "individual"}))["ids"]) == 1
    assert len((await alice.call("ContactCard/query", filter={"kind": "group"}))["ids"]) == 1
