"""Who may send to whom: pure rules over what the session knows."""

from __future__ import annotations

from collections.abc import Callable

from groupware.store.api import ReadTx
from mailcore.server.sections_mail import SmtpSection
from mailcore.smtp.reply import Reply
from mailcore.smtp.state import LMTP, SUBMISSION

SIGN_IN = Reply(530, "5.7.0", "Sign in first (AUTH).")
NO_RELAY = Reply(550, "5.7.1", "This server takes mail for elsewhere only from its own users, after AUTH.")
NOT_ELSEWHERE = Reply(550, "5.7.1", "This server sends no mail elsewhere.")
NOT_HERE = Reply(550, "5.7.1", "This server takes no mail for its recipients here.")


def may_begin(role: str, signed_in: bool) -> Reply | None:
    """Why no message may begin; None when one may. RFC 6409 §4.3."""
    return SIGN_IN if role == SUBMISSION and not signed_in else None


def may_reach(rules: SmtpSection, role: str, signed_in: bool, *, local: bool) -> Reply | None:
    """Why this recipient may not be reached from here; None when it may."""
    if local:
        if rules.local_delivery == "none":
            return NOT_HERE
        return SIGN_IN if rules.local_delivery == "auth" and not signed_in and role != LMTP else None
    if rules.remote_delivery == "none":
        return NOT_ELSEWHERE
    return NO_RELAY if rules.remote_delivery == "auth" and not signed_in else None


def not_own(addresses: list[str]) -> Callable[[ReadTx], str]:
    """Work that gives the first of the addresses that the asking principal may not send as, "" when it may all."""

    def work(tx: ReadTx) -> str:
        return next((each for each in addresses if not tx.may_send_as(each)), "")

    return work


def foreign(address: str, name: str) -> Reply:
    """The reply to somebody who writes under an address that is not theirs."""
    return Reply(553, "5.7.1", f"<{address}> is neither an address of {name} nor one that {name} may send as.")
