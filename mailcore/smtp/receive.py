"""DATA and BDAT: the message comes in, and the server answers for it. RFC 5321 §4.1.1.4, RFC 3030, RFC 2033 §4.2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from groupware.mime.lines import crlf, tidy
from groupware.model.errors import GroupwareError
from groupware.model.event import Outcome
from mailcore.queue.plans import Message
from mailcore.queue.words import FULL
from mailcore.server.spool import NoRoom
from mailcore.smtp import events, footers, headers, origin
from mailcore.smtp.authentication.results import listed
from mailcore.smtp.data import TooMuch, read_chunk, read_data, smuggles, unstuffed
from mailcore.smtp.envelope import MAIL_FIRST
from mailcore.smtp.incoming import Incoming
from mailcore.smtp.policy import asking, sendquota
from mailcore.smtp.policy.access import Authors, foreign, judged
from mailcore.smtp.reply import Reply, of_error
from mailcore.smtp.state import LMTP, Replies, State, Transaction

NOBODY: Final = Reply(554, "5.5.1", "There is no valid recipient.")
MIXED: Final = Reply(503, "5.5.1", "This message has begun with BDAT; send the rest with BDAT.")
BINARY: Final = Reply(503, "5.5.1", "A message declared BINARYMIME comes with BDAT.")
GO_AHEAD: Final = b"354 Send the message; end it with a line that is only a dot.\r\n"
LOOPS: Final = Reply(554, "5.4.6", "The message has passed through too many servers: it goes round in circles.")
SMUGGLING: Final = Reply(
    554, "5.6.0", "A line that is only a dot begins or ends with a lone CR or LF. Lines must end with CR LF."
)
BAD_CHUNK: Final = Reply(501, "5.5.4", "Write it as BDAT 1000 or BDAT 1000 LAST.", close=True)
FEW_AUTHORS: Final = 10
"""So many are looked up without a hop to a thread."""
MOST_LINES: Final = 20
"""Of a refusal in somebody's own words."""
CHUNK_MAX: Final = 0xFFFFFFFF


async def data(state: State, argument: str) -> Replies:
    """Takes the message that follows."""
    transaction = state.transaction
    refusal = _not_yet(transaction)
    if refusal is not None or transaction is None:
        return refusal
    if argument:
        return Reply(501, "5.5.4", "DATA takes no argument.")
    if transaction.incoming is not None:
        return MIXED
    if transaction.params.body_type == "BINARYMIME":
        return BINARY
    events.transfer_begun(state, transaction, "DATA")
    origin.begin(state, transaction)
    state.connection.write(GO_AHEAD)
    transaction.incoming = state.incoming()
    try:
        await read_data(state.connection, state.largest, transaction.incoming)
    except TooMuch as error:
        return _end(state, transaction, _too_large(state, error))
    return await _arrived(state, transaction, transaction.incoming, "DATA")


async def bdat(state: State, argument: str) -> Replies:
    """Takes one chunk, and with LAST the message. The chunk is read whatever is wrong: what follows is a command."""
    count, _, last = argument.partition(" ")
    if not count.isascii() or not count.isdecimal() or len(count) > 10 or last.strip().upper() not in ("", "LAST"):
        return BAD_CHUNK  # nobody knows where the next command begins
    size, ends = min(int(count), CHUNK_MAX), bool(last.strip())
    state.talk += size == 0
    transaction = state.transaction
    refusal = _not_yet(transaction) or (transaction.broken if transaction is not None else None)
    room, incoming = -1, None
    if refusal is None and transaction is not None:
        incoming = transaction.incoming
        if incoming is None:
            events.transfer_begun(state, transaction, "BDAT")
            origin.begin(state, transaction)
            incoming = transaction.incoming = state.incoming()
        room = state.largest - incoming.size
    try:
        await read_chunk(state.connection, size, room, incoming)
    except TooMuch as error:
        refusal = refusal or _too_large(state, error)
    if transaction is None or incoming is None or refusal is not None:
        return _broken(state, transaction, refusal or MAIL_FIRST, ends)
    if not ends:
        return Reply(250, "2.0.0", f"{size} octets received")
    return await _arrived(state, transaction, incoming, "BDAT")


