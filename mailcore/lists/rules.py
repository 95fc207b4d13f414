"""A mail list as it is set, and the addresses that it has."""

from __future__ import annotations

import hmac
from base64 import b32encode
from dataclasses import dataclass, field
from typing import Final

from groupware.model.addresses import MAX_LOCAL, TAG, normal
from groupware.model.ids import AccountId
from groupware.model.mailinglist import Subscriber
from groupware.model.rights import Right
from groupware.model.times import micros
from groupware.store.api import ReadTx

_NAMES: Final = (
    "listSenderAllow",
    "listModerate",
    "listContentAllow",
    "listSubscribe",
    "listMaxSize",
    "listSubjectTag",
    "listHead",
    "listFoot",
    "listAddHeaders",
    "listRemoveHeaders",
    "listReplyTo",
    "listRewriteFrom",
    "listArchive",
    "listPersonalSender",
    "listOneClickUrl",
    "listWelcome",
    "listMaxBounces",
    "listDigest",
    "listDigestHours",
    "listDigestMessages",
    "language",
)
WHOLE: Final = 16
"""Signs of a whole word of `Seal`."""
MODERATES: Final = Right.READ | Right.TRASH | Right.EXPUNGE
"""What somebody may do in a list's folders who is told of what waits there."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One list. What the settings mean stands in `groupware.model.settings`."""

    id: AccountId
    address: str
    name: str
    owners: frozenset[str]
    """The addresses of who runs it."""
    moderators: frozenset[str]
    """Those, and who may take messages out of its folders."""
    sender_allow: str = "all"
    moderate: str = "nonMembers"
    content_allow: str = "any"
    subscribe: str = "confirm"
    max_size: int = 0
    subject_tag: str = ""
    head: str = ""
    foot: str = ""
    add_headers: str = ""
    remove_headers: str = ""
    reply_to: str = "author"
    rewrite_from: str = "dmarc"
    archive: bool = True
    personal_sender: bool = True
    one_click_url: str = ""
    welcome: bool = True
    max_bounces: int = 5
    digest: bool = False
    digest_hours: int = 24
    digest_messages: int = 30
    language: str = ""

    @property
    def local(self) -> str:
        """What stands before the @."""
        return self.address.rpartition("@")[0]

    @property
    def domain(self) -> str:
        """The domain that it is in."""
        return self.address.rpartition("@")[2]

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or self.local

    @property
    def list_id(self) -> str:
        """Its name for programs. RFC 2919 §2."""
        return f"{self.local.replace('@', '.')}.{self.domain}"

    def at(self, word: str, more: str = "") -> str:
        """Its address with a word behind its name: `news-confirm+TOKEN@x`."""
        return f"{self.local}-{word}{TAG + more if more else ''}@{self.domain}"


def rules_of(tx: ReadTx, of: AccountId) -> Rules:
    """The list as it is now. NotFound when it is gone."""
    account = tx.account(of)
    found = {_field(name): tx.setting(name, of).value for name in _NAMES}
    said = [normal(each) for each in str(tx.setting("listOwners", of).value).replace(",", " ").split()]
    owners = frozenset(each for each in said if "@" in each) or frozenset({f"postmaster@{account.domain}"})
    return Rules(of, account.address, account.name, owners, owners | _moderators(tx, of), **found)  # type: ignore[arg-type]


def _field(name: str) -> str:
    bare = name.removeprefix("list")
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in bare[:1].lower() + bare[1:])


def _moderators(tx: ReadTx, of: AccountId) -> frozenset[str]:
    """Who has been given the right to take messages out of the list's tree, accounts and groups by address."""
    rows = [
        row
        for name in ("", "Moderation")
        for row in tx.grants(tx.locate(of, name).id)
        if MODERATES in row.allow and not row.deny & MODERATES
    ]
    keys = [row.grantee.removeprefix("group:") for row in rows]
    return frozenset(key for key in keys if "@" in key and ":" not in key)


@dataclass(frozen=True, slots=True)
class Seal:
    """Words that nobody can make up: they come back in addresses, whose letter case servers may change."""

    secret: bytes = field(repr=False)

    def of(self, purpose: str, *facts: object) -> str:
        """The word for these facts."""
        said = " ".join(("list", purpose, *map(str, facts))).lower().encode()
        return b32encode(hmac.digest(self.secret, said, "sha256")[:10]).decode().lower()

    def is_good(self, word: str, purpose: str, *facts: object) -> bool:
        """Whether this is the word for these facts, or as much of it as fits into an address."""
        return len(word) >= 8 and hmac.compare_digest(word.lower(), self.of(purpose, *facts)[: len(word)])

    def bounces(self, rules: Rules, number: int) -> str:
        """The sender of what goes to one subscriber: a report to it says who the subscriber is."""
        made = rules.at("bounces", f"{number}-{self.of('bounces', rules.id, number)[:10]}")
        return made if len(made.rpartition("@")[0]) <= MAX_LOCAL else rules.at("bounces")

    def leave(self, rules: Rules, subscriber: Subscriber) -> str:
        """What takes a subscriber off the list by one request, as long as it is on it."""
        return f"{rules.id}-{subscriber.number}-{self.of('leave', rules.id, subscriber.number, since(subscriber))}"

    def leaves(self, of: int, subscriber: Subscriber, word: str) -> bool:
        """Whether `leave` made this word, the last part of what it gave."""
        return len(word) == WHOLE and self.is_good(word, "leave", of, subscriber.number, since(subscriber))


def since(subscriber: Subscriber) -> int:
    """When it was put on the list: who comes back later is another one."""
    return micros(subscriber.joined) if subscriber.joined is not None else 0
