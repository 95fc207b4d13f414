"""What was removed, listed and brought back from the command line (decision 345)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from groupware.model.ids import EVERY
from groupware.model.principal import OPERATOR
from groupware.store import open_store
from groupware.store.api import ReadTx, WriteTx
from groupware.store.bus import LocalBus
from mailcore.cli.folders import folder_at
from tests.cli.conftest import Postroom

ALICE = "alice@example.test"
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:u1\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20270301T100000Z\r\nSUMMARY:Old\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


async def emptied(data: Path, *paths: str) -> None:
    """Takes all items out of folders."""
    store = open_store(data, bus=LocalBus())

    def work(tx: WriteTx) -> None:
        for path in paths:
            tx.expunge(folder_at(tx, ALICE, path).id, EVERY, deleted_only=False)

    await store.write(OPERATOR, work)
    await store.close()


async def there(data: Path, path: str) -> int:
    store = open_store(data, bus=LocalBus())

    def work(tx: ReadTx) -> int:
        return folder_at(tx, ALICE, path).total

    found = await store.read(OPERATOR, work)
    await store.close()
    return found


def test_what_was_removed_is_listed_and_comes_back(postroom: Postroom, data: Path, tmp_path: Path) -> None:
    for name, octets in (("one.eml", "Subject: one\r\n\r\nhello\r\n"), ("e.ics", EVENT)):
        (tmp_path / name).write_text(octets, newline="")
    for path, file in (("INBOX", "one.eml"), ("Trash", "one.eml"), ("Calendar", "e.ics")):
        assert postroom("import", ALICE, path, str(tmp_path / file)).status == 0
    assert postroom("removed", "list", ALICE, "--json").json == []
    asyncio.run(emptied(data, "INBOX", "Trash", "Calendar"))
    found: list[dict[str, Any]] = postroom("removed", "list", ALICE, "--json").json
    assert [each["folder"].rpartition("/")[2] for each in found] == ["Calendar", "Trash", "INBOX"]
    assert [each["what"] for each in found][1:] == ["one", "one"]
    numbers = [str(each["number"]) for each in found]
    assert postroom("removed", "restore", ALICE, *numbers).status == 0
    assert [asyncio.run(there(data, path)) for path in ("INBOX", "Trash", "Calendar")] == [2, 0, 1]
    assert postroom("removed", "list", ALICE, "--json").json == []
    again = postroom("removed", "restore", ALICE, numbers[0])
    assert again.status == 1 and numbers[0] in again.err