async def _arrived(state: State, transaction: Transaction, incoming: Incoming, verb: str) -> Replies:
    """Takes the message whose octets are all there, once there is room for it in memory."""
    async with state.shared.room.taken(incoming.in_file):
        try:
            octets = await incoming.whole()
        except NoRoom as error:
            return _end(state, transaction, _put_off(str(error)))
        if (verb == "DATA" or transaction.params.body_type != "BINARYMIME") and not tidy(octets):
            if smuggles(octets):  # also what came by BDAT: it may go on to somebody who takes none
                return _end(state, transaction, SMUGGLING)
            octets = crlf(octets)  # most are tidy, and then nothing hides in them
        if verb == "DATA":
            octets = unstuffed(octets)
        return await _finish(state, transaction, octets, verb)


def _not_yet(transaction: Transaction | None) -> Reply | None:
    if transaction is None:
        return MAIL_FIRST
    return None if transaction.recipients or transaction.discarded else NOBODY


def _too_large(state: State, error: TooMuch) -> Reply:
    if error.now:
        return _put_off(error.now)
    text = f"The message is too large; this server takes up to {state.largest} octets."
    return Reply(552, "5.3.4", text, close=error.endless)


def _put_off(reason: str) -> Reply:
    return Reply(452, "4.3.1", f"{reason[:1].upper()}{reason[1:]}.")


def _broken(state: State, transaction: Transaction | None, reply: Reply, ends: bool) -> Replies:
    """The reply to a chunk that nobody wants; the last one ends the message, those before it only spoil it."""
    if transaction is None:
        return reply
    if ends and transaction.recipients:
        return _end(state, transaction, reply)
    if ends:
        state.reset()
        return reply
    transaction.broken = reply
    if transaction.incoming is not None:
        transaction.incoming.close()
    return reply


def _end(state: State, transaction: Transaction, reply: Reply) -> Replies:
    """The end of a message that is not taken: over LMTP every recipient hears it."""
    events.refused(state, transaction, reply)
    state.reset()
    return [reply] * len(transaction.recipients) if state.role == LMTP else reply


async def take(state: State, transaction: Transaction, octets: bytes) -> Replies:
    """Takes a message whose content is here already, as if DATA had brought it."""
    events.transfer_begun(state, transaction, "DATA")
    origin.begin(state, transaction)
    return await _finish(state, transaction, octets, "DATA")


async def _finish(state: State, transaction: Transaction, octets: bytes, verb: str) -> Replies:
    """Hands the message to the intake; the replies say what is committed."""
    try:
        caused = await origin.judged(state, transaction, octets)  # which may wait for DNS, and so has no place yet
        if caused.refusal is not None:
            return _end(state, transaction, caused.refusal)
        transaction.held = caused.held
        async with state.shared.place():
            complete = await _ready(state, transaction, octets, caused.junk)
            if isinstance(complete, Reply):
                return _end(state, transaction, complete)
            if not transaction.recipients:
                return await _drop(state, transaction, complete)
            message = _message(state, transaction, complete)
            outcomes = await sendquota.counted(state, transaction, len(complete), lambda: _accept(state, message))
            if isinstance(outcomes, Reply):
                return _end(state, transaction, outcomes)
    except GroupwareError as error:
        return _end(state, transaction, of_error(error))
    except Exception:  # a bug of ours: the client keeps the message, and the dialogue goes on
        return _end(state, transaction, state.fault())
    transaction.outcomes = outcomes
    if state.role != LMTP and outcomes and all(each.verdict == "failed" for each in outcomes):
        return _end(state, transaction, _refusal(outcomes[0], transaction))
    events.accepted(state, transaction, verb, len(complete), headers.protocol(state, transaction))
    state.reset()
    state.errors = state.talk = 0
    state.taken, state.taken_octets = state.taken + 1, state.taken_octets + len(octets)
    if state.role == LMTP:
        return [_lmtp_reply(outcome, transaction) for outcome in outcomes]
    return Reply(250, "2.0.0", f"Ok: queued as {transaction.id}")


async def _accept(state: State, message: Message) -> Sequence[Outcome]:
    assert state.transaction is not None
    return await state.shared.intake.accept(
        message,
        settle_local="processing" in state.shared.parts.at_work,
        keep=state.role != LMTP,
        known=state.transaction.targets,
        held=state.transaction.held,
    )


async def _drop(state: State, transaction: Transaction, octets: bytes) -> Reply:
    """The end of a message that nobody gets; its sender hears what is always heard. TryAgain."""
    await state.shared.intake.drop(_message(state, transaction, octets))
    events.discarded(state, transaction, len(octets))
    state.reset()
    return Reply(250, "2.0.0", f"Ok: queued as {transaction.id}")


