"""`SqlDirectory`: accounts as the store has them.

1. A login costs one read of the store, none while nothing is committed, and argon2 only when the same password was not
   found right a short while ago.
2. Why a login fails is not told, and does not show in the time it takes: an unknown name, a wrong password, a disabled
   account and a service that is switched off all cost one argon2 and get the same words.
3. Passwords are remembered only as `VerifiedPasswords` keeps them, on the event loop alone.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Callable, Coroutine, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from groupware.directory import factors
from groupware.directory import password as secrets
from groupware.directory.api import FactorMissing, Login
from groupware.directory.password import Digest, Policy, ScramKeys, UnknownScheme, VerifiedPasswords
from groupware.directory.shared import KIND as SHARED
from groupware.model.addresses import normal
from groupware.model.errors import BadCredentials, GroupwareError, NoRight, NotFound, Refused, TryAgain
from groupware.model.event import Target
from groupware.model.folder import OTHERS, SEPARATOR
from groupware.model.ids import AccountId
from groupware.model.principal import DELIVERY, OPERATOR, Account, Credential, Domain, Principal, Proof
from groupware.model.rights import Right
from groupware.model.settings import SWITCHES
from groupware.model.times import micros
from groupware.store.api import ReadTx, Store, WriteTx

WRONG: Final = "The name or the password is wrong."
ASKED: Final = "A second factor is needed."
APP_ONLY: Final = "This account has a second factor: sign in here with an app password."
MAX_NAME: Final = 320
USED_SECONDS: Final = 60.0
"""When an app password was used last is written so often at most."""
MAX_WAITING: Final = 400
"""Passwords that wait to be checked; more are turned away for the time being."""
MOST_ENTRIES: Final = 1000
"""Accounts that are known without another read, as long as nothing is committed."""
POLICIES: Final[Mapping[str, secrets.Require]] = {
    "any": "any",
    "lettersAndNumbers": "lettersAndNumbers",
    "lettersAndNumbersAndSpecial": "lettersAndNumbersAndSpecial",
}
_SCRAM_KINDS: Final[Mapping[Digest, tuple[str, str]]] = {
    "sha1": ("scram-sha-1", "app-scram-sha-1"),
    "sha256": ("scram-sha-256", "app-scram-sha-256"),
}
_DECIDING: Final = ("blockedLogin", "allowAliasLogins")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the store knows of a name that somebody signs in with."""

    account: Account
    secrets: Sequence[Credential]
    who: Principal | None
    """None: it, or its domain, is disabled."""
    switched_on: bool
    """Whether the service, and logins as such, are on for it."""

    @property
    def open(self) -> bool:
        return self.who is not None and self.switched_on

    @property
    def guarded(self) -> bool:
        """Whether the password alone is not enough."""
        return any(each.kind in factors.GUARDS for each in self.secrets)


