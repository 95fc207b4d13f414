"""A directory over a small store that is counted, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import cache
from typing import TypeVar

import pytest

from groupware.directory import password
from groupware.directory.api import Login
from groupware.directory.sql import SqlDirectory
from groupware.model.errors import BadCredentials
from groupware.model.ids import AccountId
from groupware.model.principal import OPERATOR, Principal
from groupware.store import SqlStore
from groupware.store.api import ReadTx, WriteTx

T = TypeVar("T")
A, B, P = "alice@example.test", "bob@example.test", "postmaster@example.test"
TYPED = "correct horse"
APP = "abcd-efgh-jkmn-pqrs"
SECRET, SITE = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", b"of this site"


@cache
def sealed() -> password.Sealed:
    return password.seal(TYPED)


class Counted:
    """A store that counts how often it is asked."""

    def __init__(self, store: SqlStore) -> None:
        self.inner, self.reads = store, 0

    async def read(self, who: Principal, work: Callable[[ReadTx], T]) -> T:
        self.reads += 1
        return await self.inner.read(who, work)

    async def glance(self, who: Principal, work: Callable[[ReadTx], T]) -> T:
        return await self.read(who, work)

    def version(self) -> Hashable:
        return self.inner.version()

    async def write(self, who: Principal, work: Callable[[WriteTx], T]) -> T:
        return await self.inner.write(who, work)


class Desk:
    """A directory over a small store, and how often argon2 was asked."""

    def __init__(self, store: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = store
        self.now = 0.0
        self.directory = SqlDirectory(store, primary_domain="example.test", site=SITE, clock=lambda: self.now)  # type: ignore[arg-type]
        self.hashed = 0
        verify = password.verify

        def counted(stored: str, typed: str) -> bool:
            self.hashed += 1
            return verify(stored, typed)

        monkeypatch.setattr(password, "verify", counted)

    async def write(self, work: Callable[[WriteTx], T], who: Principal = OPERATOR) -> T:
        return await self.store.write(who, work)

    async def put_setting(self, name: str, value: str | bool | int, of: int) -> None:
        await self.write(lambda tx: tx.put_setting(name, value, AccountId(of)))

    async def id(self, address: str) -> AccountId:
        return await self.store.read(OPERATOR, lambda tx: tx.account(address).id)

    async def login(self, name: str, typed: str | None = TYPED, **more: object) -> Principal:
        return await self.directory.login(replace(Login(name, typed, service="imap"), **more))  # type: ignore[arg-type]

    async def refused(self, name: str, typed: str | None = TYPED, **more: object) -> tuple[str, int]:
        """What is said, and how many argon2 it cost."""
        before = self.hashed
        with pytest.raises(BadCredentials) as raised:
            await self.login(name, typed, **more)
        return str(raised.value), self.hashed - before
