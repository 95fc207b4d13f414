"""Who a message is really from: when that is found out during the dialogue, and what is written down of it."""

from __future__ import annotations

from mailcore.smtp import dmarc_reports, events
from mailcore.smtp.authentication import report
from mailcore.smtp.authentication.actions import NOTHING, Caused, caused
from mailcore.smtp.authentication.checks import Asked, Checks, refuses_early
from mailcore.smtp.authentication.results import without_claims, written
from mailcore.smtp.authentication.verdicts import Verdicts
from mailcore.smtp.reply import Reply
from mailcore.smtp.state import MX, State, Transaction


def begin_early(state: State, transaction: Transaction) -> None:
    """Begins it at MAIL, where RCPT is refused for what comes out."""
    if refuses_early(state.shared.authentication.section):
        begin(state, transaction)


async def objection(state: State, transaction: Transaction) -> Reply | None:
    """Why this sender reaches nobody, as far as the envelope says. The first recipient waits for it."""
    if transaction.checks is None or not refuses_early(state.shared.authentication.section):
        return None
    if transaction.early is None:
        verdicts = await transaction.checks.early()
        transaction.early = caused(verdicts, state.shared.authentication.section)
        if transaction.early.refusal is not None:
            events.checked(state, verdicts, transaction.early.action)
    return transaction.early.refusal


def begin(state: State, transaction: Transaction) -> None:
    """Begins what needs only the envelope, while the content comes in."""
    if transaction.checks is not None:
        return
    peer = state.connection.peer.ip
    if state.who is not None:
        transaction.verdicts = Verdicts(peer, state.hello, transaction.sender, state.who.name)
    elif state.role == MX and state.shared.authentication.concerns(peer):
        asked = Asked(peer, state.hello, transaction.sender)
        transaction.checks = Checks(state.shared.authentication, asked)


async def judged(state: State, transaction: Transaction, octets: bytes) -> Caused:
    """What the verdicts cause, once all of the message is here."""
    if transaction.checks is None:
        return NOTHING
    transaction.verdicts = await transaction.checks.finish(octets)
    found = caused(transaction.verdicts, state.shared.authentication.section)
    events.checked(state, transaction.verdicts, found.action)
    seen = report.seen(transaction.verdicts, found.action, state.shared.authentication.now())
    if seen is not None:
        dmarc_reports.keep(state.shared.parts.store, state.log, seen)
    return found


def results_line(state: State, transaction: Transaction, junk: str) -> bytes:
    """What was found, as a header field; b"" when nothing was looked for."""
    return written(transaction.verdicts, state.shared.authentication.authserv_id, junk)


def unclaimed(state: State, transaction: Transaction, octets: bytes, header_size: int) -> bytes:
    """The message without results that somebody else wrote in the name of this server.

    Those that a relay or scanner of our own brings, or LMTP, are kept: they may well be ours. RFC 8601 §5.
    """
    if transaction.checks is None and state.who is None:
        return octets
    return without_claims(octets, header_size, state.shared.authentication.authserv_id)
