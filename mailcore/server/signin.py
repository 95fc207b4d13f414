"""Signing in, the same for every service: what is offered, the pause after a failure, the security log, the counters.

One `Desk` per service, one `SignIn` per connection:

    signin = SignIn(desk, connection)
    who = await signin.password(name, password)              # LOGIN, USER and PASS
    who = await signin.sasl("PLAIN", initial, ask)           # AUTHENTICATE, AUTH
    ...
    signin.closed()                                          # once, when the connection is over

Both give the principal, or raise: `BadCredentials` (after the pause), `TryAgain` (the directory does not answer), or
`Rejected` for what is no matter of credentials: unknown mechanism, broken syntax, no TLS.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import md5
from secrets import token_hex
from typing import TYPE_CHECKING, Final, Literal, Protocol, runtime_checkable

from groupware.directory.api import FactorMissing, Login, Second
from groupware.directory.password import Digest, ScramKeys
from groupware.directory.shared import open_shared
from groupware.model.errors import BadCredentials
from groupware.model.principal import Gone, Principal
from mailcore.server import log, oauth, sasl, tokens
from mailcore.server.dialogue import Peer, TlsInfo
from mailcore.server.events import EventLog
from mailcore.server.gate import Gate
from mailcore.server.listener import Listener
from mailcore.server.offers import issuer
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.sasl import Credentials, Lookups
from mailcore.server.sections import ServiceSection
from mailcore.server.stay import LONG_AGO, Stay, Turns

if TYPE_CHECKING:
    from mailcore.server.openid import OpenId

BLOCKED_PAUSE: Final = (
    2.0  # seconds before a blocked login is answered: it costs us nothing, and shall cost the guesser
)
TOKENS: Final = ("OAUTHBEARER", "XOAUTH2")
PLAIN_TEXT: Final = ("PLAIN", "LOGIN", *TOKENS)
"""Whoever listens on the way could use what these send."""
WRONG: Final = "The name or the password is wrong."
NOT_GOOD: Final = "The token is not good here, or its time is over; sign in anew."

Ask = Callable[[bytes], Awaitable[bytes]]
"""Sends one challenge (base64, without line end) and gives the client's line (without line end) back."""


class Way(Protocol):
    """What signing in has to know of a connection."""

    @property
    def listener(self) -> Listener:
        """Where it came in."""
        ...

    @property
    def gate(self) -> Gate:
        """Who counts the failures."""
        ...

    @property
    def peer(self) -> Peer:
        """Who it is, behind every proxy."""
        ...

    @property
    def secure(self) -> bool:
        """Whether nobody listens on the way."""
        ...

    @property
    def tls(self) -> TlsInfo | None:
        """What TLS has agreed on."""
        ...

    @property
    def proxied_tls(self) -> bool:
        """Whether a trusted proxy has ended TLS."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one service signs people in."""

    parts: Parts
    section: ServiceSection
    service: str
    """What has to be enabled for the account: `imap`, `pop3`, `smtp`."""
    counter: str
    """What its counters begin with: `IMAP`, `POP3`, `SMTP`."""
    module: str
    """The module of its log lines."""
    host: str
    domain: str = ""
    """The server's primary domain, for a bare name at a listener that has none."""
    provider: OpenId | None = None
    """Whose tokens sign people in."""
    issuer: str = ""
    """Who gives our own tokens; "": they are not taken."""
    brief: bool = False
    """Connections are counted, and those that signed in; for the services of administrators."""
    turns: Turns = field(default_factory=Turns, compare=False, repr=False)


def desk(
    parts: Parts, setup: ServiceSetup, service: str, counter: str, module: str = "", *, brief: bool = False
) -> Desk:
    """The desk of a service as it is set up. `module` is `counter` unless said otherwise (`SMTP-IN`)."""
    server = setup.config.server
    provider = None
    if setup.config.openid.enable:
        from mailcore.server.openid import OpenId  # it brings an HTTP client along, which few need

        provider = OpenId(setup.config.openid)
    module = module or counter
    issues = issuer(setup.config) if service in tokens.NEEDED else ""
    host, domain = setup.config.host, server.primary_domain
    return Desk(parts, setup.section, service, counter, module, host, domain, provider, issues, brief)


