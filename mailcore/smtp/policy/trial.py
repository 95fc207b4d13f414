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

    async def ask(self, event: Event, about: str, domain: str = "", **more: Value) -> Decision:
        """What the server's rules and those of a domain behind them say."""
        decision = await self._one(self.rules, event, about, more)
        own = self.rules.domains.get(domain)
        if own is None or event not in own or decision.ended:
            return decision
        then = await self._one(own, event, f"{about} (rules of {domain})".strip(), more)
        return Decision(then.facts, (*decision.matched, *then.matched))

    async def of_domain(self, rules: Ruleset, event: Event, domain: str) -> Decision:
        """What a domain's rules alone say."""
        return await self._one(rules, event, f"(rules of {domain})", {})

    async def _one(self, rules: Ruleset, event: Event, about: str, more: Mapping[str, Value]) -> Decision:
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
    taken = await _recipients(given, run.known, run.ask)
    if taken:
        await _content(run, taken)
    return run.steps


async def _content(run: _Trial, taken: Sequence[str]) -> None:
    run.known |= facts.of_recipients(taken)
    own = domain_of(run.given.user) if run.given.user else ""
    for event in CONTENT:
        first = await run.ask(event, "", own)
        others = [each for each in dict.fromkeys(map(domain_of, taken)) if each != own]
        refused = first.refusal is not None
        for domain in others if not first.ended else ():
            rules = run.rules.domains.get(domain)
            if rules is not None and event in rules and not refused:
                refused = (await run.of_domain(rules, event, domain)).refusal is not None
        if refused:
            return
    await _queue(run, taken)


async def _queue(run: _Trial, taken: Sequence[str]) -> None:
    """What is asked when it leaves, for each domain, and when it fails, for each recipient."""
    size: dict[str, Value] = {"messageSize": len(run.given.octets), "submitted": bool(run.given.user), "tries": 1}
    there = [address for address, local, _ in run.given.recipients if address in taken and not local]
    for domain in dict.fromkeys(map(domain_of, there)):
        await run.ask("relay", domain, "", relayDomain=domain, **size)
    code = str(run.given.also.get("failureCode", ""))
    own = domain_of(run.given.sender) if run.given.user else ""
    for address in taken if code else ():
        event: Event = "failure" if code.startswith("5") else "temporary-failure"
        await run.ask(event, address, own, **facts.of_recipients((address,)), **size)


async def _recipients(
    given: Situation, known: dict[str, Value], ask: Callable[..., Awaitable[Decision]]
) -> Sequence[str]:
    """Those that are taken."""
    taken: list[str] = []
    for address, local, exists in given.recipients:
        known["rcptCount"] = len(taken)
        more = {**facts.of_recipients((address,)), "rcptIsLocal": local, "rcptExists": exists}
        decision = await ask("rcpt", address, domain_of(address), **more)
        if decision.refusal is None:
            taken += [address, *(words[0] for words in decision.words("add-recipient"))]
    known["rcptCount"] = len(taken)
    return taken


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
