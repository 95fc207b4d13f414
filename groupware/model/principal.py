"""Who asks, and who there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from .ids import AccountId, FolderId, PrincipalId
from .rights import ALL, Right

EVERYONE = "everyone"
ANYONE = "anyone"


class PrincipalKind(StrEnum):
    """What can be named in an address or a grant; one table holds them all."""

    ACCOUNT = "account"
    GROUP = "group"
    LIST = "list"
    RESOURCE = "resource"
    RECIPIENT = "recipient"
    """A folder recipient: an address bound to a folder."""
    DOMAIN = "domain"
    PUBLIC = "public"
    """The hidden owner of a domain's public tree."""
    SERVER = "server"
    SPECIAL = "special"
    """`everyone` and `anyone`."""
    CLASS = "class"
    """A set of accounts of a domain that inherit the same settings."""
    LINK = "link"
    """Who holds a link to a folder."""
    REMOTE = "remote"
    """An address elsewhere that is a member of a group."""


Gone = Literal["disabled", "switched off", "password changed", "access ended"]
"""Why somebody who has signed in may not stay: the account or its domain is disabled or gone; the service, or any way
in, is switched off for it; what it has signed in with is no longer its secret."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The secret that somebody has signed in with: whose, of which kind, and when it was made (microseconds).

    Of kind `token` it is a token of OAuth, and `made` the number of its grant.
    """

    account: AccountId
    kind: str
    made: int


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. The store renews `identifiers` itself when memberships have changed since."""

    account: AccountId
    name: str
    identifiers: frozenset[str]
    """All that a grant can name this principal by: `alice@x`, `group:sales@x`, `domain:x`, `everyone`, `anyone`."""
    floor: Right = Right.NONE
    """Held on every folder: delivery POST, an auditor LOOKUP|READ, the operator all. Rights, never a bypass; POST
    gives way to a denial, except on the INBOX."""
    epoch: int = -1
    client: str = ""
    """For the journal: the protocol and what the client calls itself."""
    by_script: bool = False
    """It is a script that acts in this name: what it does sets off no other script."""
    proof: Proof | None = field(default=None, compare=False, repr=False)
    """What it has signed in with; None: nothing that can become another."""


OPERATOR = Principal(AccountId(1), "operator", frozenset({"operator"}), floor=ALL)
"""The server's own administrator: the command line on the server's machine, and the directory."""

DELIVERY = Principal(AccountId(1), "delivery", frozenset({"delivery", "anyone"}), floor=Right.LOOKUP | Right.POST)
"""Mail that comes in from outside or from a list: posts by itself everywhere, but where `p` is denied to `anyone`."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of one's own domain, as everybody in it knows them."""

    address: str
    name: str
    kind: PrincipalKind
    aliases: tuple[str, ...] = ()
    """Its other addresses, but not those that end some day."""
    photo: str = ""
    """Another text with each other photo; "": there is none."""


@dataclass(frozen=True, slots=True)
class Domain:
    """A mail domain. `account` owns its public folders."""

    name: str
    account: AccountId | None = None
    id: PrincipalId | None = None
    aliases: tuple[str, ...] = ()
    node: str | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Account:
    """Whoever owns a tree or has an address."""

    id: AccountId
    address: str
    aliases: tuple[str, ...]
    kind: PrincipalKind
    root: FolderId | None
    domain: str
    name: str = ""
    """What people call it: `Alice Adams`."""
    enabled: bool = True
    external: str | None = None
    """The LDAP entry, when it has one."""
    created: datetime | None = None
    bytes: int = 0
    items: int = 0
    """What its tree holds, as quotas count it."""
    version: int = 0
    """Another one after each change of its secrets, or of whether it is enabled."""
    account_class: str = ""
    """The class that it inherits settings from: `staff@x`."""
    folder: FolderId | None = None
    """Of a folder recipient: where its mail goes."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is asked for when an account, group, list, resource or folder recipient is made."""

    address: str
    kind: PrincipalKind = PrincipalKind.ACCOUNT
    name: str = ""
    credentials: Mapping[str, str] = field(default_factory=dict)
    """Kind of secret -> its stored form (`password`: argon2id; `scram-sha-1`, `scram-sha-256`: derived keys)."""
    enabled: bool = True
    external: str | None = None
    folder: FolderId | None = None
    """For a folder recipient: where its mail goes."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A stored secret of an account: its password, derived keys, or an app password."""

    id: int
    kind: str
    value: str = field(repr=False)
    label: str = ""
    created: datetime | None = None
    used: datetime | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """An effective value and where it comes from."""

    name: str
    value: str | int | bool
    origin: str
    """`account`, `class`, `domain`, `server` or `default`."""
    explicit: bool
    """Whether it is set on the very principal that was asked about."""
