"""Sharing by invitation, as Apple's Calendar does it (calendarserver-sharing), and WebDAV Resource Sharing."""

from __future__ import annotations

import pytest

from groupware.model.rights import letters, parse_rights
from groupware.store.api import ReadTx, WriteTx
from tests.support.davstand import HEAD, Client, Said, Stand, event

WORK, HOME = "/dav/calendars/alice@example.test/Calendar/", "/dav/calendars/bob@example.test/"
BOOK, BOBS_BOOKS = "/dav/contacts/alice@example.test/Contacts/", "/dav/contacts/bob@example.test/"
NOTICES, ALICES = HOME + "~notifications/", "/dav/calendars/alice@example.test/~notifications/"
BOB = "bob@example.test"


async def post(client: Client, path: str, inside: str, root: str = "S:share") -> Said:
    body = f'<?xml version="1.0" encoding="UTF-8"?><{root}{HEAD}>{inside}</{root}>'
    return await client.ask("POST", path, body, content_type="application/xml; charset=utf-8")


async def invite(alice: Client, access: str = "read", path: str = WORK, whom: str = f"mailto:{BOB}") -> Said:
    title = "<S:common-name>Bob</S:common-name><S:summary>Our plans</S:summary>"
    return await post(alice, path, f"<S:set><D:href>{whom}</D:href>{title}<S:{access}/></S:set>")


async def notices(client: Client, path: str = NOTICES) -> list[str]:
    said = await client.props(path, "D:getetag", "S:notificationtype", depth=1)
    return [each for each in said.hrefs if each != path]


async def answer(bob: Client, word: str = "accepted", home: str = HOME, path: str = NOTICES) -> Said:
    [name] = await notices(bob, path)
    notice = await bob.ask("GET", name)
    hosted = notice.texts("S:invite-notification/S:hosturl/D:href")[0]
    uid = notice.texts("S:invite-notification/S:uid")[0]
    inside = (
        f"<D:href>mailto:{BOB}</D:href><S:invite-{word}/><S:hosturl><D:href>{hosted}</D:href></S:hosturl>"
        f"<S:in-reply-to>{uid}</S:in-reply-to><S:summary>Our plans</S:summary>"
    )
    return await post(bob, home, inside, "S:invite-reply")


async def rows(stand: Stand, path: str = "Calendar") -> dict[str, tuple[str, str, str]]:
    def work(tx: ReadTx) -> dict[str, tuple[str, str, str]]:
        at = tx.locate(tx.account("alice@example.test").id, path)
        return {row.grantee: (letters(row.allow), letters(row.deny), row.state) for row in tx.grants(at.id)}

    return await stand.house.read(work)


# --- inviting ---------------------------------------------------------------------------------------------------------


async def test_the_server_says_that_it_can(alice: Client) -> None:
    said = await alice.ask("OPTIONS", WORK)
    assert "calendarserver-sharing" in said.headers["dav"]
    home = await alice.props("/dav/principals/alice@example.test/", "S:notification-URL")
    assert home.found("/dav/principals/alice@example.test/", "S:notification-URL") == f"<D:href>{ALICES}</D:href>"
    modes = await alice.props(WORK, "S:allowed-sharing-modes")
    assert modes.found(WORK, "S:allowed-sharing-modes") == "<S:can-be-shared/>"


@pytest.mark.parametrize(("access", "rights"), [("read", "lrs"), ("read-write", "lrswipte")])
async def test_an_invitation_is_a_grant(stand: Stand, alice: Client, access: str, rights: str) -> None:
    assert (await invite(alice, access)).status == 200
    assert await rows(stand) == {BOB: (rights, "", "invited")}
    said = await alice.props(WORK, "S:invite", "D:resourcetype")
    invited = said.found(WORK, "S:invite") or ""
    for part in (
        "<S:organizer><D:href>mailto:alice@example.test</D:href></S:organizer>",
        f"<S:user><D:href>mailto:{BOB}</D:href>",
        "<S:invite-noresponse/>",
        f"<S:access><S:{access}/></S:access>",
    ):
        assert part in invited
    assert "<S:shared-owner/>" in (said.found(WORK, "D:resourcetype") or "")


async def test_what_an_invitation_has_no_word_for_stays(stand: Stand, alice: Client) -> None:
    await stand.share("alice", "Calendar", BOB, "lrswipte5")
    await invite(alice, "read")
    assert (await rows(stand))[BOB][0] == "lrs5"


async def test_grants_by_other_means_are_told_as_accepted(stand: Stand, alice: Client) -> None:
    await stand.share("alice", "Calendar", BOB, "lrs")
    await stand.share("alice", "Calendar", "everyone", "lrs")
    await stand.share("alice", "Calendar", "carol@example.test", "9")
    invited = (await alice.props(WORK, "S:invite")).found(WORK, "S:invite") or ""
    assert invited.count("<S:user>") == 1
    assert "<S:invite-accepted/>" in invited


