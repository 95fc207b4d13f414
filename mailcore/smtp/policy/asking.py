"""Where the dialogue asks the rules: one function for each event, which says what is answered and does what is due.

Where no rule is for an event, nothing is looked at. LMTP is not asked: what comes that way was judged before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from groupware.model.errors import GroupwareError
from groupware.model.event import Recipient
from mailcore.queue.plans import Ruled, Targets
from mailcore.smtp.policy import builtin, domains, facts, plugins
from mailcore.smtp.policy.actions import Action, Answer
from mailcore.smtp.policy.domains import domain_of
from mailcore.smtp.policy.edits import edited
from mailcore.smtp.policy.engine import Decision
from mailcore.smtp.policy.lookups import looked_up
from mailcore.smtp.policy.rules import Rule
from mailcore.smtp.policy.variables import CONTENT, Event, Facts, Value
from mailcore.smtp.reply import Reply
from mailcore.smtp.state import LMTP, State, Transaction

MOST_RULED: Final = 100
"""Of one message, in the trace."""
_EACH: Final = ("localDelivery", "remoteDelivery")


async def decided(state: State, event: Event, known: Facts, domain: str = "") -> Decision | None:
    """What the rules of an event say, the server's or a domain's; None: there are none."""
    rules = state.rules.domains.get(domain) if domain else state.rules
    if state.role == LMTP or rules is None or event not in rules:
        return None
    asked = rules.asks[event]
    known = {**known, **await _looked_up(state, asked)}
    if "country" in asked:
        known["country"] = await builtin.country(state)
    decision = await _with_plugins(state, event, rules.decide(event, known))
    if decision.matched:
        whose = {"domain": domain} if domain else {}
        ruled = Ruled(
            f"{event} of {domain}" if domain else event, decision.names, "; ".join(map(str, decision.actions))
        )
        state.log.info("policy", at=event, rules=ruled.rules, does=ruled.did, **whose)
        if state.transaction is not None and len(state.transaction.ruled) < MOST_RULED:
            state.transaction.ruled.append(ruled)
    return decision


async def _both(state: State, event: Event, known: Facts, domain: str) -> Decision | None:
    """What the server's rules say, and behind them those of a domain."""
    first = await decided(state, event, known)
    if not domain or (first is not None and first.ended):
        return first
    then = await decided(state, event, known if first is None else first.facts, domain)
    if first is None or then is None:
        return first or then
    return Decision(then.facts, (*first.matched, *then.matched))


def _asks(state: State, event: Event, domain: str) -> bool:
    return event in state.rules or event in state.rules.domains.get(domain, ())


async def _with_plugins(state: State, event: Event, decision: Decision) -> Decision:
    """The decision, and what the plug-ins say that it asks for."""
    for words in decision.words("ask"):
        if decision.refusal is not None:
            break
        done = await plugins.asked(words[0], event, decision.facts, state.log)
        if done is None and state.shared.config.smtp.plugin_failure == "tempreject":
            done = [Action("tempreject")]
        if done:
            said = Rule(words[0], event, then=tuple(done))
            decision = replace(decision, matched=(*decision.matched, said))
    return decision


async def _looked_up(state: State, asked: frozenset[str]) -> Facts:
    return await looked_up(state.shared.parts.dns, state.connection.peer.ip, asked, state.looked_up, state.log)


def _reply(decision: Decision | None) -> Reply | None:
    found = decision.refusal if decision is not None else None
    if found is None:
        return None
    verb, answer = found
    return Reply(answer.code, answer.status, answer.text, close=verb == "close")


async def renew(state: State) -> None:
    """From now on the session is judged by the rules that hold now. TryAgain."""
    if state.role != LMTP:
        state.rules = await state.shared.book.current()


async def connected(state: State) -> Reply | None:
    """Why the client is sent away before it has said anything. RFC 5321 §3.1: with 554, or 421."""
    decision = await decided(state, "connect", facts.of_session(state)) if "connect" in state.rules else None
    if decision is None:
        return None
    state.opening = dict(decision.sets)
    state.limits = dict(state.opening)
    if decision.refusal is None:
        return None
    _, answer = decision.refusal
    return _farewell(answer)


def _farewell(answer: Answer) -> Reply:
    if answer.code < 500:
        return Reply(421, answer.status, answer.text, close=True)
    return Reply(554 if answer.code == 550 else answer.code, answer.status, answer.text, close=True)


async def greeted(state: State) -> Reply | None:
    """Why the client's hello is refused."""
    state.limits = dict(state.opening)
    if "ehlo" not in state.rules:
        return None
    decision = await decided(state, "ehlo", facts.of_session(state))
    if decision is not None:
        state.limits.update(decision.sets)
    return _reply(decision)


