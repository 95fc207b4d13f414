"""Items that are attached to others, with what is in them. MS-OXWSATT §2.2.4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.ews.attached import attachment_xml, content_xml, item_kind, number_of
from connectors.ews.errors import no_file
from connectors.ews.shapes import Shape, item_xml
from connectors.ews.things import One
from connectors.ews.wire import Xml
from groupware.mime.sections import decoded
from groupware.mime.summary import summarize
from groupware.model.item import Kind


def found_xml(one: One, marks: Sequence[str], shape: Shape, path: str) -> Xml:
    """The attachment, with what is in it."""
    number = number_of(one, marks[0])
    inner = inner_of(one, number, f"{one.path}{marks[0]}-")
    if len(marks) > 1:
        if inner is None or inner.kind is not Kind.MAIL:
            raise no_file()
        return found_xml(inner, marks[1:], shape, path)
    if inner is None:
        return attachment_xml(one, number, content_xml(one, number), path)
    inner.facts = shape.facts(one.facts)
    return attachment_xml(one, number, inner_xml(inner, shape), path)


def inner_of(one: One, number: int, path: str) -> One | None:
    """The item that an attachment is; None: it is a file."""
    kind = item_kind(one, number)
    if kind is None:
        return None
    return attached(one, decoded(one.octets, one.summary.parts[number]), kind, path)


def attached(one: One, octets: bytes, kind: Kind, path: str) -> One:
    """An item that is attached to another one."""
    summary = summarize(octets).encode() if kind is Kind.MAIL else b""
    thing = replace(one.thing, folder=replace(one.thing.folder, kind=kind), summary=summary, size=len(octets))
    found = One(replace(thing, properties=b"", tell=None), one.facts, octets=octets)
    found.nested, found.path = True, path
    return found


def inner_xml(inner: One, shape: Shape) -> Xml:
    """The element of an item that is attached; an invitation in a message is told as a message."""
    return item_xml(inner, shape, "Message" if inner.kind is Kind.MAIL else "")
