"""ActiveSync of a running server, over HTTP."""

from __future__ import annotations

import asyncio

import httpx

from tests.support.eas.stand import PATH, Phone
from tests.support.server import RunningServer


async def test_a_phone_is_set_up_and_told_at_once(server: RunningServer) -> None:
    who = await asyncio.to_thread(server.account)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port('http')}", timeout=30) as http:
        said = await http.options(PATH, auth=(who.address, who.password))
        assert said.status_code == 200 and "16.1" in said.headers["ms-asprotocolversions"]
        name, _, domain = who.address.partition("@")
        phone = Phone(http, name, password=who.password, domain=domain)
        other = Phone(http, name, "PHONE2", password=who.password, domain=domain)
        at = await phone.at("INBOX")
        await phone.all_of(at)
        await other.all_of(at)
        asked = ("Ping:Ping", ("Ping:HeartbeatInterval", 60), ("Ping:Folders", ("Ping:Folder", ("Ping:Id", at))))
        waiting = asyncio.create_task(phone.ask("Ping", asked))
        await asyncio.sleep(0.3)
        data = ("AirSync:ApplicationData", ("Email:Subject", "Here"))
        await other.sync(at, ("AirSync:Add", ("AirSync:ClientId", "1"), data))
        assert (await asyncio.wait_for(waiting, 20)).get("Status") == "2"
        [found] = (await phone.all_of(at)).values()
        assert found.get("Subject") == "Here"
