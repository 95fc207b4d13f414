"""Collections that are made of others: birthdays of contacts, and the people of one's domain."""

from __future__ import annotations

import base64

import pytest

from groupware.contacts.photos import put_photo
from groupware.contacts.versions.convert import version_of
from groupware.model.content import parse
from groupware.model.principal import NewAccount, PrincipalKind
from groupware.store.api import WriteTx
from tests.support.davstand import Client, Said, Stand, card

HOME, BOOKS = "/dav/calendars/alice@example.test/", "/dav/contacts/alice@example.test/"
DAYS, PEOPLE, CARDS = HOME + "~birthdays/", BOOKS + "~directory/", BOOKS + "Contacts/"


async def objects(client: Client, path: str = DAYS) -> list[str]:
    said = await client.props(path, "D:getetag", depth=1)
    return [each for each in said.hrefs if each != path]


def token(said: Said) -> str:
    return said.texts("D:sync-token")[0]


# --- birthdays --------------------------------------------------------------------------------------------------------


async def test_the_birthdays_of_contacts_are_a_calendar_in_the_home(alice: Client) -> None:
    await alice.put(CARDS + "a.vcf", card("1", "Ann", "BDAY:1980-02-03", "X-ANNIVERSARY:2001-05-03"))
    await alice.put(CARDS + "b.vcf", card("2", "Bob"))
    home = await alice.props(HOME, "D:resourcetype", "D:displayname", depth=1)
    assert home.found(DAYS, "D:displayname") == "Birthdays"
    assert home.found(DAYS, "D:resourcetype") == "<D:collection/><C:calendar/>"
    found = await objects(alice)
    assert sorted(each.rpartition("-")[2] for each in found) == ["anniversary.ics", "birthday.ics"]
    got = await alice.ask("GET", next(each for each in found if "birthday" in each))
    assert (got.status, parse(got.body)[0].named("VEVENT")[0].text("SUMMARY")) == (200, "Ann: birthday (1980)")


async def test_a_birthday_is_found_by_its_time_with_the_age(alice: Client) -> None:
    await alice.put(CARDS + "a.vcf", card("1", "Ann", "BDAY:1980-02-03"))
    span = "<C:comp-filter name='VEVENT'><C:time-range start='{}' end='{}'/></C:comp-filter>"
    expand = "<C:calendar-data><C:expand start='20270201T000000Z' end='20270210T000000Z'/></C:calendar-data>"
    hit = await alice.query(DAYS, span.format("20270201T000000Z", "20270210T000000Z"), expand)
    assert b"SUMMARY:Ann is 47" in hit.body
    for start, end in (("20270301T000000Z", "20270310T000000Z"), ("20270204T000000Z", "20280202T000000Z")):
        assert (await alice.query(DAYS, span.format(start, end))).hrefs == []
    for start, end in (("20260204T000000Z", "20270203T120000Z"), ("19700101T000000Z", "20300101T000000Z")):
        assert len((await alice.query(DAYS, span.format(start, end))).hrefs) == 1
    assert len((await alice.query(DAYS, "<C:comp-filter name='VEVENT'/>")).hrefs) == 1
    assert (await alice.query(DAYS, "<C:comp-filter name='VTODO'/>")).hrefs == []


async def test_a_client_that_synchronises_hears_of_each_change_of_a_birthday(alice: Client) -> None:
    await alice.put(CARDS + "a.vcf", card("1", "Ann", "BDAY:1980-02-03"))
    first = await alice.sync(DAYS)
    assert len(first.hrefs) == 1
    assert (await alice.sync(DAYS, token(first))).hrefs == []

    await alice.put(CARDS + "b.vcf", card("2", "Bob", "BDAY:1981-02-03"))
    added = await alice.sync(DAYS, token(first))
    assert [each for each in added.hrefs if added.found(each, "D:getetag")] == (await objects(alice))[1:]

    await alice.ask("DELETE", CARDS + "a.vcf")
    gone = await alice.sync(DAYS, token(added))
    assert first.hrefs[0] in gone.hrefs
    assert gone.found(first.hrefs[0], "D:getetag") is None
    await alice.put(CARDS + "b.vcf", card("2", "Bob"))
    assert added.hrefs[0] in (await alice.sync(DAYS, token(gone))).hrefs
    assert await objects(alice) == []


async def test_birthdays_come_in_pages_while_nothing_changes(alice: Client) -> None:
    for number in range(5):
        await alice.put(CARDS + f"{number}.vcf", card(str(number), f"N{number}", "BDAY:1980-02-03"))
    first = await alice.sync(DAYS, limit=2)
    then = await alice.sync(DAYS, token(first), limit=2)
    last = await alice.sync(DAYS, token(then), limit=2)
    told = [[each for each in page.hrefs if each != DAYS] for page in (first, then, last)]
    assert [len(each) for each in told] == [2, 2, 1]
    assert sorted(each for page in told for each in page) == sorted(await objects(alice))
    assert (await alice.sync(DAYS, token(last), limit=2)).hrefs == []
    for number in range(3):
        await alice.put(CARDS + f"{number}.vcf", card(str(number), f"N{number}", "BDAY:1981-02-03"))
    assert (await alice.sync(DAYS, token(first), limit=2)).status == 403
    assert (await alice.sync(DAYS, token(last), limit=2)).status == 403


