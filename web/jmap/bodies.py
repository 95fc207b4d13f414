"""The parts of a message: their tree, and which are text, HTML and attachments. RFC 8621 §4.1.4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from groupware.mime.charsets import decode
from groupware.mime.parts import Part
from groupware.mime.sections import children, decoded
from groupware.mime.transfer import KNOWN
from web.jmap.headers_of import header_fields, raw, value_of, wanted
from web.jmap.ids import part_id

PROPERTIES: Final = (
    "partId",
    "blobId",
    "size",
    "name",
    "type",
    "charset",
    "disposition",
    "cid",
    "language",
    "location",
)
"""What is told of a part unless a client says what it wants."""
KNOWN_PROPERTIES: Final = frozenset({*PROPERTIES, "headers", "subParts"})


@dataclass(frozen=True, slots=True)
class Message:
    """A message whose parts are told of."""

    blob: str
    """The id of its octets."""
    parts: Sequence[Part]
    octets: bytes

    def part(self, index: int, wanted_properties: Sequence[str]) -> dict[str, Any]:
        """EmailBodyPart. RFC 8621 §4.1.4."""
        part = self.parts[index]
        fields = header_fields(self.octets[part.header_start : part.body_start])
        return {name: self._property(name, index, part, fields) for name in wanted_properties if name != "subParts"}

    def _property(self, name: str, index: int, part: Part, fields: Any) -> Any:
        several = part.kind == "multipart"
        match name:
            case "partId":
                return None if several else str(index)
            case "blobId":
                return None if several else part_id(self.blob, index)
            case "size":
                return len(decoded(self.octets, part)) if not several else part.size
            case "name" | "disposition" | "cid":
                return getattr(part, name) or None
            case "type":
                return part.media
            case "charset":
                return (part.charset or "us-ascii") if part.media.startswith("text/") else None
            case "language":
                said = value_of(wanted("header:Content-Language:asText"), fields)
                return [each.strip() for each in said.split(",") if each.strip()] or None if said else None
            case "location":
                return value_of(wanted("header:Content-Location:asText"), fields)
            case "headers":
                return [{"name": each.decode("latin-1"), "value": raw(value)} for each, value in fields]
        return value_of(wanted(name), fields)

    def structure(self, wanted_properties: Sequence[str], index: int = 0) -> dict[str, Any]:
        """The part with the parts in it; what is in an attached message is not told."""
        found = self.part(index, wanted_properties)
        if self.parts[index].kind == "multipart":
            found["subParts"] = [self.structure(wanted_properties, each) for each in children(self.parts, index)]
        return found

    def value(self, index: int, most: int) -> dict[str, Any]:
        """EmailBodyValue: the text, its line ends LF, cut off between two characters."""
        part = self.parts[index]
        whole = decode(decoded(self.octets, part), part.charset).replace("\r\n", "\n")
        octets = whole.encode()
        cut = len(octets) > most
        said = octets[:most].decode("utf-8", "ignore") if cut else whole
        problem = part.encoding not in KNOWN or "\ufffd" in whole
        return {"value": said, "isEncodingProblem": problem, "isTruncated": cut}
