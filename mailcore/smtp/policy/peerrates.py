"""How many messages and recipients one peer may bring in a while (`smtp.peer_rates`), and how many it has brought.

1. A peer is an address, of IPv6 its /64; who has signed in has quotas of its own instead (`sendquota`).
2. Every MAIL and every RCPT counts, taken or not: it is the asking that is held down.
3. It is counted where there is a limit, or a rule of the session asks for it.
"""

from __future__ import annotations

from typing import Final, Literal

from mailcore.server.rates import Rates
from mailcore.server.rules import address as ip_of
from mailcore.server.rules import peer_key
from mailcore.smtp.policy.variables import Value
from mailcore.smtp.reply import Reply
from mailcore.smtp.state import MX, State

What = Literal["messages", "recipients"]
_LIMIT: Final = {"messages": "maxPeerMessages", "recipients": "maxPeerRecipients"}
_COUNT: Final = {"messages": "peerMessages", "recipients": "peerRecipients"}


def counted(state: State, what: What) -> None:
    """Counts one more."""
    if state.role != MX or state.who is not None or not (_limit(state, what) or _asked_for(state, what)):
        return
    state.brought[what] = _rates(state).note(_name(state, what), state.shared.config.smtp.peer_rates.interval)


def facts(state: State) -> dict[str, Value]:
    """What rules may ask."""
    return {name: state.brought.get(what, 0) for what, name in _COUNT.items()}


def too_many(state: State, what: What) -> Reply | None:
    """Why the one that was counted last is not taken now."""
    limit = _limit(state, what)
    if state.role != MX or state.who is not None or not limit or state.brought.get(what, 0) <= limit:
        return None
    seconds = round(_rates(state).left(_name(state, what), state.shared.config.smtp.peer_rates.interval)) or 1
    state.log.warning("peer_rate_exceeded", ip=state.connection.peer.ip, what=what, most=limit, seconds=seconds)
    return Reply(450, "4.7.1", f"You bring too many {what} at once; come again in {seconds} seconds.")


def _limit(state: State, what: What) -> int:
    usual = state.shared.config.smtp.peer_rates
    limit = state.limits.get(_LIMIT[what], usual.messages if what == "messages" else usual.recipients)
    return limit if isinstance(limit, int) else 0


def _asked_for(state: State, what: What) -> bool:
    rules = (state.rules, *state.rules.domains.values())
    return any(_COUNT[what] in asked for each in rules for asked in each.asks.values())


def _rates(state: State) -> Rates:
    return state.shared.parts.rates


def _name(state: State, what: What) -> str:
    return f"peer {what} {peer_key(ip_of(state.connection.peer.ip))}"