async def test_the_ctag_moves_with_the_contacts_alone(alice: Client) -> None:
    async def tag() -> str | None:
        return (await alice.props(DAYS, "S:getctag")).found(DAYS, "S:getctag")

    before = await tag()
    assert await tag() == before
    await alice.put(CARDS + "a.vcf", card("1", "Ann", "BDAY:1980-02-03"))
    assert await tag() != before


async def test_another_address_book_makes_clients_begin_again(alice: Client) -> None:
    first = await alice.sync(DAYS)
    body = "<D:mkcol xmlns:D='DAV:'><D:set><D:prop/></D:set></D:mkcol>"
    assert (await alice.ask("MKCOL", BOOKS + "more/", body)).status == 201
    again = await alice.sync(DAYS, token(first))
    assert (again.status, b"valid-sync-token" in again.body) == (403, True)


@pytest.mark.parametrize("path", [DAYS, PEOPLE])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "MKCALENDAR", "LOCK", "POST", "ACL"])
async def test_what_is_made_of_others_is_not_changed(alice: Client, path: str, method: str) -> None:
    got = await alice.ask(method, path + ("x.ics" if method in ("PUT", "DELETE") else ""), "x")
    assert (got.status, b"need-privileges" in got.body) == (403, True)
    assert "D:write" not in ((await alice.props(path, "D:current-user-privilege-set")).found(
        path, "D:current-user-privilege-set"
    ) or "")  # fmt: skip


async def test_one_gives_it_a_colour_and_a_name_of_ones_own(alice: Client) -> None:
    said = await alice.set(DAYS, "<I:calendar-color>#00FF00FF</I:calendar-color><D:displayname>Cakes</D:displayname>")
    assert said.status == 207
    for found in (await alice.props(DAYS, "I:calendar-color", "D:displayname"), await alice.props(
        HOME, "I:calendar-color", "D:displayname", depth=1
    )):  # fmt: skip
        assert (found.found(DAYS, "I:calendar-color"), found.found(DAYS, "D:displayname")) == ("#00FF00FF", "Cakes")


async def test_nobody_else_sees_it(alice: Client, bob: Client) -> None:
    await alice.put(CARDS + "a.vcf", card("1", "Ann", "BDAY:1980-02-03"))
    assert (await bob.props(DAYS, "D:getetag", depth=1)).status == 404
    assert await objects(bob, DAYS.replace("alice", "bob")) == []


async def test_it_can_be_switched_off(stand: Stand, alice: Client) -> None:
    def work(tx: WriteTx) -> None:
        owner = tx.account("alice@example.test").id
        tx.put_setting("birthdayCalendar", False, owner)
        tx.put_setting("domainAddressBook", False, owner)

    await stand.house.write(work)
    assert DAYS not in (await alice.props(HOME, "D:displayname", depth=1)).hrefs
    assert PEOPLE not in (await alice.props(BOOKS, "D:displayname", depth=1)).hrefs
    assert (await alice.props(DAYS, "D:getetag", depth=1)).status == 404
    assert (await alice.props(DAYS, "D:getetag")).status == 404


async def test_all_of_it_is_one_file(alice: Client) -> None:
    await alice.put(CARDS + "a.vcf", card("1", "Ann", "BDAY:1980-02-03"))
    got = await alice.ask("GET", DAYS)
    assert (got.status, parse(got.body)[0].text("NAME")) == (200, "Birthdays")
    assert b"SUMMARY:Ann: birthday (1980)" in got.body
    assert (await alice.ask("GET", DAYS, if_none_match=got.headers["etag"])).status == 304


async def test_allprop_of_the_home_tells_of_it_too(alice: Client) -> None:
    got = await alice.ask("PROPFIND", HOME, depth="1")
    assert (got.status, DAYS in got.hrefs) == (207, True)
    assert (await alice.ask("PROPFIND", DAYS, depth="1")).status == 207


# --- the people of a domain -------------------------------------------------------------------------------------------


async def more(stand: Stand) -> None:
    def work(tx: WriteTx) -> None:
        tx.put_account(NewAccount("blue@example.test", PrincipalKind.RESOURCE, name="Blue Room"))
        tx.put_account(NewAccount("news@example.test", PrincipalKind.LIST, name="News"))
        tx.put_account(NewAccount("team@example.test", PrincipalKind.GROUP, name="Team"))
        tx.put_alias("blue@example.test", "room@example.test")

    await stand.house.write(work)


async def cards(client: Client, version: str = "4.0") -> dict[str, dict[str, str]]:
    data = f"<D:prop><A:address-data content-type='text/vcard' version='{version}'/></D:prop>"
    said = await client.report(PEOPLE, "A:addressbook-query", data)
    found = [parse(each.encode())[0] for each in said.texts("D:response/D:propstat/D:prop/A:address-data")]
    return {each.text("EMAIL"): {name: each.text(name) for name in ("FN", "KIND", "VERSION")} for each in found}


