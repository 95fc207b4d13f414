"""MimeContent of events: what is stored, with what Exchange always says and programs rely on."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from connectors.ews.mail_fields import mime_xml
from connectors.ews.things import One
from connectors.ews.wire import Whole
from groupware.model.content import NO_PARAMS, Component, Line, parse, serialized
from groupware.model.errors import Malformed

BUSY: Final = "X-MICROSOFT-CDO-BUSYSTATUS"
WHOLE_DAY: Final = "X-MICROSOFT-CDO-ALLDAYEVENT"


def event_mime_xml(one: One) -> Whole:
    """MimeContent, in which each event says whether it takes time: Evolution reads Free where nothing is said."""
    try:
        octets = serialized([_said(each) for each in parse(one.octets)])
    except Malformed:
        octets = one.octets
    return mime_xml(octets)


def _said(component: Component) -> Component:
    if component.name != "VEVENT":
        return replace(component, parts=[_said(each) for each in component.parts])
    free = component.text("TRANSP").upper() == "TRANSPARENT"
    busy = "FREE" if free else "TENTATIVE" if component.text("STATUS").upper() == "TENTATIVE" else "BUSY"
    begin = component.first("DTSTART")
    whole = begin is not None and begin.param("VALUE").upper() == "DATE"
    told = {"TRANSP": "OPAQUE", BUSY: busy, WHOLE_DAY: str(whole).upper()}
    there = {line.name for line in component.lines}
    lines = [Line(name, NO_PARAMS, value, 0) for name, value in told.items() if name not in there]
    return replace(component, lines=[*component.lines, *lines])
