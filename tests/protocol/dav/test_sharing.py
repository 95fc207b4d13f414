"""A calendar that is shared: where it appears, what may be done in it, and what stays hidden."""

from __future__ import annotations

import pytest

from groupware.model.item import Kind
from groupware.model.rights import letters
from groupware.store.api import ReadTx
from tests.protocol.dav.test_collections import proppatch
from tests.support.davstand import HEAD, Client, Stand, event

WORK = "/dav/calendars/alice@example.test/Calendar/"
BOB, BOBS_HOME = "bob@example.test", "/dav/calendars/bob@example.test/"


async def test_a_shared_calendar_is_in_the_home_of_who_it_is_shared_with(
    stand: Stand, alice: Client, bob: Client
) -> None:
    await alice.put(WORK + "a.ics", event("1"))
    number = await stand.share("alice", "Calendar", BOB, "lrs")
    path = f"{BOBS_HOME}~{number}/"
    said = await bob.props(BOBS_HOME, "D:displayname", "D:owner", "D:resourcetype", depth=1)
    assert said.found(path, "D:displayname") == "Calendar (alice@example.test)"
    assert said.found(path, "D:owner") == "<D:href>/dav/principals/alice@example.test/</D:href>"
    assert "<S:shared/>" in (said.found(path, "D:resourcetype") or "")
    assert (await bob.ask("GET", path + "a.ics")).body == event("1").encode()
    assert (await bob.ask("GET", WORK + "a.ics")).body == event("1").encode()


async def test_what_is_not_shared_is_as_if_it_were_not_there(stand: Stand, alice: Client, bob: Client) -> None:
    await alice.put(WORK + "a.ics", event("1"))
    number = await stand.share("alice", "Tasks", BOB, "lrs")
    absent = await bob.ask("GET", "/dav/calendars/alice@example.test/Nothing/a.ics")
    for path in (WORK + "a.ics", f"{BOBS_HOME}~{number - 1}/a.ics"):
        said = await bob.ask("GET", path)
        assert said.status == absent.status == 404
    listed = await bob.props("/dav/calendars/alice@example.test/", "D:displayname", depth=1)
    assert [each.rstrip("/").rpartition("/")[2] for each in listed.hrefs] == ["alice@example.test", "Tasks"]


@pytest.mark.parametrize(
    ("rights", "put", "change", "delete"),
    [("lrs", 403, 403, 403), ("lrsi", 201, 403, 403), ("lrste", 403, 403, 204), ("lrswipte", 201, 204, 204)],
)
async def test_who_it_is_shared_with_does_what_the_rights_allow(
    stand: Stand, alice: Client, bob: Client, rights: str, put: int, change: int, delete: int
) -> None:
    await alice.put(WORK + "a.ics", event("1"))
    await stand.share("alice", "Calendar", BOB, rights)
    assert (await bob.put(WORK + "b.ics", event("2"))).status == put
    assert (await bob.put(WORK + "a.ics", event("1", summary="Changed"))).status == change
    assert (await bob.ask("DELETE", WORK + "a.ics")).status == delete


async def test_privileges_say_what_the_rights_are(stand: Stand, bob: Client) -> None:
    await stand.share("alice", "Calendar", BOB, "lrsi")
    said = await bob.props(WORK, "D:current-user-privilege-set")
    held = said.found(WORK, "D:current-user-privilege-set") or ""
    assert "<D:read/>" in held
    assert "<D:bind/>" in held
    assert "<D:write/>" not in held
    assert "<D:unbind/>" not in held


async def test_who_may_administer_reads_who_else_may_what(stand: Stand, alice: Client, bob: Client) -> None:
    await stand.share("alice", "Calendar", BOB, "lrs")
    said = await alice.props(WORK, "D:acl")
    assert "bob@example.test" in (said.found(WORK, "D:acl") or "")
    assert (await bob.props(WORK, "D:acl")).found(WORK, "D:acl") is None


