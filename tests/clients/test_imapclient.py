"""imapclient, the Python package: what its users do with folders, messages, flags and rights."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest
from imapclient import DELETED, FLAGGED, SEEN, IMAPClient

from tests.clients.account import Account
from tests.clients.letters import letters
from tests.clients.programs import Programs
from tests.support.server import RunningServer


@pytest.fixture
def client(server: RunningServer, programs: Programs, alice: Account) -> Iterator[IMAPClient]:
    """A session of alice over TLS."""
    trust = ssl.create_default_context(cafile=str(programs.certificate))
    with IMAPClient("localhost", server.port("imaps"), ssl_context=trust, timeout=20) as made:
        made.login(alice.address, alice.password)
        yield made


def test_messages_come_and_go(client: IMAPClient, alice: Account) -> None:
    first, second, third = letters(3)
    client.create_folder("Kept/Grüße")
    for letter in (first, second):
        client.append("INBOX", letter, flags=[FLAGGED])
    if client.has_capability("MULTIAPPEND"):
        client.multiappend("INBOX", [{"msg": third, "flags": [SEEN]}])
    assert client.select_folder("INBOX")[b"EXISTS"] == 3
    assert client.search(["FLAGGED", "UNSEEN"]) == [1, 2]
    found = client.fetch([1, 2, 3], ["FLAGS", "RFC822.SIZE", "ENVELOPE", "BODYSTRUCTURE", "BODY.PEEK[]"])
    assert [found[uid][b"BODY[]"] for uid in (1, 2, 3)] == [first, second, third]
    assert [found[uid][b"RFC822.SIZE"] for uid in (1, 2, 3)] == [len(first), len(second), len(third)]
    assert SEEN in found[3][b"FLAGS"]
    client.copy([1], "Kept/Grüße")
    client.move([2], "Kept/Grüße")
    client.add_flags([1], [DELETED])
    client.uid_expunge([1])
    assert [message.octets for message in alice.messages()] == [third]
    assert client.folder_status("Kept/Grüße", ["MESSAGES", "UNSEEN"]) == {b"MESSAGES": 2, b"UNSEEN": 2}


def test_only_what_changed_is_fetched(client: IMAPClient) -> None:
    for letter in letters(2):
        client.append("INBOX", letter)
    modseq = client.select_folder("INBOX")[b"HIGHESTMODSEQ"]
    client.add_flags([2], [FLAGGED])
    found = client.fetch([1, 2], ["FLAGS"], [f"CHANGEDSINCE {modseq}"])
    assert list(found) == [2]
    assert FLAGGED in found[2][b"FLAGS"]


def test_news_come_while_it_idles(client: IMAPClient, alice: Account) -> None:
    client.select_folder("INBOX")
    client.idle()
    alice.put(letters(1)[0])
    assert (1, b"EXISTS") in client.idle_check(timeout=20)
    client.idle_done()


def test_folders_and_rights(client: IMAPClient, bob: Account) -> None:
    client.create_folder("Shared")
    client.subscribe_folder("Shared")
    assert "Shared" in [name for _, _, name in client.list_sub_folders()]
    assert client.find_special_folder(b"\\Trash") == "Trash"
    assert client.namespace().other == (("Other Users/", "/"),)
    client.setacl("Shared", bob.address, "lr")
    assert dict(client.getacl("Shared"))[bob.address.encode()] == b"lr"
    client.rename_folder("Shared", "Renamed")
    assert client.folder_exists("Renamed")
    client.delete_folder("Renamed")
    assert not client.folder_exists("Renamed")
    assert client.get_quota_root("INBOX")[0].mailbox == "INBOX"


def test_one_signs_in_by_sasl(server: RunningServer, programs: Programs, alice: Account) -> None:
    trust = ssl.create_default_context(cafile=str(programs.certificate))
    with IMAPClient("localhost", server.port("imap"), ssl=False, timeout=20) as made:
        made.starttls(trust)
        made.plain_login(alice.address, alice.password)
        assert made.id_({"name": "a test"})[0][:2] == (b"name", b"Postroom")
