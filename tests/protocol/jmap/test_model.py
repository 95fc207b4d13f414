"""A client that only ever applies `Email/changes` holds what `Email/get` gives, whatever two people do meanwhile."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import FolderId, Uid
from groupware.model.principal import OPERATOR
from groupware.store.api import ReadTx
from tests.support.jmapstand import Client, Stand, jmap_stand, letter

PATHS = ("INBOX", "Archive", "Trash")
steps = st.lists(
    st.tuples(st.sampled_from(["put", "flag", "move", "copy", "drop", "sync"]), st.integers(0, 7), st.integers(0, 2)),
    min_size=1,
    max_size=25,
)


async def _places(stand: Stand) -> list[tuple[FolderId, list[Uid]]]:
    def work(tx: ReadTx) -> list[tuple[FolderId, list[Uid]]]:
        owner = tx.account("alice@example.test").id
        return [(at, list(tx.uids(at))) for at in (tx.locate(owner, path).id for path in PATHS)]

    return await stand.house.parts.store.read(OPERATOR, work)


async def _do(stand: Stand, what: str, which: int, place: int) -> None:
    """One thing that another client does."""
    if what == "put":
        await stand.put("alice", letter(str(which)), PATHS[place])
        return
    places = await _places(stand)
    there = [(at, uid) for at, uids in places for uid in uids]
    if not there:
        return
    at, uid = there[which % len(there)]
    to = places[place][0]
    if what == "flag":
        await stand.house.write(lambda tx: tx.update_flags(at, [(uid, uid)], FlagChange(add=list(Flags)[place])))
    elif what == "drop":
        await stand.house.write(lambda tx: tx.expunge(at, [(uid, uid)], deleted_only=False))
    elif what == "copy":
        await stand.house.write(lambda tx: tx.copy(at, [(uid, uid)], to))
    elif at != to:
        await stand.house.write(lambda tx: tx.move(at, [(uid, uid)], to))


class Model:
    """What a client holds."""

    def __init__(self, client: Client, most: int | None) -> None:
        self.client, self.most = client, most
        self.held: dict[str, Any] = {}
        self.state = ""

    async def begin(self) -> None:
        self.state = (await self.client.call("Email/get", ids=[]))["state"]

    async def sync(self) -> None:
        more = True
        while more:
            told = await self.client.call("Email/changes", sinceState=self.state, maxChanges=self.most)
            for each in told["destroyed"]:
                self.held.pop(each, None)
            assert not set(told["created"]) & set(told["updated"])
            assert set(told["updated"]) <= self.held.keys()
            self.held.update(await get(self.client, [*told["created"], *told["updated"]]))
            self.state, more = told["newState"], told["hasMoreChanges"]


async def get(client: Client, emails: list[str]) -> dict[str, Any]:
    got = await client.call("Email/get", ids=emails, properties=["mailboxIds", "keywords"])
    return {each["id"]: each for each in got["list"]}


async def _run(todo: list[tuple[str, int, int]], most: int | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with jmap_stand(Path(folder)) as stand:
            client = stand.client("alice")
            model = Model(client, most)
            await model.begin()
            for what, which, place in todo:
                await (model.sync() if what == "sync" else _do(stand, what, which, place))
            await model.sync()
            every = (await client.call("Email/query"))["ids"]
            assert model.held == await get(client, every)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, st.sampled_from([None, 2, 5]))
def test_changes_lead_to_what_is_there(todo: list[tuple[str, int, int]], most: int | None) -> None:
    asyncio.run(_run(todo, most))
