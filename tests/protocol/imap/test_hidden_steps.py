"""A mailbox that may not be looked up takes the same steps as one that is not there, and so the same time.

Clocks are too coarse to hold that against; what is asked of the database is not, and all else is small beside it. Every
way in which a command names a mailbox is tried. Only who may make mailboxes in the same place learns that a name is
taken, for there cannot be two of it. RFC 4314 §6, §8.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import Executable

from groupware.model.rights import Right
from groupware.store.api import WriteTx
from groupware.store.sql.engine import Sql
from mailcore.imap import commands
from mailcore.imap.table import COMMANDS
from tests.support.imapstand import Answer, Client, Stand, stand

assert commands
THERE = "Other Users/alice@example.test"
PAIRS = {
    "a folder": (f"{THERE}/Work", f"{THERE}/Fork"),
    "below one": (f"{THERE}/Work/Deep", f"{THERE}/Fork/Deep"),
    "beside what is shown": (f"{THERE}/Open/Work", f"{THERE}/Open/Fork"),
    "another kind": (f"{THERE}/Calendar", f"{THERE}/Colander"),
    "in the public tree": ("Public/Work", "Public/Fork"),
}
MESSAGE = b"Subject: x\r\n\r\nx"
WAYS: Mapping[str, tuple[str, ...]] = {
    "SETACL": ("SETACL {} bob lr", "SETACL {} carol -r"),
    "DELETEACL": ("DELETEACL {} anyone",),
    "GETACL": ("GETACL {}",),
    "LISTRIGHTS": ("LISTRIGHTS {} bob",),
    "MYRIGHTS": ("MYRIGHTS {}",),
    "CREATE": ("CREATE {}", "CREATE {}/New", "CREATE {} (USE (\\Sent))"),
    "DELETE": ("DELETE {}",),
    "RENAME": ("RENAME {} Mine", "RENAME {} {}2", "RENAME Own {}", "RENAME Own {}/Own"),
    "SUBSCRIBE": ("SUBSCRIBE {}",),
    "UNSUBSCRIBE": ("UNSUBSCRIBE {}",),
    "ESEARCH": ("ESEARCH IN (mailboxes {}) ALL", "ESEARCH IN (subtree {}) ALL", "ESEARCH IN (subtree-one {}) ALL"),
    "LIST": ('LIST "" {}', "LIST {} *", 'LIST "" {}/%', 'LIST "" {} RETURN (STATUS (MESSAGES) MYRIGHTS)'),
    "LSUB": ('LSUB "" {}',),
    "REPLACE": ("REPLACE 1 {}",),
    "UID REPLACE": ("UID REPLACE 1 {}",),
    "APPEND": ("APPEND {}", 'APPEND INBOX CATENATE (URL "/{}/;UID=1")'),
    "GETMETADATA": ("GETMETADATA {} /shared/comment",),
    "SETMETADATA": ('SETMETADATA {} (/private/comment "x")', 'SETMETADATA {} (/shared/comment "x")'),
    "GETQUOTA": ("GETQUOTA {}",),
    "GETQUOTAROOT": ("GETQUOTAROOT {}",),
    "SETQUOTA": ("SETQUOTA {} (STORAGE 1)",),
    "SELECT": ("SELECT {}", "SELECT {} (CONDSTORE)"),
    "EXAMINE": ("EXAMINE {}",),
    "COPY": ("COPY 1 {}",),
    "UID COPY": ("UID COPY 1 {}",),
    "MOVE": ("MOVE 1 {}",),
    "UID MOVE": ("UID MOVE 1 {}",),
    "NOTIFY": (
        "NOTIFY SET STATUS (mailboxes {} (MessageNew MessageExpunge))",
        "NOTIFY SET STATUS (subtree {} (MessageNew MessageExpunge))",
    ),
    "STATUS": ("STATUS {} (MESSAGES UNSEEN)", "STATUS {} (DELETED-STORAGE HIGHESTMODSEQ)"),
}
ELSEWHERE = {
    "STARTTLS", "LOGIN", "AUTHENTICATE", "UNAUTHENTICATE", "IDLE", "ENABLE", "SEARCH", "UID SEARCH", "CAPABILITY",
    "NOOP", "CHECK", "LOGOUT", "ID", "NAMESPACE", "SORT", "UID SORT", "LANGUAGE", "UNSELECT", "CLOSE", "EXPUNGE",
    "UID EXPUNGE", "THREAD", "UID THREAD", "COMPRESS", "FETCH", "UID FETCH", "STORE", "UID STORE", "CANCELUPDATE",
    "UIDBATCHES", "GETJMAPACCESS",
}  # fmt: skip
"""Commands that name no mailbox."""


WITHOUT_ANSWER = ("LIST", "LSUB", "NOTIFY", "ESEARCH", "SUBSCRIBE", "UNSUBSCRIBE")
"""Commands whose answer is that nothing is there."""


def test_every_command_that_names_a_mailbox_is_tried() -> None:
    assert {name.decode() for name in COMMANDS} == WAYS.keys() | ELSEWHERE


async def furnish(house: Stand) -> None:
    """What Bob may not look up: a mailbox, what is below it, one beside others that he may, one of the domain."""
    async with house.client("alice") as alice:
        for name in ("Work", "Work/Deep", "Open", "Open/Work"):
            assert (await alice.ask(f"CREATE {name}")).ok
            await alice.append(name, MESSAGE)
        assert (await alice.ask("SETACL Open bob lrsi")).ok
        assert (await alice.ask("SETACL Open/Work -bob l")).ok

    def public(tx: WriteTx) -> None:
        owner = next(each.account for each in tx.domains() if each.name == "example.test")
        assert owner is not None
        tx.grant(tx.add_folder(owner, "Work").id, "bob@example.test", Right.NONE, Right.LOOKUP)

    await house.write(public)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that have been run."""
    found: list[str] = []
    prepare, execute = Sql._prepare, Sql.execute

    def prepared(sql: Sql, statement: Executable) -> object:
        got = prepare(sql, statement)
        found.append(got.text)
        return got

    def executed(sql: Sql, statement: Executable, *values: object) -> object:
        found.append(str(statement))
        return execute(sql, statement, *values)  # type: ignore[arg-type]

    monkeypatch.setattr(Sql, "_prepare", prepared)
    monkeypatch.setattr(Sql, "execute", executed)
    yield found