async def sender(state: State, address: str, size: int) -> tuple[Reply | None, Mapping[str, Value]]:
    """Why the sender is refused, and the limits for the message."""
    domain = domain_of(address)
    if not _asks(state, "mail", domain):
        return None, state.limits
    known = {**facts.of_session(state), **facts.of_sender(address), "declaredSize": size}
    decision = await _both(state, "mail", known, domain)
    return _reply(decision), {**state.limits, **(decision.sets if decision is not None else {})}


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rules say of one recipient."""

    refusal: Reply | None = None
    limits: Mapping[str, Value] = field(default_factory=dict)
    added: tuple[str, ...] = ()
    discarded: bool = False
    accepted: bool = False
    """Whether a rule has said `accept`: what is built in has nothing to say then."""


async def recipient(state: State, transaction: Transaction, to: str, *, local: bool) -> Ruling:
    """What the rules say of a recipient whose address has been looked up."""
    domain = domain_of(to)
    if not _asks(state, "rcpt", domain):
        return Ruling(limits=transaction.limits)
    leads = transaction.targets.get(to)
    known: dict[str, Value] = {
        **facts.of_message(state, transaction),
        **facts.of_recipients((to,)),
        "rcptIsLocal": local,
        "rcptExists": leads is not None and not isinstance(leads, GroupwareError),
    }
    decision = await _both(state, "rcpt", known, domain)
    if decision is None:
        return Ruling(limits=transaction.limits)
    transaction.limits = {
        **transaction.limits,
        **{name: value for name, value in decision.sets.items() if name not in _EACH},
    }
    return Ruling(
        refusal=_reply(decision),
        limits={**transaction.limits, **decision.sets},
        added=tuple(words[0] for words in decision.words("add-recipient")),
        discarded=decision.does("discard-recipient"),
        accepted=decision.does("accept"),
    )


async def content(state: State, transaction: Transaction, octets: bytes, complete: bytes) -> bytes | Reply:
    """The message as the rules leave it, or why it is not taken. Recipients come and go in the transaction, which
    also keeps why it is held back.

    `octets` came from the client; `complete` is what they have become, and what edits are made to.
    """
    for event in CONTENT:
        for domain in ("", *domains.of_content(state, transaction)) if state.role != LMTP else ():
            rules = state.rules.domains.get(domain) if domain else state.rules
            if rules is None or event not in rules:
                continue
            known = _of_content(state, transaction, octets, event, rules.asks[event], domain)
            decision = await decided(state, event, known, domain)
            if decision is None:
                continue
            if (refusal := _reply(decision)) is not None:
                return refusal
            complete = await _done(state, transaction, decision, complete, domain)
            if not domain and decision.ended:
                break
    return complete


def _of_content(
    state: State, transaction: Transaction, octets: bytes, event: Event, asked: frozenset[str], domain: str
) -> Facts:
    known = {
        **facts.of_message(state, transaction),
        **facts.of_recipients(domains.recipients(state, transaction, domain)),
        **facts.of_header(octets, asked),
        **facts.of_verdicts(transaction.verdicts),
    }
    return known | facts.of_content(octets, asked) if event == "data" else known


async def _done(state: State, transaction: Transaction, decision: Decision, complete: bytes, domain: str) -> bytes:
    """Does what a decision wants; a domain that has only some of the recipients decides of those alone."""
    own = domains.recipients(state, transaction, domain)
    for words in decision.words("discard-recipient"):
        for each in own if domain else [words[0].lower() if words else None]:
            if not domain or not words or str(each).lower() == words[0].lower():
                discard(transaction, each if each is None else each.lower())
    if domain and not domains.decides_alone(state, transaction, domain):
        return complete
    transaction.held = transaction.held or decision.quarantine
    await add(state, transaction, [words[0] for words in decision.words("add-recipient")])
    return edited(complete, decision.actions, decision.facts)


def discard(transaction: Transaction, address: str | None) -> None:
    """Take a recipient off the message, or with None all; the sender is not told."""
    for name in [name for name in transaction.recipients if address is None or name.lower() == address]:
        del transaction.recipients[name]
        transaction.discarded.add(name)


async def add(state: State, transaction: Transaction, addresses: list[str] | tuple[str, ...]) -> None:
    """Put recipients on the message whom the sender has not named; no report goes to the sender about them."""
    wanted = [each for each in addresses if each not in transaction.recipients]
    if not wanted:
        return
    found: Mapping[str, Targets] = await state.shared.intake.resolve(wanted)
    for address in wanted:
        if isinstance(found[address], GroupwareError):
            state.log.warning("policy_recipient_unknown", recipient=address, why=str(found[address]))
            continue
        transaction.targets[address] = found[address]
        transaction.recipients[address] = Recipient(address, "NEVER")
