"""Ids, dates, previews, sizes, roles and rights: what the dialogues in tests/transcripts do not show."""

from __future__ import annotations

import re

from groupware.model.annotation import LONGEST_VALUE, MOST_ENTRIES
from groupware.model.ids import FolderId
from groupware.model.principal import OPERATOR
from groupware.model.rights import parse_rights
from groupware.store.api import ReadTx
from tests.support.imapstand import Answer, Client, Stand

FIRST = b"Message-ID: <1@x>\r\nSubject: x\r\n\r\none\r\n"
REPLY = b"Message-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\nSubject: Re: x\r\n\r\ntwo\r\n"
SHARED_WORK = '"Other Users/alice@example.test/Work"'


def ids(answer: Answer, word: str) -> list[bytes]:
    return re.findall(word.encode() + rb" \(([^)]*)\)", b"\n".join(answer.untagged))


# --- ids ------------------------------------------------------------------------------------------------------------


async def test_a_mailbox_keeps_its_id_and_gives_it_to_no_other(alice: Client) -> None:
    made = await alice.ask("CREATE Work")
    [first] = re.findall(rb"MAILBOXID \((\S+)\)", made.tagged)
    await alice.ask("RENAME Work Done")
    assert ids(await alice.ask("STATUS Done (MAILBOXID)"), "MAILBOXID") == [first]
    assert ids(await alice.ask("EXAMINE Done"), "MAILBOXID") == [first]
    assert ids(await alice.ask('LIST "" Done RETURN (STATUS (MAILBOXID))'), "MAILBOXID") == [first]
    await alice.ask("UNSELECT")
    await alice.ask("DELETE Done")
    again = await alice.ask("CREATE Done")
    assert b"MAILBOXID" in again.tagged
    assert first not in again.tagged


async def test_copies_and_moved_messages_have_the_email_id_of_their_original(alice: Client) -> None:
    await alice.ask("CREATE Work")
    await alice.append("INBOX", FIRST, ' (\\Seen) " 1-Feb-2020 10:00:00 +0000"')
    await alice.append("INBOX", FIRST, ' " 2-Feb-2020 10:00:00 +0000"')
    await alice.append("INBOX", REPLY)
    await alice.ask("SELECT INBOX")
    before = ids(await alice.ask("FETCH 1:* (EMAILID)"), "EMAILID")
    assert len(set(before)) == 3
    assert (await alice.ask("COPY 1 Work")).ok
    assert (await alice.ask("MOVE 2:3 Work")).ok
    await alice.ask("SELECT Work")
    assert ids(await alice.ask("UID FETCH 1:* EMAILID"), "EMAILID") == before
    assert (await alice.ask("COPY 2 Work")).ok
    found = await alice.ask(f"SEARCH EMAILID {before[1].decode()}")
    assert found.untagged == [b"* SEARCH 2 4"]
    assert (await alice.ask(f"SEARCH NOT EMAILID {before[1].decode()}")).untagged == [b"* SEARCH 1 3"]
    await alice.ask("SELECT INBOX")
    for known, expected in ((before[0], b" 1"), (before[1], b"")):
        assert (await alice.ask(f"SEARCH EMAILID {known.decode()}")).untagged == [b"* SEARCH" + expected]


async def test_a_thread_is_what_refers_to_one_message(alice: Client) -> None:
    await alice.append("INBOX", REPLY)
    await alice.append("INBOX", FIRST)
    await alice.append("INBOX", b"Message-ID: <3@x>\r\nReferences: <1@x> <2@x>\r\n\r\nx")
    await alice.append("INBOX", b"Message-ID: <other@x>\r\n\r\nx")
    await alice.ask("SELECT INBOX")
    threads = ids(await alice.ask("FETCH 1:* THREADID"), "THREADID")
    assert len(threads) == 4
    assert len(set(threads)) == 2
    assert (await alice.ask(f"SEARCH THREADID {threads[0].decode()}")).untagged == [b"* SEARCH 1 2 3"]
    assert (await alice.ask(f"SEARCH NOT THREADID {threads[0].decode()}")).untagged == [b"* SEARCH 4"]


async def test_a_thread_is_found_as_it_is_now(alice: Client) -> None:
    for number in range(3):
        await alice.append("INBOX", b"Message-ID: <%d@x>\r\nReferences: <first@x>\r\n\r\nx" % number)
    await alice.ask("SELECT INBOX")
    [thread, *_] = ids(await alice.ask("FETCH 1 THREADID"), "THREADID")
    asked = f"UID SEARCH THREADID {thread.decode()}"
    assert (await alice.ask(asked)).untagged == [b"* SEARCH 1 2 3"]
    await alice.ask("STORE 2 +FLAGS.SILENT (\\Deleted)")
    await alice.ask("EXPUNGE")
    await alice.append("INBOX", FIRST)
    await alice.append("INBOX", b"References: <first@x>\r\n\r\nx")
    assert (await alice.ask(asked)).of(b"SEARCH") == [b"* SEARCH 1 3 5"]
    assert (await alice.ask("SEARCH 2:3 THREADID " + thread.decode())).untagged == [b"* SEARCH 2"]


