"""Which property is meant: FieldURI, IndexedFieldURI, ExtendedFieldURI. MS-OXWSCDATA §2.2.4.24 and those around it."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Final

from connectors.bounded_xml import Element, quoted
from connectors.ews.errors import EwsError
from connectors.ews.wire import Xml, children, local

MOST: Final = 500
"""Properties that one shape may name."""
SETS: Final = {
    "meeting": "6ed8da90-450b-101b-98da-00aa003f1305",
    "appointment": "00062002-0000-0000-c000-000000000046",
    "common": "00062008-0000-0000-c000-000000000046",
    "publicstrings": "00020329-0000-0000-c000-000000000046",
    "address": "00062004-0000-0000-c000-000000000046",
    "internetheaders": "00020386-0000-0000-c000-000000000046",
    "calendarassistant": "11000e07-b51b-40d6-af21-caa85edab1d0",
    "unifiedmessaging": "4442858e-a9e3-4e80-b900-317a210cc15b",
    "task": "00062003-0000-0000-c000-000000000046",
    "sharing": "00062040-0000-0000-c000-000000000046",
}
"""DistinguishedPropertySetId, in lower case. MS-OXPROPS §1.3.2."""
_TYPES: Final = re.compile(
    r"(?:ApplicationTime|Binary|Boolean|CLSID|Currency|Double|Float|Integer|Long|Short|String|SystemTime)(?:Array)?\Z"
)


@dataclass(frozen=True, slots=True)
class Path:
    """One property."""

    uri: str
    """`item:Subject`; of an extended property its key, which begins with `tag:` or the GUID of its set."""
    index: str = ""
    """Of an indexed one: `EmailAddress1`."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Of an extended one: how the client names it."""

    @property
    def extended(self) -> bool:
        """Whether it is a property of MAPI."""
        return bool(self.attributes)

    @property
    def xml(self) -> Xml:
        """The ExtendedFieldURI, as the client gave it."""
        return Xml("<t:ExtendedFieldURI" + "".join(f' {key}="{quoted(each)}"' for key, each in self.attributes) + "/>")


def read_path(element: Element) -> Path:
    """The property. `EwsError`."""
    match local(element):
        case "FieldURI":
            return Path(element.get("FieldURI", ""))
        case "IndexedFieldURI":
            return Path(element.get("FieldURI", ""), element.get("FieldIndex", ""))
        case "ExtendedFieldURI":
            return _extended(element)
    raise EwsError("ErrorSchemaValidation", f"{local(element)[:60]}: it names no property")


def path_in(element: Element) -> Path:
    """The property that is named by a child. `EwsError`."""
    for each in children(element):
        if local(each).endswith("FieldURI"):
            return read_path(each)
    raise EwsError("ErrorSchemaValidation", f"{local(element)[:60]}: it names no property")


def paths_in(element: Element | None) -> tuple[Path, ...]:
    """All that are named. `EwsError`."""
    found = tuple(read_path(each) for each in children(element))
    if len(found) > MOST:
        raise EwsError("ErrorInvalidRequest", f"more than {MOST} properties")
    return found


def _extended(element: Element) -> Path:
    given = {str(key): str(value)[:255] for key, value in element.attrib.items()}
    kind = given.get("PropertyType", "")
    if not _TYPES.match(kind):
        raise _bad("PropertyType", kind)
    said = tuple(sorted(given.items()))
    if "PropertyTag" in given:
        tag = _number(given["PropertyTag"], "PropertyTag")
        if not 0 <= tag < 0x8000:
            raise _bad("PropertyTag", given["PropertyTag"])
        return Path(f"tag:{tag:#06x}:{kind}", attributes=said)
    if "DistinguishedPropertySetId" in given:
        space = SETS.get(given["DistinguishedPropertySetId"].lower())
        if space is None:
            raise _bad("DistinguishedPropertySetId", given["DistinguishedPropertySetId"])
    else:
        try:
            space = str(uuid.UUID(given.get("PropertySetId", "")))
        except ValueError:
            raise _bad("PropertySetId", given.get("PropertySetId", "")) from None
    if "PropertyName" in given:
        return Path(f"{space}:n:{given['PropertyName'].lower()}:{kind}", attributes=said)
    return Path(f"{space}:{_number(given.get('PropertyId', ''), 'PropertyId'):#x}:{kind}", attributes=said)


def _number(text: str, name: str) -> int:
    try:
        return int(text, 16) if text.lower().startswith("0x") else int(text)
    except ValueError:
        raise _bad(name, text) from None


def _bad(name: str, value: str) -> EwsError:
    return EwsError("ErrorInvalidExtendedProperty", f"{name}: {value[:60]!r} names no property")
