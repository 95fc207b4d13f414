"""One request and its answer, and who sends it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from connectors.dav import xml
from connectors.dav.cards import Converted
from connectors.dav.errors import DavError
from connectors.dav.paths import CONTACTS, Place, place
from groupware.calendar.shown import Shown
from groupware.model.errors import BadCredentials, NotFound
from groupware.model.principal import Principal
from groupware.store.api import ReadTx
from mailcore.server.authorization import CHALLENGE, authorized
from mailcore.server.parts import Parts
from mailcore.server.signin import Desk, Rejected

XML_OCTETS: Final = 10 * 1024 * 1024
"""Of a body that is XML."""
OBJECT_OCTETS: Final = 20 * 1024 * 1024
"""Of an object: max-resource-size."""
IMAGE_OCTETS: Final = OBJECT_OCTETS // 4 * 3 - 1024 * 1024
"""Of a picture, which has a third more as base64 and is not all that a contact has: what Apple's programs ask for."""
_TAG: Final = re.compile(r'(W/)?"([^"]*)"')
Answer = Response


@dataclass(slots=True)
class Exchange:
    """What a handler works with."""

    parts: Parts
    request: Request
    who: Principal
    at: Place
    cards: Converted
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    push: str = ""
    """The key that push messages are signed with; "": there is no push."""
    shown: Shown | None = None
    """How the calendar is seen, where it is somebody else's: `parts` tell it so."""
    stored: Parts | None = None
    """The parts that tell it as it is stored."""

    @property
    def user(self) -> str:
        """The address of who asks."""
        return self.who.name

    @property
    def depth(self) -> int:
        """Depth: 0 or 1; `infinity` is taken for 1 where a handler allows it."""
        said = self.headers.get("depth", "infinity").strip().lower()
        if said not in ("0", "1", "infinity"):
            raise DavError(400, f"Depth {said[:20]!r} is none of 0, 1 and infinity")
        return 0 if said == "0" else 1 if said == "1" else 2

    @property
    def minimal(self) -> bool:
        """Prefer: return=minimal (RFC 8144)."""
        return "return=minimal" in self.headers.get("prefer", "").replace(" ", "").lower()

    @property
    def representation(self) -> bool:
        """Prefer: return=representation (RFC 8144)."""
        return "return=representation" in self.headers.get("prefer", "").replace(" ", "").lower()

    def document(self) -> xml.Element | None:
        """The body as XML."""
        return xml.read(self.body)

    async def document_apart(self) -> xml.Element | None:
        """The same; a large one is read beside the event loop."""
        return self.document() if len(self.body) < 64 * 1024 else await asyncio.to_thread(self.document)

    async def sync_token(self) -> str:
        """The token that a REPORT names; "": it names none."""
        if self.request.method != "REPORT" or (root := await self.document_apart()) is None:
            return ""
        return (root.findtext(f"{{{xml.DAV}}}sync-token") or "").strip()

    def check_tags(self, etag: str | None) -> None:
        """412 unless If-Match and If-None-Match allow it; `etag` None: there is nothing yet. RFC 9110 §13.1."""
        wanted, unwanted = self.headers.get("if-match"), self.headers.get("if-none-match")
        if wanted is not None and not _matches(wanted, etag):
            raise DavError(412, "it has changed, or is not there: If-Match does not name it as it is now")
        if unwanted is not None and _matches(unwanted, etag):
            raise DavError(412, "it is there already: If-None-Match names it")

    def check_schedule_tag(self, tag: str) -> None:
        """412 unless If-Schedule-Tag-Match names the tag. RFC 6638 §8.3."""
        wanted = self.headers.get("if-schedule-tag-match")
        if wanted is not None and wanted.strip().strip('"') != tag:
            raise DavError(412, "the meeting has changed: If-Schedule-Tag-Match does not name it as it is now")


def _matches(header: str, etag: str | None) -> bool:
    if header.strip() == "*":
        return etag is not None
    return etag is not None and any(found[2] == etag for found in _TAG.finditer(header))


@dataclass(frozen=True, slots=True)
class Attachable:
    """What somebody may attach: max-attachment-size and max-attachments-per-resource. RFC 8607 §6."""

    octets: int
    count: int


def attachable(tx: ReadTx) -> Attachable:
    """What the asking principal may attach to an object."""
    return Attachable(int(tx.setting("attachmentSize").value) * 1024, int(tx.setting("attachmentCount").value))


async def begin(parts: Parts, desk: Desk, request: Request, cards: Converted) -> Exchange:
    """The request with its sender and body. `DavError`."""
    who = await signed_in(desk, request)
    try:
        at = place(request.scope["raw_path"].decode("latin-1"))
    except NotFound as error:
        raise DavError(404, str(error)) from None
    most = OBJECT_OCTETS if request.method in ("PUT", "POST") else XML_OCTETS
    condition = ""
    if request.method == "POST" and at.name:
        most = (await parts.store.glance(who, attachable)).octets
        condition = "<C:max-attachment-size/>"
    body = await body_of(request, most, contacts=at.area == CONTACTS, condition=condition)
    return Exchange(parts, request, who, at, cards, body, request.headers)


async def body_of(request: Request, most: int, *, contacts: bool = False, condition: str = "") -> bytes:
    """The body of a request, of so many octets at most. `DavError`."""
    condition = condition or ("<A:max-resource-size/>" if contacts else "<C:max-resource-size/>")
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > most:
        raise DavError(413, f"the body has {said} octets, and {most} are taken at most", condition)
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > most:
            raise DavError(413, f"the body has more than {most} octets", condition)
    return bytes(found)


async def signed_in(desk: Desk, request: Request) -> Principal:
    """Who sends it. `DavError`."""
    try:
        return await authorized(desk, request.scope["state"], request.headers.get("authorization", ""))
    except BadCredentials as error:
        raise DavError(401, str(error), headers=CHALLENGE) from None
    except Rejected as error:
        raise DavError(403, str(error)) from None
