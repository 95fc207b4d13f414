"""One's second factors: JSON below `/signin/factors`. Decision 257.

GET    /signin/factors          those there are, and how many codes on paper are left
POST   /signin/factors/totp     {"password"}: a secret for an authenticator, which is not in use yet
POST   /signin/factors/key      {"password"}: what to ask a security key or passkey
POST   /signin/factors          {"label", "state", "code"} or {"label", "state", "response"}: takes it into use
POST   /signin/factors/paper    {"password"}: other codes on paper, in place of those there were
DELETE /signin/factors/N        {"password"}: one less

Each change takes the password: who finds a browser open changes nothing here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from groupware.directory import factors
from groupware.directory.api import FactorMissing, KeyAnswer, Second
from groupware.directory.password import new_app_password
from groupware.directory.sealed import seal, unseal
from groupware.model.errors import NotFound, Refused
from groupware.model.ids import AccountId
from groupware.model.principal import OPERATOR, Credential
from groupware.store.api import WriteTx
from mailcore.server.parts import Parts
from mailcore.server.signin import Desk, SignIn
from web.signin import sessions
from web.signin.bodies import KEY_OCTETS, SAFE, object_of, text_of

LASTS_SECONDS: Final = 600
LONGEST_LABEL: Final = 100
MOST: Final = 20
_USE: Final = b"postroom: authenticators that are not in use yet"
WHO: Final = replace(OPERATOR, client=sessions.SERVICE)


@dataclass(frozen=True, slots=True)
class Factors:
    """The handlers."""

    parts: Parts
    desk: Desk

    async def listed(self, request: Request) -> Response:
        """What there is, but for the secrets."""
        here = await sessions.known(self.parts, request)
        stored = await self._stored(here.who.account)
        found = [told(each) for each in stored if each.kind in factors.GUARDS]
        left = sum(each.kind == factors.RECOVERY for each in stored)
        return JSONResponse({"factors": found, "paper": left}, headers=SAFE)

    async def new_authenticator(self, request: Request) -> Response:
        """A secret, as text and as what a QR code says; it comes back with the first code."""
        here, _ = await self.with_password(request)
        secret = factors.new_secret()
        state = seal(json.dumps({"secret": secret, "of": here.who.account}), self.parts.secret, _USE)
        told = {"secret": secret, "uri": factors.uri(secret, here.who.name), "state": state}
        return JSONResponse(told, headers=SAFE)

    async def new_key(self, request: Request) -> Response:
        """What the browser is to ask a new security key."""
        from groupware.directory import keys

        here, _ = await self.with_password(request)
        stored = [each.value for each in await self._stored(here.who.account) if each.kind == factors.KEY]
        asked = keys.registration(host_of(request), here.who.account, here.who.name, stored, self.parts.secret)
        return JSONResponse({"options": asked.options, "state": asked.state}, headers=SAFE)

    async def take(self, request: Request) -> Response:
        """Takes an authenticator or a key into use that has shown that it works; the first brings codes on paper."""
        here = await sessions.proven_session(self.parts, request)
        given = await object_of(request, KEY_OCTETS)
        label, state = text_of(given, "label", LONGEST_LABEL), text_of(given, "state", 8000)
        account = here.who.account
        kind, value, used = self._shown(given, state, account, host_of(request))
        codes = [new_app_password() for _ in range(factors.RECOVERY_CODES)]

        def work(tx: WriteTx) -> bool:
            _, stored = tx.credentials(account)
            there = [each for each in stored if each.kind in factors.GUARDS]
            if len(there) >= MOST:
                raise Refused(f"there are {MOST} already: remove one first", "tooMany", most=MOST)
            number = tx.put_credential(account, kind, value, label)
            if used is not None:
                tx.spend_credential(account, number, used)
            if there:
                return False
            _put_codes(tx, account, stored, codes)
            end_others(tx, here.session.number, account)
            return True

        first = await self.parts.store.write(WHO, work)
        return JSONResponse({"paper": codes if first else []}, 201, headers=SAFE)

    async def new_paper(self, request: Request) -> Response:
        """Other codes on paper; the former are void."""
        here, _ = await self.with_password(request)
        account, codes = here.who.account, [new_app_password() for _ in range(factors.RECOVERY_CODES)]

        def work(tx: WriteTx) -> None:
            _, stored = tx.credentials(account)
            if not any(each.kind in factors.GUARDS for each in stored):
                raise Refused(
                    "codes on paper are for who has lost an authenticator or a key, and there is none", "noFactor"
                )
            _put_codes(tx, account, stored, codes)

        await self.parts.store.write(WHO, work)
        return JSONResponse({"paper": codes}, 201, headers=SAFE)

    async def remove(self, request: Request) -> Response:
        """One less; with the last one go the codes on paper."""
        here, _ = await self.with_password(request)
        account, number = here.who.account, int(request.path_params["number"])

        def work(tx: WriteTx) -> None:
            _, stored = tx.credentials(account)
            there = [each.id for each in stored if each.kind in factors.GUARDS]
            if number not in there:
                raise NotFound(f"there is no second factor of the number {number}")
            tx.drop_credential(account, number)
            if there == [number]:
                _put_codes(tx, account, stored, ())

        await self.parts.store.write(WHO, work)
        return Response(status_code=204, headers=SAFE)

    # --- what these have in common

    async def here(self, request: Request) -> sessions.Known:
        """Who is signed in. `BadCredentials`."""
        return await sessions.known(self.parts, request)

    async def with_password(self, request: Request) -> tuple[sessions.Known, Mapping[str, Any]]:
        """Who is signed in, by a page of ours, and gives the password once more; and all that is given.

        `BadCredentials`, `Foreign`, `HTTPException`.
        """
        here = await sessions.proven_session(self.parts, request)
        given = await object_of(request)
        signing, password = SignIn(self.desk, request.scope["state"]["way"]), text_of(given, "password", 2000)
        with suppress(FactorMissing):  # the password was right, and the session has shown the rest
            await signing.password(here.who.name, password, Second())
        return here, given

    async def _stored(self, account: AccountId) -> Sequence[Credential]:
        return await self.parts.store.read(WHO, lambda tx: tx.credentials(account)[1])

    def _shown(
        self, given: Mapping[str, Any], state: str, account: AccountId, host: str
    ) -> tuple[str, str, datetime | None]:
        """Kind and stored form of what has shown that it works, and of which moment the code was."""
        from groupware.directory import keys

        if "response" in given:
            response = given["response"]
            if not isinstance(response, dict):
                raise HTTPException(400, "`response` is an object.")
            return factors.KEY, keys.registered(KeyAnswer(host, state, response), account, self.parts.secret), None
        told = json.loads(unseal(state, self.parts.secret, _USE, LASTS_SECONDS) or "{}")
        if told.get("of") != account:
            raise Refused("that took too long, or was begun by somebody else: begin again", "tooLate")
        step = factors.step_of(told["secret"], text_of(given, "code", 20), datetime.now(UTC))
        if step is None:
            wrong = "this is not the code that the authenticator shows now; is the clock of its device right?"
            raise Refused(wrong, "wrongCode")
        return factors.TOTP, factors.seal_secret(told["secret"], self.parts.secret), factors.begins(step)


def host_of(request: Request) -> str:
    """The host that the browser has come to, as security keys know it."""
    return request.url.hostname or ""


def _put_codes(tx: WriteTx, account: AccountId, stored: Sequence[Credential], codes: Sequence[str]) -> None:
    for each in stored:
        if each.kind == factors.RECOVERY:
            tx.drop_credential(account, each.id)
    for code in codes:
        tx.put_credential(account, factors.RECOVERY, factors.recovery_digest(code))


def end_others(tx: WriteTx, here: int, account: AccountId) -> None:
    """Signs all browsers out but that one."""
    for each in tx.browser_sessions(account):
        if each.number != here:
            tx.drop_browser_session(each.number, account)


def told(each: Credential) -> Mapping[str, object]:
    """What is shown of a secret."""
    made, used = (moment.isoformat() if moment is not None else None for moment in (each.created, each.used))
    return {"id": each.id, "kind": each.kind, "label": each.label, "made": made, "used": used}
