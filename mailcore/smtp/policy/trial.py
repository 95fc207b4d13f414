"""The dry run: what the rules would say of a message, told event by event. It changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from mailcore.smtp.authentication.verdicts import UNCHECKED
from mailcore.smtp.policy import facts
from mailcore.smtp.policy.engine import Decision, Ruleset
from mailcore.smtp.policy.variables import Event, Facts, Value

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


@dataclass(frozen=True, slots=True)
class Step:
    """What the rules of one event would do; `about`: the recipient that was asked for."""

    event: Event
    about: str
    decision: Decision


async def trial(rules: Ruleset, given: Situation, look_up: LookUp) -> Sequence[Step]:
    """The events in their order, up to the one that refuses it all."""
    known, steps = _session(given), list[Step]()

    async def ask(event: Event, about: str, **more: Value) -> Decision:
        asked = rules.asks.get(event, frozenset())
        if event in ("headers", "data"):
            more |= {**facts.of_header(given.octets, asked), **facts.of_verdicts(UNCHECKED)}
        if event == "data":
            more |= facts.of_content(given.octets, asked)
        decision = rules.decide(event, {**known, **more, **await look_up(asked)})
        steps.append(Step(event, about, decision))
        known.update(decision.sets)
        return decision

    if (await ask("connect", given.ip)).refusal is not None:
        return steps
    known |= {"ehloHost": given.helo, "isESMTP": True}
    if (await ask("ehlo", given.helo)).refusal is not None:
        return steps
    known |= {**facts.of_sender(given.sender), "declaredSize": len(given.octets), "rcptCount": 0}
    if (await ask("mail", given.sender)).refusal is not None:
        return steps
    taken = await _recipients(given, known, ask)
    if not taken:
        return steps
    known |= facts.of_recipients(taken)
    for event in ("headers", "data"):
        if (await ask(event, "")).refusal is not None:
            break
    return steps


async def _recipients(
    given: Situation, known: dict[str, Value], ask: Callable[..., Awaitable[Decision]]
) -> Sequence[str]:
    """Those that are taken."""
    taken: list[str] = []
    for address, local, exists in given.recipients:
        known["rcptCount"] = len(taken)
        more = {**facts.of_recipients((address,)), "rcptIsLocal": local, "rcptExists": exists}
        decision = await ask("rcpt", address, **more)
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
    }