async def _ready(state: State, transaction: Transaction, octets: bytes, junk: str) -> bytes | Reply:
    """The message as it goes on, or why it is not taken."""
    complete = await _complete(state, transaction, octets, junk)
    if isinstance(complete, Reply):
        return complete
    complete = await asking.content(state, transaction, octets, complete)
    if isinstance(complete, Reply) or not transaction.footed or state.who is None:
        return complete
    now = state.shared.parts.clock.now()
    return await footers.below(state.shared.parts.store, state.who.account, complete, now)


async def _complete(state: State, transaction: Transaction, octets: bytes, junk: str) -> bytes | Reply:
    """The message with the lines that this server puts before it, or why it is not taken."""
    header = headers.header_of(octets)
    if headers.hops(header) > _most_hops(state):
        return LOOPS
    host, now = state.shared.host, state.shared.parts.clock.now()
    lines = headers.received(state, transaction, host, now) + origin.results_line(state, transaction, junk)
    if headers.completes(state):
        authors = await _authors(state, transaction, header)
        if authors.forbidden and state.who is not None:
            return foreign(authors.forbidden, state.who.name)
        by = state.who.name if state.who is not None else f"postmaster@{host}"
        lines += headers.missing(header, transaction.sender or by, host, now, sender=authors.strange)
    return lines + origin.unclaimed(state, transaction, octets, len(header))


def _most_hops(state: State) -> int:
    return int(str(state.limit("maxReceivedHeaders", state.shared.config.smtp.max_received_headers)))


async def _authors(state: State, transaction: Transaction, header: bytes) -> Authors:
    """What is to be said of the authors that the message names; the envelope's sender was checked already."""
    if state.who is None:
        return Authors()
    known = transaction.sender.lower()
    others = [each for each in dict.fromkeys(headers.authors(header)) if each.lower() != known]
    if not others:
        return Authors()
    store = state.shared.parts.store
    look = store.glance if len(others) <= FEW_AUTHORS else store.read
    return await look(state.who, judged(others))


def _message(state: State, transaction: Transaction, octets: bytes) -> Message:
    params = transaction.params
    return Message(
        sender=transaction.sender,
        recipients=tuple(transaction.recipients.values()),
        octets=octets,
        message=transaction.id,
        by=state.who.account if state.who is not None else None,
        utf8=params.utf8,
        body_type=params.body_type,
        ret=params.ret,
        envid=params.envid,
        peer=state.connection.peer.ip,
        helo=state.hello,
        due=params.due(state.shared.parts.clock.now()) if params.held else None,
        require_tls=params.require_tls,
        checked="; ".join(listed(transaction.verdicts)) if transaction.checks is not None else "",
        ruled=tuple(transaction.ruled),
        discarded=tuple(sorted(transaction.discarded)),
        once=transaction.once,
    )


def _refusal(outcome: Outcome, transaction: Transaction) -> Reply:
    """The reply where the only recipient's rules refuse the message, in their words if it can. RFC 5429 §2.1.2."""
    lines = _sayable(outcome.text, transaction)
    return Reply(550, outcome.code, lines[0], tuple(lines[1:]))


def _sayable(text: str, transaction: Transaction) -> list[str]:
    """The lines of what rules say, or others where the client reads ASCII only. RFC 5429 §2.1.1."""
    lines = [line for line in text.splitlines() if line.strip()][:MOST_LINES]
    return lines if lines and (transaction.params.utf8 or text.isascii()) else ["The recipient refuses the message."]


def _lmtp_reply(outcome: Outcome, transaction: Transaction) -> Reply:
    """The reply for one recipient. RFC 2033 §4.2."""
    if outcome.verdict == "sent":
        return Reply(250, "2.1.5", f"<{outcome.recipient}> {outcome.text or 'delivered'}: {transaction.id}")
    if outcome.verdict == "failed":
        return Reply(550, outcome.code, f"<{outcome.recipient}> {' '.join(_sayable(outcome.text, transaction))}")
    if outcome.code == "4.2.2":
        return Reply(452, outcome.code, f"<{outcome.recipient}> {FULL}")
    return Reply(451, outcome.code, f"<{outcome.recipient}> {outcome.text}")