async def test_what_is_private_is_hidden_and_counts_as_busy(stand: Stand, alice: Client, bob: Client) -> None:
    await alice.put(WORK + "a.ics", event("1", "20261201T100000Z", "CLASS:PRIVATE", end="20261201T110000Z"))
    await stand.share("alice", "Calendar", BOB, "lrs")
    assert (await bob.ask("GET", WORK + "a.ics")).status == 404
    assert (await bob.props(WORK, "D:getetag", depth=1)).hrefs == [WORK]
    assert (await bob.sync(WORK)).hrefs == []
    body = '<C:time-range start="20261201T000000Z" end="20261202T000000Z"/>'
    assert b"FREEBUSY:20261201T100000Z/20261201T110000Z" in (await bob.report(WORK, "C:free-busy-query", body)).body
    await stand.share("alice", "Calendar", BOB, "lrs5")
    assert (await bob.ask("GET", WORK + "a.ics")).status == 200


async def test_who_is_granted_a_whole_tree_does_not_read_the_messages_of_its_scheduling_inbox(
    stand: Stand, alice: Client, bob: Client
) -> None:
    inbox = "/dav/calendars/alice@example.test/~inbox/"
    await alice.props(inbox, "D:displayname")
    await stand.share("alice", "", BOB, "lrswipkxte")
    assert (await bob.props(inbox, "D:displayname")).status == 404
    number = await stand.share("alice", "Scheduling Inbox", BOB, "l")
    for path in (inbox, f"{BOBS_HOME}~{number}/"):
        assert "<D:read/>" not in ((await bob.props(path, "D:current-user-privilege-set")).body.decode())
        assert (await bob.sync(path)).status in (403, 404)


async def test_a_scheduling_inbox_that_is_shared_is_read_at_its_place_and_is_no_calendar(
    stand: Stand, alice: Client, bob: Client
) -> None:
    inbox = "/dav/calendars/alice@example.test/~inbox/"
    await alice.props(inbox, "D:displayname")
    number = await stand.share("alice", "Scheduling Inbox", BOB, "lrswipte")
    assert (await bob.sync(inbox)).status == 207
    for home in (BOBS_HOME, "/dav/calendars/alice@example.test/"):
        listed = await bob.props(home, "D:displayname", depth=1)
        assert not any(f"~{number}" in each or "inbox" in each for each in listed.hrefs)
    assert (await bob.put(inbox + "a.ics", event("1"))).status == 403


async def test_each_has_a_colour_and_a_name_of_ones_own(stand: Stand, alice: Client, bob: Client) -> None:
    await alice.ask("PROPPATCH", WORK, proppatch("<I:calendar-color>#111111</I:calendar-color>"))
    number = await stand.share("alice", "Calendar", BOB, "lrs")
    path = f"{BOBS_HOME}~{number}/"
    assert (await bob.props(path, "I:calendar-color")).found(path, "I:calendar-color") == "#111111"
    mine = "<I:calendar-color>#222222</I:calendar-color><D:displayname>Boss</D:displayname>"
    await bob.ask("PROPPATCH", path, proppatch(mine))
    said = await bob.props(path, "I:calendar-color", "D:displayname")
    assert (said.found(path, "I:calendar-color"), said.found(path, "D:displayname")) == ("#222222", "Boss")
    hers = await alice.props(WORK, "I:calendar-color", "D:displayname")
    assert (hers.found(WORK, "I:calendar-color"), hers.found(WORK, "D:displayname")) == ("#111111", "Calendar")


@pytest.mark.parametrize(
    ("name", "inherited"),
    [
        ("C:default-alarm-vevent-datetime", None),
        ("C:default-alarm-vtodo-date", None),
        ("I:calendar-order", "7"),
        ("C:calendar-description", "7"),
    ],
)
async def test_each_has_properties_of_ones_own_and_alarms_are_nobodys_but_ones_own(
    stand: Stand, alice: Client, bob: Client, name: str, inherited: str | None
) -> None:
    await alice.set(WORK, f"<{name}>7</{name}>")
    path = f"{BOBS_HOME}~{await stand.share('alice', 'Calendar', BOB, 'lrs')}/"
    assert (await bob.props(path, name)).found(path, name) == inherited
    await bob.set(path, f"<{name}>3</{name}>")
    assert (await bob.props(path, name)).found(path, name) == "3"
    assert (await alice.props(WORK, name)).found(WORK, name) == "7"
    await bob.set(path, f"<{name}/>", "remove")
    assert (await bob.props(path, name)).found(path, name) == inherited


async def test_what_one_sets_transparent_is_so_for_oneself_alone(stand: Stand, alice: Client, bob: Client) -> None:
    path = f"{BOBS_HOME}~{await stand.share('alice', 'Calendar', BOB, 'lrs')}/"
    name = "C:schedule-calendar-transp"
    await bob.set(path, f"<{name}><C:transparent/></{name}>")
    assert (await bob.props(path, name)).found(path, name) == "<C:transparent/>"
    assert (await alice.props(WORK, name)).found(WORK, name) == "<C:opaque/>"


