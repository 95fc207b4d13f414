"""FILTER: a search by its name, one's own before that of all. RFC 5466."""

from __future__ import annotations

import pytest

from mailcore.imap.commands.search_filters import DEEPEST, MOST_FILTERS
from tests.support.imapstand import Client, Stand

VALUES = "/filters/values/"


async def test_ones_own_counts_before_that_of_all(place: Stand, alice: Client, bob: Client) -> None:
    await place.write(lambda tx: tx.annotate(None, {f"/shared{VALUES}mine": b"FLAGGED"}))
    for client in (alice, bob):
        await client.append("INBOX", b"Subject: a\r\n\r\nx", " (\\Flagged)")
        await client.append("INBOX", b"Subject: b\r\n\r\nx", " (\\Seen)")
        await client.ask("SELECT INBOX")
    assert (await alice.ask(f'SETMETADATA "" (/private{VALUES}mine "SEEN")')).ok
    assert (await alice.ask("SEARCH FILTER mine")).untagged == [b"* SEARCH 2"]
    assert (await bob.ask("SEARCH FILTER mine")).untagged == [b"* SEARCH 1"]


async def chain(client: Client, length: int) -> None:
    """Filters 1 to `length`, each of which names the next; the last names none."""
    for number in range(1, length + 1):
        key = f"FILTER f{number + 1}" if number < length else "ALL"
        assert (await client.ask(f'SETMETADATA "" (/private{VALUES}f{number} "{key}")')).ok
    await client.ask("SELECT INBOX")


@pytest.mark.parametrize(("length", "found"), [(DEEPEST, True), (DEEPEST + 1, False)])
async def test_filters_name_one_another_so_far_and_no_further(alice: Client, length: int, found: bool) -> None:
    await chain(alice, length)
    answer = await alice.ask("SEARCH FILTER f1")
    assert answer.ok is found
    assert found or answer.tagged.startswith(b"NO [UNDEFINED-FILTER f%d]" % length)


@pytest.mark.parametrize(("count", "found"), [(MOST_FILTERS, True), (MOST_FILTERS + 1, False)])
async def test_one_search_has_so_many_filters(alice: Client, count: int, found: bool) -> None:
    await chain(alice, 1)
    assert (await alice.ask("SEARCH" + " FILTER f1" * count)).ok is found
