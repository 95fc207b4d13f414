"""neomutt, with its header cache, CONDSTORE and QRESYNC: what changed elsewhere is seen at the next start."""

from __future__ import annotations

from pathlib import Path

from tests.clients.account import Account
from tests.clients.letters import letters
from tests.clients.programs import Programs
from tests.clients.test_mutt import configuration
from tests.support.server import RunningServer

CACHE = """
set header_cache="{cache}"
set message_cachedir="{cache}"
set imap_condstore=yes
set imap_qresync=yes
"""


def test_it_keeps_up_with_what_others_do(server: RunningServer, programs: Programs, alice: Account) -> None:
    sent = letters(4)
    alice.put(*sent[:3])
    alice.create("Kept")
    cache = programs.home / "cache"
    cache.mkdir()
    rc = programs.file("neomuttrc", configuration(server, programs, alice) + CACHE.format(cache=cache))
    work(programs, rc, "<first-entry><display-message><exit>")
    alice.flag(1, "\\Deleted")
    alice.expunge()
    alice.flag(2, "\\Flagged")
    alice.put(sent[3])
    work(programs, rc, "<jump>3<enter><save-message><kill-line>=Kept<enter><jump>1<enter><display-message><exit>")
    found = {message.octets: message.flags for message in alice.messages()}
    assert set(found) == {sent[1], sent[2]}
    assert {"\\Flagged", "\\Seen"} <= found[sent[1]]
    assert [message.octets for message in alice.messages("Kept")] == [sent[3]]


def work(programs: Programs, rc: Path, keys: str) -> None:
    """One start of the program, with these keys."""
    programs.at_terminal("neomutt", "-n", "-F", rc, "-e", f"push '{keys}<sync-mailbox><quit>'")


def test_it_sends_from_a_script(server: RunningServer, programs: Programs, alice: Account, bob: Account) -> None:
    rc = programs.file("neomuttrc", configuration(server, programs, alice))
    programs.run("neomutt", "-n", "-F", rc, "-s", "From a script", "--", bob.address, stdin=b"Hello\n")
    (found,) = bob.until(1)
    assert b"Subject: From a script\r\n" in found.octets
