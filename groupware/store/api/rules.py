"""What is done with mail by rule: scripts and their memory, lessons of scanners, the policy of SMTP, sending quotas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from groupware.model.ids import AccountId, FolderId, PrincipalId, Uid
from groupware.model.memory import Lesson, Memory, Undo
from groupware.model.occasion import Occasion
from groupware.model.policy import SendUse, StoredRule
from groupware.model.screening import Screening
from groupware.model.script import ActiveScript, StoredScript

ScriptOwner = AccountId | PrincipalId | None
"""Whose scripts: an account, a domain, the server (the operator's number); None: the asking principal's own."""


class ReadRules(Protocol):
    def scripts(self, of: ScriptOwner = None) -> Sequence[StoredScript]:
        """The Sieve scripts of an account, a domain or the server, by name. Oneself, or `a` on the domain or server."""
        ...

    def script(self, name: str, of: ScriptOwner = None) -> bytes:
        """What is in a script. Oneself, `a` on the domain, or who delivers. `NotFound`."""
        ...

    def addressbook_has(self, of: AccountId, book: str, address: str = "") -> bool:
        """Whether a contact in an account's address book has that address; with "" whether there is such a book.

        `book` is a path in the account's view, "" its default book; as its owner may read it. Oneself, or who delivers.
        """
        ...

    def active_scripts(self, of: Sequence[AccountId]) -> Sequence[ActiveScript]:
        """The active scripts of those accounts that have one, and who forwards. Oneself, `a` on the domain, or who
        delivers.
        """
        ...

    def scripts_above(self, of: Sequence[AccountId]) -> Sequence[ActiveScript]:
        """The active scripts of the server and of the domains of those accounts, once for each of them that has any
        above it. `a` on the domain, or who delivers.
        """
        ...

    def active_script(self, of: ScriptOwner = None) -> tuple[str, bytes] | None:
        """Name and octets of the active script. Oneself, `a` on the domain, or who delivers."""
        ...

    def room_for_script(self, name: str, size: int, of: ScriptOwner = None) -> None:
        """Passes when `put_script` would take so many octets under this name; else raises what that would raise."""
        ...

    def screening(self, of: AccountId) -> Screening:
        """What an account, its domain and the server have set about who writes to it. Oneself, or who delivers."""
        ...

    def remembered(self, of: AccountId, kind: str, key: str) -> bool:
        """Whether this is remembered of an account. Oneself, or who delivers."""
        ...

    def undos(self, of: AccountId) -> Sequence[Undo]:
        """What can be taken back, the newest first. Oneself, or `a` on the domain."""
        ...

    def lessons(self, limit: int = 100) -> Sequence[Lesson]:
        """What people have moved into Junk and out of it, the oldest first. Takes `a` on the server."""
        ...

    def occasions(self, after: int = 0, limit: int = 100) -> Sequence[Occasion]:
        """What scripts wait for, the oldest first, behind that number. Takes `a` on the server."""
        ...

    def policy(self, domain: str = "") -> Sequence[StoredRule]:
        """The rules of SMTP, in their order: the administrator's, or a domain's. Takes `a` on the server or domain.

        A write that asks for them is the only one to change them until it ends.
        """
        ...

    def domain_policies(self) -> Mapping[str, Sequence[StoredRule]]:
        """The rules of all domains that have some, by name and by alias. Takes `a` on the server."""
        ...

    def send_use(self, of: AccountId | None = None) -> SendUse:
        """What an account has sent in this interval, and what it may. Oneself, or `a` on the domain."""
        ...


class WriteRules(Protocol):
    def put_script(self, name: str, octets: bytes, of: ScriptOwner = None) -> None:
        """Keeps a Sieve script, instead of the one of that name. Oneself, or `a` on the domain.

        `ScriptTooLong`, `TooManyScripts`; `Refused` for a name that cannot be.
        """
        ...

    def activate_script(self, name: str, of: ScriptOwner = None) -> None:
        """Makes this script the active one; with "" none is. Oneself, or `a` on the domain. `NotFound`."""
        ...

    def drop_script(self, name: str, of: ScriptOwner = None) -> None:
        """Takes a script away. Oneself, or `a` on the domain. `NotFound`; `Conflict` for the active one."""
        ...

    def rename_script(self, old: str, new: str, of: ScriptOwner = None) -> None:
        """Gives a script another name; the active one stays so. Oneself, or `a`. `NotFound`, `AlreadyExists`."""
        ...

    def remember(self, of: AccountId, what: Memory) -> bool:
        """Remembers it; False when it was remembered already. Oneself, or who delivers."""
        ...

    def put_undo(self, of: AccountId, facts: str) -> int:
        """Keeps what takes back a change of the account's mail; its number. Oneself, or `a` on the domain."""
        ...

    def drop_undo(self, of: AccountId, number: int) -> None:
        """Forgets one of them. Oneself, or `a` on the domain. `NotFound`."""
        ...

    def drop_lessons(self, number: int) -> int:
        """Forgets the lessons up to that number: they were learned. `a` on the server."""
        ...

    def teach(self, at: FolderId, uid: Uid, of: AccountId, *, spam: bool) -> bool:
        """Keeps an item as a lesson for scanners, as if that account had said so. `a` on the folder.

        False: it is not there, or `learnFromJunk` is off for the account.
        """
        ...

    def settle_occasion(self, which: Occasion, uid: Uid) -> bool:
        """Notes that the script has looked at the messages up to this one. `a` on the folder.

        False: somebody else has been at it since `which` was read, and nothing is noted.
        """
        ...

    def drop_occasion(self, number: int) -> None:
        """Forgets what no script can look at any more. `a` on the server."""
        ...

    def put_policy(self, rules: Sequence[StoredRule], domain: str = "") -> None:
        """Makes these the rules of SMTP (of a domain), instead of all that there were; `Refused`: too many.

        `a` on the server, or the domain.

        Nobody else changes them between `policy` and this in one write.
        """
        ...

    def spend(self, of: AccountId, recipients: int, octets: int) -> tuple[SendUse, bool]:
        """Counts one message to so many recipients, unless that passes a limit. The operator alone.

        Gives what was sent with it, and whether it was counted.
        """
        ...

    def give_back(self, of: AccountId, recipients: int, octets: int, until: datetime) -> None:
        """Counts a message out again that was counted in the interval that ends then. The operator alone."""
        ...

    def told_of_sending(self, of: AccountId) -> bool:
        """The account is told in this very write; False when it was told in this interval. The operator alone."""
        ...

    def greylist(
        self, network: str, sender: str, recipient: str, *, delay: float, waiting: float, passed: float
    ) -> int:
        """Seconds for which a message is put off; 0: it is let in. Times in seconds. The operator alone.

        Who comes again after `delay`, and before it is forgotten after `waiting`, passes: for that network and the
        sender's domain, as long as `passed` from the last time on.
        """
        ...
