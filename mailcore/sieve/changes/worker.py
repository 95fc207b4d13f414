"""Runs the scripts of folders over what happened to their messages, in its order. RFC 6785.

1. What is to be done lies in the store: whatever dies meanwhile, another look finds it. What a script wants is done in
   the write that settles it, so it is done once, however many processes are at it.
2. A script runs in the name of the folder's owner (of a domain's public folders: of its postmaster), with the rights of
   that account, and nothing that it does sets off another.
3. One that cannot be carried out leaves the message as it is, and its owner is told once for each version.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Final

from groupware.model.errors import BadCredentials, GroupwareError, NoRight, NotFound, OverQuota, Refused, TryAgain
from groupware.model.event import Event
from groupware.model.ids import AccountId, Uid
from groupware.model.item import Item
from groupware.model.occasion import Occasion
from groupware.model.principal import OPERATOR, PrincipalKind
from groupware.model.script import ActiveScript
from groupware.store.api import OCCASIONS, Bus, ReadTx
from mailcore.queue.trace import say
from mailcore.server import log as server_log
from mailcore.sieve.changes.desk import Case, Desk, Runner
from mailcore.sieve.changes.doing import Taken, carry, give_up
from mailcore.sieve.changes.wanted import Wanted, looked, trouble
from mailcore.sieve.errors import SieveError

EVERY_SECONDS: Final = 60.0
"""After which somebody looks even if nobody said a word: a mark may be lost."""
PAGE: Final = 100
TURN: Final = 20
"""Messages of one occasion before it is the next one's turn: who flags a whole folder does not keep others waiting."""
_OF_THE_SCRIPT: Final = (NotFound, NoRight, Refused, OverQuota)
"""What a folder says to what a script wants there."""


async def keep(desk: Desk, bus: Bus) -> None:
    """Runs what is due, until cancelled."""
    with closing(bus.watch([OCCASIONS])) as watch:
        while True:
            try:
                while await run_due(desk):
                    pass
            except GroupwareError as error:  # the database is away
                desk.log.warning("occasions_unreadable", why=str(error))
                await asyncio.sleep(1)
                continue
            await watch.changed(EVERY_SECONDS)


async def run_due(desk: Desk) -> int:
    """Goes through all there is once; how many messages scripts have looked at.

    What must wait is left for the next time, and so is what goes beyond one turn of an occasion.
    """
    count, page, after = 0, await _page(desk, 0), 0
    while page:
        for each in page:
            try:
                count += await _handle(desk, each)
            except TryAgain as error:
                desk.log.warning("occasion_waits", number=each.number, why=str(error))
        after = page[-1].number
        page = await _page(desk, after)
    return count


async def _page(desk: Desk, after: int) -> Sequence[Occasion]:
    return await desk.store.read(OPERATOR, lambda tx: tx.occasions(after, PAGE))


async def _handle(desk: Desk, which: Occasion) -> int:
    """Some messages of one occasion; how many these were."""
    runner = await desk.store.read(OPERATOR, partial(runner_of, which))
    if runner is not None and not runner.active.octets:
        desk.log.warning("script_missing", of=runner.active.address, script=which.script)
        runner = None
    count, left = 0, which.uids
    while left and runner is not None and count < TURN:
        which = replace(which, uids=left)
        found = await desk.store.read(runner.who, partial(_next, which))
        if found is None:
            break
        item, path = found
        with server_log.session(), server_log.message() as message:
            if not await _run(desk, runner, Case(which, item, path, message)):
                return count  # another process is at it
        count += 1
        left = [(Uid(max(low, item.uid + 1)), high) for low, high in which.uids if high > item.uid]
    if left and count < TURN:
        await desk.store.write(OPERATOR, lambda tx: tx.drop_occasion(which.number))
    return count


def _next(which: Occasion, tx: ReadTx) -> tuple[Item, str] | None:
    """The first of the messages that is still there, and what its folder is called; None: there is none."""
    try:
        folder = tx.folder(which.folder)
        found = tx.items(which.folder, which.uids, limit=1)
    except (NotFound, NoRight):
        return None
    return (found[0], folder.path) if found else None


async def _run(desk: Desk, runner: Runner, case: Case) -> bool:
    """One script over one message. False: somebody else has settled it. `TryAgain`."""
    try:
        events = await _done(desk, runner, case)
    except Taken:
        return False
    say(desk.log, events)
    return True


async def _done(desk: Desk, runner: Runner, case: Case) -> Sequence[Event]:
    try:
        wanted = await _looked(desk, runner, case)
        return await desk.store.write(runner.who, lambda tx: carry(tx, runner, case, wanted))
    except (SieveError, *_OF_THE_SCRIPT) as error:
        why, letter = str(error), await trouble(desk, runner, case, error)
        return await desk.store.write(runner.who, lambda tx: give_up(tx, runner, case, letter, why))


async def _looked(desk: Desk, runner: Runner, case: Case) -> Wanted:
    try:
        return await looked(desk, runner, case)
    except (GroupwareError, SieveError):
        raise
    except Exception:  # a bug of ours is no reason to try it for ever
        desk.log.error("script_failed", of=runner.active.address, traceback=traceback.format_exc())
        raise Refused("The server made a mistake in running it; its administrator finds that in the log.") from None


# --- whose script ---------------------------------------------------------------------------------------------------


def runner_of(which: Occasion, tx: ReadTx) -> Runner | None:
    """Who runs the script, and the script: the owner's own, or of that name the one of its domain's postmaster.

    None: the owner is gone or disabled, or there is nobody who could run it.
    """
    domain = next((each.name for each in tx.domains() if each.account == which.owner), "")
    account = _postmaster(tx, domain) if domain else which.owner
    if account is None:
        return None
    try:
        own, who = tx.account(account), replace(tx.identity(account), client="sieve", by_script=True)
    except (BadCredentials, NotFound):
        return None
    if own.kind is not PrincipalKind.ACCOUNT:
        return None
    octets = _octets(tx, which.script, account)
    octets = octets or _octets(tx, which.script, _postmaster(tx, own.address.rpartition("@")[2]))
    return Runner(who, ActiveScript(account, own.address, own.name, which.script, octets))


def _octets(tx: ReadTx, name: str, of: AccountId | None) -> bytes:
    try:
        return tx.script(name, of) if of is not None else b""
    except (NotFound, Refused):
        return b""


def _postmaster(tx: ReadTx, domain: str) -> AccountId | None:
    try:
        targets = tx.resolve(f"postmaster@{domain}")
    except GroupwareError:
        return None
    return targets[0].account if len(targets) == 1 and targets[0].kind == "account" else None
