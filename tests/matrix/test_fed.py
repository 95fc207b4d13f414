"""A calendar that is filled from elsewhere: by no protocol anybody writes in it, not even its owner.

What can be read of it can be read, and its owner names, colours, shares and drops it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.ews.ids import folder_id, item_id
from groupware.model.errors import NoRight, Refused
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import EVERY, FolderId
from groupware.model.item import Kind
from groupware.model.rights import WRITING, Right
from groupware.store.api import WriteTx
from tests.matrix.test_activesync import good, one
from tests.protocol.activesync.test_calendar import add
from tests.protocol.activesync.test_sync_mail import changed
from tests.protocol.dav.test_collections import proppatch
from tests.support.calpeer import filled
from tests.support.davstand import HEAD, dav_stand
from tests.support.davstand import event as dav_event
from tests.support.eas.stand import eas_stand
from tests.support.ewsstand import ews_stand
from tests.support.imapstand import stand as imap_stand
from tests.support.jmapstand import jmap_stand
from web.jmap.ids import mailbox_id

HOME = "/dav/calendars/alice@example.test/"
FAR = HOME + "Far/"


async def test_in_the_store_nobody_has_a_right_to_write(tmp_path: Path) -> None:
    async with dav_stand(tmp_path) as stand:
        at = await filled(stand.house)
        alice, bob = [
            await stand.house.read(lambda tx, n=n: tx.identity(tx.account(f"{n}@example.test").id))
            for n in ("alice", "bob")
        ]
        for who in (alice, bob):
            folder = await stand.house.write(lambda tx: tx.folder(at.id), who)
            assert folder.fed and not folder.rights & WRITING and Right.READ in folder.rights

            def home(tx: WriteTx) -> FolderId:
                return tx.role(tx.who.account, "calendar").id

            for work in (
                lambda tx: tx.copy(home(tx), EVERY, at.id),
                lambda tx: tx.move(at.id, EVERY, home(tx)),
                lambda tx: tx.expunge(at.id, EVERY, deleted_only=False),
                lambda tx: tx.update_flags(at.id, EVERY, FlagChange(add=Flags.FLAGGED)),
                lambda tx: tx.update_flags(at.id, EVERY, FlagChange(add=Flags.DELETED)),
                lambda tx: tx.create_folder(f"{tx.folder(at.id).path}/Below", Kind.CALENDAR),
            ):
                with pytest.raises(NoRight):
                    await stand.house.write(work, who)
        with pytest.raises(Refused, match="filled from elsewhere"):
            await stand.house.write(lambda tx: tx.set_folder(at.id, role="calendar"), alice)
        said = await stand.house.read(lambda tx: tx.explain(at.id, "alice@example.test"))
        assert any("filled from elsewhere" in each.text for each in said.reasons)


async def test_by_caldav(tmp_path: Path) -> None:
    async with dav_stand(tmp_path) as stand:
        await filled(stand.house)
        alice, bob = stand.client("alice"), stand.client("bob")
        said = await alice.props(FAR, "D:resourcetype", "S:source", "D:current-user-privilege-set", "D:acl")
        assert "<C:calendar/>" in (said.found(FAR, "D:resourcetype") or "")
        assert "<S:subscribed/>" in (said.found(FAR, "D:resourcetype") or "")
        assert "https://cal.far.test/a.ics" in (said.found(FAR, "S:source") or "")
        held = said.found(FAR, "D:current-user-privilege-set") or ""
        assert "<D:read/>" in held and "<D:write-properties/>" in held
        assert not any(f"<D:{each}/>" in held for each in ("write", "bind", "unbind", "write-content", "all"))
        assert "<D:all/>" not in (said.found(FAR, "D:acl") or "").partition("everyone")[0]
        theirs = await bob.props(FAR, "D:resourcetype", "S:source")
        assert "<S:subscribed/>" in (theirs.found(FAR, "D:resourcetype") or ""), "who has `a` may change where from"
        for client, own in ((alice, HOME), (bob, HOME.replace("alice", "bob"))):
            assert (await client.ask("GET", FAR + "far.ics")).status == 200
            assert (await client.put(FAR + "new.ics", dav_event("new"))).status == 403
            assert (await client.put(FAR + "far.ics", dav_event("far"))).status == 403
            assert (await client.ask("DELETE", FAR + "far.ics")).status == 403
            assert (await client.ask("MOVE", FAR + "far.ics", destination=own + "Calendar/far.ics")).status == 403
        assert (await alice.put(HOME + "Calendar/own.ics", dav_event("own"))).status == 201
        assert (await alice.ask("COPY", HOME + "Calendar/own.ics", destination=FAR + "own.ics")).status == 403
        changes = "<D:displayname>Holidays</D:displayname><I:calendar-color>#123456FF</I:calendar-color>"
        assert (await alice.ask("PROPPATCH", FAR, proppatch(changes))).status == 207
        said = await alice.props(FAR, "D:displayname", "I:calendar-color")
        assert (said.found(FAR, "D:displayname"), said.found(FAR, "I:calendar-color")) == ("Holidays", "#123456FF")
        assert (await alice.ask("DELETE", FAR)).status == 204


async def test_it_is_made_and_changed_as_apples_programs_do(tmp_path: Path) -> None:
    inside = (
        "<D:resourcetype><D:collection/><S:subscribed/></D:resourcetype><D:displayname>Fixtures</D:displayname>"
        "<S:source><D:href>webcal://cal.far.test/b.ics</D:href></S:source><S:subscribed-strip-alarms/>"
        "<I:refreshrate>PT2H</I:refreshrate>"
    )
    async with dav_stand(tmp_path) as stand:
        alice, made = stand.client("alice"), HOME + "abc-123/"
        body = f"<D:mkcol{HEAD}><D:set><D:prop>{inside}</D:prop></D:set></D:mkcol>"
        assert (await alice.ask("MKCOL", made, body)).status == 403, "nothing fetches calendars"
        stand.house.parts.at_work.add("subscriptions")
        assert (await alice.ask("MKCOL", made, body)).status == 201
        names = ("S:source", "I:refreshrate", "S:subscribed-strip-alarms", "S:subscribed-strip-attachments")
        said = await alice.props(made, "D:displayname", *names, "C:schedule-calendar-transp")
        assert said.found(made, "D:displayname") == "Fixtures"
        assert [said.found(made, each) for each in names] == [
            "<D:href>http://cal.far.test/b.ics</D:href>",
            "PT120M",
            "",
            None,
        ]
        assert "transparent" in (said.found(made, "C:schedule-calendar-transp") or "")
        changed = "<S:source><D:href>https://cal.far.test/c.ics</D:href></S:source><S:subscribed-strip-attachments/>"
        assert (await alice.ask("PROPPATCH", made, proppatch(changed))).status == 207
        assert (await alice.ask("PROPPATCH", made, proppatch("<S:subscribed-strip-alarms/>", "remove"))).status == 207
        said = await alice.props(made, *names)
        assert [said.found(made, each) for each in names] == [
            "<D:href>https://cal.far.test/c.ics</D:href>",
            "PT120M",
            None,
            "",
        ]
        for wrong in ("ftp://x/", "http://u:p@x.test/", ""):
            broken = inside.replace("webcal://cal.far.test/b.ics", wrong)
            body = f"<D:mkcol{HEAD}><D:set><D:prop>{broken}</D:prop></D:set></D:mkcol>"
            assert (await alice.ask("MKCOL", HOME + "wrong/", body)).status in (400, 403)
            assert (await alice.props(HOME + "wrong/", "D:displayname")).status == 404


async def test_by_jmap(tmp_path: Path) -> None:
    async with jmap_stand(tmp_path) as stand:
        at = mailbox_id((await filled(stand.house)).id)
        alice, bob = stand.client("alice"), stand.client("bob")
        for client, account in ((alice, await alice.account()), (bob, await bob.account("alice"))):
            [calendar] = (await client.call("Calendar/get", accountId=account, ids=[at]))["list"]
            rights = calendar["myRights"]
            assert rights["mayReadItems"] and calendar["includeInAvailability"] == "none"
            assert not rights["mayWriteAll"] and not rights["mayWriteOwn"]
            [event] = (await client.call("CalendarEvent/query", accountId=account, filter={"inCalendar": at}))["ids"]
            new = {"calendarIds": {at: True}, "title": "x", "start": "2026-10-01T09:00:00"}
            said = await client.call(
                "CalendarEvent/set",
                accountId=account,
                create={"k": new},
                update={event: {"title": "y"}},
                destroy=[event],
            )
            for what in ("notCreated", "notUpdated", "notDestroyed"):
                assert [each["type"] for each in said[what].values()] == ["forbidden"], (what, said)
        change = {"name": "Holidays", "color": "#1e90ff", "includeInAvailability": "all"}
        assert at in (await alice.call("Calendar/set", update={at: change}))["updated"]
        [calendar] = (await alice.call("Calendar/get", ids=[at]))["list"]
        assert {name: calendar[name] for name in change} == change
        assert (await alice.call("Calendar/set", destroy=[at], onDestroyRemoveEvents=True))["destroyed"] == [at]


async def test_by_imap(tmp_path: Path) -> None:
    async with imap_stand(tmp_path, config="[imap]\nshow_all_folders = true\n") as stand:
        await filled(stand)
        async with stand.client("alice") as alice:
            [line] = (await alice.ask("MYRIGHTS Far")).of(b"MYRIGHTS")
            assert not set(line.rpartition(b" ")[2].decode()) & set("wipkte")
            assert not (await alice.append("Far", b"Subject: x\r\n\r\nx\r\n")).ok
            assert not (await alice.ask("CREATE Far/Below")).ok
            assert (await alice.ask("SELECT Far")).ok
            assert not (await alice.ask("STORE 1 +FLAGS (\\Deleted)")).ok
            await alice.ask("EXPUNGE")
            assert not (await alice.ask("MOVE 1 Calendar")).ok
            assert (await alice.ask("STATUS Far (MESSAGES)")).of(b"STATUS")[0].endswith(b"(MESSAGES 1)")
            assert (await alice.ask("RENAME Far Near")).ok
            assert (await alice.ask("DELETE Near")).ok


async def test_by_activesync(tmp_path: Path) -> None:
    async with eas_stand(tmp_path) as stand:
        at = await filled(stand.house)
        phone = stand.phone("alice")
        await phone.folder_sync()
        here = await phone.at("Far")
        [known] = await stand.house.read(lambda tx: tx.items(at.id, EVERY))
        served = f"{here}:{known.id}"
        assert list(await phone.all_of(here)) == [served]
        times = ("Calendar:StartTime", "20261201T090000Z"), ("Calendar:EndTime", "20261201T100000Z")
        assert not good(await one(phone, here, add(*times)), "Add")
        assert not good(await one(phone, here, changed(served, ("Calendar:Subject", "y"))), "Change")
        assert not good(await one(phone, here, ("AirSync:Delete", ("AirSync:ServerId", served))), "Delete")
        assert [each.id for each in await stand.house.items("alice", "Far")] == [known.id]


async def test_by_exchange_web_services(tmp_path: Path) -> None:
    async with ews_stand(tmp_path) as stand:
        at = await filled(stand.house)
        alice, [known] = stand.client("alice"), await stand.house.items("alice", "Far")
        folder, item = folder_id(at.id), item_id(known.id)
        shape = "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
        ids = f'<m:ItemIds><t:ItemId Id="{item}"/></m:ItemIds>'
        assert (await alice.ask(f"<m:GetItem>{shape}{ids}</m:GetItem>")).codes == ["NoError"]
        subject = "<t:CalendarItem><t:Subject>y</t:Subject></t:CalendarItem>"
        field = f'<t:SetItemField><t:FieldURI FieldURI="item:Subject"/>{subject}</t:SetItemField>'
        change = f'<t:ItemChange><t:ItemId Id="{item}"/><t:Updates>{field}</t:Updates></t:ItemChange>'
        times = "<t:Start>2026-12-01T09:00:00Z</t:Start><t:End>2026-12-01T10:00:00Z</t:End>"
        for operation in (
            f'<m:CreateItem SendMeetingInvitations="SendToNone"><m:SavedItemFolderId><t:FolderId Id="{folder}"/>'
            f"</m:SavedItemFolderId><m:Items><t:CalendarItem><t:Subject>x</t:Subject>{times}</t:CalendarItem>"
            "</m:Items></m:CreateItem>",
            '<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone">'
            f"<m:ItemChanges>{change}</m:ItemChanges></m:UpdateItem>",
            f'<m:DeleteItem DeleteType="HardDelete" SendMeetingCancellations="SendToNone">{ids}</m:DeleteItem>',
        ):
            assert (await alice.ask(operation)).codes == ["ErrorAccessDenied"], operation
        assert [each.id for each in await stand.house.items("alice", "Far")] == [known.id]
