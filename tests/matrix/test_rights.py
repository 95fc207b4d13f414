"""Every right, every action, every way to have the right: the model's word, the store's and IMAP's are the same."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from groupware.model.errors import GroupwareError, NoRight, NotFound
from groupware.model.ids import EVERY, FolderId
from groupware.model.principal import NewAccount, Principal, PrincipalKind
from groupware.model.rights import ALL, STANDARD, Grant, Right, decide, letters
from groupware.model.times import now_micros
from groupware.store.api import WriteTx
from groupware.store.sql import tree
from tests.matrix.table import ACTIONS, INTO, INTO_BY_MOVE, MESSAGE, Action, Where, expected
from tests.support.imapstand import Answer, Client, Stand, stand

THERE = "Other Users/alice@example.test"
_NOWHERE = FolderId(0)
LETTERS = [right for right in Right if right in STANDARD]
SETS = sorted(
    {
        Right.NONE,
        STANDARD,
        Right.LOOKUP | Right.READ,
        *(STANDARD & ~right for right in LETTERS),
        *(Right.LOOKUP | right for right in LETTERS),
        *(Right.LOOKUP | Right.READ | right for right in LETTERS),
        *(STANDARD & ~(one | other) for one, other in itertools.combinations(LETTERS, 2)),
    },
    key=lambda each: each.value,
)
"""Each alone, each missing, each two missing."""


@dataclass(frozen=True)
class Way:
    """How the actor comes to rights: rows (on the folder's parent or on itself), of which all name the actor."""

    above: tuple[str, ...] = ()
    here: str = ""
    hours: int = 0
    actor: str = "bob"


WAYS = {
    "the owner": Way(above=("everyone",), actor="alice"),
    "an account": Way(here="bob@example.test"),
    "a nested group": Way(here="group:staff@example.test"),
    "a domain": Way(here="domain:example.test"),
    "everyone": Way(here="everyone"),
    "anyone": Way(here="anyone"),
    "denied above": Way(above=("group:staff@example.test",), here="bob@example.test"),
    "expired": Way(here="bob@example.test", hours=1),
}


def rows(way: Way, rights: Right) -> list[tuple[bool, Grant]]:
    """The grants (and whether on the folder itself) by which the actor comes to exactly these rights."""
    ends = datetime.now(UTC) + timedelta(hours=way.hours) if way.hours else None
    none = Right.NONE
    if way.above:
        denied = [(False, Grant(_NOWHERE, name, none, STANDARD & ~rights)) for name in way.above]
        return [*denied, (True, Grant(_NOWHERE, way.here or "bob@example.test", STANDARD, none))]
    return [(True, Grant(_NOWHERE, way.here, rights, none, ends))]


@dataclass
class Row:
    """One set of rights: the folder where the actor has it."""

    rights: Right
    """By the model."""
    at: Where


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[Stand]:
    async with stand(folder) as made:

        def work(tx: WriteTx) -> None:
            for name in ("sales", "staff"):
                tx.put_account(NewAccount(f"{name}@example.test", PrincipalKind.GROUP))
            tx.put_member("sales@example.test", "bob@example.test")
            tx.put_member("staff@example.test", "sales@example.test")

        await made.write(work)
        async with made.client("alice") as alice:
            for path in ("Drafts", "INBOX"):
                assert (await alice.append(path, MESSAGE)).ok
        async with made.client("bob") as bob:
            assert (await bob.append("INBOX", MESSAGE)).ok
        yield made


async def prepare(there: Stand, way: Way, actor: Principal) -> list[Row]:
    """A folder for each set of rights, with three messages and two folders below."""
    alice = await there.who("alice")
    prefix = "" if way.actor == "alice" else THERE + "/"
    inbox = await there.store.read(actor, lambda tx: tx.folder("INBOX"))

    def work(tx: WriteTx) -> list[Row]:
        source, made = tx.folder("Drafts").id, []
        for number, rights in enumerate(SETS):
            path = f"Box{number}/Here"
            here = tx.create_folder(path)
            doomed = tx.create_folder(path + "/Doomed")
            tx.create_folder(path + "/Old")
            for _ in range(3):
                tx.copy(source, EVERY, here.id)
            given = rows(way, rights)
            for on_itself, row in given:
                if row.allow or row.deny:
                    where = here.id if on_itself else here.parent
                    assert where is not None
                    tx.grant(where, row.grantee, row.allow, row.deny, row.expires)
            later = datetime.now(UTC) + timedelta(hours=2)
            said = ALL if way.actor == "alice" else decide((row for _, row in given), later)
            made.append(Row(said, Where(prefix + path, here.id, doomed.id, inbox)))
        return made

    return await there.store.write(alice, work)


class Undone(Exception):
    """What was tried is taken back."""


def tried(tx: WriteTx, action: Action, at: Where) -> str:
    """What comes of an action in the store."""
    try:
        action.store(tx, at)
    except NotFound:
        return "absent"
    except NoRight:
        return "no right"
    except GroupwareError as error:
        return repr(error)
    return "done"


async def by_store(there: Stand, actor: Principal, actions: Sequence[Action], at: Where) -> list[str]:
    """What comes of each, with nothing changed afterwards."""
    out: list[str] = []
    for action in actions:

        def work(tx: WriteTx, action: Action = action) -> None:
            found = tried(tx, action, at)
            raise Undone(found)

        with pytest.raises(Undone) as caught:
            await there.store.write(actor, work)
        out.append(str(caught.value))
    return out


def outcome(action: Action, answer: Answer, *, read_only: bool) -> str:
    """What comes of an action in IMAP, in the model's words."""
    if answer.ok:
        return "done"
    if answer.tagged.startswith((b"NO [NONEXISTENT]", b"NO [TRYCREATE]")):
        return "absent"
    if answer.tagged.startswith(b"NO [NOPERM]") or (read_only and action.changes and b"NO [CANNOT]" in answer.tagged):
        return "no right"
    return repr(answer.tagged)


async def ask(client: Client, action: Action, path: str) -> Answer:
    return await client.ask(action.imap.replace("{path}", path), *([MESSAGE] if action.message else []))


async def by_imap(client: Client, actions: Sequence[Action], at: Where) -> list[str]:
    """What comes of each in IMAP; a folder that cannot be selected answers for all that is done in it."""
    out, opened = [], None
    for action in actions:
        if action.selected and opened is None:
            opened = await client.ask(f'SELECT "{at.path}"')
        if action.selected and opened is not None and not opened.ok:
            out.append(outcome(action, opened, read_only=False))
            continue
        answer = await ask(client, action, at.path)
        out.append(outcome(action, answer, read_only=opened is not None and b"READ-ONLY" in opened.tagged))
    if opened is not None and opened.ok:
        await client.ask("UNSELECT")
    return out


@pytest.mark.parametrize("name", WAYS)
async def test_the_store_and_imap_say_what_the_model_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = WAYS[name]
    async with world(tmp_path) as there:
        actor = await there.who(way.actor)
        table = await prepare(there, way, actor)
        if way.hours:
            monkeypatch.setattr(tree, "now_micros", lambda: now_micros() + way.hours * 3_601_000_000)
        async with there.client(way.actor) as client:
            for row in table:
                label = f"{name}, {letters(row.rights) or 'nothing'}"
                said = [f"{action.name}: {expected(action, row.rights)}" for action in ACTIONS]
                stored = await by_store(there, actor, ACTIONS, row.at)
                assert [f"{each.name}: {found}" for each, found in zip(ACTIONS, stored, strict=True)] == said, label
                heard = await by_imap(client, ACTIONS, row.at)
                assert [f"{each.name}: {found}" for each, found in zip(ACTIONS, heard, strict=True)] == said, label


@pytest.mark.parametrize("name", WAYS)
async def test_what_comes_in_takes_i(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    way = WAYS[name]
    async with world(tmp_path) as there:
        actor = await there.who(way.actor)
        table = await prepare(there, way, actor)
        if way.hours:
            monkeypatch.setattr(tree, "now_micros", lambda: now_micros() + way.hours * 3_601_000_000)
        async with there.client(way.actor) as client:
            for row in table:
                if not (await client.ask("SELECT INBOX")).of(b"EXISTS")[0].startswith(b"* 1 "):
                    await client.append("INBOX", MESSAGE)
                    await client.ask("NOOP")
                both = (INTO, INTO_BY_MOVE)
                said = [expected(action, row.rights) for action in both]
                assert await by_store(there, actor, both, row.at) == said
                answers = [await client.ask(each.imap.replace("{path}", row.at.path)) for each in both]
                assert [outcome(*pair, read_only=False) for pair in zip(both, answers, strict=True)] == said


@pytest.mark.parametrize("name", ["an account", "denied above", "a nested group"])
async def test_the_rights_and_the_list_are_the_models(name: str, tmp_path: Path) -> None:
    way = WAYS[name]
    async with world(tmp_path) as there:
        actor = await there.who(way.actor)
        table = await prepare(there, way, actor)
        async with there.client(way.actor) as client:
            listed = b"\r\n".join((await client.ask('LIST "" "*"')).untagged)
            for row in table:
                seen = Right.LOOKUP in row.rights
                found = await client.ask(f'MYRIGHTS "{row.at.path}"')
                told = [line.rsplit(b" ", 1)[1].decode().translate({ord("c"): None, ord("d"): None})
                        for line in found.untagged if b"MYRIGHTS" in line]  # fmt: skip
                assert told == ([letters(row.rights)] if seen else [])
                assert (b'"%b"' % row.at.path.encode() in listed) is seen


async def test_what_is_hidden_is_answered_byte_for_byte_as_what_is_absent(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        bob = await there.who("bob")
        table = await prepare(there, WAYS["an account"], bob)
        hidden = [row.at.path for row in table if Right.LOOKUP not in row.rights]
        lines = [each.imap for each in (*ACTIONS, INTO, INTO_BY_MOVE) if "{path}" in each.imap]
        lines += [
            'SELECT "{path}"', 'LIST "" "{path}"', 'LIST "{path}" "*"', 'LSUB "" "{path}"', 'DELETE "{path}"',
            'RENAME "{path}" "{path}2"', 'RENAME "{path}" Mine', 'DELETEACL "{path}" anyone', 'CREATE "{path}"',
        ]  # fmt: skip
        assert len(hidden) > 5
        async with there.client("bob") as client:
            for path in hidden:
                absent = path.replace("/Box", "/Nox")
                for line in lines:
                    answers = []
                    for name in (path, absent):
                        await client.ask("SELECT INBOX")
                        found = await client.ask(
                            line.replace("{path}", name), *([MESSAGE] if line.startswith("APPEND") else [])
                        )
                        answers.append(b"\r\n".join([*found.untagged, found.tagged]).replace(name.encode(), b"NAME"))
                    assert answers[0] == answers[1], line
