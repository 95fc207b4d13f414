"""Devices, as an administrator sees and orders them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from groupware.model.device import NewDevice, SyncState
from groupware.model.principal import OPERATOR
from groupware.store import open_store
from groupware.store.api import ReadTx, WriteTx
from groupware.store.bus import LocalBus
from tests.cli.conftest import Postroom

ALICE = "alice@example.test"


@pytest.fixture
def phone(postroom: Postroom, data: Path) -> Postroom:
    """Alice has a phone that has synced its INBOX."""

    async def put() -> None:
        store = open_store(data, bus=LocalBus())
        try:
            who = await store.read(OPERATOR, lambda tx: tx.identity(tx.account(ALICE).id))

            def work(tx: WriteTx) -> None:
                made = tx.put_device(NewDevice("PHONE1", "iPhone", "16.1", '{"name": "Nine"}'))
                tx.put_sync_state(made.number, SyncState(int(_inbox(tx)), 1, "{}"), 0)

            await store.write(who, work)
        finally:
            await store.close()

    asyncio.run(put())
    return postroom


def _inbox(tx: ReadTx) -> int:
    return tx.folder("INBOX").id


def listed(postroom: Postroom) -> dict[str, Any]:
    [found] = postroom("device", "list", ALICE, "--json").json
    return dict(found)


def test_devices_are_listed_and_shown(phone: Postroom) -> None:
    assert postroom_lines(phone("device", "list").out)
    found = listed(phone)
    assert (found["account"], found["device"], found["type"], found["name"]) == (ALICE, "PHONE1", "iPhone", "Nine")
    shown = phone("device", "show", ALICE, "PHONE1", "--json").json
    assert [each["folder"] for each in shown["states"]] == ["INBOX"]
    assert phone("device", "show", ALICE, "other").status != 0


def postroom_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if "PHONE1" in line]


def test_a_device_is_blocked_and_allowed(phone: Postroom) -> None:
    assert phone("device", "block", ALICE, "PHONE1").status == 0
    assert listed(phone)["access"] == "blocked"
    assert phone("device", "allow", ALICE, "PHONE1").status == 0
    assert listed(phone)["access"] == "allowed"


def test_a_device_is_to_be_wiped(phone: Postroom) -> None:
    assert phone("device", "wipe", ALICE, "PHONE1", "--yes").status == 0
    assert listed(phone)["wipe"] == "account"
    assert phone("device", "wipe", ALICE, "PHONE1", "--device", "--yes").status == 0
    assert listed(phone)["wipe"] == "device"
    assert phone("device", "allow", ALICE, "PHONE1").status == 0
    assert listed(phone)["wipe"] == ""


def test_one_folder_is_loaded_anew_and_a_device_forgotten(phone: Postroom) -> None:
    assert phone("device", "resync", ALICE, "PHONE1", "--folder", "INBOX").status == 0
    assert phone("device", "show", ALICE, "PHONE1", "--json").json["states"] == []
    assert phone("device", "forget", ALICE, "PHONE1", "--yes").status == 0
    assert phone("device", "list", ALICE, "--json").json == []
