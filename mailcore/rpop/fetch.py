"""Fetches one mailbox: what is there and has not come yet goes where its owner's mail goes, or stays there.

1. A message is removed from the other server after COMMIT of the write that delivered and remembered it, never before;
   QUIT removes, so whatever is killed before that is only removed the next time.
2. It passes the owner's filters like any other, and lands in the chosen folder where these do not say otherwise.
3. What is not taken (refused by rules, too large, going in circles) stays there, and its owner is told.
4. A failure makes the pause longer each time, up to a day.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from groupware.directory.api import Directory
from groupware.model.errors import GroupwareError
from groupware.model.event import Outcome, Recipient, Target
from groupware.model.fetched import coded
from groupware.model.principal import DELIVERY, OPERATOR
from groupware.model.remote import RemoteBox
from groupware.model.rights import Right
from groupware.model.times import now_micros
from groupware.store.api import Bus, ReadTx, Store, WriteTx
from mailcore.queue.intake import Intake
from mailcore.queue.plans import Message
from mailcore.rpop.letter import Here, taken
from mailcore.rpop.pop import Pop, PopError, Where
from mailcore.rpop.secret import opened
from mailcore.server import log as server_log
from mailcore.server.clock import Clock
from mailcore.server.counters import Counters
from mailcore.server.dns import DnsError, Resolver
from mailcore.server.errands import later, pause_after
from mailcore.server.events import EventLog
from mailcore.server.reach import NotPublic, public_address
from mailcore.server.sections_rpop import RpopSection

WHO: Final = replace(OPERATOR, client="rpop")
AT_WORK: Final = 480.0
"""Seconds that one fetch gets; what is left is fetched the next time, which is at once."""
MOST: Final = 500
"""Messages of one connection, since only its end removes them there."""


@dataclass(slots=True)
class Desk:
    """What fetching works with."""

    store: Store
    bus: Bus
    directory: Directory
    intake: Intake
    dns: Resolver
    counters: Counters
    clock: Clock
    log: EventLog
    here: Here
    secret: bytes = field(repr=False)
    section: RpopSection
    most_received: int
    context: ssl.SSLContext
    at_once: int = 20
    most: int = MOST


@dataclass(slots=True)
class _Round:
    """One fetch, and how far it has come."""

    box: RemoteBox
    address: str
    """Of the account here."""
    target: Target
    pause: float
    """Seconds until the next one, if all goes well."""
    where: Where | None = None
    fetched: int = 0
    said: dict[str, int] = field(default_factory=dict)
    """Why messages stay there, and how many each."""
    more: bool = False


class _Off(Exception):
    """Nothing is fetched for this account."""


class _Full(PopError):
    """No more can be taken here for now."""


async def fetch(desk: Desk, box: RemoteBox) -> None:
    """Fetches a mailbox that was claimed, and writes down how that went."""
    with server_log.session(peer=box.host):
        round_ = None
        try:
            round_ = await _begun(desk, box)
            async with asyncio.timeout(AT_WORK):
                await _fetched(desk, round_)
        except asyncio.CancelledError:
            await _settled(desk, box, now_micros(), box.tries, box.said)
            raise
        except TimeoutError:
            if round_ is not None and round_.fetched:
                await _went_well(desk, round_, more=True)
            else:
                await _failed(desk, box, round_, coded(f"it took more than {AT_WORK:g} seconds", "silent"))
        except (PopError, DnsError, OSError, GroupwareError, _Off) as error:
            await _failed(desk, box, round_, coded(str(error) or type(error).__name__, _code_of(error)))
        else:
            await _went_well(desk, round_, more=round_.more)


def _code_of(error: Exception) -> str:
    codes = {_Off: "switchedOff", _Full: "full", DnsError: "noAddress", OSError: "unreachable"}
    own = str(getattr(error, "code", ""))
    return own or next((code for kind, code in codes.items() if isinstance(error, kind)), "")


async def _begun(desk: Desk, box: RemoteBox) -> _Round:
    """Whom it is for, and where it goes, which has to be open to mail. `_Off`, GroupwareError."""

    def look(tx: ReadTx) -> tuple[str, bool, int]:
        on, least = tx.setting("rpop", box.account), tx.setting("rpopRetrievalInterval", box.account)
        return tx.account(box.account).address, bool(on.value), int(least.value)

    address, on, least = await desk.store.read(WHO, look)
    if not on:
        raise _Off("fetching from other servers is switched off for this account (rpop)")
    at = box.folder
    if at is not None:
        await desk.store.read(DELIVERY, lambda tx: tx.folder(at, Right.POST))
    [target] = await desk.directory.resolve(address)
    target = replace(target, folder=at, tag="")
    return _Round(box, address, target, 60.0 * max(box.minutes, least))


async def _fetched(desk: Desk, round_: _Round) -> None:
    """All of it, from the connection to its end. `PopError` and others."""
    box, section = round_.box, desk.section
    if section.ports and box.port not in section.ports:
        raise PopError(f"port {box.port} is none that this server asks others at", "portClosed")
    password = opened(box.secret, desk.secret)
    if password is None:
        raise PopError("the password cannot be read any more: give it again", "passwordLost")
    try:
        address = await public_address(desk.dns, box.host, private=section.private)
    except NotPublic:
        raise PopError(
            f"{box.host} is no server of the Internet", "notPublic"
        ) from None  # where it is, is nobody's business
    round_.where = where = Where(box.host, address, box.port, box.tls)
    try:
        pop = await Pop.open(where, desk.context, section.answer_timeout)
    except PopError:
        desk.counters.add("RPOP_ConnectionFailed")
        raise
    desk.counters.add("RPOP_Connection")
    try:
        await pop.login(box.user, password)
        desk.counters.add("RPOP_AuthenticatedSuccess")
        await _emptied(desk, round_, pop)
    finally:
        pop.close()


async def _emptied(desk: Desk, round_: _Round, pop: Pop) -> None:
    """Fetches what is new, removes what need not stay, and says goodbye."""
    box = round_.box
    uids, sizes = await pop.uids(), await pop.sizes()
    known = dict(await desk.store.read(WHO, lambda tx: tx.remote_letters(box.number)))
    try:
        for number, uid in uids.items():
            if uid not in known:
                if round_.fetched >= desk.most:
                    round_.more = True
                    break
                if not await _taken(desk, round_, pop, number, uid, sizes.get(number, 0), known):
                    continue
            if not box.keep and not known[uid]:
                await pop.delete(number)
    except (GroupwareError, _Full):
        await pop.quit()  # what has come so far is safe here, so it may go there
        raise
    await pop.quit()
    await desk.store.write(WHO, lambda tx: tx.note_remote_listing(box, list(uids.values())))


async def _taken(
    desk: Desk, round_: _Round, pop: Pop, number: int, uid: str, size: int, known: dict[str, bool]
) -> bool:
    """Whether a message is settled now, fetched or left for good. `GroupwareError`: no more can be taken."""
    largest = desk.section.max_message_size * 1024
    if size > largest:
        _stays(round_, f"larger than {largest // 1024} KB")
        return False
    octets = await pop.retrieve(number, largest + largest // 8)  # dots before dots are not counted
    box, where = round_.box, round_.where
    assert where is not None
    with server_log.message() as message:
        letter = taken(octets, where, desk.here, message, round_.address, desk.clock.now())
        if letter.hops > desk.most_received:
            await desk.store.write(WHO, lambda tx: tx.remember_remote_letter(box, uid, stays=True))
            _stays(round_, "passed through too many servers: it goes round in circles")
            known[uid] = True
            return True
        incoming = Message(
            sender=letter.sender,
            recipients=(Recipient(round_.address),),
            octets=letter.octets,
            message=message,
            utf8=not letter.sender.isascii(),
            peer=where.address,
            helo=where.host,
        )

        def settle(tx: WriteTx, outcomes: Sequence[Outcome]) -> None:
            if not _waits(outcomes[0]):
                tx.remember_remote_letter(box, uid, stays=outcomes[0].verdict == "failed")

        [outcome] = await desk.intake.accept(
            incoming, keep=False, known={round_.address: [round_.target]}, settle=settle
        )
    if _waits(outcome):
        raise _Full(f"the rest waits there: {outcome.text}")
    known[uid] = outcome.verdict == "failed"
    if known[uid]:
        _stays(round_, f"not taken here: {outcome.text}")
        return True
    round_.fetched += 1
    desk.counters.add("RPOP_RetrievedMessage")
    desk.log.info("rpop_fetched", account=round_.address, size=len(octets))
    return True


def _waits(outcome: Outcome) -> bool:
    """Whether it can be taken later: a mailbox is full, a filter away, or its folder has just gone."""
    return outcome.verdict == "later" or outcome.code == "5.1.1"


def _stays(round_: _Round, why: str) -> None:
    round_.said[why] = round_.said.get(why, 0) + 1


# --- how it went ----------------------------------------------------------------------------------------------------


async def _went_well(desk: Desk, round_: _Round, *, more: bool) -> None:
    said = "; ".join(f"{count} stay there: {why}" for why, count in round_.said.items())
    pause = 0.0 if more else round_.pause
    await _settled(desk, round_.box, later(pause), 0, coded(said, "someStay" if said else ""))
    desk.log.info("rpop_done", account=round_.address, host=round_.box.host, fetched=round_.fetched, stays=said)


async def _failed(desk: Desk, box: RemoteBox, round_: _Round | None, why: str) -> None:
    tries, pause = box.tries + 1, round_.pause if round_ is not None else 60.0 * box.minutes
    await _settled(desk, box, later(pause_after(tries, pause)), tries, why)
    account = round_.address if round_ is not None else int(box.account)
    desk.log.warning("rpop_failed", account=account, host=box.host, tries=tries, why=why)


async def _settled(desk: Desk, box: RemoteBox, due: int, tries: int, said: str) -> None:
    await desk.store.write(WHO, lambda tx: tx.settle_remote_box(box, due, tries, said))
