"""Who is who: the Protocol that every service signs people in through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from groupware.directory.password import Digest, ScramKeys
from groupware.model.errors import BadCredentials, GroupwareError
from groupware.model.event import Target
from groupware.model.ids import AccountId
from groupware.model.principal import Principal


@dataclass(frozen=True, slots=True)
class KeyAnswer:
    """What a security key has answered to a challenge that was made for this host."""

    host: str
    state: str = field(repr=False)
    """Of the challenge, as `groupware.directory.keys` sealed it."""
    response: Mapping[str, Any] = field(repr=False)
    """`PublicKeyCredential.toJSON()` of the browser."""


@dataclass(frozen=True, slots=True)
class Second:
    """What was given beside a password, where one can be asked for it."""

    code: str | None = field(default=None, repr=False)
    """Of an authenticator, or on paper."""
    key: KeyAnswer | None = None


class FactorMissing(BadCredentials):
    """The password was right, but the account has a second factor."""

    def __init__(self, text: str, keys: Sequence[str] = (), *, codes: bool = True) -> None:
        super().__init__(text)
        self.keys, self.codes = tuple(keys), codes
        """Its security keys as they are stored; whether it has codes, of an authenticator or on paper."""


@dataclass(frozen=True, slots=True)
class Login:
    """What somebody says at the door. `act_as` is SASL's authorization identity."""

    name: str
    """As typed; a bare name gets `domain` (a listener's, or the server's primary domain)."""
    password: str | None = field(default=None, repr=False)
    act_as: str | None = None
    peer: str = ""
    service: str = ""
    """`imap`, `pop3`, `smtp`, ...: has to be enabled for the account and its domain."""
    tls: bool = False
    domain: str = ""
    proven: bool = False
    """The mechanism proved it already (SCRAM, EXTERNAL): no password to check."""
    stored_key: bytes | None = field(default=None, repr=False)
    """Of SCRAM: which key fitted, and so which app password was used."""
    second: Second | None = None
    """None: this way of signing in cannot ask for a second factor, and who has one needs an app password for it."""


class Directory(Protocol):
    """Sign-in, identities and addresses."""

    async def login(self, login: Login) -> Principal:
        """The principal. `BadCredentials` (also for a service that is switched off), `FactorMissing` or `TryAgain`."""
        ...

    async def scram_keys(self, name: str, digest: Digest, domain: str = "") -> ScramKeys | None:
        """The keys for that digest; None when the account has none."""
        ...

    async def shared_secret(self, name: str, domain: str = "") -> str | None:
        """The account's secret for CRAM-MD5 and APOP as it is stored; None when it has none, which is the rule."""
        ...

    async def principal(self, account: AccountId) -> Principal:
        """The account as a principal, without a password: for work done in its name."""
        ...

    async def resolve(self, address: str) -> Sequence[Target]:
        """Where mail to the address goes. `NotFound`."""
        ...

    async def resolve_all(self, addresses: Sequence[str]) -> Sequence[Sequence[Target] | GroupwareError]:
        """The same for several addresses at once: where each leads, or why nowhere. `TryAgain` for all of them."""
        ...

    async def local_domains(self) -> frozenset[str]:
        """The domains (and domain aliases) whose mail ends here."""
        ...

    async def close(self) -> None:
        """Finishes what it does in the background."""
        ...