async def test_nobody_is_invited_when_one_is_nobody(stand: Stand, alice: Client) -> None:
    inside = "".join(
        f"<S:set><D:href>mailto:{each}</D:href><S:read/></S:set>" for each in (BOB, "nobody@elsewhere.test")
    )
    said = await post(alice, WORK, inside)
    assert (said.status, b"recognized-principal" in said.body) == (403, True)
    assert await rows(stand) == {}


@pytest.mark.parametrize(
    "inside",
    ["", f"<S:set><D:href>mailto:{BOB}</D:href></S:set>", "<S:set><D:href>urn:x</D:href><S:read/></S:set>"],
)
async def test_an_invitation_that_says_nothing_is_refused(stand: Stand, alice: Client, inside: str) -> None:
    assert (await post(alice, WORK, inside)).status == 403
    assert await rows(stand) == {}


async def test_only_who_may_share_invites(stand: Stand, bob: Client) -> None:
    await stand.share("alice", "Calendar", BOB, "lrswipkxte")
    assert (await invite(bob, whom="mailto:carol@example.test")).status == 403
    assert set(await rows(stand)) == {BOB}
    assert (await bob.props(WORK, "S:invite")).found(WORK, "S:invite") is None


async def test_an_invitation_is_taken_back(stand: Stand, alice: Client, bob: Client) -> None:
    await invite(alice)
    assert (await post(alice, WORK, f"<S:remove><D:href>mailto:{BOB}</D:href></S:remove>")).status == 200
    assert await rows(stand) == {}
    assert await notices(bob) == []
    assert (await bob.props(WORK, "D:displayname")).status == 404


async def test_what_is_denied_stays_when_an_invitation_is_taken_back(stand: Stand, alice: Client) -> None:
    def deny(tx: WriteTx) -> None:
        at = tx.locate(tx.account("alice@example.test").id, "Calendar").id
        tx.grant(at, BOB, parse_rights("lr"), parse_rights("s"))

    await invite(alice)
    await stand.house.write(deny)
    await post(alice, WORK, f"<S:remove><D:href>mailto:{BOB}</D:href></S:remove>")
    assert (await rows(stand))[BOB][:2] == ("", "s")


# --- being invited ----------------------------------------------------------------------------------------------------


async def test_who_is_invited_is_told(alice: Client, bob: Client) -> None:
    await invite(alice, "read-write")
    [name] = await notices(bob)
    said = await bob.props(NOTICES, "D:resourcetype", "S:notificationtype", "D:getetag", depth=1)
    assert said.found(NOTICES, "D:resourcetype") == "<D:collection/><S:notification/>"
    assert said.found(name, "S:notificationtype") == "<S:invite-notification/>"
    got = await bob.ask("GET", name)
    assert said.found(name, "D:getetag") == got.headers["etag"]
    notice = got.find("S:invite-notification")[0]
    assert notice.get("shared-type") == "calendar"
    assert got.texts("S:invite-notification/D:href") == [f"mailto:{BOB}"]
    assert len(got.find("S:invite-notification/S:invite-noresponse")) == 1
    assert len(got.find("S:invite-notification/S:access/S:read-write")) == 1
    assert got.texts("S:invite-notification/S:summary") == ["Our plans"]
    assert got.texts("S:invite-notification/S:organizer/D:href") == ["/dav/principals/alice@example.test/"]


async def test_an_invitation_holds_at_once_for_clients_that_know_nothing_of_it(alice: Client, bob: Client) -> None:
    await alice.put(WORK + "a.ics", event("1"))
    await invite(alice)
    home = await bob.props(HOME, "D:resourcetype", depth=1)
    shared = [each for each in home.hrefs if "<S:shared/>" in (home.found(each, "D:resourcetype") or "")]
    assert len(shared) == 1
    assert (await bob.ask("GET", shared[0] + "a.ics")).status == 200


async def test_an_accepted_invitation_says_where_it_is_and_is_told_of(stand: Stand, alice: Client, bob: Client) -> None:
    await invite(alice)
    said = await answer(bob)
    assert said.status == 200
    [path] = said.texts("D:href")
    there = await bob.props(path, "S:shared-url", "D:share-access", "D:resourcetype")
    assert "/dav/calendars/alice@example.test/~" in (there.found(path, "S:shared-url") or "")
    assert there.found(path, "D:share-access") == "<D:read/>"
    assert "<S:shared/>" in (there.found(path, "D:resourcetype") or "")
    assert (await rows(stand))[BOB] == ("lrs", "", "accepted")
    assert await notices(bob) == []
    [name] = await notices(alice, ALICES)
    reply = await alice.ask("GET", name)
    assert reply.texts("S:invite-reply/D:href") == [f"mailto:{BOB}"]
    assert len(reply.find("S:invite-reply/S:invite-accepted")) == 1
    assert (await alice.ask("DELETE", name)).status == 204
    assert await notices(alice, ALICES) == []
    assert "<S:invite-accepted/>" in ((await alice.props(WORK, "S:invite")).found(WORK, "S:invite") or "")