async def told(client: Client, way: str, name: str) -> Answer:
    """The answer, as if every mailbox had the same name."""
    line = way.replace("{}", name if "URL" in way else f'"{name}"').replace('"/%', '/%"').replace('"2', '2"')
    line = line.replace('"/New', '/New"').replace('"/Own', '/Own"')
    literal = [MESSAGE] if line.startswith(("APPEND", "REPLACE", "UID REPLACE")) and "URL" not in line else []
    answer = await client.ask(line, *literal)
    same = [each.replace(name.encode(), b"NAME") for each in (*answer.untagged, answer.tagged)]
    return Answer(same[:-1], same[-1])


async def test_hidden_takes_the_steps_of_absent(tmp_path: Path, asked: list[str]) -> None:
    differ = []
    config = "[imap]\nshow_all_folders = true\n"
    async with stand(tmp_path, config=config) as house, house.client("bob") as client:
        await furnish(house)
        assert (await client.ask("CREATE Own")).ok
        assert (await client.append("INBOX", MESSAGE)).ok
        for command, way, where in [(each, way, where) for each in WAYS for way in WAYS[each] for where in PAIRS]:
            steps, answers = [], []
            for name in (*PAIRS[where], *PAIRS[where]):  # the first round warms what is kept in memory
                assert (await client.ask("SELECT INBOX")).ok
                asked.clear()
                answers.append(await told(client, way, name))
                steps.append(list(asked))
                await client.ask("NOTIFY NONE")
                await client.ask(f'UNSUBSCRIBE "{name}"')
            if steps[2] != steps[3] or answers[2] != answers[3]:
                differ.append((way, where, answers[2:], [set(a) ^ set(b) or (len(a), len(b)) for a, b in [steps[2:]]]))
            if command not in WITHOUT_ANSWER:
                assert answers[2].tagged.startswith(b"NO"), (way, where)
            assert steps[2]
    assert differ == []