async def test_the_people_of_a_domain_are_an_address_book(stand: Stand, alice: Client) -> None:
    await more(stand)
    found = await cards(alice)
    wanted = {"alice": "individual", "blue": "location", "news": "group", "team": "group"}
    assert {name: found[f"{name}@example.test"]["KIND"] for name in wanted} == wanted
    assert found["blue@example.test"]["FN"] == "Blue Room"
    got = await alice.ask("GET", PEOPLE + "blue@example.test.vcf")
    assert (got.status, version_of(got.body), b"EMAIL:room@example.test" in got.body) == (200, "3.0", True)
    newer = await alice.ask("GET", PEOPLE + "blue@example.test.vcf", accept="text/vcard; version=4.0")
    assert b"KIND:location" in newer.body


async def test_people_are_found_by_a_filter(stand: Stand, alice: Client) -> None:
    await more(stand)
    test = "<A:filter><A:prop-filter name='FN'><A:text-match>blue</A:text-match></A:prop-filter></A:filter>"
    said = await alice.report(PEOPLE, "A:addressbook-query", f"<D:prop><D:getetag/></D:prop>{test}")
    assert said.hrefs == [PEOPLE + "blue@example.test.vcf"]
    got = await alice.report(
        PEOPLE, "A:addressbook-multiget", f"<D:prop><A:address-data/></D:prop><D:href>{said.hrefs[0]}</D:href>"
    )
    assert b"Blue Room" in got.body


async def test_who_is_not_published_is_not_found(stand: Stand, alice: Client) -> None:
    await more(stand)
    await stand.house.write(lambda tx: tx.put_setting("publishContactInfo", False, tx.account("blue@example.test").id))
    assert "blue@example.test" not in await cards(alice)
    assert "news@example.test" in await cards(alice)
    test = "<D:property-search><D:prop><D:displayname/></D:prop><D:match>blue</D:match></D:property-search>"
    said = await alice.report(
        "/dav/principals/", "D:principal-property-search", test + "<D:prop><D:displayname/></D:prop>"
    )
    assert said.hrefs == []


async def test_a_client_of_the_directory_begins_again_after_a_change(stand: Stand, alice: Client) -> None:
    first = await alice.sync(PEOPLE)
    assert PEOPLE + "bob@example.test.vcf" in first.hrefs
    assert (await alice.sync(PEOPLE, token(first))).hrefs == []
    await stand.house.write(lambda tx: tx.update_account("bob@example.test", name="Robert"))
    again = await alice.sync(PEOPLE, token(first))
    assert (again.status, b"valid-sync-token" in again.body) == (403, True)
    assert token(await alice.sync(PEOPLE)) != token(first)


async def test_a_photo_of_an_account_is_in_its_card_in_both_versions(stand: Stand, alice: Client, bob: Client) -> None:
    path = PEOPLE + "bob@example.test.vcf"
    before, first = await alice.sync(PEOPLE), await alice.ask("GET", path)
    picture = b"\xff\xd8\xff\xe0 a picture" * 50
    coded = base64.b64encode(picture).decode()
    who = await stand.house.read(lambda tx: tx.identity(tx.account("bob@example.test").id))
    await stand.house.write(lambda tx: put_photo(tx, picture), who)

    assert (await alice.sync(PEOPLE, token(before))).status == 403
    older = await alice.ask("GET", path)
    assert older.headers["etag"] != first.headers["etag"]
    line = parse(older.body)[0].first("PHOTO")
    assert line is not None
    assert (line.param("ENCODING"), line.param("TYPE"), line.value) == ("b", "JPEG", coded)
    newer = await alice.ask("GET", path, accept="text/vcard; version=4.0")
    assert parse(newer.body)[0].text("PHOTO") == f"data:image/jpeg;base64,{coded}"
    data = "<D:prop><D:getetag/><A:address-data content-type='text/vcard' version='4.0'/></D:prop>"
    said = await alice.report(PEOPLE, "A:addressbook-multiget", f"{data}<D:href>{path}</D:href>")
    assert said.found(path, "D:getetag") == older.headers["etag"]
    assert parse(said.texts("D:response/D:propstat/D:prop/A:address-data")[0].encode())[0].text("PHOTO").endswith(coded)
    assert (await alice.ask("GET", path, if_none_match=older.headers["etag"])).status == 304

    await stand.house.write(lambda tx: put_photo(tx, b""), who)
    assert (await alice.ask("GET", path)).headers["etag"] == first.headers["etag"]


async def test_more_pictures_than_fit_into_one_answer_are_refused(
    stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.dav.telling.MOST_MADE", 100)
    said = await alice.report(PEOPLE, "A:addressbook-query", "<D:prop><A:address-data/></D:prop>")
    assert (said.status, b"number-of-matches-within-limits" in said.body) == (403, True)
    assert (await alice.report(PEOPLE, "A:addressbook-query", "<D:prop><D:getetag/></D:prop>")).status == 207


async def test_another_domain_is_not_in_it(stand: Stand, alice: Client) -> None:
    assert all(each.endswith("@example.test") for each in await cards(alice))
