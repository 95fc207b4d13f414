"""The dry run: what the rules would say of a message, told event by event. It changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from mailcore.smtp.authentication.verdicts import UNCHECKED
from mailcore.smtp.policy import facts
from mailcore.smtp.policy.domains import domain_of
from mailcore.smtp.policy.engine import Decision, Ruleset
from mailcore.smtp.policy.variables import CONTENT, Event, Facts, Value

LookUp = Callable[[Collection[str]], Awaitable[Facts]]


@dataclass(frozen=True, slots=True)
class Situation:
    """A client and a message that might come."""

    ip: str
    helo: str = "client.invalid"
    user: str = ""
    secure: bool = False
    listener: str = "smtp"
    role: str = "mx"
    port: int = 25
    sender: str = ""
    recipients: tuple[tuple[str, bool, bool], ...] = ()
    """Address, whether it is of this server, whether it leads anywhere."""
    octets: bytes = b""
    also: Facts = field(default_factory=dict)
    """What is so besides: what checks of the sender have found, with which code it fails, ..."""


@dataclass(frozen=True, slots=True)
class Step:
    """What the rules of one event would do; `about`: the recipient that was asked for."""

    event: Event
    about: str
    decision: Decision


@dataclass(slots=True)
class _Trial:
    """A dry run, as far as it has come."""

    rules: Ruleset
    given: Situation
    look_up: LookUp
    known: dict[str, Value]
    steps: list[Step] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    """Those who would get it."""
    discarded: list[str] = field(default_factory=list)
    """Those whom rules have taken off it, and who were taken all the same."""

    async def ask(self, event: Event, about: str, domain: str = "", **more: Value) -> Decision:
        """What the server's rules and those of a domain behind them say."""
        decision = await self.one(self.rules, event, about, more)
        own = self.rules.domains.get(domain)
        if own is None or event not in own or decision.ended:
            return decision
        then = await self.one(own, event, f"{about} (rules of {domain})".strip(), more)
        return Decision(then.facts, (*decision.matched, *then.matched))

    async def one(self, rules: Ruleset, event: Event, about: str, more: Mapping[str, Value]) -> Decision:
        """What these rules alone say."""
        asked, given = rules.asks.get(event, frozenset()), self.given
        known = {**self.known, **more}
        if event in CONTENT:
            known |= {**facts.of_header(given.octets, asked), **facts.of_verdicts(UNCHECKED)}
        if event == "data":
            known |= facts.of_content(given.octets, asked)
        decision = rules.decide(event, {**known, **await self.look_up(asked), **given.also})
        self.steps.append(Step(event, about, decision))
        self.known.update(decision.sets)
        return decision

    @property
    def count(self) -> int:
        """How many recipients were taken so far."""
        return len(self.recipients) + len(self.discarded)

    @property
    def home(self) -> str:
        """The domain of who has signed in, "" for nobody."""
        return domain_of(self.given.user) if self.given.user else ""

    def domains(self) -> Sequence[str]:
        """Those whose rules look at the message, that of who sends first; an alias has the rules of its domain."""
        found: dict[int, str] = {}
        for name in (self.home, *map(domain_of, self.recipients)):
            rules = self.rules.domains.get(name)
            if rules is not None:
                found.setdefault(id(rules), name)
        return list(found.values())

    def about(self, domain: str) -> list[str]:
        """The recipients that a domain's rules are about; all of them for the server, and for who sends."""
        if not domain or domain == self.home:
            return list(self.recipients)
        rules = self.rules.domains.get(domain)
        return [each for each in self.recipients if self.rules.domains.get(domain_of(each)) is rules]

    def change(self, decision: Decision, own: Sequence[str]) -> None:
        """Recipients go and come, as a decision about `own` wants it: who decides of some adds nobody."""
        alone = len(own) == len(self.recipients)
        for words in decision.words("discard-recipient"):
            gone = [each for each in own if not words or each.lower() == words[0].lower()]
            self.discarded += [each for each in self.recipients if each in gone]
            self.recipients = [each for each in self.recipients if each not in gone]
        if alone:
            self.add(decision)

    def add(self, decision: Decision) -> None:
        """Whom a decision adds."""
        self.recipients += [words[0] for words in decision.words("add-recipient") if words[0] not in self.recipients]


async def trial(rules: Ruleset, given: Situation, look_up: LookUp) -> Sequence[Step]:
    """The events in their order, up to the one that refuses it all."""
    run = _Trial(rules, given, look_up, _session(given))
    if (await run.ask("connect", given.ip)).refusal is not None:
        return run.steps
    run.known |= {"ehloHost": given.helo, "isESMTP": True}
    if (await run.ask("ehlo", given.helo)).refusal is not None:
        return run.steps
    run.known |= {**facts.of_sender(given.sender), "declaredSize": len(given.octets), "rcptCount": 0}
    if (await run.ask("mail", given.sender, domain_of(given.sender))).refusal is not None:
        return run.steps
    await _recipients(run)
    if run.count and not await _content(run):
        await _queue(run)
    return run.steps


async def _recipients(run: _Trial) -> None:
    for address, local, exists in run.given.recipients:
        run.known["rcptCount"] = run.count
        more = {**facts.of_recipients((address,)), "rcptIsLocal": local, "rcptExists": exists}
        decision = await run.ask("rcpt", address, domain_of(address), **more)
        if decision.refusal is None:
            (run.discarded if decision.does("discard-recipient") else run.recipients).append(address)
            run.add(decision)


async def _content(run: _Trial) -> bool:
    """Whether it is refused for what is in it."""
    for event in CONTENT:
        for domain in ("", *run.domains()):
            rules = run.rules.domains[domain] if domain else run.rules
            if domain and event not in rules:
                continue
            own = run.about(domain)
            more: dict[str, Value] = {**facts.of_recipients(own), "rcptCount": run.count}
            decision = await run.one(rules, event, f"(rules of {domain})" if domain else "", more)
            if decision.refusal is not None:
                return True
            run.change(decision, own)
            if not domain and decision.ended:
                break
    return False


async def _queue(run: _Trial) -> None:
    """What is asked when it leaves, for each domain, and when it fails, for each recipient."""
    size: dict[str, Value] = {"messageSize": len(run.given.octets), "submitted": bool(run.given.user), "tries": 1}
    run.known |= {**facts.of_recipients(run.recipients), "rcptCount": run.count}
    there = [address for address, local, _ in run.given.recipients if address in run.recipients and not local]
    for domain in dict.fromkeys(map(domain_of, there)):
        await run.ask("relay", domain, "", relayDomain=domain, **size)
    code = str(run.given.also.get("failureCode", ""))
    own = domain_of(run.given.sender) if run.given.user else ""
    for address in run.recipients if code else ():
        event: Event = "failure" if code.startswith("5") else "temporary-failure"
        await run.ask(event, address, own, **facts.of_recipients((address,)), **size)


def _session(given: Situation) -> dict[str, Value]:
    return {
        "remoteSmtpIp": given.ip,
        "remoteSmtpPort": 0,
        "smtpIp": "",
        "smtpPort": given.port,
        "listener": given.listener,
        "role": given.role,
        "isSSLConnection": given.secure,
        "tlsVersion": "TLSv1.3" if given.secure else "",
        "tlsCipher": "",
        "clientCertificate": "",
        "authUser": given.user,
        "mailCount": 0,
        "totalMailSize": 0,
        "ehloHost": "",
        "isESMTP": False,
        "peerMessages": 1,
        "peerRecipients": 1,
    }
