"""One's password, and those of programs: JSON below `/signin`.

POST   /signin/password         {"password", "new"}: another password; all other browsers and programs are signed out
GET    /signin/passwords        the app passwords, but for the secrets
POST   /signin/passwords        {"password", "label"}: one more, which is shown this once
DELETE /signin/passwords/N      {"password"}: one less; who signs in with it does no more

Each change takes the password, as with second factors (decision 257).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from groupware.directory import sql
from groupware.directory.password import (
    BadPassword,
    Digest,
    Policy,
    new_app_password,
    problems,
    salts_of,
    seal,
    seal_app,
)
from groupware.model.errors import NotFound, Refused
from groupware.store.api import ReadTx, WriteTx
from web.signin.bodies import SAFE, text_of
from web.signin.factors import LONGEST_LABEL, WHO, Factors, told

APP: Final = "app"
MOST: Final = 50
LONGEST: Final = 2000


class Passwords:
    """The handlers."""

    __slots__ = ("_factors", "_store")

    def __init__(self, factors: Factors) -> None:
        self._factors, self._store = factors, factors.parts.store

    async def change(self, request: Request) -> Response:
        """Sets another password, if it is as the administrator wants passwords; app passwords stay."""
        here, given = await self._factors.with_password(request)
        new, account = text_of(given, "new", LONGEST), here.who.account
        if (await self._store.read(WHO, lambda tx: tx.account(account))).external:
            raise Refused("Your password is kept elsewhere: change it there, or ask your administrator.", "elsewhere")

        def look(tx: ReadTx) -> tuple[Policy, Mapping[Digest, bytes]]:
            return sql.policy(tx, account), salts_of([(each.kind, each.value) for each in tx.credentials(account)[1]])

        policy, salts = await self._store.read(WHO, look)
        wrong = problems(new, here.who.name, policy)
        if wrong:
            rule = {"least": policy.min_length, "most": policy.max_length, "require": policy.require}
            raise Refused(f"Choose another password: {'; '.join(wrong)}.", "password", **rule)
        try:
            sealed = await asyncio.to_thread(seal, new, salts)
        except BadPassword as error:
            raise Refused(str(error), "password") from None

        def work(tx: WriteTx) -> None:
            sql.store_sealed(tx, account, sealed, staying=here.session.number)

        await self._store.write(WHO, work)
        return Response(status_code=204, headers=SAFE)

    async def listed(self, request: Request) -> Response:
        """The app passwords, the oldest first."""
        here = await self._factors.here(request)
        _, stored = await self._store.read(WHO, lambda tx: tx.credentials(here.who.account))
        return JSONResponse([told(each) for each in stored if each.kind == APP], headers=SAFE)

    async def make(self, request: Request) -> Response:
        """One more."""
        here, given = await self._factors.with_password(request)
        label, account, made = text_of(given, "label", LONGEST_LABEL).strip(), here.who.account, new_app_password()
        if not label:
            raise HTTPException(400, "`label` says what it is for.")
        _, stored = await self._store.read(WHO, lambda tx: tx.credentials(account))
        salts = salts_of([(each.kind, each.value) for each in stored])
        secrets = await asyncio.to_thread(seal_app, made, salts)

        def work(tx: WriteTx) -> None:
            if sum(each.kind == APP for each in tx.credentials(account)[1]) >= MOST:
                raise Refused(f"there are {MOST} already: remove one first", "tooMany", most=MOST)
            for kind, value in secrets.items():
                tx.put_credential(account, kind, value, label)

        await self._store.write(WHO, work)
        return JSONResponse({"password": made}, 201, headers=SAFE)

    async def remove(self, request: Request) -> Response:
        """One less."""
        here, _ = await self._factors.with_password(request)
        number, account = int(request.path_params["number"]), here.who.account

        def work(tx: WriteTx) -> None:
            if not any(each.id == number and each.kind == APP for each in tx.credentials(account)[1]):
                raise NotFound(f"there is no app password of the number {number}")
            tx.drop_credential(account, number)

        await self._store.write(WHO, work)
        return Response(status_code=204, headers=SAFE)
