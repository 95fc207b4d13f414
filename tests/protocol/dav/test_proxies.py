"""Delegates (calendar-proxy): who may read somebody's calendars, or change them in their name."""

from __future__ import annotations

import pytest

from groupware.model.rights import letters, parse_rights
from groupware.store.api import ReadTx, WriteTx
from tests.support.davstand import HEAD, Client, Said, Stand, event

ME, BOB = "/dav/principals/alice@example.test/", "/dav/principals/bob@example.test/"
READ, WRITE = ME + "calendar-proxy-read/", ME + "calendar-proxy-write/"
HOME = "/dav/calendars/alice@example.test/"
MAIL = "INBOX"


async def delegate(alice: Client, group: str, *members: str) -> Said:
    inside = "".join(f"<D:href>/dav/principals/{each}@example.test/</D:href>" for each in members)
    return await alice.set(group, f"<D:group-member-set>{inside}</D:group-member-set>")


async def members(alice: Client, group: str) -> str | None:
    return (await alice.props(group, "D:group-member-set")).found(group, "D:group-member-set")


async def held(stand: Stand, name: str, *paths: str) -> list[str]:
    """What somebody may do in folders of Alice's."""

    def work(tx: ReadTx) -> list[str]:
        owner = tx.account("alice@example.test").id
        places = [tx.locate(owner, path).id for path in paths]
        return [letters(tx.explain(at, f"{name}@example.test").rights) for at in places]

    return await stand.house.read(work)


@pytest.mark.parametrize(("group", "calendar"), [(READ, "lrs9"), (WRITE, "lrswipte1")])
async def test_a_delegate_has_the_calendars_and_not_the_mail(
    stand: Stand, alice: Client, group: str, calendar: str
) -> None:
    assert (await delegate(alice, group, "bob")).status == 207
    assert await members(alice, group) == f"<D:href>{BOB}</D:href>"
    assert await held(stand, "bob", "Calendar", "Tasks") == [calendar, calendar]
    assert not set((await held(stand, "bob", MAIL))[0]) & set("lrswipkxtea")


async def test_the_scheduling_inbox_is_no_calendar_of_a_delegate(stand: Stand, alice: Client, bob: Client) -> None:
    await alice.props(HOME + "~inbox/", "D:displayname")
    await delegate(alice, WRITE, "bob")
    listed = await bob.props(HOME, "D:displayname", depth=1)
    assert sorted(listed.hrefs) == [HOME, HOME + "Calendar/", HOME + "Tasks/"]


async def test_a_delegate_finds_whose_they_are(alice: Client, bob: Client) -> None:
    await delegate(alice, WRITE, "bob")
    said = await bob.props(BOB, "S:calendar-proxy-write-for", "S:calendar-proxy-read-for", "D:group-membership")
    assert said.found(BOB, "S:calendar-proxy-write-for") == f"<D:href>{ME}</D:href>"
    assert said.found(BOB, "S:calendar-proxy-read-for") == ""
    assert said.found(BOB, "D:group-membership") == f"<D:href>{WRITE}</D:href>"


async def test_clients_ask_about_them_in_one_request(alice: Client, bob: Client) -> None:
    await delegate(alice, WRITE, "bob")
    inside = (
        "<D:property name='calendar-proxy-write-for' namespace='http://calendarserver.org/ns/'>"
        "<D:property name='displayname'/>"
        "<D:property name='calendar-user-address-set' namespace='urn:ietf:params:xml:ns:caldav'/>"
        "<D:property name='calendar-home-set' namespace='urn:ietf:params:xml:ns:caldav'/></D:property>"
    )
    said = await bob.report(BOB, "D:expand-property", inside)
    inner = "D:response/D:propstat/D:prop/S:calendar-proxy-write-for/D:response"
    assert said.texts(f"{inner}/D:href") == [ME]
    assert said.texts(f"{inner}/D:propstat/D:prop/C:calendar-home-set/D:href") == [HOME]
    members = "<D:property name='group-member-set'><D:property name='displayname'/></D:property>"
    whole = await alice.report(WRITE, "D:expand-property", members)
    assert whole.texts("D:response/D:propstat/D:prop/D:group-member-set/D:response/D:href") == [BOB]


async def test_a_delegate_invites_in_somebodys_name(alice: Client, bob: Client, stand: Stand) -> None:
    await delegate(alice, WRITE, "bob")
    people = ("ORGANIZER:mailto:alice@example.test", "ATTENDEE:mailto:carol@example.test")
    made = await bob.put(HOME + "Calendar/m.ics", event("meet", "20261201T100000Z", *people))
    assert made.status == 201
    carol = stand.client("carol")
    got = await carol.ask("GET", "/dav/calendars/carol@example.test/Calendar/")
    assert b"UID:meet" in got.body


