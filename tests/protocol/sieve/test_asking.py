"""Scripts at delivery: what they may ask of the mailbox, of the server and of other scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupware.model.flags import Flags
from groupware.store.api import WriteTx
from tests.protocol.sieve.delivering import ALICE, MESSAGE, desk


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        ('mailboxexists "Work"', True),
        ('mailboxexists "Nowhere"', False),
        ('mailboxexists "Calendar"', False),
        ('specialuse_exists "\\\\Junk"', True),
        ('specialuse_exists "Work" "\\\\Junk"', False),
        ('specialuse_exists "Junk" "\\\\Junk"', True),
        ('environment "domain" "example.test"', True),
        ('environment "host" "mx.example.test"', True),
        ('environment "location" "MDA"', True),
        ('environment :matches "remote-ip" "*"', False),
        ('spamtest :value "eq" :comparator "i;ascii-numeric" "0"', True),
        ('valid_ext_list "urn:ietf:params:sieve:addrbook:default"', True),
        ('valid_ext_list "urn:ietf:params:sieve:addrbook:Nowhere"', False),
    ],
)
async def test_what_a_script_may_ask(tmp_path: Path, test: str, holds: bool) -> None:
    async with desk(tmp_path) as at:
        await at.make("Work")
        await at.script(
            'require ["mailbox", "special-use", "environment", "spamtest", "relational", "fileinto", "extlists",'
            f'"comparator-i;ascii-numeric"]; if {test} {{ fileinto "Archive"; }}'
        )
        await at.send(octets=b"X-Spam-Score: 10\r\n" + MESSAGE)
        assert await at.folders() == ({"Archive": 1} if holds else {"INBOX": 1})


async def test_other_scripts_are_included_ones_own_and_those_of_the_postmaster(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:

        def work(tx: WriteTx) -> None:
            tx.put_script(
                "common", b'require "imap4flags"; addflag "\\\\Flagged";', tx.account("postmaster@example.test").id
            )
            tx.put_script("mine", b'require "fileinto"; fileinto "Archive";', tx.account(ALICE).id)

        await at.here.write(work)
        await at.script('require "include"; include :global "common"; include :personal "mine";')
        await at.send()
        (item,) = await at.here.items("alice", "Archive")
        assert item.flags == Flags.FLAGGED
