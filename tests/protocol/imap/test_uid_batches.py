"""UIDBATCHES: where a mailbox parts. RFC 10022."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from groupware.mime.item import read_item
from tests.support.imapstand import Client, Stand, stand

COUNT = 1101


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Client]:
    """Somebody in a mailbox with the UIDs 1 to 1101, of which 1 to 10 are gone."""
    async with stand(tmp_path) as place, place.client("alice") as client:
        await fill(place)
        assert (await client.ask("SELECT INBOX")).ok
        await client.ask("UID STORE 1:10 +FLAGS.SILENT (\\Deleted)")
        assert (await client.ask("EXPUNGE")).ok
        yield client


async def fill(place: Stand) -> None:
    new = await read_item(b"Subject: x\r\n\r\nx\r\n", place.blobs)
    await place.write(lambda tx: tx.append("INBOX", [new] * COUNT), await place.who("alice"))


async def batches(client: Client, command: str) -> list[str]:
    """The ranges that are told."""
    answer = await client.ask(command)
    assert answer.ok
    [line] = answer.untagged
    found = re.fullmatch(rb'\* UIDBATCHES \(TAG "a\d+"\)(?: (\S+))?', line)
    assert found
    return found[1].decode().split(",") if found[1] else []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("500", ["1101:602", "601:102", "101:1"]),
        ("1000", ["1101:102", "101:1"]),
        ("4294967295", ["1101:1"]),
        ("500 1:1", ["1101:602"]),
        ("500 2:3", ["601:102", "101:1"]),
        ("500 3:9", ["101:1"]),
        ("500 4:4", []),
    ],
)
async def test_batches_lie_side_by_side_from_the_newest_down_to_1(
    reader: Client, arguments: str, told: list[str]
) -> None:
    assert await batches(reader, f"UIDBATCHES {arguments}") == told


async def test_each_batch_has_as_many_messages_as_were_asked_for(reader: Client) -> None:
    for told, count in zip(await batches(reader, "UIDBATCHES 500"), (500, 500, 91), strict=True):
        answer = await reader.ask(f"UID SEARCH RETURN (COUNT) UID {told}")
        assert answer.untagged[0].endswith(b"COUNT %d" % count)


async def test_empty_mailbox_has_none(reader: Client) -> None:
    await reader.ask("SELECT Trash")
    assert await batches(reader, "UIDBATCHES 500") == []


async def test_without_message_numbers_too(reader: Client) -> None:
    await reader.ask("ENABLE UIDONLY")
    assert await batches(reader, "UIDBATCHES 1000") == ["1101:102", "101:1"]


async def test_what_search_has_kept_stays(reader: Client) -> None:
    await reader.ask("UID SEARCH RETURN (SAVE) UID 20")
    await reader.ask("UIDBATCHES 500")
    assert (await reader.ask("UID FETCH $ UID")).untagged == [b"* 10 FETCH (UID 20)"]


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (" 499", b"NO [TOOFEW] "),
        (" 0", b"NO [TOOFEW] "),
        (" 500 1:201", b"NO [TOOMANY] "),
        (" 500 2:1", b"BAD [CLIENTBUG] "),
        (" 500 0:1", b"BAD [CLIENTBUG] "),
        (" 500 1", b"BAD [CLIENTBUG] "),
        (" 500 1:*", b"BAD [CLIENTBUG] "),
        (" x", b"BAD [CLIENTBUG] "),
        ("", b"BAD [CLIENTBUG] "),
    ],
)
async def test_what_is_refused(reader: Client, arguments: str, answer: bytes) -> None:
    assert (await reader.ask(f"UIDBATCHES{arguments}")).tagged.startswith(answer)


async def test_wants_a_selected_mailbox(reader: Client) -> None:
    await reader.ask("UNSELECT")
    assert (await reader.ask("UIDBATCHES 500")).tagged.startswith(b"BAD ")


async def test_no_batch_is_more_than_one_command_works_on(tmp_path: Path) -> None:
    async with stand(tmp_path, config="[imap]\nmessage_limit = 600\n") as place, place.client("alice") as client:
        await fill(place)
        await client.ask("SELECT INBOX")
        assert await batches(client, "UIDBATCHES 1000") == ["1101:502", "501:1"]