async def test_who_is_left_out_is_a_delegate_no_longer(stand: Stand, alice: Client) -> None:
    await delegate(alice, WRITE, "bob", "carol")
    await delegate(alice, WRITE, "carol")
    assert await held(stand, "bob", "Calendar") == [""]
    assert await held(stand, "carol", "Calendar") == ["lrswipte1"]
    await delegate(alice, WRITE)
    assert await held(stand, "carol", "Calendar") == [""]
    assert await members(alice, WRITE) == ""


async def test_one_goes_from_one_group_to_the_other(stand: Stand, alice: Client) -> None:
    await delegate(alice, WRITE, "bob")
    await delegate(alice, READ, "bob")
    assert await members(alice, WRITE) == ""
    assert await members(alice, READ) == f"<D:href>{BOB}</D:href>"
    assert await held(stand, "bob", "Calendar") == ["lrs9"]


async def test_what_was_granted_besides_stays(stand: Stand, alice: Client) -> None:
    await stand.share("alice", "Calendar", "bob@example.test", "lrs5")
    await stand.share("alice", "", "bob@example.test", "3")
    await delegate(alice, WRITE, "bob")
    await delegate(alice, WRITE)
    assert await held(stand, "bob", "Calendar") == ["53"]


async def test_a_calendar_that_is_made_later_is_open_to_delegates(stand: Stand, alice: Client) -> None:
    await delegate(alice, READ, "bob")
    assert (await alice.ask("MKCALENDAR", HOME + "Later/")).status == 201
    assert await held(stand, "bob", "Later") == ["lrs9"]


async def test_grants_by_other_means_make_delegates_too(stand: Stand, alice: Client, bob: Client) -> None:
    def work(tx: WriteTx) -> None:
        root = tx.locate(tx.account("alice@example.test").id, "").id
        tx.grant(root, "bob@example.test", parse_rights("lrswipte1"))

    await stand.house.write(work)
    assert await members(alice, WRITE) == f"<D:href>{BOB}</D:href>"
    said = await bob.props(BOB, "S:calendar-proxy-write-for")
    assert said.found(BOB, "S:calendar-proxy-write-for") == f"<D:href>{ME}</D:href>"


async def test_who_may_see_when_somebody_is_busy_is_no_delegate_for_that(
    stand: Stand, alice: Client, bob: Client
) -> None:
    await stand.share("alice", "", "bob@example.test", "9")
    assert await members(alice, READ) == ""
    assert (await bob.props(BOB, "S:calendar-proxy-read-for")).found(BOB, "S:calendar-proxy-read-for") == ""


async def test_nobody_says_who_acts_for_somebody_else(stand: Stand, bob: Client) -> None:
    assert (await delegate(bob, WRITE, "bob")).status == 403
    assert await held(stand, "bob", "Calendar") == [""]
    assert await members(bob, WRITE) is None


@pytest.mark.parametrize("who", ["alice", "nobody"])
async def test_delegates_that_cannot_be_are_refused_and_nothing_changes(stand: Stand, alice: Client, who: str) -> None:
    assert (await delegate(alice, WRITE, "bob", who)).status == 403
    assert await held(stand, "bob", "Calendar") == [""]


async def test_a_group_of_delegates_says_what_it_is(alice: Client) -> None:
    said = await alice.props(WRITE, "D:resourcetype", "D:principal-URL")
    assert said.found(WRITE, "D:resourcetype") == "<D:collection/><D:principal/><S:calendar-proxy-write/>"
    assert said.found(WRITE, "D:principal-URL") == f"<D:href>{WRITE}</D:href>"
    assert "calendar-proxy" in (await alice.ask("OPTIONS", WRITE)).headers["dav"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "MKCOL", "POST", "ACL", "LOCK"])
async def test_nothing_else_is_done_with_it(alice: Client, method: str) -> None:
    assert (await alice.ask(method, WRITE, "x")).status == 405


async def test_a_path_of_it_is_no_collection(alice: Client) -> None:
    await alice.put(HOME + "Calendar/a.ics", event("1"))
    said = await alice.ask("COPY", HOME + "Calendar/a.ics", destination=WRITE)
    assert said.status == 403
    body = f"<C:calendar-query{HEAD}><C:filter/></C:calendar-query>"
    assert (await alice.ask("REPORT", WRITE, body)).status in (403, 404)
