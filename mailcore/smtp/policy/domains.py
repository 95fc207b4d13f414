"""Whose rules are asked behind the server's: those of domains, each about its own mail alone.

What a domain's rules do to a message they do to all of it. So what comes from outside for domains with rules about
content comes domain by domain: RCPT asks for another message for the others. Who has signed in is not asked for that;
there the domain of who sends decides, and the recipients' domains refuse, or drop their own recipients, and change
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mailcore.smtp.policy.engine import Ruleset
from mailcore.smtp.policy.variables import CONTENT
from mailcore.smtp.reply import Reply
from mailcore.smtp.state import LMTP, State, Transaction

ANOTHER: Final = Reply(452, "4.5.3", "This recipient takes mail in a message of its own; send another one.")


def domain_of(address: str) -> str:
    """The part behind the @, in lower case."""
    return address.rpartition("@")[2].lower()


def _content_rules(state: State, domain: str) -> Ruleset | None:
    found = state.rules.domains.get(domain)
    return found if found is not None and any(event in found for event in CONTENT) else None


def apart(state: State, transaction: Transaction, to: str) -> Reply | None:
    """Why a recipient has to come in another message than those that were taken."""
    if state.who is not None or state.role == LMTP or not state.rules.domains:
        return None
    mine = _content_rules(state, domain_of(to))
    taken = [*transaction.recipients, *transaction.discarded]
    return ANOTHER if any(_content_rules(state, domain_of(each)) is not mine for each in taken) else None


def of_content(state: State, transaction: Transaction) -> Sequence[str]:
    """The domains whose rules look at the message, that of who sends first."""
    if not state.rules.domains:
        return ()
    names = [_own(state), *(domain_of(each) for each in transaction.recipients)]
    found: dict[int, str] = {}
    for name in names:  # an alias of a domain has the rules of the domain
        rules = _content_rules(state, name)
        if rules is not None:
            found.setdefault(id(rules), name)
    return list(found.values())


def recipients(state: State, transaction: Transaction, domain: str) -> list[str]:
    """The recipients that a domain's rules are about; all of them for the server, and for the domain of who sends."""
    if not domain or domain == _own(state):
        return list(transaction.recipients)
    rules = state.rules.domains.get(domain)
    return [each for each in transaction.recipients if state.rules.domains.get(domain_of(each)) is rules]


def decides_alone(state: State, transaction: Transaction, domain: str) -> bool:
    """Whether nobody else has a say in what becomes of the message."""
    return len(recipients(state, transaction, domain)) == len(transaction.recipients)


def _own(state: State) -> str:
    return domain_of(state.who.name) if state.who is not None else ""