class SqlDirectory:
    """`groupware.directory.api.Directory` over the store."""

    __slots__ = (
        "_domains",
        "_entries",
        "_noting",
        "_pool",
        "_primary",
        "_site",
        "_store",
        "_switches",
        "_tasks",
        "_verified",
        "_version",
        "_waiting",
    )

    def __init__(
        self,
        store: Store,
        *,
        primary_domain: str = "",
        site: bytes = b"",
        switches: Mapping[str, str] = SWITCHES,
        clock: Callable[[], float] = time.monotonic,
        threads: int = 2,
    ) -> None:
        """`site`: its secret; `switches`: what has to be on to sign in to a service; `threads` check passwords."""
        self._store, self._primary, self._site, self._switches = store, primary_domain, site, switches
        self._verified = VerifiedPasswords(clock=clock)
        self._pool = ThreadPoolExecutor(threads, "passwords")
        self._waiting = 0
        self._noting: set[int] = set()
        self._version: Hashable = None
        self._entries: dict[tuple[str, str | None], _Entry] = {}
        """What was found since something was committed last: until there is something new, it would be found again."""
        self._domains: tuple[Sequence[Domain], frozenset[str]] = (), frozenset()
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Finishes what it does in the background."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._pool.shutdown)

    # --- signing in

    async def login(self, login: Login) -> Principal:
        """The principal. `BadCredentials` (also for a service that is switched off), `FactorMissing` or `TryAgain`."""
        entry = await self._entry(self._full(login.name, login.domain), login.service)
        if not await self._is_right(entry, login) or entry is None or entry.who is None or not entry.switched_on:
            raise BadCredentials(WRONG)
        if not login.proven and not await self._has_second(entry, login):
            raise BadCredentials(WRONG)
        who = replace(entry.who, client=login.service, proof=_proof(entry, login))
        if login.act_as:
            name = self._full(login.act_as, login.domain)
            if normal(name) != who.name:
                return await self._as_another(who, name, login.service)
        return who

    async def _is_right(self, entry: _Entry | None, login: Login) -> bool:
        """Whether the password, or what proved it already, is good for this account."""
        if login.proven:
            if entry is not None and login.stored_key:
                self._note_use(entry, _app_of_key(entry, login.stored_key))
            return entry is not None
        typed = login.password
        if typed is None:
            return False
        if entry is None:
            return await self._in_thread(lambda: secrets.verify_nobody(typed))
        account = entry.account
        if entry.open and (account.id, account.version, typed) in self._verified:
            self._note_use(entry, _app_secret(entry, typed))
            return True
        found = await self._matching(entry, typed)
        if found is None:
            return False
        self._note_use(entry, found)
        if entry.open:
            self._verified.remember(account.id, account.version, typed)
            if found.kind == "password" and secrets.needs_rehash(found.value):
                self._later(self._rehash(entry, found, typed))
        return True

    async def _matching(self, entry: _Entry, typed: str) -> Credential | None:
        """The stored secret that this is, after one argon2 unless it is an app password of an open account."""
        app = _app_secret(entry, typed)
        if app is not None and entry.open:
            return app
        main = next((each for each in entry.secrets if each.kind == "password"), None)
        if main is None:
            await self._in_thread(lambda: secrets.verify_nobody(typed))
            return None
        stored = main.value
        try:
            right = await self._in_thread(lambda: secrets.verify(stored, typed))
        except UnknownScheme:
            return None
        return main if right else None

    async def _has_second(self, entry: _Entry, login: Login) -> bool:
        """Whether what comes with the right password is enough. `FactorMissing`."""
        if _app_secret(entry, login.password or "") is not None:
            return login.second is None  # an app password is for programs, and opens nothing where people are asked
        if not entry.guarded:
            return True
        if login.second is None:
            raise FactorMissing(APP_ONLY)
        if login.second.code is None and login.second.key is None:
            kinds = {each.kind for each in entry.secrets}
            keys = [each.value for each in entry.secrets if each.kind == factors.KEY]
            raise FactorMissing(ASKED, keys, codes=not kinds.isdisjoint({factors.TOTP, factors.RECOVERY}))
        return await factors.Checks(self._store, self._site, entry.account.id, entry.secrets).is_right(login.second)

    def _note_use(self, entry: _Entry, found: Credential | None) -> None:
        """Has the time written down, in the background, when an app password was used and that is not written yet."""
        if found is None or found.kind != "app" or not entry.open or found.id in self._noting:
            return
        if found.used is None or datetime.now(UTC) - found.used >= timedelta(seconds=USED_SECONDS):
            self._noting.add(found.id)
            self._later(self._write_use(entry.account.id, found.id))

    async def _write_use(self, account: AccountId, number: int) -> None:
        try:
            await self._store.write(OPERATOR, lambda tx: tx.use_credential(account, number))
        except GroupwareError:
            return  # the next sign-in tries again
        finally:
            self._noting.discard(number)

    async def _as_another(self, who: Principal, name: str, service: str) -> Principal:
        """The account `name` as the principal, for one who administers its domain, the server, or its whole tree."""

        def may(tx: ReadTx) -> str:
            try:
                return tx.account(name).address
            except (NoRight, NotFound):
                tx.folder(f"{OTHERS}{SEPARATOR}{normal(name)}", Right.ADMIN)
                return name

        try:
            address = await self._store.read(who, may)
        except (NoRight, NotFound):
            raise BadCredentials(f"{who.name} may not act as {name[:MAX_NAME]}") from None
        other = await self._entry(address, service)
        if other is None or other.who is None or not other.switched_on:
            raise BadCredentials(f"{who.name} may not act as {name[:MAX_NAME]}")
        return replace(other.who, client=f"{service} by {who.name}".strip(), proof=who.proof)

    async def _entry(self, name: str, service: str) -> _Entry | None:
        if not name or len(name) > MAX_NAME:
            return None
        switch = self._switches.get(service)
        version = self._store.version()  # as it was before the read
        if version is None or version != self._version or len(self._entries) >= MOST_ENTRIES:
            self._version, self._entries = version, {}
        found = self._entries.get((name, switch))
        if found is None:
            found = await self._store.glance(OPERATOR, lambda tx: _look_up(tx, name, switch))
            stands = version is not None and version == self._version  # until something is committed
            if found is not None and stands and found.account.address == normal(name):  # an alias may end by the clock
                self._entries[name, switch] = found
        return found

    def _full(self, name: str, domain: str) -> str:
        name = name.strip()
        domain = domain or self._primary
        return f"{name}@{domain}" if name and domain and "@" not in name else name

    # --- other questions

    async def scram_keys(self, name: str, digest: Digest, domain: str = "") -> ScramKeys | None:
        """The keys for that digest; None when the account has none, or is disabled."""
        entry = await self._entry(self._full(name, domain), "")
        if entry is None or not entry.open:
            return None
        kinds = _SCRAM_KINDS[digest][entry.guarded :]  # a main password is not enough for who has a second factor
        stored = sorted((each for each in entry.secrets if each.kind in kinds), key=lambda each: kinds.index(each.kind))
        try:
            return secrets.together([secrets.read_keys(each.value) for each in stored])
        except UnknownScheme:
            return None

    async def shared_secret(self, name: str, domain: str = "") -> str | None:
        """The secret for CRAM-MD5 and APOP as it is stored; None when the account has none, or is disabled."""
        entry = await self._entry(self._full(name, domain), "")
        if entry is None or not entry.open:
            return None
        return next((each.value for each in entry.secrets if each.kind == SHARED), None)

    async def principal(self, account: AccountId) -> Principal:
        """The account as a principal, without a password. `NotFound` when it is gone or disabled."""
        return await self._store.read(OPERATOR, lambda tx: tx.identity(account))

    async def resolve(self, address: str) -> Sequence[Target]:
        """Where mail to the address goes. `NotFound`; `Refused` when it takes none."""
        whole = self._full(address, "")
        return await self._store.glance(DELIVERY, lambda tx: tx.resolve(whole))

    async def resolve_all(self, addresses: Sequence[str]) -> Sequence[Sequence[Target] | GroupwareError]:
        """The same for several addresses in one read: where each leads, or why nowhere."""
        whole = [self._full(each, "") for each in addresses]
        return await self._store.glance(DELIVERY, lambda tx: [_resolved(tx, each) for each in whole])

    async def local_domains(self) -> frozenset[str]:
        """The domains (and domain aliases) whose mail ends here, those that are disabled too."""
        found = await self._store.glance(OPERATOR, lambda tx: tx.domains())
        if found is not self._domains[0]:  # the store gives the same ones until some domain has changed
            self._domains = found, frozenset(name for each in found for name in (each.name, *each.aliases))
        return self._domains[1]

    # --- work in threads and in the background

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._waiting >= MAX_WAITING:
            raise TryAgain("too many sign in at once; try again in a moment")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _rehash(self, entry: _Entry, found: Credential, typed: str) -> None:
        """Store the password as new ones are stored, unless it was changed meanwhile."""
        account, salts = entry.account, secrets.salts_of([(each.kind, each.value) for each in entry.secrets])
        try:
            sealed = await self._in_thread(lambda: secrets.seal(typed, salts))

            def work(tx: WriteTx) -> None:
                _, now = tx.credentials(account.id)
                if all((each.id, each.value) != (found.id, found.value) for each in now):
                    return
                store_sealed(tx, account.id, sealed, same=True)

            await self._store.write(OPERATOR, work)
        except (GroupwareError, secrets.BadPassword):
            return  # the stored form still works; the next login tries again


