"""SMTP Receiving at one listener, with a directory of a few people and an intake that remembers."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from groupware.directory.api import Login
from groupware.directory.password import Digest, ScramKeys
from groupware.model.dmarc import DmarcSeen
from groupware.model.errors import BadCredentials, GroupwareError, NotFound
from groupware.model.event import Outcome, Target
from groupware.model.ids import AccountId, QueueId
from groupware.model.policy import SendUse, StoredRule
from groupware.model.principal import EVERYONE, Principal, Setting
from groupware.model.settings import SETTINGS
from groupware.store.bus import LocalBus
from mailcore.queue.intake import Intake
from mailcore.queue.plans import Message
from mailcore.server.clock import Clock, SystemClock
from mailcore.server.config import load
from mailcore.server.counters import Counters
from mailcore.server.dns import Resolver
from mailcore.server.gate import Policy, RuleGate, Turnstile
from mailcore.server.guesses import Guesses, GuessLimits
from mailcore.server.listener import Listener, open_socket
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.rates import LocalRates
from mailcore.server.rules import NO_RULES, UNLIMITED
from mailcore.server.service import Door, StreamService
from mailcore.smtp.policy.rules import from_toml, stored
from mailcore.smtp.service import receiving, serving
from tests.support.eventlog import RecordingLog
from tests.support.talk import Client, client

HOST = "mx.example.test"
PASSWORD = "correct horse"
PEOPLE = {"alice@example.test": AccountId(11), "bob@example.test": AccountId(12), "zoë@example.test": AccountId(13)}
GROUP = AccountId(99)
ALIASES = {
    "info@example.test": ("alice@example.test",),
    "team@example.test": ("alice@example.test", "bob@example.test"),
    "away@example.test": ("away@elsewhere.test",),
    "postmaster@example.test": ("bob@example.test",),
}
SEND_AS = {("alice@example.test", "info@example.test")}
"""Who may send as whom, besides as themselves."""


class People:
    """The directory."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: GroupwareError | None = None
        self.takes_from: dict[str, tuple[str, str]] = {}
        """Restrictions of recipients, by address."""

    async def login(self, login: Login) -> Principal:
        name = login.name if "@" in login.name else f"{login.name}@{login.domain}"
        if name not in PEOPLE or not (login.proven or login.password == PASSWORD):
            raise BadCredentials("no")
        return Principal(PEOPLE[name], name, frozenset({name, EVERYONE}))

    async def scram_keys(self, name: str, digest: Digest, domain: str = "") -> ScramKeys | None:
        return None

    async def principal(self, account: AccountId) -> Principal:
        name = next(name for name, number in PEOPLE.items() if number == account)
        return Principal(account, name, frozenset({name, EVERYONE}))

    async def local_domains(self) -> frozenset[str]:
        return frozenset({"example.test"})

    async def resolve_all(self, addresses: Sequence[str]) -> Sequence[Sequence[Target] | GroupwareError]:
        self.asked += addresses
        if self.error is not None:
            raise self.error
        return [self._resolved(each) for each in addresses]

    def _resolved(self, address: str) -> Sequence[Target] | GroupwareError:
        local, _, domain = address.lower().rpartition("@")
        plain, _, tag = local.partition("+")
        if domain != "example.test":
            return [Target("remote", address=address)]
        targets = []
        for name in ALIASES.get(f"{plain}@{domain}", (f"{plain}@{domain}",)):
            if name in PEOPLE:
                group = GROUP if f"{plain}@{domain}" in ALIASES else None
                takes = self.takes_from.get(name, ("anyDomain", ""))
                targets.append(Target("account", PEOPLE[name], None, name, tag, group, takes_from=takes))
            elif name.endswith("@elsewhere.test"):
                targets.append(Target("remote", address=name))
            else:
                return NotFound(f"{address}: nobody")
        return targets


