"""MAIL and RCPT: who sends, who receives. RFC 5321 §4.1.1.2, §4.1.1.3; RFC 3461 §4, RFC 6531 §3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from groupware.model.errors import GroupwareError, NotFound
from groupware.model.event import Recipient
from groupware.model.principal import OPERATOR
from mailcore.queue.plans import Targets
from mailcore.smtp import events, origin
from mailcore.smtp.policy import asking, builtin, domains, peerrates, quota, sendquota
from mailcore.smtp.policy.access import foreign, is_elsewhere, may_begin, may_reach, not_own
from mailcore.smtp.policy.restrictions import forbidden, unwelcome
from mailcore.smtp.policy.variables import Value
from mailcore.smtp.reply import OK, Reply, of_error
from mailcore.smtp.state import LMTP, SUBMISSION, State, Transaction
from mailcore.smtp.wire import (
    HOLD_MAX,
    NULL,
    Bad,
    MailParams,
    Path,
    RcptParams,
    mail_params,
    path_and_params,
    rcpt_params,
)

FEW: Final = 10  # recipients of which the settings are looked at without a hop
FROM_EXAMPLE: Final = "MAIL FROM:<you@example.org>"
TO_EXAMPLE: Final = "RCPT TO:<them@example.org>"
GREET_FIRST: Final = Reply(503, "5.5.1", "Say hello first (EHLO).")
NESTED: Final = Reply(503, "5.5.1", "One message at a time: this one has begun already.")
MAIL_FIRST: Final = Reply(503, "5.5.1", "Say who sends first (MAIL).")
NEEDS_UTF8: Final = Reply(553, "5.6.7", "An address with characters outside ASCII needs the parameter SMTPUTF8.")
NO_DOMAIN: Final = Reply(553, "5.1.7", "The sender's address has no domain.")
NO_REQUIRETLS: Final = Reply(555, "5.5.4", "REQUIRETLS is for connections with TLS alone.")
SENDER_OK: Final = replace(OK, status="2.1.0")
RECIPIENT_OK: Final = replace(OK, status="2.1.5")


async def mail(state: State, argument: str) -> Reply:
    """Begins a message: its id is made here."""
    if not state.hello:
        return GREET_FIRST
    if state.transaction is not None:
        return NESTED
    refusal = may_begin(state.role, state.who is not None)
    if refusal is not None:
        events.sender_refused(state, "", refusal)
        return refusal
    path, words = path_and_params(argument, "FROM:", FROM_EXAMPLE)
    _plain(state, words)
    params = mail_params(words)
    if params.require_tls and not state.may_require_tls:
        return NO_REQUIRETLS
    sender = _completed(state, path)
    await asking.renew(state)
    peerrates.counted(state, "messages")
    refusal, limits = await asking.sender(state, sender, params.size)
    known = await sendquota.begun(state)
    trouble = _sender_trouble(state.most_octets(limits), path, sender, params) or _hold_trouble(state, params)
    refusal = (
        refusal
        or peerrates.too_many(state, "messages")
        or known.refusal
        or trouble
        or await _not_allowed(state, sender)
    )
    if refusal is not None:
        events.sender_refused(state, sender, refusal)
        return refusal
    begun = state.begin(sender, params)
    begun.limits, begun.use, begun.footed = limits, known.use, known.footed
    origin.begin_early(state, begun)
    events.sender_accepted(state)
    return SENDER_OK


def _plain(state: State, words: Sequence[str]) -> None:
    """Parameters belong to EHLO."""
    if words and not state.extended:
        raise Bad(555, "5.5.4", "Parameters need EHLO instead of HELO.")


def _completed(state: State, path: Path) -> str:
    """The address with the domain that one without gets."""
    if path == NULL or path.domain:
        return path.address
    domain = state.connection.listener.domain or state.shared.config.server.primary_domain
    return f"{path.local}@{domain}" if domain else path.local


def _sender_trouble(largest: int, path: Path, sender: str, params: MailParams) -> Reply | None:
    if params.size > largest:
        return Reply(552, "5.3.4", f"The message has {params.size} octets; this server takes up to {largest}.")
    if not path.ascii and not params.utf8:
        return NEEDS_UTF8
    if path != NULL and "@" not in sender:
        return NO_DOMAIN
    return None


def _hold_trouble(state: State, params: MailParams) -> Reply | None:
    """Why the message cannot be kept back for so long. RFC 4865 §4."""
    if not params.held:
        return None
    if state.role != SUBMISSION:
        return Reply(555, "5.5.4", "Mail is kept back for those alone who submit it here.")
    now = state.shared.parts.clock.now()
    due = params.due(now)
    if due is not None and due > now + timedelta(seconds=HOLD_MAX + 60):
        return Reply(501, "5.5.4", f"A message is kept back for up to {HOLD_MAX} seconds.")
    return None


async def _not_allowed(state: State, sender: str) -> Reply | None:
    """Why somebody who signed in may not send under this address. <> is everybody's: reports come from nobody."""
    if state.who is None or not sender:
        return None
    if await state.shared.parts.store.glance(state.who, not_own([sender])):
        return foreign(sender, state.who.name)
    return None


# --- RCPT -----------------------------------------------------------------------------------------------------------


