"""A message handed in by another service of this server: by the very handlers that answer MAIL, RCPT and DATA.

So whoever submits by JMAP passes every check, rule and count that a submitting mail program passes, and the queue, the
log and the trace say the same of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from groupware.model.event import Outcome
from groupware.model.principal import Principal
from mailcore.server.connection import Connection
from mailcore.server.dialogue import Peer
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.reading import Reading
from mailcore.server.signin import Way
from mailcore.smtp import commands, envelope, receive
from mailcore.smtp.policy import asking
from mailcore.smtp.refusals import Refusals
from mailcore.smtp.reply import Reply
from mailcore.smtp.service import intake_of, shared_of
from mailcore.smtp.state import SUBMISSION, Replies, Shared, State
from mailcore.smtp.wire import Bad

SERVICE: Final = "smtp_incoming"


@dataclass(frozen=True, slots=True)
class Submission:
    """What is to be sent: the words behind the addresses are the parameters of MAIL and RCPT."""

    sender: str
    words: Sequence[str]
    recipients: Mapping[str, Sequence[str]]
    octets: bytes = field(repr=False)
    once: str = ""
    """It is sent once by that name in the sender's account (`ReadTx.was_sent`); "": each time that it is handed in."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The server answers for the message."""

    message: str
    """Its id in log and trace."""
    reply: Reply
    outcomes: Sequence[Outcome]


class NotTaken(Exception):
    """The message was refused: `at` mail, rcpt or data; of rcpt `replies` says which."""

    def __init__(self, at: str, reply: Reply, replies: Mapping[str, Reply] | None = None) -> None:
        super().__init__(reply.text)
        self.at, self.reply, self.replies = at, reply, replies or {}


class Submitter:
    """Where messages are handed in. One for a process."""

    __slots__ = ("_refusals", "_shared")

    def __init__(self, shared: Shared, refusals: Refusals) -> None:
        self._shared, self._refusals = shared, refusals

    async def hand_in(self, who: Principal, way: Way, what: Submission) -> Taken:
        """Takes the message over; what is answered is committed. `NotTaken`; GroupwareError: nothing was accepted."""
        state = State(self._shared, _connection(way))
        try:
            return await _said(state, who, what)
        except Bad as bad:
            raise NotTaken("mail", bad.reply) from None
        finally:
            state.reset()
            await self._refusals.write_down(all=True)


def submitter(parts: Parts, setup: ServiceSetup) -> Submitter:
    """Where messages are handed in, as SMTP Receiving is set up."""
    here = ServiceSetup(SERVICE, setup.config.services[SERVICE], setup.config)
    places = asyncio.Semaphore(here.section.max_conn_threads or 100)
    refusals = Refusals(parts.store)

    @asynccontextmanager
    async def place() -> AsyncIterator[None]:
        async with places:
            yield

    return Submitter(shared_of(parts, here, intake_of(parts, here), refusals, place), refusals)


def _connection(way: Way) -> Connection:
    """A connection without a wire: what the handlers ask of one, as the real one was."""
    listener = replace(way.listener, role=SUBMISSION)
    made = Connection(listener, way.gate, lambda: None, Reading(memoryview(b"")), way.peer, Peer("", 0))
    made.tls, made.proxied_tls = way.tls, way.secure and way.tls is None
    return made


async def _said(state: State, who: Principal, what: Submission) -> Taken:
    await asking.renew(state)
    _check("mail", await asking.connected(state))
    peer = state.connection.peer.ip or "127.0.0.1"
    _check("mail", await commands.ehlo(state, f"[IPv6:{peer}]" if ":" in peer else f"[{peer}]"))
    state.signin.who = who
    _check("mail", await envelope.mail(state, " ".join([f"FROM:<{what.sender}>", *what.words])))
    transaction = state.transaction
    assert transaction is not None
    transaction.once = what.once
    asked = [" ".join([f"TO:<{to}>", *words]) for to, words in what.recipients.items()]
    replies = dict(zip(what.recipients, await envelope.rcpt(state, asked), strict=True))
    bad = {to: reply for to, reply in replies.items() if reply.code != 250}
    if bad:
        raise NotTaken("rcpt", next(iter(bad.values())), bad)
    if len(what.octets) > state.largest:
        raise NotTaken(
            "data", Reply(552, "5.3.4", f"The message is too large; up to {state.largest} octets are taken.")
        )
    reply = _check("data", await receive.take(state, transaction, what.octets))
    return Taken(transaction.id, reply, transaction.outcomes)


def _check(at: str, said: Replies) -> Reply:
    """The reply, when it is a good one. `NotTaken`."""
    reply = said if isinstance(said, Reply) else said[0] if said else Reply(250, "2.0.0", "Ok")
    if reply.code != 250:
        raise NotTaken(at, reply)
    return reply
