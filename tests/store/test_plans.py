"""What a user waits for, and what runs all the time, never looks at every row of a table that grows."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Executable

from groupware.model.browser import NewBrowserSession
from groupware.model.device import NewDevice, SyncState
from groupware.model.event import Event, Target, TraceFilter
from groupware.model.flags import FlagChange, Flags
from groupware.model.folder import Destination
from groupware.model.ids import EVERY, BlobId, ModSeq, Uid
from groupware.model.item import Kind, Query
from groupware.model.lock import WriteLock
from groupware.model.meeting import Happening, Visit
from groupware.model.memory import Memory
from groupware.model.principal import DELIVERY, OPERATOR, Principal
from groupware.model.record import RecordKind, UploadRoom
from groupware.model.token import NewGrant, NewTokens
from groupware.store import bus, upkeep
from groupware.store.blobs import StoredBody
from groupware.store.sql import search
from groupware.store.sql.engine import Sql
from groupware.store.upkeep import forget_trace
from tests.store.house import house
from tests.store.world import World, letter, people

GROWING = (
    "item|content|blob|tombstone|seen|journal|sort_key|trace|address|grant_row|folder|principal|setting|search_text"
    "|sieve_script|memory|undo|object_key|occurrence|timeline|upload|record|write_lock|browser_session|oauth_grant|personal"
    "|device|sync_state|header_text"
)
SCAN = re.compile(
    rf"SCAN (?:{GROWING})\b(?! USING (?:COVERING )?INDEX (?:ix_search_text_waiting|ix_folder_quarantine))"
    r"|SEARCH annotation USING INDEX ix_annotation_account_id \(account_id=\?\)"  # all that is shared by anybody
)


def a_day(world: World, who: Principal) -> None:
    """What protocols do all day for the owner of a folder, and for somebody who shares it."""
    at = world.work
    world.write(who, lambda tx: tx.append(at, [letter(), letter()]))
    world.write(OPERATOR, lambda tx: tx.deliver([Target("folder", folder=at)], letter()))
    world.read(who, lambda tx: tx.folders())
    world.read(who, lambda tx: (tx.entries(at), tx.uids(at), tx.items(at, EVERY, summary=True)))
    world.read(who, lambda tx: tx.columns(at, ("bits", "summary", "subject"), EVERY))
    since = ModSeq(world.read(who, lambda tx: tx.folder(at)).modseq - 1)
    world.write(who, lambda tx: tx.update_flags(at, ((1, 1),), FlagChange(add=Flags.SEEN | Flags.DELETED)))
    world.read(who, lambda tx: (tx.delta(at, since), tx.changes(at, since), tx.vanished(at, since)))
    world.read(who, lambda tx: tx.changed_at(at))
    world.read(who, lambda tx: (tx.annotations(at), tx.all_annotations(), tx.all_annotated()))
    world.read(who, lambda tx: tx.annotated_with(world.alice.account, "/shared/x", b"x"))
    world.read(who, lambda tx: (tx.within(at, "saved", 0), tx.unindexed(at)))
    world.read(
        who,
        lambda tx: (tx.latest(at, 0, 5), tx.turnover(at, since), tx.buried(at, since), tx.reached(world.alice.account)),
    )
    world.read(who, lambda tx: (tx.turned(at, (since, 0), 5, since), tx.left(at, (since, 0), 5)))
    [(_, found), *_] = world.read(who, lambda tx: tx.latest(at, 0, 1))
    world.read(who, lambda tx: tx.placed([found]))
    world.read(who, lambda tx: (tx.email_turnover(at, since), tx.instances([found], [at]), tx.instances(None, [at])))
    world.read(who, lambda tx: tx.find([at], Query(text=("invoice",))))
    world.read(who, lambda tx: tx.find_latest([at], Query(text=("invoice",))))
    world.read(who, lambda tx: tx.columns(at, ("saved",), EVERY, marks=(Flags.SEEN, Flags(0))))
    world.read(who, lambda tx: (tx.in_headers(at, "invoice"), tx.in_headers(at, "invoice", "x-a")))
    world.read(who, lambda tx: tx.setting("imapShowAllFolders"))
    own = who.account
    world.write(OPERATOR, lambda tx: tx.teach(tx.quarantine(own), Uid(1), own, spam=False))
    world.read(OPERATOR, lambda tx: tx.quarantines())
    world.read(DELIVERY, lambda tx: (tx.active_scripts([own]), tx.addresses(own), tx.remembered(own, "told", "x")))
    for renew in (False, True):
        world.write(DELIVERY, lambda tx, renew=renew: tx.remember(own, Memory("told", "x", 0, renew)))  # type: ignore[misc]
    world.read(DELIVERY, lambda tx: tx.destination(own, Destination("INBOX")))
    world.write(who, lambda tx: (tx.undos(own), tx.drop_undo(own, tx.put_undo(own, "x"))))
    visit = Visit(
        world.read(who, lambda tx: tx.guest(own, "m")),
        message=replace(letter(), kind=Kind.CALENDAR),
        happened=(Happening("x", "x", "m"),),
    )
    world.write(who, lambda tx: (tx.invite([visit]), tx.schedule_tags(at), tx.schedule_tags(at, Uid(1))))
    world.read(world.alice, lambda tx: tx.timeline(at, "m"))
    lock = WriteLock(f"t{who.account}", f"x{who.account}", False, False, who.account, "", 9, 0)
    world.write(who, lambda tx: tx.put_personal(at, tx.uids(at)[0], b"x"))
    world.read(who, lambda tx: (tx.personal(at), tx.personal(at, Uid(1))))
    world.write(who, lambda tx: (tx.put_write_lock(at, lock), tx.renew_write_lock(at, lock.token, 9)))
    world.write(who, lambda tx: (tx.drop_write_lock(at, lock.token), tx.clear_write_locks(at, lock.name)))
    asyncio.run(upkeep.forget(world.house.store))
    keep_beside(world, who)
    world.write(who, lambda tx: (tx.copy(at, EVERY, at), tx.expunge(at, EVERY)))
    world.read(who, lambda tx: (tx.find_trace(TraceFilter()), tx.find_trace(TraceFilter(letter="a@b"))))


def keep_beside(world: World, who: Principal) -> None:
    """What clients keep of an account beside its folders."""
    body, room = StoredBody(BlobId("ef" * 32), 4, b"body"), UploadRoom(5, 1)
    put = [world.write(who, lambda tx: tx.put_upload(who.account, body, "text/plain", room)) for _ in range(2)]
    world.read(who, lambda tx: tx.uploaded(put[1].number))
    kind = RecordKind.IDENTITY
    made = world.write(who, lambda tx: tx.put_record(kind, "{}"))
    world.write(who, lambda tx: (tx.put_record(kind, "{}", made.number), tx.drop_record(kind, made.number)))
    world.read(who, lambda tx: (tx.records(kind), tx.records_since(kind, ModSeq(0))))
    begun = world.write(who, lambda tx: tx.put_browser_session(NewBrowserSession(f"{who.account:064}", 9, 9, "", "")))
    world.read(OPERATOR, lambda tx: tx.browser_session(f"{who.account:064}"))
    world.write(OPERATOR, lambda tx: tx.use_browser_session(begun, "::1"))
    world.write(who, lambda tx: (tx.browser_sessions(), tx.drop_browser_session(begun)))
    device = world.write(who, lambda tx: tx.put_device(NewDevice("x", "y", "16.1", "{}"))).number
    world.write(who, lambda tx: (tx.settle_device(device, 1, settled=True), tx.order_device(device, None)))
    world.write(who, lambda tx: tx.put_sync_state(device, SyncState(1, 1, "{}"), 0))
    world.write(who, lambda tx: tx.put_sync_state(device, SyncState(1, 2, "{}"), 1))
    world.read(who, lambda tx: (tx.device("x"), tx.devices(), tx.sync_state(device, 1), tx.sync_states(device)))
    world.write(who, lambda tx: (tx.drop_sync_states(device, None, 1), tx.drop_device(device)))
    code = f"{who.account:064}"
    let = world.write(who, lambda tx: tx.put_oauth_grant(NewGrant(code, "x", "mail", code, "c", "r", 9, "")))
    granted = world.read(OPERATOR, lambda tx: tx.oauth_grant("code", code))
    assert world.write(OPERATOR, lambda tx: tx.turn_oauth_grant(granted, NewTokens(code, code, 9, 9), "::1"))
    world.read(OPERATOR, lambda tx: (tx.oauth_grant("refresh", code), tx.oauth_grant("access", code)))
    world.write(OPERATOR, lambda tx: tx.use_oauth_grant(let, "::1"))
    world.write(who, lambda tx: (tx.oauth_grants(), tx.drop_oauth_grant(let)))
    asyncio.run(upkeep.forget_unused(world.house.store))


def test_no_statement_of_the_day_reads_a_whole_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, int] = {bus.SINCE: 1}
    real = Sql._prepare

    def prepare(sql: Sql, statement: Executable) -> object:
        made = real(sql, statement)
        asked[made.text] = len(made.order or ())
        return made

    monkeypatch.setattr(Sql, "_prepare", prepare)
    monkeypatch.setattr(search, "FEW_ITEMS", 0)
    with house(tmp_path, "") as made:
        made.domain("example.test")
        world = people(made)
        world.grant(world.work, world.bob, "lrswite")
        a_day(world, world.alice)
        a_day(world, world.bob)
        world.read(OPERATOR, lambda tx: (tx.resolve(world.bob.name), tx.credentials(world.bob.name)))
        world.read(OPERATOR, lambda tx: tx.mail_lists())
        world.read(OPERATOR, lambda tx: (tx.domains(), tx.identity(world.bob.account)))
        world.read(world.bob, lambda tx: tx.administered())
        world.write(OPERATOR, lambda tx: tx.note(Event("sent", None, {}, "m1", {"a@b.test": {}})))
        world.read(
            OPERATOR, lambda tx: (tx.trace("m1"), tx.find_trace(TraceFilter()), tx.movements(world.work, Uid(1)))
        )
        for what in ("trace", "timeline"):
            asyncio.run(forget_trace(made.store, what))
        world.read(world.bob, lambda tx: tx.counted(world.bob.account))
    assert len(asked) > 50
    with sqlite3.connect(tmp_path / "postroom.db") as connection:
        plans = {
            text: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", [1] * many)]
            for text, many in asked.items()
        }
    assert {text: plan for text, plan in plans.items() if any(map(SCAN.search, plan))} == {}
