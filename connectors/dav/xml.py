"""XML of WebDAV: what a client sends, read within bounds and without entities; what it gets, written as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from lxml import etree

from connectors import bounded_xml
from connectors.bounded_xml import escape as escape
from connectors.dav.errors import DavError

DAV, CALDAV, CARDDAV = "DAV:", "urn:ietf:params:xml:ns:caldav", "urn:ietf:params:xml:ns:carddav"
SERVER, APPLE = "http://calendarserver.org/ns/", "http://apple.com/ns/ical/"
PUSH: Final = "https://bitfire.at/webdav-push"
PREFIXES: Final = {DAV: "D", CALDAV: "C", CARDDAV: "A", SERVER: "S", APPLE: "I", PUSH: "P"}
HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
SPACES: Final = "".join(f' xmlns:{prefix}="{space}"' for space, prefix in PREFIXES.items())

Element = etree._Element


def read(octets: bytes) -> Element | None:
    """The root element; None for an empty body. `DavError` 400 says what is wrong with it."""
    if not octets.strip():
        return None
    try:
        return bounded_xml.read(octets)
    except bounded_xml.NoXml as error:
        raise DavError(400, str(error)) from None


def inside(element: Element) -> str:
    """What is inside, as XML that stands for itself."""
    inner = "".join(etree.tostring(each, encoding="unicode") for each in element)
    return escape(element.text or "") + inner


def names(element: Element | None) -> list[str]:
    """The names, `{namespace}local`, of what is inside."""
    return [str(each.tag) for each in element] if element is not None else []


def tag(name: str) -> tuple[str, str]:
    """(`D:prop`, a declaration that it needs) of a name `{namespace}local`."""
    space, _, local = name[1:].partition("}") if name.startswith("{") else ("", "", name)
    prefix = PREFIXES.get(space)
    if prefix is not None:
        return f"{prefix}:{local}", ""
    return (f"x:{local}", f' xmlns:x="{escape(space)}"') if space else (local, "")


def wrapped(name: str, inside: str | None) -> str:
    """An element around text that is XML already."""
    shown, declared = tag(name)
    return f"<{shown}{declared}>{inside}</{shown.split(' ')[0]}>" if inside else f"<{shown}{declared}/>"


def href(path: str) -> str:
    """`D:href` of a path that is percent-encoded already."""
    return f"<D:href>{escape(path)}</D:href>"


def propstat(found: Iterable[str], missing: Sequence[str] = (), status: str = "404 Not Found") -> str:
    """What is said of the properties of one resource."""
    inside = "".join(found)
    said = f"<D:propstat><D:prop>{inside}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
    if not missing:
        return said
    lacking = "".join(wrapped(name, None) for name in missing)
    lost = f"<D:propstat><D:prop>{lacking}</D:prop><D:status>HTTP/1.1 {status}</D:status></D:propstat>"
    return said + lost if inside else lost


def response(path: str, inside: str) -> str:
    """One `D:response`."""
    return f"<D:response><D:href>{path}</D:href>{inside}</D:response>\n"


def gone(path: str, status: str = "404 Not Found", condition: str = "") -> str:
    """A `D:response` with a status alone, and with the precondition of WebDAV that was not met where one is named."""
    error = f"<D:error><D:{condition}/></D:error>" if condition else ""
    return response(path, f"<D:status>HTTP/1.1 {status}</D:status>{error}")


def multistatus(responses: Iterable[str], after: str = "") -> bytes:
    """The whole answer."""
    return "".join((HEAD, f"<D:multistatus{SPACES}>\n", *responses, after, "</D:multistatus>\n")).encode()
