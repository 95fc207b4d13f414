"""XML of Exchange Web Services: finding one's way in what a client sends, and writing what it gets as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from connectors.bounded_xml import Element, escape, quoted
from connectors.ews.errors import EwsError, invalid

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES: Final = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES: Final = "http://schemas.microsoft.com/exchange/services/2006/types"
ERRORS: Final = "http://schemas.microsoft.com/exchange/services/2006/errors"
_T, _M = f"{{{TYPES}}}", f"{{{MESSAGES}}}"


class Xml(str):
    """Text that is XML already; so is what it is put together with."""

    __slots__ = ()

    def __add__(self, other: str) -> Xml:
        return Xml(str.__add__(self, other))

    def __radd__(self, other: str) -> Xml:
        return Xml(str.__add__(other, self))


class Whole(Xml):
    """The whole of an element, with its own tags."""

    __slots__ = ()


Value = str | bool | int | float | datetime | None


def text_of(value: Value) -> str:
    """A value as an element's content."""
    if isinstance(value, str):
        return value if isinstance(value, Xml) else escape(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        at = value if value.tzinfo is UTC else value.astimezone(UTC)
        return f"{at.year:04}-{at.month:02}-{at.day:02}T{at.hour:02}:{at.minute:02}:{at.second:02}Z"
    return "" if value is None else str(value)


def tag(name: str, value: Value, **attributes: str) -> Xml:
    """An element of the types' namespace; of None nothing at all."""
    if value is None:
        return Xml("")
    if isinstance(value, Whole):
        return value
    inside = text_of(value)
    said = "".join([f' {key}="{quoted(each)}"' for key, each in attributes.items()]) if attributes else ""
    return Xml(f"<t:{name}{said}>{inside}</t:{name}>" if inside else f"<t:{name}{said}/>")


def message(name: str, inside: str, **attributes: str) -> Xml:
    """An element of the messages' namespace."""
    said = "".join(f' {key}="{quoted(each)}"' for key, each in attributes.items())
    return Xml(f"<m:{name}{said}>{inside}</m:{name}>" if inside else f"<m:{name}{said}/>")


def success(operation: str, inside: str = "") -> Xml:
    """The response message of one part that went well."""
    return Xml(
        f'<m:{operation}ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f"{inside}</m:{operation}ResponseMessage>"
    )


def said_error(error: EwsError) -> str:
    """What is said of an error inside of a response message."""
    return (
        f"<m:MessageText>{escape(str(error))}</m:MessageText><m:ResponseCode>{error.code}</m:ResponseCode>"
        "<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>"
    )


def failure(operation: str, error: EwsError, inside: str = "") -> Xml:
    """The response message of one part that did not."""
    return Xml(
        f'<m:{operation}ResponseMessage ResponseClass="Error">{said_error(error)}{inside}'
        f"</m:{operation}ResponseMessage>"
    )


def response(operation: str, messages: Iterable[str]) -> str:
    """The answer to an operation that has a message for each part."""
    return (
        f"<m:{operation}Response><m:ResponseMessages>{''.join(messages)}</m:ResponseMessages></m:{operation}Response>"
    )


# --- reading ----------------------------------------------------------------------------------------------------------


def local(element: Element) -> str:
    """The name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def child(element: Element | None, name: str) -> Element | None:
    """The first child of that name, of the types or the messages."""
    if element is None:
        return None
    found = element.find(_T + name)
    return found if found is not None else element.find(_M + name)


def children(element: Element | None, name: str = "") -> Iterator[Element]:
    """The children, all of them or those of that name."""
    for each in element if element is not None else ():
        if isinstance(each.tag, str) and name in ("", local(each)):
            yield each


def needed(element: Element | None, name: str) -> Element:
    """The child of that name. `EwsError` when it is missing."""
    found = child(element, name)
    if found is None:
        raise EwsError("ErrorSchemaValidation", f"{name} is missing")
    return found


def words(element: Element | None, *path: str) -> str | None:
    """The text at the end of a path of children; None when it is not there."""
    for name in path:
        element = child(element, name)
    return None if element is None else (element.text or "")


def flag(element: Element | None, *path: str) -> bool | None:
    """true or false at the end of a path."""
    text = words(element, *path)
    return None if text is None else text.strip().lower() in ("true", "1")


def number(text: str | None, name: str, least: int = 0, most: int = 2**31 - 1) -> int | None:
    """A whole number. `EwsError`."""
    if text is None:
        return None
    try:
        found = int(text.strip())
    except ValueError:
        raise invalid(f"{name}: a whole number is wanted") from None
    if not least <= found <= most:
        raise invalid(f"{name}: a number from {least} to {most} is wanted")
    return found


def moment(text: str, name: str = "") -> datetime:
    """An xs:dateTime; without a zone it has none. `EwsError`."""
    try:
        return datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        raise EwsError("ErrorInvalidPropertyRequest", f"{name}: {text[:40]!r} is no date and time") from None
