"""Who may send to whom, whatever the rules say: pure, over what the session knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from groupware.model.errors import GroupwareError
from groupware.store.api import ReadTx
from mailcore.queue.plans import Targets
from mailcore.smtp.policy.variables import Value
from mailcore.smtp.reply import Reply
from mailcore.smtp.state import LMTP, SUBMISSION

SIGN_IN = Reply(530, "5.7.0", "Sign in first (AUTH).")
NO_RELAY = Reply(550, "5.7.1", "This server takes mail for elsewhere only from its own users, after AUTH.")
NOT_ELSEWHERE = Reply(550, "5.7.1", "This server sends no mail elsewhere.")
NOT_HERE = Reply(550, "5.7.1", "This server takes no mail for its recipients here.")


def may_begin(role: str, signed_in: bool) -> Reply | None:
    """Why no message may begin; None when one may. RFC 6409 §4.3."""
    return SIGN_IN if role == SUBMISSION and not signed_in else None


def may_reach(who_may: Value, role: str, signed_in: bool, *, local: bool) -> Reply | None:
    """Why this recipient may not be reached from here; None when it may. `who_may`: none, auth or all."""
    if local:
        if who_may == "none":
            return NOT_HERE
        return SIGN_IN if who_may == "auth" and not signed_in and role != LMTP else None
    if who_may == "none":
        return NOT_ELSEWHERE
    return NO_RELAY if who_may == "auth" and not signed_in else None


def not_own(addresses: list[str]) -> Callable[[ReadTx], str]:
    """Work that gives the first of the addresses that the asking principal may not send as, "" when it may all."""

    def work(tx: ReadTx) -> str:
        return next((each for each in addresses if not tx.may_send_as(each)), "")

    return work


@dataclass(frozen=True, slots=True)
class Authors:
    """What is to be said of the addresses that a message claims to be from."""

    forbidden: str = ""
    """The first one of this server that the asking principal may not send as."""
    strange: bool = False
    """Whether there is one of elsewhere: the message is passed on, or the program is set up oddly."""


def judged(addresses: Sequence[str]) -> Callable[[ReadTx], Authors]:
    """Work that tells the addresses of others apart: those of people here, and those of elsewhere."""

    def work(tx: ReadTx) -> Authors:
        others = [each for each in addresses if not tx.may_send_as(each)]
        here = next((each for each in others if not _elsewhere(tx, each)), "")
        return Authors(here, bool(others))

    return work


def _elsewhere(tx: ReadTx, address: str) -> bool:
    try:
        return is_elsewhere(address, tx.resolve(address))
    except GroupwareError:
        return False


def is_elsewhere(address: str, targets: Targets) -> bool:
    """Whether the address itself is of another server; an address of ours that leads away is not."""
    if isinstance(targets, GroupwareError) or len(targets) != 1:
        return False
    return targets[0].kind == "remote" and targets[0].address.lower() == address.lower()


def foreign(address: str, name: str) -> Reply:
    """The reply to somebody who writes under an address that is not theirs."""
    return Reply(553, "5.7.1", f"<{address}> is neither an address of {name} nor one that {name} may send as.")
