"""What events, contacts, tasks and notes have in common: bodies, categories, sensitivity, importance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.activesync.element import Element, el, some
from connectors.activesync.mail.body import as_html, element
from connectors.activesync.sync.options import HTML, PLAIN, Options
from connectors.exchange import events
from connectors.exchange.places import MEMBERS, Venue
from groupware.mime.html import plain_text

Json = dict[str, Any]


def body(text: str, options: Options, html: str = "") -> Element | None:
    """The Body of a description, in the form that the device takes, the one that it was written in before the other."""
    wanted = {each.type: each for each in reversed(options.bodies)}
    first, second = (HTML, PLAIN) if html else (PLAIN, HTML)
    preference = wanted.get(first) or wanted.get(second)
    if preference is None or not text:
        return None
    return element((html or as_html(text)) if preference.type == HTML else text, preference)


def location(venue: Venue) -> Element | None:
    """A place with its position and address, as 16.x has it. MS-ASAIRS §2.2.2.28."""
    if not venue.name and not venue.more:
        return None
    more = [some(f"AirSyncBase:{name}", venue.more.get(name)) for name in MEMBERS]
    return el("AirSyncBase:Location", some("AirSyncBase:DisplayName", venue.name), [each for each in more if each])


def venue_of(said: Element) -> Venue:
    """The place that a Location of 16.x says."""
    return Venue(
        said.value("AirSyncBase:DisplayName"),
        {name: said.value(f"AirSyncBase:{name}").strip() for name in MEMBERS},
    )


def text_of_body(data: Element) -> str | None:
    """What a device says in a Body, as plain text; None: it says nothing of it, or has not all of it."""
    said = data.child("AirSyncBase:Body")
    if said is None or said.flag("AirSyncBase:Truncated"):
        return None
    text = said.value("AirSyncBase:Data").replace("\r\n", "\n")
    return plain_text(text).strip() if said.value("AirSyncBase:Type") == str(HTML) else text


def categories(space: str, keywords: Mapping[str, Any] | None) -> Element | None:
    """Categories of keywords."""
    named = [el(f"{space}:Category", each) for each in keywords or {}]
    return el(f"{space}:Categories", named) if named else None


def take_categories(space: str, data: Element, value: Json) -> None:
    """Puts in the keywords that a device says."""
    said = data.child(f"{space}:Categories")
    if said is None:
        return
    named = {each.text.strip(): True for each in said.all(f"{space}:Category") if each.text.strip()}
    if named != (value.get("keywords") or {}):
        value["keywords"] = named


def take_sensitivity(space: str, data: Element, value: Json) -> None:
    """Puts in what a device says of who may see it."""
    name = f"{space}:Sensitivity"
    if data.child(name) is not None:
        events.set_sensitivity(value, data.number(name))


def take_text(data: Element, name: str, value: Json, member: str) -> None:
    """Puts in a text that a device says."""
    said = data.child(name)
    if said is not None and said.text != (value.get(member) or ""):
        value[member] = said.text or None


def take_description(data: Element, value: Json) -> None:
    """Puts in the description, unless it says what it said."""
    text = text_of_body(data)
    if text is None or events.same_text(text, events.description_of(value)[1]):
        return
    said = data.child("AirSyncBase:Body")
    html = said is not None and said.value("AirSyncBase:Type") == str(HTML)
    events.set_description(value, said.value("AirSyncBase:Data") if said is not None and html else text, html=html)