def store_sealed(
    tx: WriteTx,
    account: AccountId | str,
    sealed: secrets.Sealed,
    *,
    same: bool = False,
    staying: int | None = None,
) -> None:
    """Makes this the account's password; `same`: it is what it was, in another form. `a` on the domain.

    `staying`: the browser's session that goes on.
    """
    tx.put_credential(account, "password", sealed.hash, same=same, staying=staying)
    tx.put_credential(account, "scram-sha-1", sealed.scram_sha1)
    tx.put_credential(account, "scram-sha-256", sealed.scram_sha256)


def policy(tx: ReadTx, account: AccountId | None = None) -> Policy:
    """What a new password of the account has to be. Oneself, or `a` on the domain."""
    least, most = (int(tx.setting(name, account).value) for name in ("passwordMinLength", "passwordMaxLength"))
    return Policy(least, most, POLICIES[str(tx.setting("passwordRequire", account).value)])


def _resolved(tx: ReadTx, address: str) -> Sequence[Target] | GroupwareError:
    try:
        return tx.resolve(address)
    except (NotFound, Refused) as error:
        return error.with_traceback(None)  # a value now: its frames would hold the thread's connection


def _app_secret(entry: _Entry, typed: str) -> Credential | None:
    """The app password of the account that this is."""
    app = [each for each in entry.secrets if each.kind == "app"]
    if not app:
        return None
    hashed = secrets.app_hash(typed)
    return next((each for each in app if hmac.compare_digest(each.value, hashed)), None)