async def test_what_was_put_in_twice_is_two_emails(alice: Client) -> None:
    for _ in range(2):
        await alice.append("INBOX", FIRST, ' " 1-Feb-2020 10:00:00 +0000"')
    await alice.ask("SELECT INBOX")
    known = ids(await alice.ask("FETCH 1:* (EMAILID)"), "EMAILID")
    for number, each in enumerate(known, 1):
        assert (await alice.ask(f"SEARCH EMAILID {each.decode()}")).untagged == [b"* SEARCH %d" % number]


async def test_an_email_id_that_nothing_has_finds_nothing(alice: Client) -> None:
    await alice.append("INBOX", FIRST)
    await alice.ask("SELECT INBOX")
    await alice.ask("COPY 1 INBOX")
    [known, same] = ids(await alice.ask("FETCH 1:2 (EMAILID)"), "EMAILID")
    assert known == same
    number = int(known[1:])
    for none in ("Mx", "F1", f"{known.decode()}0", f"M0{number}", f"M{number + 1}", f"M{1 << 63}", "M" + "9" * 30):
        assert (await alice.ask(f"SEARCH EMAILID {none}")).untagged == [b"* SEARCH"]


async def test_replace_makes_another_email(alice: Client) -> None:
    await alice.append("INBOX", FIRST)
    await alice.ask("SELECT INBOX")
    before = ids(await alice.ask("FETCH 1 (EMAILID)"), "EMAILID")
    alice.send(b"r1 REPLACE 1 INBOX {%d+}\r\n%b\r\n" % (len(FIRST), FIRST))
    assert (await alice.until(b"r1")).ok
    assert ids(await alice.ask("FETCH 1 (EMAILID)"), "EMAILID") != before


# --- dates, previews ------------------------------------------------------------------------------------------------


async def test_a_move_is_an_arrival(alice: Client) -> None:
    await alice.append("INBOX", FIRST, ' " 1-Feb-2020 10:00:00 +0000"')
    await alice.ask("SELECT INBOX")
    await alice.ask("MOVE 1 Archive")
    await alice.ask("SELECT Archive")
    assert (await alice.ask("SEARCH SAVEDBEFORE 3-Feb-2020")).untagged == [b"* SEARCH"]
    assert (await alice.ask("SEARCH BEFORE 3-Feb-2020")).untagged == [b"* SEARCH 1"]
    [told] = (await alice.ask("FETCH 1 (SAVEDATE)")).untagged
    day = re.search(rb'SAVEDATE "( ?\d+-\w+-\d+) ', told)
    assert day is not None
    assert (await alice.ask(b"SEARCH SAVEDON " + day[1].strip())).untagged == [b"* SEARCH 1"]


async def test_a_preview_is_utf8_and_sets_no_seen(alice: Client) -> None:
    text = "Grüße aus Köln".encode()
    header = b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    await alice.append("INBOX", header + text)
    await alice.ask("SELECT INBOX")
    told = await alice.ask("FETCH 1 (PREVIEW)")
    assert told.untagged == [b"* 1 FETCH (PREVIEW {%d}\r\n%b)" % (len(text), text)]
    assert b"\\Seen" not in (await alice.ask("FETCH 1 FLAGS")).untagged[0]


async def test_data_beside_a_section(alice: Client) -> None:
    await alice.append("INBOX", FIRST)
    await alice.ask("SELECT INBOX")
    [told] = (await alice.ask("FETCH 1 (EMAILID PREVIEW BODY.PEEK[TEXT])")).untagged
    assert re.fullmatch(rb'\* 1 FETCH \(EMAILID \(M\S+\) PREVIEW "one" BODY\[TEXT\] \{5\}\r\none\r\n\)', told)


# --- metadata -------------------------------------------------------------------------------------------------------


