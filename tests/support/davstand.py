"""CalDAV and CardDAV over a real store, asked without a socket between."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
from lxml import etree
from starlette.applications import Starlette
from starlette.routing import Mount

from connectors.dav.app import dav
from connectors.dav.busy_url import busy_urls
from connectors.dav.feeds import feeds
from groupware.model.link import digest_of, new_secret
from groupware.model.rights import parse_rights
from groupware.store.api import WriteTx
from mailcore.server.parts import Parts, ServiceSetup
from tests.support.smtpstand import PASSWORD
from tests.support.webstand import WebStand, web_stand

SPACES: Mapping[str, str] = {
    "D": "DAV:",
    "C": "urn:ietf:params:xml:ns:caldav",
    "A": "urn:ietf:params:xml:ns:carddav",
    "S": "http://calendarserver.org/ns/",
    "I": "http://apple.com/ns/ical/",
}
HEAD = "".join(f' xmlns:{prefix}="{space}"' for prefix, space in SPACES.items())


@dataclass(frozen=True)
class Said:
    """An answer."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def xml(self) -> etree._Element:
        return etree.fromstring(self.body)

    def find(self, path: str) -> list[etree._Element]:
        return self.xml.findall(path, dict(SPACES))

    def texts(self, path: str) -> list[str]:
        return [(each.text or "") for each in self.find(path)]

    @property
    def hrefs(self) -> list[str]:
        return self.texts("D:response/D:href")

    def found(self, href: str, name: str) -> str | None:
        """The text of a property that a resource has, tags inside written out; None when it has not."""
        for each in self.find("D:response"):
            if each.findtext("D:href", namespaces=dict(SPACES)) != href:
                continue
            for stat in each.findall("D:propstat", dict(SPACES)):
                status = stat.findtext("D:status", namespaces=dict(SPACES)) or ""
                there = stat.find(f"D:prop/{name}", dict(SPACES))
                if " 200 " in status and there is not None:
                    inner = "".join(etree.tostring(part, encoding="unicode") for part in there)
                    return re.sub(r' xmlns:\w+="[^"]*"', "", (there.text or "") + inner)
        return None


@dataclass
class Client:
    """Somebody who is signed in."""

    http: httpx.AsyncClient
    name: str

    async def ask(self, method: str, path: str, body: str | bytes = b"", **headers: str) -> Said:
        token = base64.b64encode(f"{self.name}@example.test:{PASSWORD}".encode()).decode()
        sent = {"authorization": f"Basic {token}", **{key.replace("_", "-"): value for key, value in headers.items()}}
        content = body.encode() if isinstance(body, str) else body
        got = await self.http.request(method, path, content=content, headers=sent)
        return Said(got.status_code, got.headers, got.content)

    async def put(self, path: str, body: str | bytes, **headers: str) -> Said:
        kind = "text/vcard" if path.endswith(".vcf") else "text/calendar"
        return await self.ask("PUT", path, body, content_type=kind, **headers)

    async def props(self, path: str, *names: str, depth: int = 0) -> Said:
        wanted = "".join(f"<{name}/>" for name in names)
        body = f"<D:propfind{HEAD}><D:prop>{wanted}</D:prop></D:propfind>"
        return await self.ask("PROPFIND", path, body, depth=str(depth))

    async def set(self, path: str, inside: str, verb: str = "set") -> Said:
        """Set properties, or `remove` them."""
        body = f"<D:propertyupdate{HEAD}><D:{verb}><D:prop>{inside}</D:prop></D:{verb}></D:propertyupdate>"
        return await self.ask("PROPPATCH", path, body)

    async def report(self, path: str, name: str, inside: str) -> Said:
        return await self.ask("REPORT", path, f"<{name}{HEAD}>{inside}</{name}>", depth="1")

    async def query(self, path: str, filters: str, data: str = "<C:calendar-data/>") -> Said:
        inside = f"<D:prop><D:getetag/>{data}</D:prop><C:filter><C:comp-filter name='VCALENDAR'>{filters}"
        return await self.report(path, "C:calendar-query", f"{inside}</C:comp-filter></C:filter>")

    async def sync(self, path: str, token: str = "", limit: int = 0) -> Said:
        most = f"<D:limit><D:nresults>{limit}</D:nresults></D:limit>" if limit else ""
        inside = (
            f"<D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>{most}<D:prop><D:getetag/></D:prop>"
        )
        return await self.report(path, "D:sync-collection", inside)


@dataclass
class Stand(WebStand):
    """A server of calendars and contacts, and the store behind it."""

    def client(self, name: str) -> Client:
        return Client(self.http, name)

    async def publish(self, owner: str, path: str, rights: str, expires: datetime | None = None) -> str:
        """Makes a link to somebody's folder; gives the path of its address, without a name."""
        secret = new_secret()

        def work(tx: WriteTx) -> None:
            at = tx.locate(tx.account(f"{owner}@example.test").id, path).id
            tx.put_link(at, digest_of(secret), parse_rights(rights), expires)

        await self.house.write(work)
        return f"/feed/{secret}"

    async def fetch(self, path: str, method: str = "GET", body: str | bytes = b"", **headers: str) -> Said:
        """Asks without signing in."""
        content = body.encode() if isinstance(body, str) else body
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        got = await self.http.request(method, path, content=content, headers=sent)
        return Said(got.status_code, got.headers, got.content)


@asynccontextmanager
async def dav_stand(folder: Path) -> AsyncIterator[Stand]:
    """The application over a house of its own."""

    def make(parts: Parts, setup: ServiceSetup) -> Starlette:
        return Starlette(
            routes=[
                Mount("/feed", feeds(parts, setup)),
                Mount("/freebusy", busy_urls(parts, setup)),
                Mount("/", dav(parts, setup)),
            ]
        )

    async with web_stand(folder, make, "dav.example.test") as made:
        yield Stand(made.house, made.http)


def event(uid: str, start: str = "20261201T100000Z", *lines: str, end: str = "", summary: str = "Meeting") -> str:
    """A VEVENT; `lines` go in as they are."""
    ends = [f"DTEND:{end}"] if end else []
    inside = [f"UID:{uid}", "DTSTAMP:20260101T000000Z", f"DTSTART:{start}", *ends, f"SUMMARY:{summary}", *lines]
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", "BEGIN:VEVENT", *inside, "END:VEVENT", "END:VCALENDAR", ""]
    )


def card(uid: str, name: str = "Ann Other", *lines: str) -> str:
    """A vCard 3.0."""
    return "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", f"UID:{uid}", f"FN:{name}", *lines, "END:VCARD", ""])