class Rejected(Exception):
    """The attempt ends without a look at credentials. `kind` tells why; the text is for people."""

    def __init__(self, kind: Literal["syntax", "cancelled", "unknown", "privacy"], reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


@runtime_checkable
class Lasting(Protocol):
    """A connection on which somebody stays signed in, and can be sent away."""

    def dismiss(self, why: Gone) -> None:
        """Say why, behind what is at work, and close."""
        ...


class SignIn:
    """The way in on one connection."""

    __slots__ = ("_connection", "_desk", "_done", "_given", "_stay", "_token", "failures", "tried", "who")

    def __init__(self, desk: Desk, connection: Way) -> None:
        self._desk, self._connection = desk, connection
        self.who: Principal | None = None
        self.tried = False
        self.failures = 0
        self._done = False
        self._stay: Stay | None = None
        self._token: tokens.Opened | None = None
        """Of the token that was found good: it is one of this server's."""
        self._given: Credentials | None = None
        """What somebody has signed in with, without the password."""

    # --- what is offered

    @property
    def passwords(self) -> bool:
        """Whether a password may be sent as things are: else LOGINDISABLED, no USER, no PLAIN."""
        if self._connection.secure:
            return self._desk.section.secure_conn_allow_login
        return self._connection.listener.plain_login

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms to announce as things are, the best first."""
        wanted, hidden = self._wanted(), () if self.passwords else PLAIN_TEXT
        names = sasl.mechanisms(self._offer())
        return tuple([name for name in names if ("all" in wanted or name in wanted) and name not in hidden])

    @property
    def exhausted(self) -> bool:
        """Whether this connection has failed too often: say goodbye."""
        return 0 < self._desk.section.max_auth_errors <= self.failures

    def _wanted(self) -> tuple[str, ...]:
        section = self._desk.section
        if self._connection.secure:
            return section.secure_conn_auth_types
        if self._connection.listener.plain_login and "plain_conn_auth_types" not in section.model_fields_set:
            return ("all",)
        return section.plain_conn_auth_types

    def _offer(self) -> sasl.Offer:
        tls = self._connection.tls
        binding = {"tls-server-end-point": tls.end_point} if tls is not None and tls.end_point is not None else {}
        return sasl.Offer(
            tls=self._connection.secure,
            allow_plain=self.passwords,
            channel_binding=binding,
            cram="CRAM-MD5" in self._wanted(),
            external=tls.subject or None if tls is not None else None,
            more=self._token_mechanisms(),
        )

    def _token_mechanisms(self) -> Mapping[str, sasl.Next]:
        provider, issues = self._desk.provider, self._desk.issuer
        if provider is None and not issues:
            return {}

        async def check(token: str) -> str:
            peer = self._connection.peer.ip
            if self._connection.gate.blocked(peer, ""):
                raise oauth.BadToken("blocked")
            if issues and tokens.is_own(token):
                self._token = await tokens.account_of(self._desk.parts.store, token, self._desk.service, peer)
                return self._token.name
            if provider is None:
                raise oauth.BadToken("it is none of this server's")
            return await provider.account(token)

        if provider is not None:
            return oauth.mechanisms(check, provider.discovery_url, " ".join(provider.section.scope))
        needed = " ".join(sorted(tokens.NEEDED[self._desk.service]))
        return oauth.mechanisms(check, f"{issues}/.well-known/oauth-authorization-server", needed)

    # --- signing in

    async def password(self, name: str, password: str, second: Second | None = None) -> Principal:
        """The principal of that name and password. `BadCredentials`, `TryAgain`, `Rejected`.

        With `second`, for who can be asked for more: `FactorMissing` when that is what it takes.
        """
        if not self.passwords:
            raise Rejected("privacy", "Passwords need an encrypted connection here: start TLS first.")
        return await self._login(Credentials("password", name, password), second)

    async def sasl(self, mechanism: str, initial: bytes | None, ask: Ask) -> Principal:
        """The principal at the end of an exchange; `initial` is the client's first line, as sent. See `password`."""
        self._token = None
        if mechanism.upper() not in self.mechanisms:
            if mechanism.upper() in PLAIN_TEXT and not self.passwords:
                raise Rejected("privacy", "Passwords need an encrypted connection here: start TLS first.")
            raise Rejected(
                "unknown", f"The mechanism is not offered; there are {', '.join(self.mechanisms) or 'none'}."
            )
        exchange = sasl.start(mechanism, self._offer(), self._lookups())
        if isinstance(exchange, sasl.Refused):
            raise Rejected("unknown", exchange.reason)
        data = None if initial is None else sasl.decode(initial, initial=True)
        outcome = await exchange.step(data)
        while isinstance(outcome, sasl.Challenge):
            outcome = await exchange.step(sasl.decode(await ask(sasl.encode(outcome))))
        if isinstance(outcome, sasl.Refused):
            if outcome.kind != "credentials":
                raise Rejected(outcome.kind, outcome.reason)
            self.tried = True
            await self._failed(outcome.name, mechanism.upper(), outcome.reason)
            raise BadCredentials(NOT_GOOD if mechanism.upper() in TOKENS else WRONG)
        return await self._login(outcome)

    async def apop(self, name: str, digest: str, stamp: str) -> Principal:
        """The principal whose secret, behind the greeting's stamp, has this MD5. RFC 1939 §7. See `password`."""
        if "CRAM-MD5" not in self.mechanisms:
            raise Rejected("unknown", "APOP is not offered here.")
        secret = await self._shared(name)
        stamped = f"{stamp}{secret or token_hex(16)}".encode()
        right = hmac.compare_digest(md5(stamped, usedforsecurity=False).hexdigest().encode(), digest.lower().encode())
        if secret is None or not right:
            self.tried = True
            await self._failed(name, "APOP", WRONG)
            raise BadCredentials(WRONG)
        return await self._login(Credentials("APOP", name, verified=True))

    async def _login(self, given: Credentials, second: Second | None = None) -> Principal:
        self.tried = True
        connection, peer = self._connection, self._connection.peer.ip
        if connection.gate.blocked(peer, given.name):
            await self._failed(given.name, given.mechanism, "blocked", blocked=True)
            raise BadCredentials(WRONG)
        news = self._desk.parts.bus.news  # of before the store is asked: what comes from here on is looked at
        try:
            who = await self._desk.parts.directory.login(
                Login(
                    given.name,
                    given.password,
                    given.act_as,
                    peer,
                    self._desk.service,
                    connection.secure,
                    self._domain,
                    given.verified,
                    given.stored_key,
                    second,
                )
            )
        except FactorMissing as error:  # the password was right: nobody guesses here
            if second is None:
                self._note_failure(given.name, given.mechanism, str(error))
            raise
        except BadCredentials as error:
            await self._failed(given.name, given.mechanism, str(error))
            raise BadCredentials(NOT_GOOD if given.mechanism in TOKENS else WRONG) from None
        connection.gate.succeeded_login(peer, given.name)
        if given.mechanism in TOKENS and self._token is not None:
            who, news = replace(who, proof=self._token.proof), LONG_AGO  # the token was looked up before
        self.who, self._given = who, replace(given, password=None, stored_key=None)
        self._watch(who, news)
        log.login(self._desk.service, who.name, peer, ok=True, mechanism=given.mechanism)
        self._log().info("login", user=who.name, mechanism=given.mechanism, tls=self._tls)
        return who

    def _watch(self, who: Principal, news: int) -> None:
        """From now on who has signed in is sent away when it may not stay, where the connection can say so."""
        self.released()
        if isinstance(self._connection, Lasting):
            self._stay = Stay(self._desk.parts, who, self._desk.service, self._leave, self._desk.turns)
            self._stay.begin(news)

    def _leave(self, why: Gone) -> None:
        self._log().info("sent_away", user=self.who.name if self.who is not None else "", why=why)
        if isinstance(self._connection, Lasting):
            self._connection.dismiss(why)

    def released(self) -> None:
        """Nobody is signed in on the connection any more, though it goes on."""
        stay, self._stay = self._stay, None
        if stay is not None:
            stay.end()

    async def _failed(self, name: str, mechanism: str, reason: str, *, blocked: bool = False) -> None:
        """Note the failure everywhere, and wait as long as the gate says."""
        self._note_failure(name, mechanism, reason)
        peer = self._connection.peer.ip
        await asyncio.sleep(BLOCKED_PAUSE if blocked else self._connection.gate.failed_login(peer, name))

    def _note_failure(self, name: str, mechanism: str, reason: str) -> None:
        self.failures += 1
        log.login(self._desk.service, name, self._connection.peer.ip, ok=False, reason=reason, mechanism=mechanism)
        self._log().warning("login_failed", user=name, mechanism=mechanism, reason=reason)

    def _lookups(self) -> Lookups:
        async def keys(name: str, digest: Digest) -> ScramKeys | None:
            if self._connection.gate.blocked(self._connection.peer.ip, name):
                return None
            return await self._desk.parts.directory.scram_keys(name, digest, self._domain)

        return Lookups(keys, self._shared, self._desk.parts.secret, self._desk.host)

    async def _shared(self, name: str) -> str | None:
        """The secret that CRAM-MD5 and APOP go by: an account has one only if it was asked for."""
        if self._connection.gate.blocked(self._connection.peer.ip, name):
            return None
        sealed = await self._desk.parts.directory.shared_secret(name, self._domain)
        return open_shared(sealed, self._desk.parts.secret) if sealed is not None else None

    @property
    def _domain(self) -> str:
        return self._connection.listener.domain or self._desk.domain

    @property
    def _tls(self) -> str:
        tls = self._connection.tls
        return tls.version if tls is not None else "proxy" if self._connection.proxied_tls else "none"

    def _log(self) -> EventLog:
        return self._desk.parts.log(self._desk.module)

    def opens(self, service: str, section: ServiceSection) -> bool:
        """Whether what somebody has signed in with opens another service as well, over HTTP and by itself.

        A password does, however it was proved; one that acts for somebody else does not, nor what is no password.
        """
        given, who = self._given, self.who
        if given is None or who is None:
            return False
        if given.act_as and (who.proof is None or who.proof.account != who.account):
            return False
        if given.mechanism in TOKENS:
            taken = not {"all", "OAUTHBEARER"}.isdisjoint(section.secure_conn_auth_types)
            return taken and (self._token is None or service in self._token.services)
        by_password = given.mechanism in ("password", "PLAIN", "LOGIN") or given.mechanism.startswith("SCRAM-")
        return by_password and section.secure_conn_allow_login

    # --- the end

    def closed(self) -> None:
        """Count the connection; called once it is over, and harmless when called again."""
        self.released()
        if self._done:
            return
        self._done = True
        add, prefix = self._desk.parts.counters.add, self._desk.counter
        account = self.who.name if self.who is not None else ""
        domain = account.rpartition("@")[2]
        names = [f"{prefix}_InboundConnection"]
        if self._desk.brief:
            add(names[0])
            if self.who is not None:
                add(f"{prefix}_AuthenticatedSuccess")
            return
        if self._connection.secure:
            names.append(f"{prefix}_InboundConnectionSSL")
        if self.tried:
            names.append(f"{prefix}_InboundConnectionAuthenticated")
        if self.who is not None:
            names.append(f"{prefix}_InboundConnectionAuthenticatedSuccess")
        for name in names:
            add(name, domain=domain, account=account)
