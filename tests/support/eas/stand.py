"""ActiveSync over a real store, asked without a socket between, and a client written from the published protocol."""

from __future__ import annotations

import base64
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from connectors.activesync.app import ActiveSync, activesync
from groupware.calendar.item import read_item as read_event
from groupware.contacts.card import read_item as read_contact
from groupware.mime.item import Marks, read_item
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx
from mailcore.server.parts import Parts, ServiceSetup
from tests.support.eas.wire import Node, read, write
from tests.support.smtpstand import PASSWORD
from tests.support.webstand import WebStand, web_stand

PATH = "/Microsoft-Server-ActiveSync"
_CODES: dict[str, int] = {"Sync": 0, "SendMail": 1, "SmartForward": 2, "SmartReply": 3, "GetAttachment": 4}
_CODES |= {"FolderSync": 9, "FolderCreate": 10, "FolderDelete": 11, "FolderUpdate": 12, "MoveItems": 13}
_CODES |= {"GetItemEstimate": 14, "MeetingResponse": 15, "Search": 16, "Settings": 17, "Ping": 18}
_CODES |= {"ItemOperations": 19, "Provision": 20, "ResolveRecipients": 21, "ValidateCert": 22, "Find": 23}


@dataclass
class Phone:
    """A device of somebody's."""

    http: httpx.AsyncClient
    name: str
    device: str = "PHONE1"
    kind: str = "TestPhone"
    version: str = "16.1"
    policy: str = ""
    coded: bool = False
    """It writes its query in base64."""
    password: str = PASSWORD
    domain: str = "example.test"
    keys: dict[str, str] = field(default_factory=dict)
    """The sync key of each collection."""
    there: dict[str, dict[str, Node]] = field(default_factory=dict)
    """What it has of each collection, by ServerId."""
    folders: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """(parent, name, type) by ServerId."""

    async def post(self, command: str, body: bytes = b"", kind: str = "", **more: str) -> httpx.Response:
        token = base64.b64encode(f"{self.name}@{self.domain}:{self.password}".encode()).decode()
        headers = {"authorization": f"Basic {token}"}
        if body:
            headers["content-type"] = kind or "application/vnd.ms-sync.wbxml"
        headers |= {key[2:].replace("_", "-"): more.pop(key) for key in list(more) if key.startswith("h_")}
        if self.coded:
            return await self.http.post(f"{PATH}?{self._coded(command, more)}", content=body, headers=headers)
        headers["ms-asprotocolversion"] = self.version
        if self.policy:
            headers["x-ms-policykey"] = self.policy
        asked = {"Cmd": command, "User": self.name, "DeviceId": self.device, "DeviceType": self.kind, **more}
        return await self.http.post(f"{PATH}?{urlencode(asked)}", content=body, headers=headers)

    def _coded(self, command: str, more: dict[str, str]) -> str:
        out = bytes([round(float(self.version) * 10), _CODES[command]]) + struct.pack("<H", 0x0409)
        out += bytes([len(self.device)]) + self.device.encode()
        out += b"\x04" + struct.pack("<I", int(self.policy)) if self.policy else b"\0"
        out += bytes([len(self.kind)]) + self.kind.encode()
        for name, tag in (("AttachmentName", 0), ("CollectionId", 1), ("ItemId", 3), ("LongId", 4), ("Occurrence", 6)):
            if name in more:
                out += bytes([tag, len(more[name])]) + more[name].encode()
        options = (1 if more.get("SaveInSent") == "T" else 0) | (2 if more.get("AcceptMultiPart") == "T" else 0)
        if options:
            out += bytes([7, 1, options])
        return base64.b64encode(out).decode()

    async def ask(self, command: str, tree: tuple[Any, ...] | None = None, **more: str) -> Node:
        """The answer to a command."""
        got = await self.post(command, write(tree) if tree is not None else b"", **more)
        assert got.status_code == 200, (got.status_code, got.text)
        return read(got.content)

    async def folder_sync(self) -> Node:
        """Brings the list of folders up to date."""
        key = self.keys.get("", "0")
        said = await self.ask("FolderSync", ("FolderHierarchy:FolderSync", ("FolderHierarchy:SyncKey", key)))
        if said.get("Status") == "1":
            self.keys[""] = said.get("SyncKey") or ""
            changes = said.find("Changes")
            assert changes is not None
            for each in [*changes.every("Add"), *changes.every("Update")]:
                self.folders[each.get("ServerId") or ""] = (
                    each.get("ParentId") or "",
                    each.get("DisplayName") or "",
                    each.get("Type") or "",
                )
            for each in changes.every("Delete"):
                del self.folders[each.get("ServerId") or ""]
        return said

    async def at(self, name: str) -> str:
        """The ServerId of the folder of that name."""
        if not self.folders:
            await self.folder_sync()
        return next(key for key, (_, called, _) in self.folders.items() if called == name)

    async def sync(
        self,
        at: str,
        *commands: tuple[Any, ...],
        options: tuple[Any, ...] | None = None,
        window: int = 0,
        key: str | None = None,
        more: tuple[Any, ...] = (),
    ) -> Node:
        """One Sync of one collection; takes in what it answers."""
        said = await self.sync_as_sent(at, *commands, options=options, window=window, key=key, more=more)
        return self.take(at, said)

    async def sync_as_sent(
        self,
        at: str,
        *commands: tuple[Any, ...],
        options: tuple[Any, ...] | None = None,
        window: int = 0,
        key: str | None = None,
        more: tuple[Any, ...] = (),
    ) -> httpx.Response:
        tree = (
            "AirSync:Sync",
            (
                "AirSync:Collections",
                (
                    "AirSync:Collection",
                    ("AirSync:SyncKey", key if key is not None else self.keys.get(at, "0")),
                    ("AirSync:CollectionId", at),
                    ("AirSync:WindowSize", window) if window else None,
                    ("AirSync:Options", *options) if options is not None else None,
                    ("AirSync:Commands", *commands) if commands else None,
                ),
            ),
            *more,
        )
        return await self.post("Sync", write(tree))

    def take(self, at: str, got: httpx.Response) -> Node:
        """Takes in an answer: `Collection` of it; an empty one is a collection with nothing in it."""
        assert got.status_code == 200, (got.status_code, got.text)
        if not got.content:
            return Node("AirSync:Collection")
        said = read(got.content).find("Collections/Collection")
        assert said is not None, got.content
        if said.get("Status") != "1":
            return said
        self.keys[at] = said.get("SyncKey") or ""
        mine = self.there.setdefault(at, {})
        for each in said.every("Commands/Add"):
            mine[each.get("ServerId") or ""] = each.find("ApplicationData") or Node("x:x")
        for each in said.every("Commands/Change"):
            assert each.get("ServerId") in mine, "a change of what it has not"
            mine[each.get("ServerId") or ""] = each.find("ApplicationData") or Node("x:x")
        for verb in ("Delete", "SoftDelete"):
            for each in said.every(f"Commands/{verb}"):
                mine.pop(each.get("ServerId") or "", None)
        return said

    async def all_of(self, at: str, options: tuple[Any, ...] | None = None, window: int = 0) -> dict[str, Node]:
        """Syncs until there is nothing more; what it has then."""
        if at not in self.keys:
            said = await self.sync(at, options=options)
            assert said.get("Status") == "1" and not said.every("Commands/Add")
        while True:
            said = await self.sync(at, options=options, window=window)
            assert said.get("Status") in ("1", None), said.get("Status")
            if said.find("MoreAvailable") is None:
                return self.there.setdefault(at, {})