async def test_who_it_is_shared_with_does_not_take_it_away_from_its_owner(
    stand: Stand, alice: Client, bob: Client
) -> None:
    await alice.put(WORK + "a.ics", event("1"))
    number = await stand.share("alice", "Calendar", BOB, "lrswipkxte")
    path = f"{BOBS_HOME}~{number}/"
    assert (await bob.ask("DELETE", path)).status == 204
    assert path not in (await bob.props(BOBS_HOME, "D:displayname", depth=1)).hrefs
    assert (await alice.ask("GET", WORK + "a.ics")).status == 200
    assert (await bob.ask("GET", path + "a.ics")).status == 200


async def test_what_is_shared_with_everybody_is_not_taken_away_by_one(stand: Stand, bob: Client) -> None:
    number = await stand.share("alice", "Calendar", "everyone", "lrswipkxte")
    assert (await bob.ask("DELETE", f"{BOBS_HOME}~{number}/")).status == 403


async def test_a_right_that_is_taken_back_is_gone_at_once(stand: Stand, alice: Client, bob: Client) -> None:
    await alice.put(WORK + "a.ics", event("1"))
    await stand.share("alice", "Calendar", BOB, "lrs")
    assert (await bob.ask("GET", WORK + "a.ics")).status == 200
    await stand.share("alice", "Calendar", BOB, "")
    assert (await bob.ask("GET", WORK + "a.ics")).status == 404


# --- shared by WebDAV -------------------------------------------------------------------------------------------------


def ace(who: str, *privileges: str, word: str = "grant") -> str:
    said = "".join(f"<D:privilege><{each}/></D:privilege>" for each in privileges)
    return f"<D:ace><D:principal>{who}</D:principal><D:{word}>{said}</D:{word}></D:ace>"


BOB_IS = "<D:href>/dav/principals/bob@example.test/</D:href>"


async def rows(stand: Stand) -> dict[str, tuple[str, str]]:
    """What is allowed and denied to whom in the calendar."""

    def work(tx: ReadTx) -> dict[str, tuple[str, str]]:
        at = tx.locate(tx.account("alice@example.test").id, "Calendar")
        return {row.grantee: (letters(row.allow), letters(row.deny)) for row in tx.grants(at.id)}

    return await stand.house.read(work)


async def test_an_acl_is_rows_that_every_protocol_reads(stand: Stand, alice: Client, bob: Client) -> None:
    body = f"<D:acl{HEAD}>{ace(BOB_IS, 'D:read')}{ace('<D:authenticated/>', 'D:write', word='deny')}</D:acl>"
    assert (await alice.ask("ACL", WORK, body)).status == 200
    assert await rows(stand) == {BOB: ("lrs", ""), "everyone": ("", "wite")}
    assert (await bob.props(WORK, "D:displayname")).status == 207


async def test_the_people_of_an_acl_are_told_to_who_may_read_it(stand: Stand, alice: Client, bob: Client) -> None:
    await stand.share("alice", "Calendar", BOB, "lrs")
    await stand.share("alice", "Calendar", "everyone", "l")
    wanted = "<D:prop><D:displayname/><C:calendar-user-type/></D:prop>"
    said = await alice.report(WORK, "D:acl-principal-prop-set", wanted)
    people = ["/dav/principals/alice@example.test/", "/dav/principals/bob@example.test/"]
    assert (said.hrefs, said.found(people[1], "C:calendar-user-type")) == (people, "INDIVIDUAL")
    assert "acl-principal-prop-set" in (
        (await alice.props(WORK, "D:supported-report-set")).found(WORK, "D:supported-report-set") or ""
    )
    refused = await bob.report(WORK, "D:acl-principal-prop-set", wanted)
    assert (refused.status, len(refused.find("D:need-privileges"))) == (403, 1)