async def test_a_declined_one_is_hidden_and_can_still_be_read(stand: Stand, alice: Client, bob: Client) -> None:
    await alice.put(WORK + "a.ics", event("1"))
    await invite(alice)
    assert (await answer(bob, "declined")).status == 200
    assert (await rows(stand))[BOB] == ("lrs", "", "declined")
    home = await bob.props(HOME, "D:resourcetype", depth=1)
    assert not [each for each in home.hrefs if "<S:shared/>" in (home.found(each, "D:resourcetype") or "")]
    assert (await bob.ask("GET", WORK + "a.ics")).status == 200
    reply = await alice.ask("GET", (await notices(alice, ALICES))[0])
    assert len(reply.find("S:invite-reply/S:invite-declined")) == 1


async def test_who_declined_sees_it_again_when_they_subscribe_to_it(stand: Stand, alice: Client, bob: Client) -> None:
    await invite(alice)
    await answer(bob, "declined")
    who = await stand.house.read(lambda tx: tx.identity(tx.account(BOB).id))
    await stand.house.write(lambda tx: tx.subscribe("Other Users/alice@example.test/Calendar", True), who)
    home = await bob.props(HOME, "D:resourcetype", depth=1)
    assert [each for each in home.hrefs if "<S:shared/>" in (home.found(each, "D:resourcetype") or "")]


async def test_address_books_are_shared_in_the_same_way(alice: Client, bob: Client) -> None:
    await invite(alice, path=BOOK)
    got = await bob.ask("GET", (await notices(bob))[0])
    assert got.find("S:invite-notification")[0].get("shared-type") == "addressbook"
    said = await answer(bob, home=BOBS_BOOKS)
    assert said.texts("D:href")[0].startswith(BOBS_BOOKS)


async def test_a_reply_to_nothing_is_not_found(bob: Client) -> None:
    for hosted in (WORK, "/dav/calendars/alice@example.test/Nothing/", "elsewhere"):
        inside = f"<S:invite-accepted/><S:hosturl><D:href>{hosted}</D:href></S:hosturl>"
        assert (await post(bob, HOME, inside, "S:invite-reply")).status == 404


async def test_nobody_answers_for_somebody_else(stand: Stand, alice: Client, bob: Client) -> None:
    await invite(alice)
    inside = f"<S:invite-accepted/><S:hosturl><D:href>{WORK}</D:href></S:hosturl>"
    assert (await post(alice, HOME, inside, "S:invite-reply")).status == 403
    assert (await rows(stand))[BOB][2] == "invited"


async def test_nobody_sees_the_notices_of_somebody_else(alice: Client, bob: Client) -> None:
    await invite(alice)
    [name] = await notices(bob)
    assert (await alice.props(NOTICES, "D:getetag", depth=1)).status == 404
    assert (await alice.ask("GET", name)).status == 404
    assert (await alice.ask("DELETE", name)).status == 404
    assert (await alice.ask("GET", name.replace("bob", "alice"))).status == 404


@pytest.mark.parametrize("method", ["PUT", "REPORT", "MKCOL", "PROPPATCH", "LOCK", "POST", "ACL", "COPY"])
async def test_notices_are_read_and_taken_away_and_nothing_else(bob: Client, method: str) -> None:
    assert (await bob.ask(method, NOTICES + ("x" if method in ("PUT", "COPY") else ""), "x")).status == 405


# --- WebDAV Resource Sharing ------------------------------------------------------------------------------------------


async def test_sharees_are_set_in_the_words_of_webdav(stand: Stand, alice: Client) -> None:
    def sharee(access: str) -> str:
        return (
            f"<D:sharee><D:href>mailto:{BOB}</D:href><D:comment>Plans</D:comment>"
            f"<D:share-access><D:{access}/></D:share-access></D:sharee>"
        )

    said = await alice.ask(
        "POST",
        WORK,
        f"<D:share-resource{HEAD}>{sharee('read-write')}</D:share-resource>",
        content_type="application/davsharing+xml",
    )
    assert (said.status, (await rows(stand))[BOB]) == (200, ("lrswipte", "", "invited"))
    found = await alice.props(WORK, "D:invite", "D:share-access")
    assert f"<D:sharee><D:href>mailto:{BOB}</D:href><D:invite-noresponse/>" in (found.found(WORK, "D:invite") or "")
    assert found.found(WORK, "D:share-access") == "<D:shared-owner/>"
    await post(alice, WORK, sharee("no-access"), "D:share-resource")
    assert await rows(stand) == {}
    found = await alice.props(WORK, "D:share-access")
    assert found.found(WORK, "D:share-access") == "<D:not-shared/>"