@dataclass
class Stand(WebStand):
    """A server of ActiveSync, and the store behind it."""

    app: ActiveSync

    def phone(self, name: str, device: str = "PHONE1", **more: Any) -> Phone:
        return Phone(self.http, name, device, **more)

    async def put(self, name: str, octets: bytes, path: str = "INBOX", marks: Marks | None = None) -> int:
        """Puts a message, an event (`.ics`) or a contact into somebody's folder; gives its UID."""
        if octets.startswith(b"BEGIN:VCALENDAR"):
            new = (await read_event(octets, self.house.blobs, f"{hash(octets) & 0xFFFFFFFF:x}.ics"))[1]
        elif octets.startswith(b"BEGIN:VCARD"):
            new = (await read_contact(octets, self.house.blobs, f"{hash(octets) & 0xFFFFFFFF:x}.vcf"))[1]
        else:
            new = await read_item(octets, self.house.blobs, marks or Marks())

        def work(tx: WriteTx) -> int:
            at = tx.locate(tx.account(f"{name}@example.test").id, path, Right.INSERT)
            return tx.append(at.id, [new])[0].uid

        return await self.house.write(work)

    async def folder(self, name: str, path: str) -> int:
        """The number of somebody's folder."""

        def work(tx: ReadTx) -> int:
            return tx.locate(tx.account(f"{name}@example.test").id, path).id

        return await self.house.read(work)


@asynccontextmanager
async def eas_stand(folder: Path) -> AsyncIterator[Stand]:
    """The application over a house of its own."""
    inner: list[ActiveSync] = []

    def make(parts: Parts, setup: ServiceSetup) -> Starlette:
        inner.append(activesync(parts, setup))
        return Starlette(routes=[Route(PATH, inner[0], methods=None)])

    async with web_stand(folder, make) as made:
        yield Stand(made.house, made.http, inner[0])