async def rcpt(state: State, arguments: Sequence[str]) -> list[Reply]:
    """One reply for each of the RCPT that a client sent in one go: their addresses are looked up together."""
    transaction = state.transaction
    if transaction is None or transaction.incoming is not None:
        return [MAIL_FIRST if transaction is None else NESTED] * len(arguments)
    asked = [_read(state, transaction, argument) for argument in arguments]
    try:
        await _looked_up(state, transaction, asked)
    except Exception as error:
        return [_trouble_of(state, error)] * len(arguments)
    replies = [each if isinstance(each, Reply) else await _judged(state, transaction, each) for each in asked]
    if (blocked := builtin.harvester(state)) is not None:
        replies[-1] = blocked
    answered = zip(asked, replies, strict=True)
    taken = [each.address for each, reply in answered if reply.code == 250 and isinstance(each, Recipient)]
    events.recipients_answered(state, taken)
    for argument, reply in zip(arguments, replies, strict=True):
        if reply.code != 250:
            events.recipient_refused(state, transaction.sender, argument[3:], reply)
    return replies


async def _looked_up(state: State, transaction: Transaction, asked: Sequence[Recipient | Reply]) -> None:
    """Where they lead, and what settings forbid, is in the transaction from then on."""
    wanted = [each.address for each in asked if isinstance(each, Recipient) and each.address not in transaction.targets]
    if wanted:
        transaction.targets.update(await state.shared.intake.resolve(wanted))
        transaction.forbidden.update(await _forbidden(state, transaction, wanted))


async def _judged(state: State, transaction: Transaction, recipient: Recipient) -> Reply:
    """The reply for one of several; what goes wrong with it is its own."""
    try:
        return await _judge(state, transaction, recipient)
    except Exception as error:
        return _trouble_of(state, error)


def _trouble_of(state: State, error: Exception) -> Reply:
    """The reply for what was raised. Each RCPT of a batch has one: else a client that pipelines loses count."""
    return of_error(error) if isinstance(error, GroupwareError) else state.fault()


def _read(state: State, transaction: Transaction, argument: str) -> Recipient | Reply:
    """The recipient, or what is wrong with the command."""
    try:
        path, words = path_and_params(argument, "TO:", TO_EXAMPLE)
        _plain(state, words)
        params = rcpt_params(words) if words else RcptParams()
    except Bad as bad:
        return bad.reply
    if path == NULL:
        return Reply(501, "5.1.3", "<> receives no mail.")
    if not path.ascii and not transaction.params.utf8:
        return NEEDS_UTF8
    return Recipient(_completed(state, path), params.notify, params.orcpt)


async def _forbidden(state: State, transaction: Transaction, wanted: Sequence[str]) -> Mapping[str, Reply]:
    """The recipients that settings of the sender, or their own, forbid. LMTP brings what was taken already."""
    if state.role == LMTP:
        return {}
    targets = [(each, transaction.targets[each]) for each in wanted]
    found = unwelcome(transaction.sender, targets, trusted=state.who is not None)
    work = forbidden(state.who, transaction.sender, targets)
    if work is None:
        return found
    store = state.shared.parts.store
    ask = store.glance if len(wanted) <= FEW else store.read
    return {**found, **await ask(OPERATOR, work)}


async def _judge(state: State, transaction: Transaction, recipient: Recipient) -> Reply:
    """Adds the recipient, or says why not; what the rules say comes first."""
    address = recipient.address
    if address in transaction.recipients or address in transaction.discarded:
        return RECIPIENT_OK
    is_local = not is_elsewhere(address, transaction.targets[address])
    peerrates.counted(state, "recipients")
    ruling = await asking.recipient(state, transaction, address, local=is_local)
    refusal = ruling.refusal or peerrates.too_many(state, "recipients")
    refusal = refusal or _trouble(state, transaction, address, ruling.limits, local=is_local)
    if refusal is None:
        refusal = transaction.forbidden.get(address) or await sendquota.another(state, transaction, address)
    elif isinstance(transaction.targets[address], NotFound):
        await builtin.unknown(state, address)
    if refusal is None and not ruling.accepted:
        refusal = await builtin.objection(state, transaction, address)
        if refusal is not None and refusal.code >= 550:
            events.filtered_out(state, address)
    refusal = refusal or domains.apart(state, transaction, address) or await origin.objection(state, transaction)
    refusal = refusal or builtin.flooded(state, transaction, address) or await quota.full(state, transaction, address)
    if refusal is not None:
        return refusal
    if ruling.discarded:
        transaction.discarded.add(address)
    else:
        transaction.recipients[address] = recipient
    await asking.add(state, transaction, ruling.added)
    return RECIPIENT_OK


def _trouble(
    state: State, transaction: Transaction, address: str, limits: Mapping[str, Value], *, local: bool
) -> Reply | None:
    """Why the recipient is not taken, whatever the rules say."""
    rules = state.shared.config.smtp
    if not local and state.role == LMTP:
        return Reply(550, "5.1.2", f"<{address}> is not here.")
    who_may = ("localDelivery", rules.local_delivery) if local else ("remoteDelivery", rules.remote_delivery)
    refusal = may_reach(limits.get(*who_may), state.role, state.who is not None, local=local)
    if refusal is not None:
        return refusal
    trouble = _leads_nowhere(address, transaction.targets[address])
    if trouble is not None:
        return trouble
    most = int(str(limits.get("maxRcptCount", rules.max_rcpt_count)))
    if len(transaction.recipients) + len(transaction.discarded) >= most:
        return Reply(452, "4.5.3", f"A message has up to {most} recipients; send another for the rest.")
    return None


def _leads_nowhere(address: str, targets: Targets) -> Reply | None:
    if isinstance(targets, NotFound):
        return Reply(550, "5.1.1", f"<{address}>: there is no such recipient here.")
    return of_error(targets) if isinstance(targets, GroupwareError) else None