async def test_an_acl_says_what_is_inherited_and_takes_it_back_as_it_was(
    stand: Stand, alice: Client, bob: Client
) -> None:
    home = "/dav/calendars/alice@example.test/"
    inner = await stand.house.write(
        lambda tx: tx.add_folder(tx.account("alice@example.test").id, "Calendar/Inner", Kind.CALENDAR)
    )
    await stand.share("alice", "Calendar", BOB, "lrs")
    path = f"{home}~{inner.id}/"
    said = await alice.props(path, "D:acl", "D:inherited-acl-set")
    above = said.texts("D:response/D:propstat/D:prop/D:inherited-acl-set/D:href")
    assert above[-1] == home
    acl = said.found(path, "D:acl") or ""
    assert f"<D:inherited><D:href>{above[0]}</D:href></D:inherited>" in acl
    assert "bob@example.test" in acl
    assert (await alice.ask("ACL", path, f"<D:acl{HEAD}>{acl}</D:acl>")).status == 200
    assert "bob@example.test" not in (await alice.props(path, "D:invite")).body.decode()
    assert (await bob.props(path, "D:inherited-acl-set")).found(path, "D:inherited-acl-set") is None


async def test_busy_times_that_an_acl_shares_by_name_are_in_the_home(stand: Stand, alice: Client, bob: Client) -> None:
    for who, there in (("<D:authenticated/>", False), (BOB_IS, True)):
        body = f"<D:acl{HEAD}>{ace(who, 'C:read-free-busy')}</D:acl>"
        assert (await alice.ask("ACL", WORK, body)).status == 200
        home = await bob.props("/dav/calendars/bob@example.test/", "D:owner", depth=1)
        assert any("alice@" in (home.found(each, "D:owner") or "") for each in home.hrefs) is there


async def test_what_an_acl_leaves_out_is_taken_back_and_what_it_cannot_say_stays(stand: Stand, alice: Client) -> None:
    await stand.share("alice", "Calendar", BOB, "lrsp5")
    await stand.share("alice", "Calendar", "carol@example.test", "lrs")
    assert (await alice.ask("ACL", WORK, f"<D:acl{HEAD}/>")).status == 200
    assert await rows(stand) == {BOB: ("p5", "")}


@pytest.mark.parametrize(
    ("entry", "condition"),
    [
        (ace("<D:href>/dav/principals/nobody@example.test/</D:href>", "D:read"), "D:recognized-principal"),
        (ace("<D:href>/elsewhere/</D:href>", "D:read"), "D:recognized-principal"),
        (ace(BOB_IS, "D:dance"), "D:not-supported-privilege"),
        (ace("<D:self/>", "D:read"), "D:allowed-principal"),
        (ace("<D:property><D:group/></D:property>", "D:read"), "D:allowed-principal"),
        (ace("<D:unauthenticated/>", "D:read", word="deny"), "D:allowed-principal"),
        (ace("<D:property><D:owner/></D:property>", "D:write", word="deny"), "D:no-protected-ace-conflict"),
        (
            ace("<D:href>/dav/principals/alice@example.test/</D:href>", "D:write", word="deny"),
            "D:no-protected-ace-conflict",
        ),
        (ace(BOB_IS, "D:read").replace("<D:principal>", "<D:invert/><D:principal>"), "D:no-invert"),
    ],
)
async def test_an_acl_that_cannot_be_kept_changes_nothing(
    stand: Stand, alice: Client, entry: str, condition: str
) -> None:
    await stand.share("alice", "Calendar", BOB, "lrs")
    said = await alice.ask("ACL", WORK, f"<D:acl{HEAD}>{ace('<D:all/>', 'D:read')}{entry}</D:acl>")
    assert (said.status, len(said.find(condition))) == (403, 1)
    assert await rows(stand) == {BOB: ("lrs", "")}


@pytest.mark.parametrize("entry", [f"<D:ace><D:principal>{BOB_IS}</D:principal></D:ace>", "<D:ace><D:grant/></D:ace>"])
async def test_an_entry_that_says_nothing_is_refused(stand: Stand, alice: Client, entry: str) -> None:
    await stand.share("alice", "Calendar", BOB, "lrs")
    assert (await alice.ask("ACL", WORK, f"<D:acl{HEAD}>{entry}</D:acl>")).status == 400
    assert await rows(stand) == {BOB: ("lrs", "")}


async def test_who_may_not_administer_shares_nothing(stand: Stand, bob: Client) -> None:
    await stand.share("alice", "Calendar", BOB, "lrswite")
    assert (await bob.ask("ACL", WORK, f"<D:acl{HEAD}>{ace('<D:all/>', 'D:read')}</D:acl>")).status == 403
    assert await rows(stand) == {BOB: ("lrswite", "")}
