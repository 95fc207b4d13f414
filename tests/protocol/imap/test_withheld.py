"""Somebody else's calendar as a mailbox: its owner's alarms are not told, and nothing else is another for that."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from groupware.calendar.item import read_item
from groupware.model.annotation import ALARMS
from tests.support.davstand import event
from tests.support.imapstand import Answer, Client, Stand, stand

ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:sesame", "TRIGGER:-PT90M", "END:VALARM")
HERS = '"Other Users/alice@example.test/Calendar"'


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Stand]:
    """A server that shows calendars as mailboxes; in Alice's is an event with an alarm, and one without."""
    async with stand(tmp_path, config="[imap]\nshow_all_folders = true\n") as made:
        who = await made.who("alice")
        at = await made.store.read(who, lambda tx: tx.locate(who.account, "Calendar").id)
        for name, lines in (("a", ALARM), ("b", ())):
            _, item = await read_item(event(name, "20261201T100000Z", *lines).encode(), made.blobs, f"{name}.ics")
            await made.write(lambda tx, item=item: tx.append(at, [item]), who)  # type: ignore[misc]
        async with made.client("alice") as alice:
            assert (await alice.ask("SETACL Calendar bob lrswite")).ok
        yield made


def octets(answer: Answer) -> bytes:
    [line] = answer.of(b"FETCH")
    found = re.search(rb"\{(\d+)\}\r\n(.*)\)\Z", line, re.DOTALL)
    assert found is not None
    return found[2][: int(found[1])]


async def test_the_owner_sees_alarms_and_others_do_not(alice: Client, bob: Client) -> None:
    assert (await alice.ask("SELECT Calendar")).ok
    assert (await bob.ask(f"SELECT {HERS}")).ok
    hers, his = [octets(await each.ask("FETCH 1 BODY.PEEK[]")) for each in (alice, bob)]
    assert b"sesame" in hers
    assert b"VALARM" not in his
    assert b"sesame" not in his
    assert (len(hers), hers.count(b"\r\n")) == (len(his), his.count(b"\r\n"))
    for told in ("RFC822.SIZE", "BODYSTRUCTURE", "ENVELOPE", "INTERNALDATE"):
        assert (await alice.ask(f"FETCH 1 {told}")).untagged == (await bob.ask(f"FETCH 1 {told}")).untagged
    assert octets(await bob.ask("FETCH 1 BODY.PEEK[]<20.150>")) == his[20:170]
    assert b"sesame" not in b"".join((await bob.ask("FETCH 1 (BODY.PEEK[HEADER] BODY.PEEK[TEXT])")).untagged)
    assert octets(await bob.ask("FETCH 2 BODY.PEEK[]")) == octets(await alice.ask("FETCH 2 BODY.PEEK[]"))


async def test_what_is_not_told_is_not_found_nor_carried_off(bob: Client) -> None:
    assert (await bob.ask(f"SELECT {HERS}")).ok
    for key in ("HEADER DESCRIPTION", "BODY", "TEXT"):
        assert (await bob.ask(f"SEARCH {key} sesame")).untagged == [b"* SEARCH"], key
    for command in ("COPY", "MOVE"):
        assert (await bob.ask(f"{command} 1:2 Calendar")).tagged.startswith(b"NO [CANNOT]")
    assert (await bob.ask("COPY 2 Calendar")).ok
    url = 'URL "/Other%20Users/alice@example.test/Calendar/;UID=1"'
    assert (await bob.ask(f"APPEND INBOX CATENATE ({url})")).ok
    await bob.ask("SELECT INBOX")
    assert b"sesame" not in octets(await bob.ask("FETCH 1 BODY.PEEK[]"))


async def test_a_calendar_whose_alarms_are_for_all_is_told_as_it_is(place: Stand, bob: Client) -> None:
    who = await place.who("alice")
    await place.write(lambda tx: tx.annotate(tx.locate(who.account, "Calendar").id, {ALARMS: b"shared"}), who)
    assert (await bob.ask(f"SELECT {HERS}")).ok
    assert b"sesame" in octets(await bob.ask("FETCH 1 BODY.PEEK[]"))
