"""Leaving a mail list by one click. RFC 8058.

A mail program, or its server, sends the POST; nothing but the address says who leaves what. A GET leaves nothing, for
programs that look for viruses follow links: it shows a button. Who asks is told nothing of who is on a list.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from groupware.model.errors import GroupwareError, TryAgain
from groupware.model.ids import AccountId
from groupware.model.principal import OPERATOR
from groupware.store.api import ReadTx, WriteTx
from mailcore.lists.rules import Seal
from mailcore.server.events import EventLog
from mailcore.server.parts import Parts

_WORD: Final = re.compile(r"([1-9][0-9]{0,17})-([1-9][0-9]{0,17})-([a-z2-7]{16})")
_WHO: Final = replace(OPERATOR, client="lists")
_HEADERS: Final = {"content-security-policy": "default-src 'none'; form-action 'self'", "cache-control": "no-store"}
_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Mail list</title>
{body}
</html>
"""
_ASKED: Final = '<form method="post"><p>Leave this mail list? <button>Leave it</button></p></form>'
_DONE: Final = "<p>You are not on this mail list any more.</p>"
_LATER: Final = "<p>That is not possible just now. Try again later.</p>"


def lists(parts: Parts) -> Starlette:
    """The application, below `/lists`."""
    door = _Door(parts)
    return Starlette(routes=[Route("/unsubscribe/{word}", door.unsubscribe, methods=["GET", "POST"])])


class _Door:
    """Takes subscribers off lists."""

    __slots__ = ("_log", "_seal", "_store")

    def __init__(self, parts: Parts) -> None:
        self._store, self._seal = parts.store, Seal(parts.secret)
        self._log: EventLog = parts.log("LISTS")

    async def unsubscribe(self, request: Request) -> Response:
        """Who the address is about is not on the list any more, whether or not it was."""
        if request.method != "POST":
            return _page(_ASKED)
        try:
            await self._leave(str(request.path_params["word"]))
        except TryAgain:
            return _page(_LATER, 503)
        return _page(_DONE)

    async def _leave(self, word: str) -> None:
        found = _WORD.fullmatch(word.lower())
        if found is None:
            return
        of, number, seal = AccountId(int(found[1])), int(found[2]), found[3]
        if not await self._store.read(_WHO, lambda tx: self._about(tx, of, number, seal)):
            return

        def work(tx: WriteTx) -> tuple[str, str]:
            address = self._about(tx, of, number, seal)
            if address:
                tx.drop_subscriber(of, address)
            return tx.account(of).address, address

        left, address = await self._store.write(_WHO, work)
        self._log.info("list_left", list=left, address=address, by="one click")

    def _about(self, tx: ReadTx, of: AccountId, number: int, seal: str) -> str:
        """The address of whom the word is about; "" when it is about nobody."""
        try:
            there = tx.subscriber(of, number)
        except TryAgain:
            raise
        except GroupwareError:
            return ""
        return there.address if there is not None and self._seal.leaves(int(of), there, seal) else ""


def _page(body: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(_PAGE.format(body=body), status, headers=_HEADERS)
