"""Who there is: domains, accounts, groups and lists, their addresses, secrets and settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

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


class ReadPeople(Protocol):
    def account(self, key: AccountId | str) -> Account:
        """An account, group, list or resource by id, any of its addresses or its key. Oneself, or `a` on the domain."""
        ...

    def accounts(self, domain: str, kind: PrincipalKind | None = None) -> Sequence[Account]:
        """Those of a domain, by address. Takes `a` on the domain."""
        ...

    def people(self, match: str, limit: int = 100) -> Sequence[Person]:
        """Who of the asking principal's own domain has this in the name or the address, by address; "" is everybody.

        Not those of whom the setting `publishContactInfo` says so.
        """
        ...

    def photos(self, addresses: Sequence[str]) -> Mapping[str, str]:
        """The photos of those of them whom `people` finds, and one's own: the facts of the record, by address."""
        ...

    def people_at(self) -> ModSeq:
        """Another number, and a greater one, after each change of who `people` finds. Of all domains together."""
        ...

    def domains(self) -> Sequence[Domain]:
        """Every domain. Takes `a` on the server."""
        ...

    def administered(self) -> Sequence[Domain]:
        """The domains that the asking principal administers: where it has `a`; every one with `a` on the server."""
        ...

    def administers(self, domain: str = "") -> bool:
        """Whether the asking principal administers that domain, or the server; "" asks about the server alone."""
        ...

    def members(self, group: str) -> Sequence[str]:
        """The direct members of a group, by address. Takes `a` on the domain."""
        ...

    def group_takes(self, address: str, sender: str, *, proven: bool) -> bool:
        """Whether the group of this address takes mail from the sender (`receiveEmailFrom`); True for what is no group.

        `proven`: the sender has signed in. Anybody may ask who sends.
        """
        ...

    def mail_lists(self) -> Sequence[ListWork]:
        """Every mail list that is enabled, and what there is to be done. Takes `a` on the server."""
        ...

    def subscribers(self, of: AccountId | str, after: int = 0, limit: int = 0) -> Sequence[Subscriber]:
        """Who is on a list with a number above `after`, by number, at most `limit` (0: all).

        `a` on the list's root or domain, as for all that follows about subscribers.
        """
        ...

    def subscriber(self, of: AccountId | str, key: int | str) -> Subscriber | None:
        """Who is on a list under that number or address. `a` on its root or domain."""
        ...

    def list_progress(self, at: FolderId, uid: Uid) -> Progress:
        """How a message came into a list's folder, and how far it has been sent on. Takes `r`."""
        ...

    def credentials(self, key: AccountId | str) -> tuple[Account, Sequence[Credential]]:
        """An account and its stored secrets. Takes `a` on the domain, which an account has not on its own."""
        ...

    def identity(self, account: AccountId) -> Principal:
        """The account as a principal: its identifiers now. Takes `a` on the domain. `NotFound` when disabled."""
        ...

    def resolve(self, address: str) -> Sequence[Target]:
        """Where mail to an address goes: aliases, domain aliases, sub-addresses, groups, catch-all.

        `NotFound`; `Refused` while incoming mail is switched off for it.
        """
        ...

    def addresses(self, of: AccountId) -> Sequence[str]:
        """Every address of an account, its own first, also by its domain's aliases. Oneself, `a`, or who delivers."""
        ...

    def temporary_aliases(self, of: AccountId | str | None = None) -> Sequence[tuple[str, datetime]]:
        """Those of the asking principal that end, and when, the first to end first; of another with `a`."""
        ...

    def may_send_as(self, address: str) -> bool:
        """Whether the asking principal may write `address` as the sender: its own, or a send-as right covers it."""
        ...

    def setting(self, name: str, of: PrincipalId | AccountId | None = None) -> Setting:
        """The effective value: account > class > domain > server > default. Oneself, or `a`.

        `of` None: the asking principal itself; for the operator that is the server.
        """
        ...

    def settings(
        self, of: PrincipalId | AccountId | None = None, names: Sequence[str] | None = None
    ) -> Sequence[Setting]:
        """Every setting, or those of these names, with its effective value and origin."""
        ...

    def browser_sessions(self, of: AccountId | str | None = None) -> Sequence[BrowserSession]:
        """Sessions of browsers that have not ended, the one used last at the end. Oneself, or `a` on the domain."""
        ...

    def browser_session(self, digest: str) -> BrowserSession:
        """The session whose token has this digest. Takes `a` on the server. `NotFound` when it has ended."""
        ...

    def gone(self, service: str) -> Gone | None:
        """Why the asking principal, which has signed in to that service, may not stay there; None: it may.

        BadCredentials, as everywhere, when the account is disabled.
        """
        ...

    def usage(self) -> Sequence[Usage]:
        """What each owner of folders has stored, may store, and is signed in with. Takes `a` on the server."""
        ...

    def oauth_grants(self, of: AccountId | str | None = None) -> Sequence[Grant]:
        """Programs that may act in one's name, the one used last at the end. Oneself, or `a` on the domain."""
        ...

    def oauth_grant(self, by: By, digest: str) -> Grant:
        """The grant whose code or token has this digest. Takes `a` on the server. `NotFound` when it has ended."""
        ...


