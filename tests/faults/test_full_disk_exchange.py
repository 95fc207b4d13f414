"""A full disk, as phones and Outlook meet it: told to come back, nothing is stored by halves, nothing twice."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from tests.faults.test_full_disk import fill, small_disk
from tests.faults.test_killed import checked, with_account
from tests.support.eas.stand import Phone
from tests.support.eas.wire import read, write
from tests.support.ewsstand import Client, Said
from tests.support.namespace import again_as_root, is_root
from tests.support.server import PASSWORD, started, stop

DOMAIN = "faults.test"
ALICE = f"alice@{DOMAIN}"
T = TypeVar("T")


class Outlook(Client):
    """A client of EWS in the domain of these tests."""

    async def post(self, body: bytes, path: str = "/EWS/Exchange.asmx", **headers: str) -> Said:
        token = base64.b64encode(f"{ALICE}:{PASSWORD}".encode()).decode()
        sent = {"authorization": f"Basic {token}", "content-type": "text/xml; charset=utf-8", **headers}
        got = await self.http.post(path, content=body, headers=sent)
        return Said(got.status_code, got.content)

    async def make(self, kind: str, subject: str) -> Said:
        what = 'MessageDisposition="SaveOnly"' if kind == "Message" else 'SendMeetingInvitations="SendToNone"'
        item = f"<t:{kind}><t:Subject>{subject}</t:Subject><t:Body BodyType='Text'>{'x' * 500}</t:Body></t:{kind}>"
        return await self.ask(f"<m:CreateItem {what}><m:Items>{item}</m:Items></m:CreateItem>")

    async def found(self, folder: str) -> list[str]:
        """The subjects in a folder."""
        shape = "<m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>"
        at = f'<m:ParentFolderIds><t:DistinguishedFolderId Id="{folder}"/></m:ParentFolderIds>'
        said = await self.ask(f'<m:FindItem Traversal="Shallow">{shape}{at}</m:FindItem>')
        return sorted(said.texts("t:Subject"))


def test_phones_and_outlook_on_a_full_disk(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if not is_root():
        again_as_root(request.node.nodeid)
        return
    with small_disk(tmp_path / "disk") as disk:
        data = disk / "data"
        with_account(data, {})
        process, base = started(data)
        asyncio.run(fill_and_go_on(disk / "filler", base + 80))
        assert stop(process) == 0
        assert checked(data, {}) == (0, "clean\n")


async def fill_and_go_on(filler: Path, port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as http:
        outlook = Outlook(http, "alice")
        phone = Phone(http, "alice", domain=DOMAIN, password=PASSWORD)
        contacts = await phone.at("Contacts")
        await phone.all_of(contacts)
        draft = (await outlook.make("Message", "holder")).ids()[0]
        await asyncio.to_thread(fill, filler)
        messages = await until_refused(lambda at: outlook.make("Message", f"m{at}"), lambda said: said.code)
        events = await until_refused(lambda at: outlook.make("CalendarItem", f"e{at}"), lambda said: said.code)
        attached = await attach(outlook, draft)
        added = await until_refused(lambda at: add(phone, contacts, f"c{at}"), status)
        sent = await until_refused(lambda at: send(phone, f"s{at}"), status)
        assert {messages[1], events[1], attached.code} == {"ErrorServerBusy"}
        assert {added[1], sent[1]} <= {"111", "503"}
        await asyncio.to_thread(filler.unlink)
        assert (await outlook.make("Message", f"m{messages[0]}")).code == "NoError"
        assert (await outlook.make("CalendarItem", f"e{events[0]}")).code == "NoError"
        assert (await attach(outlook, draft)).code == "NoError"
        assert status(await add(phone, contacts, f"c{added[0]}")) == "1"
        assert status(await send(phone, f"s{sent[0]}")) == "1"
        assert await outlook.found("drafts") == sorted(["holder", *(f"m{at}" for at in range(messages[0] + 1))])
        assert await outlook.found("calendar") == sorted(f"e{at}" for at in range(events[0] + 1))
        assert await outlook.found("sentitems") == sorted(f"s{at}" for at in range(sent[0] + 1))
        again = Phone(http, "alice", device="OTHER", domain=DOMAIN, password=PASSWORD)
        found = await again.all_of(await again.at("Contacts"))
        assert sorted(each.get("FileAs") or "" for each in found.values()) == sorted(
            f"c{at}" for at in range(added[0] + 1)
        )


async def until_refused(ask: Callable[[int], Awaitable[T]], code: Callable[[T], str]) -> tuple[int, str]:
    """How often it was taken (what is left in files that are there is used up first), and why it was not any more."""
    for at in range(400):
        said = code(await ask(at))
        if said not in ("NoError", "1"):
            return at, said
    raise AssertionError("the server takes things without end on a full disk")


async def attach(outlook: Outlook, ident: str) -> Said:
    content = base64.b64encode(bytes(range(256)) * 2000).decode()
    file = f"<t:FileAttachment><t:Name>a.bin</t:Name><t:Content>{content}</t:Content></t:FileAttachment>"
    inside = f'<m:ParentItemId Id="{ident}"/><m:Attachments>{file}</m:Attachments>'
    return await outlook.ask(f"<m:CreateAttachment>{inside}</m:CreateAttachment>")


async def add(phone: Phone, at: str, name: str) -> httpx.Response:
    """A contact that the phone adds; asked again, it has the same key and ClientId."""
    said = ("AirSync:ApplicationData", ("Contacts:FileAs", name), ("Contacts:LastName", name))
    got = await phone.sync_as_sent(at, ("AirSync:Add", ("AirSync:ClientId", name), said))
    if status(got) == "1":
        phone.take(at, got)
    return got


def status(got: httpx.Response) -> str:
    """The status of an answer, wherever it says it; 503 where it says when to come back."""
    if got.status_code == 503 and "retry-after" in got.headers:
        return "503"
    assert got.status_code == 200, got.text
    if not got.content:
        return "1"
    root = read(got.content)
    found = root.get("Status") or root.get("Collections/Collection/Responses/Add/Status")
    return found or root.get("Collections/Collection/Status") or ""


async def send(phone: Phone, name: str) -> httpx.Response:
    mime = f"To: {ALICE}\r\nSubject: {name}\r\n\r\n{'x' * 500}\r\n".encode()
    parts = ("ComposeMail:ClientId", name), ("ComposeMail:SaveInSentItems",), ("ComposeMail:Mime", mime)
    return await phone.post("SendMail", write(("ComposeMail:SendMail", *parts)))
