"""`groupware.store.api.people` over SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from groupware.model.browser import BrowserSession, NewBrowserSession
from groupware.model.event import Target
from groupware.model.ids import AccountId, FolderId, ModSeq, PrincipalId, Uid
from groupware.model.mailinglist import ListWork, Progress, Subscriber
from groupware.model.principal import (
    Account,
    Credential,
    Domain,
    Gone,
    NewAccount,
    Person,
    Principal,
    PrincipalKind,
    Setting,
)
from groupware.model.token import By, Grant, NewGrant, NewTokens
from groupware.model.usage import Usage

from .. import (
    accounts,
    addresses,
    browsers,
    credentials,
    domains,
    groups,
    mailinglists,
    people,
    settings,
    tokens,
    usage,
)
from ..tx import Tx


class People(Tx):
    __slots__ = ()

    def account(self, key: AccountId | str) -> Account:
        return accounts.account(self, key)

    def accounts(self, domain: str, kind: PrincipalKind | None = None) -> Sequence[Account]:
        return accounts.accounts(self, domain, kind)

    def people(self, match: str, limit: int = 100) -> Sequence[Person]:
        return people.people(self, match, limit)

    def photos(self, addresses: Sequence[str]) -> Mapping[str, str]:
        return people.photos(self, addresses)

    def people_at(self) -> ModSeq:
        return people.people_at(self)

    def domains(self) -> Sequence[Domain]:
        return domains.domains(self)

    def administered(self) -> Sequence[Domain]:
        return domains.administered(self)

    def administers(self, domain: str = "") -> bool:
        return domains.administers(self, domain)

    def members(self, group: str) -> Sequence[str]:
        return groups.members(self, group)

    def group_takes(self, address: str, sender: str, *, proven: bool) -> bool:
        return groups.takes(self, address, sender, proven=proven)

    def mail_lists(self) -> Sequence[ListWork]:
        return mailinglists.lists(self)

    def subscribers(self, of: AccountId | str, after: int = 0, limit: int = 0) -> Sequence[Subscriber]:
        return mailinglists.page(self, of, after, limit)

    def subscriber(self, of: AccountId | str, key: int | str) -> Subscriber | None:
        return mailinglists.one(self, of, key)

    def list_progress(self, at: FolderId, uid: Uid) -> Progress:
        return mailinglists.progress(self, at, uid)

    def credentials(self, key: AccountId | str) -> tuple[Account, Sequence[Credential]]:
        return credentials.credentials(self, key)

    def identity(self, account: AccountId) -> Principal:
        return credentials.identity(self, account)

    def resolve(self, address: str) -> Sequence[Target]:
        return addresses.resolve(self, address)

    def addresses(self, of: AccountId) -> Sequence[str]:
        return addresses.of_account(self, of)

    def temporary_aliases(self, of: AccountId | str | None = None) -> Sequence[tuple[str, datetime]]:
        return addresses.temporary(self, of)

    def may_send_as(self, address: str) -> bool:
        return addresses.may_send_as(self, address)

    def setting(self, name: str, of: PrincipalId | AccountId | None = None) -> Setting:
        return settings.setting(self, name, of)

    def settings(
        self, of: PrincipalId | AccountId | None = None, names: Sequence[str] | None = None
    ) -> Sequence[Setting]:
        return settings.settings(self, of, names)

    def put_domain(self, domain: Domain) -> Domain:
        return domains.put(self, domain)

    def drop_domain(self, name: str) -> None:
        domains.drop(self, name)

    def put_account(self, new: NewAccount) -> Account:
        return accounts.put(self, new)

    def update_account(self, key: str, **values: str | bool | None) -> Account:
        return accounts.change(self, key, values)

    def drop_account(self, key: str) -> None:
        accounts.drop(self, key)

    def put_alias(self, key: str, alias: str, expires: datetime | None = None) -> None:
        addresses.put_alias(self, key, alias, expires)

    def put_temporary_alias(self, key: str, alias: str, days: int) -> datetime:
        return addresses.put_temporary(self, key, alias, days)

    def drop_alias(self, alias: str) -> None:
        addresses.drop_alias(self, alias)

    def put_member(self, group: str, member: str) -> None:
        groups.put(self, group, member)

    def drop_member(self, group: str, member: str) -> None:
        groups.drop(self, group, member)

    def put_subscriber(self, of: AccountId | str, new: Subscriber) -> Subscriber:
        return mailinglists.put(self, of, new)

    def drop_subscriber(self, of: AccountId | str, address: str) -> None:
        mailinglists.drop(self, of, address)

    def note_list_progress(self, at: FolderId, uid: Uid, after: int | None) -> None:
        mailinglists.note_progress(self, at, uid, after)

    def put_credential(
        self,
        key: AccountId | str,
        kind: str,
        value: str,
        label: str = "",
        *,
        same: bool = False,
        staying: int | None = None,
    ) -> int:
        return credentials.put(self, key, kind, value, label, same=same, staying=staying)

    def drop_credential(self, key: AccountId | str, number: int) -> None:
        credentials.drop(self, key, number)

    def use_credential(self, key: AccountId | str, number: int) -> None:
        credentials.use(self, key, number)

    def spend_credential(self, key: AccountId | str, number: int, moment: datetime) -> bool:
        return credentials.spend(self, key, number, moment)

    def put_setting(self, name: str, value: str | int | bool | None, of: PrincipalId | AccountId | None = None) -> None:
        settings.put(self, name, value, of)

    def browser_sessions(self, of: AccountId | str | None = None) -> Sequence[BrowserSession]:
        return browsers.sessions(self, of)

    def browser_session(self, digest: str) -> BrowserSession:
        return browsers.session(self, digest)

    def gone(self, service: str) -> Gone | None:
        return credentials.gone(self, service)

    def usage(self) -> Sequence[Usage]:
        return usage.usage(self)

    def put_browser_session(self, new: NewBrowserSession) -> int:
        return browsers.put(self, new)

    def use_browser_session(self, number: int, peer: str) -> None:
        browsers.use(self, number, peer)

    def drop_browser_session(self, number: int, of: AccountId | str | None = None) -> None:
        browsers.drop(self, number, of)

    def oauth_grants(self, of: AccountId | str | None = None) -> Sequence[Grant]:
        return tokens.grants(self, of)

    def oauth_grant(self, by: By, digest: str) -> Grant:
        return tokens.grant(self, by, digest)

    def put_oauth_grant(self, new: NewGrant) -> int:
        return tokens.put(self, new)

    def turn_oauth_grant(self, known: Grant, new: NewTokens, peer: str) -> bool:
        return tokens.turn(self, known, new, peer)

    def use_oauth_grant(self, number: int, peer: str) -> None:
        tokens.use(self, number, peer)

    def drop_oauth_grant(self, number: int, of: AccountId | str | None = None) -> None:
        tokens.drop(self, number, of)
