"""A store with one domain and a few people, for tests that are no coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from groupware.model.ids import AccountId, FolderId, ModSeq
from groupware.model.principal import OPERATOR, Account, Domain, NewAccount, Principal, PrincipalKind
from groupware.store import open_store
from groupware.store.api import ReadTx, WriteTx
from groupware.store.sql.store import SqlStore

T = TypeVar("T")


class Silent:
    """A bus that nobody listens to."""

    def publish(self, marks: Mapping[FolderId, ModSeq]) -> None:
        pass

    def watch(self, folders: object) -> object:
        raise AssertionError("nobody watches in these tests")


class House:
    """A store, asked by one principal after the other."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store

    def read(self, work: Callable[[ReadTx], T], who: Principal = OPERATOR) -> T:
        with self.store.snapshot(who) as tx:
            return work(tx)

    def write(self, work: Callable[[WriteTx], T], who: Principal = OPERATOR) -> T:
        return self.store.write_later(who, work).result(60)

    def domain(self, name: str = "example.test", *aliases: str) -> Domain:
        return self.write(lambda tx: tx.put_domain(Domain(name, aliases=aliases)))

    def add(self, address: str, kind: PrincipalKind = PrincipalKind.ACCOUNT, name: str = "") -> Account:
        return self.write(lambda tx: tx.put_account(NewAccount(address, kind, name=name)))

    def member(self, group: str, *members: str) -> None:
        def work(tx: WriteTx) -> None:
            for each in members:
                tx.put_member(group, each)

        self.write(work)

    def who(self, account: Account | AccountId | str) -> Principal:
        def work(tx: ReadTx) -> Principal:
            key = account.id if isinstance(account, Account) else account
            return tx.identity(tx.account(key).id)

        return self.read(work)


@contextmanager
def house(data: Path, url: str) -> Iterator[House]:
    """The house in an empty, migrated database."""
    store = open_store(data, url, bus=Silent())  # type: ignore[arg-type]
    try:
        yield House(store)
    finally:
        asyncio.run(store.close())
