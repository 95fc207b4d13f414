"""WebAdmin over a real store, asked without a socket between: root administers the server, anna other.test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from groupware.mime.item import read_item
from groupware.model.event import Envelope, Outcome, Recipient
from groupware.model.ids import QueueId
from groupware.model.item import NewItem
from groupware.model.mailinglist import FOLDERS, MODERATION, Subscriber
from groupware.model.policy import StoredRule
from groupware.model.principal import OPERATOR, Domain, NewAccount, PrincipalKind
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx
from mailcore.lists.managing import let_moderate
from mailcore.server.config import Config, load
from mailcore.server.control import Control, ControlError
from tests.support.house import House, house
from tests.support.passwords import credentials
from tests.support.smtpstand import PASSWORD
from tests.support.webstand import Way, asked, setup_of, way_in
from web.admin.service import routes
from web.signin import sessions
from web.signin.tokens import proof_of

ROOT, ANNA, ALICE = "root@example.test", "anna@other.test", "alice@example.test"
NEWS = "news@example.test"
OURS = {"origin": "https://mail.example.test", "sec-fetch-site": "same-origin"}
FOREIGN = {"origin": "https://evil.test", "sec-fetch-site": "cross-site"}
COOKIE = "__Host-postroom"


@dataclass
class Stand:
    """WebAdmin, the store behind it, and the orders that the server was given."""

    house: House
    config: Config
    http: httpx.AsyncClient
    way: Way
    orders: list[tuple[str, str]]
    message: QueueId

    async def session(self, name: str) -> dict[str, str]:
        """The header fields of a page whose session is this person's, however it has begun."""
        who = await self.house.read(lambda tx: tx.identity(tx.account(name).id))
        parts = self.house.parts
        token = await sessions.begin(parts, self.config.webmail, who, self.way, "a browser", stay=False)
        return {"cookie": f"{COOKIE}={token}", "x-csrf-token": proof_of(parts.secret, token), **OURS}

    async def ask(self, headers: Mapping[str, str], method: str, path: str, body: Any = None) -> httpx.Response:
        """The answer."""
        kind = {"content-type": "application/json"} if body is not None else {}
        octets = json.dumps(body) if body is not None else None
        return await self.http.request(method, f"/api/v1{path}", headers={**headers, **kind}, content=octets)

    async def put_off(self) -> None:
        """The message in the queue has been tried, and waits."""

        def work(tx: WriteTx) -> None:
            (attempt,) = tx.lease(1, 60, local=False)
            later = datetime.now(UTC) + timedelta(hours=1)
            tx.settle([Outcome(attempt.queue, "ann@far.test", "later", "4.0.0", "full", later)])

        await self.house.write(work)

    async def state(self) -> object:
        """What the domains are, what is in example.test and in the queue, and the orders to services."""

        def work(tx: ReadTx) -> object:
            accounts = [(each, tx.credentials(each.address)) for each in tx.accounts("example.test")]
            values = [tx.settings(each.id) for each, _ in accounts]
            domain = next(each for each in tx.domains() if each.name == "example.test")
            crew = [tx.members(each.address) for each, _ in accounts if each.kind is PrincipalKind.GROUP]
            queued = [(each.id, [(one.state, one.tries) for one in each.recipients]) for each in tx.queued()]
            return tx.domains(), accounts, values, tx.settings(domain.id), crew, queued, _news(tx), tx.policy()

        return await self.house.read(work), list(self.orders)


def _people(tx: WriteTx) -> None:
    other = tx.put_domain(Domain("other.test"))
    assert other.account is not None
    for name in (ROOT, ANNA):
        tx.put_account(NewAccount(name, credentials=credentials(PASSWORD)))
    tx.grant(tx.locate(OPERATOR.account, "").id, ROOT, Right.ADMIN)
    tx.grant(tx.locate(other.account, "").id, ANNA, Right.ADMIN)
    tx.put_alias(ALICE, "al@example.test")
    tx.put_account(NewAccount("crew@example.test", PrincipalKind.GROUP, "The crew"))
    tx.put_member("crew@example.test", ALICE)


def _list(tx: WriteTx, letter: NewItem) -> None:
    news = tx.put_account(NewAccount(NEWS, PrincipalKind.LIST, "News"))
    tx.put_subscriber(NEWS, Subscriber(ALICE, "Alice"))
    tx.append(tx.locate(news.id, MODERATION).id, [letter])
    let_moderate(tx, NEWS, ROOT, on=True)
    rule = {"all": ["messageSize greater 3000000"], "then": ['reject 552 5.3.4 "Up to 3 MB, please."']}
    tx.put_policy([StoredRule("big-mail", "data", True, json.dumps(rule))])


def _news(tx: ReadTx) -> object:
    """The list, if it is there."""
    found = next((each for each in tx.accounts("example.test") if each.address == NEWS), None)
    if found is None:
        return None
    lies = [tx.locate(found.id, name).total for name in FOLDERS]
    return found, tx.subscribers(NEWS), tx.settings(found.id), lies, tx.grants(tx.locate(found.id, MODERATION).id)


@asynccontextmanager
async def admin_stand(folder: Path) -> AsyncIterator[Stand]:
    """The pages and the interface over a house of their own."""
    data = folder / "server"
    data.mkdir()
    config = load(None, data=data, environ={})
    orders = list[tuple[str, str]]()
    async with house(folder) as here:
        await here.write(_people)
        letter = await read_item(b"From: ann@far.test\r\nSubject: may I?\r\n\r\nmay I?\r\n", here.blobs)
        await here.write(lambda tx: _list(tx, letter))
        kept = await here.blobs.put(b"Subject: hello\r\n\r\nhello\r\n")
        envelope = Envelope("bob@example.test", (Recipient("ann@far.test"),), kept.blob, kept.size, kept.body)
        message = await here.write(lambda tx: tx.enqueue(envelope))
        control = Control(data, _verbs(orders), here.log)
        answering = asyncio.create_task(control.serve())
        way, app = way_in("webadmin"), Starlette(routes=routes(here.parts, setup_of(config, "webadmin")))
        try:
            async with asked(app, way) as http:
                yield Stand(here, config, http, way, orders, message)
        finally:
            answering.cancel()
            await asyncio.wait({answering})
            control.close()


def _verbs(orders: list[tuple[str, str]]) -> Mapping[str, Any]:
    """A server whose service pop3 cannot be started."""

    async def listed(asked: Mapping[str, Any]) -> object:
        about = {"enabled": True, "listeners": ["imap 127.0.0.1:143"], "processes": [1]}
        return [{"name": name, "state": "running", **about} for name in ("imap", "pop3")]

    def verb(do: str) -> Any:
        async def ordered(asked: Mapping[str, Any]) -> object:
            if (do, asked["name"]) == ("start", "pop3"):
                raise ControlError("pop3: its port is taken")
            orders.append((do, asked["name"]))
            return None

        return ordered

    return {"service.list": listed, **{f"service.{do}": verb(do) for do in ("start", "stop", "restart")}}