class Permits:
    """The store, as far as receiving asks it anything."""

    def __init__(self, rules: Iterable[StoredRule] = ()) -> None:
        self.seen: list[DmarcSeen] = []
        self.rules = list(rules)
        self.domains: dict[str, str] = {}
        """The rules of domains, as files have them."""
        self.asked = 0
        """How often the rules were read."""
        self.settings: dict[tuple[AccountId | None, str], str] = {}
        self.greylisted: list[tuple[tuple[str, ...], dict[str, float]]] = []
        self.put_off = 0
        """What the greylist says."""
        self.closed: set[str] = set()
        """Groups that take mail of those alone who have signed in."""

    def write_later(self, who: Principal, work: Callable[[Any], Any]) -> Future[None]:
        """DMARC's rows, the only thing that receiving itself writes."""
        store, future = self, Future[None]()

        class Tx:
            def note_dmarc(self, seen: Sequence[DmarcSeen]) -> None:
                store.seen += seen

        future.set_result(work(Tx()))
        return future

    async def read(self, who: Principal, work: Callable[[Any], Any]) -> Any:
        permits = self

        class Tx:
            def policy(self) -> Sequence[StoredRule]:
                permits.asked += 1
                return permits.rules

            def domain_policies(self) -> Mapping[str, Sequence[StoredRule]]:
                lists = {text: list(map(stored, from_toml(text))) for text in permits.domains.values()}
                return {name: lists[text] for name, text in permits.domains.items()}

            def setting(self, name: str, of: AccountId | None = None) -> Setting:
                value = permits.settings.get((of, name), SETTINGS[name].default)
                return Setting(name, value, "account", True)

            def group_takes(self, address: str, sender: str, *, proven: bool) -> bool:
                return proven or address not in permits.closed

            def send_use(self, of: AccountId) -> SendUse:
                return SendUse()

            def greylist(self, *triplet: str, **times: float) -> int:
                permits.greylisted.append((triplet, times))
                return permits.put_off

            def may_send_as(self, address: str) -> bool:
                return address.lower() == who.name or (who.name, address.lower()) in SEND_AS

            def resolve(self, address: str) -> Sequence[Target]:
                if address.lower().endswith("@example.test"):
                    raise NotFound(address)
                return [Target("remote", address=address)]

        return work(Tx())

    glance = write = read


@dataclass
class Memory:
    """An intake that keeps what it is given, and answers as it is told."""

    directory: People
    messages: list[Message] = field(default_factory=list)
    dropped: list[Message] = field(default_factory=list)
    """Whose recipients rules have all taken off."""
    options: list[dict[str, bool]] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    """Why each of the messages is held back."""
    error: Exception | None = None
    verdicts: dict[str, Outcome] = field(default_factory=dict)
    hold: asyncio.Event | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def resolve(self, addresses: Sequence[str]) -> Any:
        nothing, log = cast(Any, None), RecordingLog()
        return await Intake(nothing, nothing, cast(Any, self.directory), Counters(), log).resolve(addresses)

    async def accept(
        self, message: Message, *, settle_local: bool, keep: bool, known: Any, held: str
    ) -> Sequence[Outcome]:
        self.begun.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.error is not None:
            raise self.error
        assert set(known) >= {each.address for each in message.recipients}
        self.messages.append(message)
        self.held.append(held)
        self.options.append({"settle_local": settle_local, "keep": keep})
        sent = [Outcome(QueueId(0), each.address, "sent", "2.0.0", "delivered") for each in message.recipients]
        return [self.verdicts.get(each.recipient, each) for each in sent]

    async def drop(self, message: Message) -> None:
        self.dropped.append(message)

    @property
    def last(self) -> Message:
        return self.messages[-1]


@dataclass
class Stand:
    """The service, and what is around it."""

    service: StreamService
    port: int
    intake: Memory
    people: People
    log: RecordingLog
    counters: Counters
    parts: Parts


