"""Devices that wait: whoever may not have mail any more is told none, and at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest

from groupware.model.device import Access, Wipe
from groupware.store.api import WriteTx
from tests.protocol.activesync.test_devices import provision
from tests.support.eas.stand import Phone, Stand
from tests.support.eas.wire import read, write
from tests.support.jmapstand import letter

ALICE = "alice@example.test"


def block(tx: WriteTx) -> None:
    tx.order_device(tx.devices(ALICE)[0].number, ALICE, access=Access.BLOCKED)


def wipe(tx: WriteTx) -> None:
    tx.order_device(tx.devices(ALICE)[0].number, ALICE, wipe=Wipe.DEVICE)


def switch_off(tx: WriteTx) -> None:
    tx.put_setting("activesync", False, tx.account(ALICE).id)


async def waiting(stand: Stand, alice: Phone, command: str) -> asyncio.Task[httpx.Response]:
    """Alice's phone, which waits for news of its inbox."""
    at = await alice.at("INBOX")
    await alice.all_of(at)
    if command == "Ping":
        folders = ("Ping:Folders", ("Ping:Folder", ("Ping:Id", at), ("Ping:Class", "Email")))
        tree = ("Ping:Ping", ("Ping:HeartbeatInterval", 600), folders)
    else:
        inside = ("AirSync:SyncKey", alice.keys[at]), ("AirSync:CollectionId", at)
        tree = ("AirSync:Sync", ("AirSync:Collections", ("AirSync:Collection", *inside)), ("AirSync:Wait", 10))
    asked = asyncio.create_task(alice.post(command, write(tree)))
    assert await stand.waits(asked)
    return asked


@pytest.mark.parametrize("command", ["Ping", "Sync"])
@pytest.mark.parametrize(("order", "status"), [(block, "129"), (wipe, "140")])
async def test_a_device_that_waits_is_told_at_once_that_it_is_blocked_or_to_be_wiped(
    stand: Stand, alice: Phone, command: str, order: Callable[[WriteTx], None], status: str
) -> None:
    asked = await waiting(stand, alice, command)
    await stand.house.write(order)
    async with asyncio.timeout(60):
        got = await asked
    assert read(got.content).get("Status") == status


@pytest.mark.parametrize("command", ["Ping", "Sync"])
async def test_who_may_not_sign_in_any_more_waits_no_longer(stand: Stand, alice: Phone, command: str) -> None:
    asked = await waiting(stand, alice, command)
    await stand.house.write(switch_off)
    async with asyncio.timeout(60):
        got = await asked
    assert got.status_code == 401


async def test_a_change_that_leaves_the_device_its_rights_lets_it_wait_on(stand: Stand, alice: Phone) -> None:
    asked = await waiting(stand, alice, "Sync")
    await stand.house.write(lambda tx: tx.order_device(tx.devices(ALICE)[0].number, ALICE, access=Access.ALLOWED))
    assert await stand.waits(asked)
    await stand.put("alice", letter("news"))
    async with asyncio.timeout(60):
        got = await asked
    assert read(got.content).get("Collections/Collection/Commands/Add/ApplicationData/Subject") == "news"


def policy(at: str) -> Callable[[WriteTx], None]:
    """A password is wanted from now on, of an account, its domain or everybody."""

    def work(tx: WriteTx) -> None:
        account, domain = tx.account(ALICE).id, tx.domains()[0].id
        tx.put_setting("devicePassword", True, {"account": account, "domain": domain}.get(at))

    return work


@pytest.mark.parametrize("command", ["Ping", "Sync"])
@pytest.mark.parametrize("at", ["account", "domain", "server"])
async def test_a_device_that_waits_is_told_at_once_of_policies_that_it_has_not_agreed_to(
    stand: Stand, alice: Phone, command: str, at: str
) -> None:
    asked = await waiting(stand, alice, command)
    await stand.house.write(policy(at))
    async with asyncio.timeout(60):
        got = await asked
    assert read(got.content).get("Status") == "142"


async def test_a_device_that_waits_is_told_at_once_of_other_policies(stand: Stand, alice: Phone) -> None:
    await stand.house.write(policy("account"))
    await provision(alice)
    asked = await waiting(stand, alice, "Ping")
    await stand.house.write(lambda tx: tx.put_setting("devicePasswordLength", 6, tx.account(ALICE).id))
    async with asyncio.timeout(60):
        got = await asked
    assert read(got.content).get("Status") == "143"


@pytest.mark.parametrize(("order", "status"), [(block, 403), (wipe, 449), (policy("account"), 449)])
async def test_an_old_phone_that_waits_is_told_by_http(
    stand: Stand, alice: Phone, order: Callable[[WriteTx], None], status: int
) -> None:
    alice.version = "12.1"
    asked = await waiting(stand, alice, "Ping")
    await stand.house.write(order)
    async with asyncio.timeout(60):
        got = await asked
    assert got.status_code == status
