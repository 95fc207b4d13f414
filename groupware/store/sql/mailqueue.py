"""What is on its way: taking in, settling, looking; `leases` gives it out.

1. `due` says when a recipient is offered next, for one that is leased when its lease runs out: one index finds both.
2. `local` is what the address table said when the message came in, and is made right when a lease comes across it.
3. A queued message holds its body; with the last recipient both go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import bindparam, delete, insert, null, select, text, update

from groupware.model.errors import NoRight, NotFound, Refused
from groupware.model.event import Backlog, Envelope, Outcome, QueuedRecipient, QueueEntry, Recipient
from groupware.model.ids import AccountId, BlobId, FolderId, ModSeq, QueueId
from groupware.model.times import micros, moment, now_micros
from groupware.store.api import QUEUE

from . import contents, schema
from .engine import Row
from .guard import SERVER
from .tx import Tx

_m, _r, _a = schema.queue_message.c, schema.queue_recipient.c, schema.address.c
MESSAGE_NAMES = (
    ("message", "sender", "blob", "size", "by_id", "utf8", "body_type", "ret", "envid", "queued", "marks")
)  # fmt: skip
_recipient_names = ("queue_id", "address", "domain", "local", "notify", "orcpt", "tries", "due", "code", "text")
MARKS: Final = ("cleared", "require_tls", "own")
"""What else is to be known of a message: the fields of `Envelope` that are switches, as words with spaces between."""
HELD: Final = 1
RELEASED: Final = 2
FOR_EVER: Final = 253_402_214_400_000_000  # the last day of 9999: what is held is due then

_ADD: Final = insert(schema.queue_message).values({name: bindparam(name) for name in MESSAGE_NAMES}).returning(_m.id)
_ADD_RECIPIENT: Final = insert(schema.queue_recipient).values({name: bindparam(name) for name in _recipient_names})
_IS_LOCAL: Final = select(_a.address).where(_a.address == bindparam("domain"))
MESSAGE: Final = select(_m.id, *(_m[name] for name in MESSAGE_NAMES)).where(_m.id == bindparam("queue"))
_MESSAGES: Final = select(_m.id, *(_m[name] for name in MESSAGE_NAMES)).order_by(_m.id)
STANDING: Final = (
    _r.queue_id,
    _r.address,
    _r.notify,
    _r.orcpt,
    _r.domain,
    _r.tries,
    _r.due,
    _r.leased_until,
    _r.code,
    _r.text,
    _r.held,
)
_recipients_of = select(*STANDING).where(_r.queue_id == bindparam("queue")).order_by(_r.address)
RECIPIENTS_OF: Final = {False: _recipients_of, True: _recipients_of.with_for_update()}
_RECIPIENTS: Final = select(*STANDING).order_by(_r.queue_id, _r.address)
_LEFT: Final = select(_r.address).where(_r.queue_id == bindparam("queue")).limit(1)
DROP: Final = delete(schema.queue_message).where(_m.id == bindparam("queue")).returning(_m.blob)
_DONE: Final = delete(schema.queue_recipient).where(
    _r.queue_id == bindparam("queue"), _r.address == bindparam("recipient")
)
_LATER: Final = (
    update(schema.queue_recipient)
    .where(_r.queue_id == bindparam("queue"), _r.address == bindparam("recipient"))
    .values(
        due=bindparam("next"), leased_until=null(), tries=_r.tries + 1, code=bindparam("said"), text=bindparam("why")
    )
)
_HOLD: Final = (
    update(schema.queue_recipient)
    .where(_r.queue_id == bindparam("queue"), _r.address == bindparam("recipient"))
    .values(due=FOR_EVER, leased_until=null(), held=HELD, code=bindparam("said"), text=bindparam("why"))
)
_BACKLOG: Final = text("SELECT count(*), CAST(coalesce(sum(size), 0) AS BIGINT), min(queued) FROM queue_message")
_DEFERRED: Final = text("SELECT count(DISTINCT queue_id) FROM queue_recipient WHERE tries > 0")


def enqueue(tx: Tx, envelope: Envelope) -> QueueId:
    """See `WriteTx.enqueue`. An account submits in its own name alone."""
    if tx.who.account != SERVER and envelope.by != tx.who.account:
        raise NoRight("mail can only be submitted in one's own name")
    if not envelope.recipients:
        raise Refused("a message without recipients is not queued")
    now = max(now_micros(), micros(envelope.due) if envelope.due is not None else 0)
    contents.hold_blob(tx, envelope.blob, envelope.size, envelope.body)
    row = tx.sql.returning(
        _ADD,
        {
            "message": envelope.message,
            "sender": envelope.sender,
            "blob": envelope.blob,
            "size": envelope.size,
            "by_id": envelope.by,
            "utf8": envelope.utf8,
            "body_type": envelope.body_type,
            "ret": envelope.ret,
            "envid": envelope.envid,
            "queued": now,
            "marks": " ".join(name for name in MARKS if getattr(envelope, name)),
        },
    )
    assert row is not None
    locals_ = {domain: is_local(tx, domain) for domain in {_domain(each.address) for each in envelope.recipients}}
    tx.sql.many(_ADD_RECIPIENT, [_fresh(row[0], each, locals_, now) for each in _once(envelope.recipients)])
    mark(tx)
    return QueueId(row[0])


def _once(recipients: Iterable[Recipient]) -> Iterable[Recipient]:
    """Each address once, as it stands first."""
    found: dict[str, Recipient] = {}
    for each in recipients:
        found.setdefault(each.address, each)
    return found.values()


def _fresh(queue: int, recipient: Recipient, locals_: dict[str, bool], now: int) -> dict[str, object]:
    domain = _domain(recipient.address)
    return {
        "queue_id": queue,
        "address": recipient.address,
        "domain": domain,
        "local": locals_[domain],
        "notify": recipient.notify,
        "orcpt": recipient.orcpt,
        "tries": 0,
        "due": now,
        "code": "",
        "text": "",
    }


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def is_local(tx: Tx, domain: str) -> bool:
    """Whether a domain is one of this server."""
    return tx.sql.row(_IS_LOCAL, {"domain": domain}) is not None


def mark(tx: Tx) -> None:
    """Who waits for news of the queue hears that there are some."""
    tx.marks[QUEUE] = ModSeq(now_micros())


# --- settling -------------------------------------------------------------------------------------------------------


def settle(tx: Tx, outcomes: Sequence[Outcome]) -> None:
    """See `WriteTx.settle`."""
    tx.administer(None)
    now = now_micros()
    done = [{"queue": each.queue, "recipient": each.recipient} for each in outcomes if each.verdict != "later"]
    later = [
        {
            "queue": each.queue,
            "recipient": each.recipient,
            "next": micros(each.next_try) if each.next_try is not None else now,
            "said": each.code,
            "why": each.text,
        }
        for each in outcomes
        if each.verdict == "later" and not each.hold
    ]
    held = [
        {"queue": each.queue, "recipient": each.recipient, "said": each.code, "why": each.text}
        for each in outcomes
        if each.verdict == "later" and each.hold
    ]
    tx.sql.many(_DONE, done)
    tx.sql.many(_LATER, later)
    tx.sql.many(_HOLD, held)
    if later or held:
        mark(tx)
    for queue in sorted({each.queue for each in outcomes if each.verdict != "later"}):
        if tx.sql.row(_LEFT, {"queue": queue}) is None:
            _drop(tx, queue)


def _drop(tx: Tx, queue: QueueId) -> bool:
    row = tx.sql.returning(DROP, {"queue": queue})
    if row is not None:
        contents.let_go(tx, BlobId(row[0]))
    return row is not None


def hasten(tx: Tx, domain: str | None = None, queue: QueueId | None = None) -> int:
    """See `WriteTx.hasten`. What is leased stays so, what is held, and what is left to a holder unless it is named."""
    tx.administer(None)
    now = now_micros()
    statement = update(schema.queue_recipient).values(due=now, leased_until=None)
    statement = statement.where(_r.due > now, _r.held != HELD)
    statement = statement.where(_r.leased_until.is_(None) | ((_r.leased_until <= now) & (_r.queue_id == queue)))
    if domain is not None:
        statement = statement.where(_r.domain == domain.lower())
    if queue is not None:
        statement = statement.where(_r.queue_id == queue)
    count = tx.sql.execute(statement).rowcount
    tx.sql.changed()
    facts = {name: value for name, value in (("domain", domain), ("queue", queue)) if value is not None}
    journal(tx, "queue.hasten", {**facts, "count": count})
    return count


def backlog(tx: Tx) -> Backlog:
    """See `ReadTx.backlog`."""
    tx.administer(None)
    messages, octets, oldest = tx.sql.rows(_BACKLOG)[0]
    return Backlog(messages, octets, tx.sql.value(_DEFERRED), None if oldest is None else moment(oldest))


def drop_queued(tx: Tx, queue: QueueId) -> None:
    """See `WriteTx.drop_queued`. `NotFound`."""
    tx.administer(None)
    if not _drop(tx, queue):
        raise NotFound(f"message {queue}: there is no such message in the queue")
    journal(tx, "queue.drop", {"queue": queue})


def journal(tx: Tx, what: str, facts: dict[str, object]) -> None:
    """A row that names no folder but the queue: other processes find the mark there."""
    mark(tx)
    tx.note_change(what, SERVER, FolderId(QUEUE), tx.marks[QUEUE], facts)


# --- looking --------------------------------------------------------------------------------------------------------


def queued(tx: Tx, key: QueueId | None = None) -> Sequence[QueueEntry]:
    """See `ReadTx.queued`. A write that asks for one message is the only one to settle it until it ends."""
    tx.administer(None)
    if key is not None:
        rows = tx.sql.rows(RECIPIENTS_OF[tx.locks], {"queue": key})  # first: it may have to wait, and see them gone
        messages = tx.sql.rows(MESSAGE, {"queue": key})
    else:
        messages, rows = tx.sql.rows(_MESSAGES), tx.sql.rows(_RECIPIENTS)
    return entries(messages, rows, now_micros())


def entries(messages: Sequence[Row], rows: Sequence[Row], now: int) -> Sequence[QueueEntry]:
    """The messages with their recipients."""
    standing: dict[int, list[QueuedRecipient]] = {}
    for row in rows:
        standing.setdefault(row[0], []).append(_standing(row, now))
    return [
        QueueEntry(
            QueueId(row[0]),
            envelope_of(row, tuple(each.recipient for each in standing.get(row[0], ()))),
            moment(row[10]),
            tuple(standing.get(row[0], ())),
        )
        for row in messages
    ]


def _standing(row: Row, now: int) -> QueuedRecipient:
    _, address, notify, orcpt, domain, tries, due, leased, code, text, held = row
    until = moment(leased) if leased is not None and leased > now else None
    state = "held" if held == HELD else "leased" if until is not None else "ready" if due <= now else "waiting"
    return QueuedRecipient(Recipient(address, notify, orcpt), domain, state, tries, moment(due), until, code, text)


def envelope_of(row: Row, recipients: tuple[Recipient, ...]) -> Envelope:
    """Of a row of `MESSAGE`."""
    _, message, sender, blob, size, by, utf8, body_type, ret, envid, _, marks = row
    marked = marks.split()
    return Envelope(
        sender=sender,
        recipients=recipients,
        blob=BlobId(blob),
        size=size,
        by=AccountId(by) if by is not None else None,
        message=message,
        utf8=bool(utf8),
        body_type=body_type,
        ret=ret,
        envid=envid,
        cleared="cleared" in marked,
        require_tls="require_tls" in marked,
        own="own" in marked,
    )