class WritePeople(Protocol):
    def put_domain(self, domain: Domain) -> Domain:
        """Makes or changes a domain; a new one gets its public tree and a postmaster. `a` on the server."""
        ...

    def drop_domain(self, name: str) -> None:
        """Takes a domain away that has no accounts any more but its postmaster. `a` on the server."""
        ...

    def put_account(self, new: NewAccount) -> Account:
        """Makes an account (with its folders), group, list, resource, folder recipient or class. `a` on the domain."""
        ...

    def update_account(self, key: str, **values: str | bool | None) -> Account:
        """Changes `name`, `enabled`, `address`, `external` or `account_class`. `a` on the domain."""
        ...

    def drop_account(self, key: str) -> None:
        """Takes it away with its tree, grants and memberships. `a` on the domain."""
        ...

    def put_alias(self, key: str, alias: str, expires: datetime | None = None) -> None:
        """Another address for it. `a` on the domain. `AlreadyExists`."""
        ...

    def put_temporary_alias(self, key: str, alias: str, days: int) -> datetime:
        """Another address for it for so many days; until when. `a` on the domain, or oneself. `AlreadyExists`.

        Who has not `a` takes one that nobody can guess (`addresses.unguessable`). `Refused` for longer than
        `temporaryAliasLifetime`, `OverQuota` beyond `temporaryAliasCount`.
        """
        ...

    def drop_alias(self, alias: str) -> None:
        """Takes the other address away. `a` on the domain, or oneself for a temporary one."""
        ...

    def put_member(self, group: str, member: str) -> None:
        """Adds a member to a group. `a` on the group's domain. `Refused` when it would go round in a circle."""
        ...

    def drop_member(self, group: str, member: str) -> None:
        """Takes a member out of a group. `a` on the group's domain."""
        ...

    def put_subscriber(self, of: AccountId | str, new: Subscriber) -> Subscriber:
        """Puts somebody on a list, or changes who is. `a` on its root or domain. `Refused` for what is no address.

        The address says who is meant; when it joined stays as it is.
        """
        ...

    def drop_subscriber(self, of: AccountId | str, address: str) -> None:
        """Takes somebody off a list. `a` on its root or domain."""
        ...

    def note_list_progress(self, at: FolderId, uid: Uid, after: int | None) -> None:
        """Keeps up to which subscriber a message has been sent on; None: it is done with. Takes `a`."""
        ...

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
        """Stores a secret: a `password` and its derived keys replace the former, an `app` password adds. `a`.

        Another `password` ends the sessions of browsers, but for the one of the number `staying`, and what programs
        have been let do; `same`: it is the former one in another form, and all of them stay.
        """
        ...

    def drop_credential(self, key: AccountId | str, number: int) -> None:
        """Takes a secret away. `a` on the domain."""
        ...

    def use_credential(self, key: AccountId | str, number: int) -> None:
        """Notes that a secret was used just now; nothing when it is gone meanwhile. `a` on the domain."""
        ...

    def spend_credential(self, key: AccountId | str, number: int, moment: datetime) -> bool:
        """Notes that a secret was used at that moment; False, and nothing noted, if it was used then or later. `a`."""
        ...

    def put_setting(self, name: str, value: str | int | bool | None, of: PrincipalId | AccountId | None = None) -> None:
        """Sets it explicitly, or with None makes it inherited again. `a` on the domain (or server).

        What is `personal` may be set by its owner.
        """
        ...

    def put_browser_session(self, new: NewBrowserSession) -> int:
        """Begins a session of the asking principal's own; its number. The least used makes room. `Refused`."""
        ...

    def use_browser_session(self, number: int, peer: str) -> None:
        """Notes that a session was used just now; nothing when it has ended. `a` on the server."""
        ...

    def drop_browser_session(self, number: int, of: AccountId | str | None = None) -> None:
        """Ends a session. Oneself, or `a` on the domain. `NotFound`."""
        ...

    def put_oauth_grant(self, new: NewGrant) -> int:
        """Notes what the asking principal has consented to; its number. The least used makes room. `Refused`."""
        ...

    def turn_oauth_grant(self, known: Grant, new: NewTokens, peer: str) -> bool:
        """Gives a grant other tokens; False, and nothing done, if somebody else has meanwhile. `a` on the server."""
        ...

    def use_oauth_grant(self, number: int, peer: str) -> None:
        """Notes that a grant was used just now; nothing when it has ended. `a` on the server."""
        ...

    def drop_oauth_grant(self, number: int, of: AccountId | str | None = None) -> None:
        """Takes a grant back. Oneself, or `a` on the domain. `NotFound`."""
        ...