def _app_of_key(entry: _Entry, stored_key: bytes) -> Credential | None:
    """The app password of the account that this SCRAM key was derived from."""
    for each in entry.secrets:
        if each.kind.removeprefix("app-") in secrets.SCRAM_KINDS and each.kind.startswith("app-"):
            with suppress(UnknownScheme):
                if secrets.read_keys(each.value).pairs[0].stored_key == stored_key:
                    return next((app for app in entry.secrets if (app.kind, app.label) == ("app", each.label)), None)
    return None


def _proof(entry: _Entry, login: Login) -> Proof | None:
    """The secret that this login goes by: the app password where it was one, else the account's own."""
    app = _app_secret(entry, login.password or "")
    if app is None and login.stored_key:
        app = _app_of_key(entry, login.stored_key)
    found = app or next((each for each in entry.secrets if each.kind == "password"), None)
    return (
        None if found is None or found.created is None else Proof(entry.account.id, found.kind, micros(found.created))
    )


def _look_up(tx: ReadTx, name: str, switch: str | None) -> _Entry | None:
    try:
        account, stored = tx.credentials(name)
    except NotFound:
        return None
    try:
        who = tx.identity(account.id)
    except NotFound:
        who = None
    asked = (*_DECIDING, switch) if switch is not None else _DECIDING
    values = {each.name: each.value for each in tx.settings(account.id, asked)}
    by_alias = normal(name) != account.address
    on = switch is None or bool(values[switch])
    on = on and not values["blockedLogin"] and not (by_alias and not values["allowAliasLogins"])
    return _Entry(account, stored, who, on)