@asynccontextmanager
async def stand(
    folder: Path,
    role: str = "mx",
    *,
    config: str = "",
    tls: Callable[[], ssl.SSLContext | None] = lambda: None,
    implicit: bool = False,
    plain_login: bool = True,
    real: Parts | None = None,
    rules: str = "",
    dns: Resolver | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Stand]:
    """The service in one role, at a free port. `config` is TOML behind the server's name and domain.

    `rules` are those of the policy, as a file has them. With `real` parts the messages go where they say; what
    the stand remembers stays empty.
    """
    file = folder / "postroom.toml"
    file.write_text(f'[server]\nserver_name = "{HOST}"\nprimary_domain = "example.test"\n{config}')
    settings = load(file, data=folder, environ={}, services=())
    log, people, counters = RecordingLog(), People(), Counters()
    intake = Memory(people)
    nothing = cast(Any, None)
    parts = Parts(
        log=lambda _: log, store=cast(Any, Permits(map(stored, from_toml(rules)))), blobs=nothing, bus=LocalBus(),
        directory=people, counters=counters, dns=dns or nothing, secret=b"secret", clock=clock or SystemClock(),
        rates=LocalRates(clock),
    )  # fmt: skip
    listener = Listener(
        "test", "smtp_incoming", "127.0.0.1", 0, "implicit" if implicit else "start", role, plain_login=plain_login
    )
    setup = ServiceSetup("smtp_incoming", settings.services["smtp_incoming"], settings)
    if real is None:
        service = serving(parts, setup, cast(Intake, intake))
    else:
        service = cast(StreamService, receiving(real, setup))
    free, clock = Policy(NO_RULES, UNLIMITED), SystemClock()
    guesses = Guesses(GuessLimits(first_delay=0, max_delay=0), clock)
    gate = RuleGate(Turnstile(free), Turnstile(free), guesses, clock, login_only=False)
    door = Door(listener, (open_socket(listener),), tls, gate)
    serving_task = asyncio.create_task(service.serve(door))
    port = int(door.sockets[0].getsockname()[1])
    try:
        yield Stand(service, port, intake, people, log, counters, parts)
    finally:
        serving_task.cancel()
        await asyncio.wait({serving_task})
        door.sockets[0].close()
        await service.drain(5)


class Talker:
    """A client that reads whole replies."""

    def __init__(self, line: Client) -> None:
        self.line = line

    def send(self, octets: bytes) -> None:
        self.line.send(octets)

    async def reply(self) -> str:
        """The next reply, its lines apart by line ends; "" when the server has hung up."""
        lines = []
        while text := await self.line.line():
            lines.append(text)
            if text[3:4] != "-":
                break
        return "\n".join(lines)

    async def replies(self, count: int) -> list[str]:
        return [await self.reply() for _ in range(count)]

    async def ask(self, command: str) -> str:
        self.send(command.encode() + b"\r\n")
        return await self.reply()

    async def envelope(self, sender: str, *recipients: str) -> None:
        """MAIL and RCPT, which all have to be accepted."""
        assert (await self.ask(f"MAIL FROM:<{sender}>")).startswith("250 ")
        for each in recipients:
            assert (await self.ask(f"RCPT TO:<{each}>")).startswith("250 ")

    async def deliver(self, sender: str, recipients: Sequence[str], stuffed: bytes) -> str:
        """A whole message as it goes over the wire, without the end mark; the last reply."""
        await self.envelope(sender, *recipients)
        assert (await self.ask("DATA")).startswith("354 ")
        self.send(stuffed + b".\r\n")
        return await self.reply()


@asynccontextmanager
async def talker(port: int, hello: str = "EHLO client.test", **options: Any) -> AsyncIterator[Talker]:
    """A client behind the greeting and, unless `hello` is empty, behind its hello."""
    async with client(port, **options) as line:
        caller = Talker(line)
        assert (await caller.reply()).startswith("220 ")
        if hello:
            assert (await caller.ask(hello)).startswith("250")
        yield caller
