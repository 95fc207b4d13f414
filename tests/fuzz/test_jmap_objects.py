"""Cards and events of any shape: what is taken can be stored and told, and the rest is refused."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from groupware.calendar.jscalendar.objects import calendar_of, object_of
from groupware.calendar.jscalendar.shape import EVENT, plain
from groupware.calendar.notes import NOTE, note_of
from groupware.calendar.notes import calendar_of as journal_of
from groupware.calendar.notes import changed as journal_changed
from groupware.calendar.object import read_object
from groupware.contacts.jscontact.reading import card_of
from groupware.contacts.jscontact.shape import CARD
from groupware.contacts.jscontact.writing import vcard_of
from groupware.model.content import parse, serialized
from groupware.model.errors import Malformed
from groupware.model.patches import patched
from groupware.model.shape import Misshapen

Json = dict[str, Any]
EVENT_WAYS: Json = {
    "@type": "Event",
    "uid": "1",
    "title": "Tea",
    "start": "2025-03-03T10:00:00",
    "timeZone": "Europe/Berlin",
    "duration": "PT1H",
    "recurrenceRules": [{"frequency": "daily", "byDay": [{"day": "mo"}]}],
    "recurrenceOverrides": {"2025-03-04T10:00:00": {"title": "Cake"}},
    "participants": {"a": {"sendTo": {"imip": "mailto:a@x"}, "roles": {"attendee": True}}},
    "alerts": {"b": {"trigger": {"offset": "-PT5M"}}},
    "locations": {"c": {"name": "here"}},
    "relatedTo": {"2": {"relation": {"parent": True}}},
    "replyTo": {"imip": "mailto:b@x"},
    "iCalendar": {"properties": [["x-y", {}, "unknown", "z"]], "convertedProperties": {"start": {"parameters": {}}}},
}
CARD_WAYS: Json = {
    "uid": "1",
    "name": {"full": "Ann", "components": [{"kind": "given", "value": "Ann"}]},
    "emails": {"a": {"address": "a@x", "contexts": {"work": True}, "pref": 1}},
    "phones": {"b": {"number": "1", "features": {"fax": True}}},
    "addresses": {"c": {"components": [{"kind": "locality", "value": "Bonn"}]}},
    "organizations": {"d": {"name": "x", "units": [{"name": "y"}]}},
    "anniversaries": {"e": {"kind": "birth", "date": {"month": 1}}},
    "keywords": {"k": True},
    "relatedTo": {"urn:x": {"relation": {"friend": True}}},
    "vCardProps": [["x-y", {}, "unknown", "z"]],
}
NOTE_WAYS: Json = {"uid": "1", "title": "Tea", "text": "a\nb", "date": "2025-03-03", "keywords": {"k": True}}
NOW = datetime(2026, 1, 31, tzinfo=UTC)
WORDS = st.text(max_size=8) | st.sampled_from(
    ["2025-03-04T10:00:00", "9999-12-31T23:59:59", "0001-01-01T00:00:00", "PT1H", "P99999D", "Etc/UTC", "/own", "text"]
)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99999) | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


def ways(value: Any, way: str = "") -> list[str]:
    """The pointers into a value."""
    if not isinstance(value, dict):
        return []
    here = [f"{way}/{name}" if way else name for name in value]
    return here + [each for name, inner in zip(here, value.values(), strict=True) for each in ways(inner, name)]


def changed(base: Json) -> Any:
    """The value with some of it made another, at random."""
    patch = st.dictionaries(st.sampled_from(ways(base)) | WORDS, ANY, min_size=1, max_size=3)
    return patch.map(lambda given: _patched(base, given))


def _patched(base: Json, patch: Json) -> Json:
    for way, value in patch.items():
        with suppress(ValueError):
            base = patched(base, {way: value})
    return base


@settings(max_examples=500, deadline=None)
@given(changed(EVENT_WAYS))
def test_an_event_of_any_shape_is_stored_and_told_or_refused(told: Json) -> None:
    try:
        EVENT(told)
        octets = serialized([calendar_of(plain(told))])
        found = object_of(read_object(octets))
    except (Misshapen, Malformed, ValueError, KeyError, TypeError, OverflowError, AttributeError):
        return  # as `event_set.item_of` refuses it
    assert found["uid"] == told["uid"]


@settings(max_examples=500, deadline=None)
@given(changed(CARD_WAYS))
def test_a_card_of_any_shape_is_stored_and_told_or_refused(told: Json) -> None:
    try:
        CARD(told)
    except Misshapen:
        return
    try:
        card = vcard_of(told)
    except ValueError:
        return
    assert card_of(parse(serialized([card]))[0])["uid"] == told["uid"]


@settings(max_examples=300, deadline=None)
@given(changed(NOTE_WAYS), changed(NOTE_WAYS))
def test_a_note_of_any_shape_is_stored_and_told_or_refused(told: Json, later: Json) -> None:
    try:
        for each in (told, later):
            NOTE(each)
        stored = read_object(serialized([journal_of(told, NOW)]))
        again = read_object(serialized([journal_changed(stored, {**later, "uid": told["uid"]}, NOW)]))
    except (Misshapen, Malformed, ValueError):
        return  # as `event_set.item_of` refuses it
    for said, found in ((told, note_of(stored)), (later, note_of(again))):
        assert found["title"] == said.get("title", "")
        assert found["text"] == said.get("text", "")
        assert found.get("date") == said.get("date")