async def test_bounds_of_metadata(alice: Client) -> None:
    long = b"x" * (LONGEST_VALUE + 1)
    refused = await alice.ask("SETMETADATA INBOX (/private/comment", long + b")")
    assert refused.tagged.startswith(b"BAD")
    octets = b"a1 SETMETADATA INBOX (/private/comment {%d+}\r\n%b)\r\n" % (len(long), long)
    alice.send(octets.replace(b"a1", b"b1"))
    assert (await alice.until(b"b1")).tagged.startswith(b"NO [METADATA MAXSIZE %d]" % LONGEST_VALUE)
    many = " ".join(f'/private/vendor/x/{number} ""' for number in range(MOST_ENTRIES))
    assert (await alice.ask(f"SETMETADATA INBOX ({many})")).ok
    over = await alice.ask('SETMETADATA INBOX (/private/comment "x")')
    assert over.tagged.startswith(b"NO [METADATA TOOMANY]")
    assert (await alice.ask('SETMETADATA INBOX (/shared/comment "x" /private/vendor/x/0 NIL)')).ok


async def test_a_value_with_nul_comes_as_it_was_given(alice: Client) -> None:
    alice.send(b"b1 SETMETADATA INBOX (/private/comment ~{3+}\r\na\x00b)\r\n")
    assert (await alice.until(b"b1")).ok
    told = await alice.ask("GETMETADATA INBOX /private/comment")
    assert told.untagged == [b"* METADATA INBOX (/private/comment ~{3}\r\na\x00b)"]


async def test_the_administrator_speaks_for_the_server(place: Stand, alice: Client) -> None:
    await place.write(lambda tx: tx.annotate(None, {"/shared/admin": b"mailto:root@example.test"}) and None)
    told = await alice.ask('GETMETADATA (DEPTH infinity) "" (/shared /private)')
    assert told.untagged == [b'* METADATA "" (/shared/admin "mailto:root@example.test")']


# --- limits ---------------------------------------------------------------------------------------------------------


async def test_the_postmaster_limits_accounts(place: Stand, alice: Client) -> None:
    await place.write(lambda tx: tx.grant(_public(tx), "carol@example.test", parse_rights("lra")))
    async with place.client("carol") as carol:
        root = '"Other Users/alice@example.test"'
        assert (await carol.ask(f"SETQUOTA {root} (STORAGE 1 MESSAGE 9)")).untagged == [
            b"* QUOTA " + root.encode() + b" (STORAGE 0 1 MESSAGE 0 9)"
        ]
        assert (await alice.ask('GETQUOTA ""')).untagged == [b'* QUOTA "" (STORAGE 0 1 MESSAGE 0 9)']
        over = await alice.append("INBOX", b"x: y\r\n\r\n" + b"z" * 2000)
        assert over.tagged.startswith(b"NO [OVERQUOTA]")
        assert (await carol.ask(f"SETQUOTA {root} (MAILBOX 11)")).ok
        assert (await alice.ask("CREATE More")).tagged.startswith(b"NO [OVERQUOTA]")


def _public(tx: ReadTx) -> FolderId:
    owner = next(domain.account for domain in tx.domains() if domain.name == "example.test")
    assert owner is not None
    return tx.locate(owner, "").id


# --- what is hidden -------------------------------------------------------------------------------------------------


async def test_an_account_asks_for_the_other_kinds_of_folders(place: Stand, alice: Client) -> None:
    assert b"Calendar" not in b"\n".join((await alice.ask('LIST "" *')).untagged)
    assert (await alice.ask("SELECT Calendar")).tagged.startswith(b"NO [NONEXISTENT]")
    assert (await alice.ask("GETMETADATA Calendar /shared/comment")).tagged.startswith(b"NO [NONEXISTENT]")
    who = await place.who("alice")
    await place.store.write(OPERATOR, lambda tx: tx.put_setting("imapShowAllFolders", True, who.account))
    assert b'"/" Calendar' in b"\n".join((await alice.ask('LIST "" *')).untagged)
    assert (await alice.ask("SELECT Calendar")).ok
    async with place.client("bob") as bob:
        assert b"Calendar" not in b"\n".join((await bob.ask('LIST "" *')).untagged)


async def test_a_hidden_folder_is_absent_in_every_new_command(alice: Client, bob: Client) -> None:
    await alice.ask("CREATE Work")
    for command in (
        "GETMETADATA {} /shared/comment",
        'SETMETADATA {} (/private/comment "x")',
        "STATUS {} (SIZE MAILBOXID DELETED-STORAGE)",
        "SETQUOTA {} (STORAGE 1)",
        "LISTRIGHTS {} bob",
    ):
        hidden = await bob.ask(command.format(SHARED_WORK))
        absent = await bob.ask(command.format(SHARED_WORK.replace("Work", "Fork")))
        assert hidden.untagged == absent.untagged == []
        assert hidden.tagged.replace(b"Work", b"Fork") == absent.tagged
        assert hidden.tagged.startswith(b"NO [NONEXISTENT]")
