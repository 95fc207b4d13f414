"""Where a client begins, what a home holds, collections made, renamed, coloured and taken away."""

from __future__ import annotations

import pytest
from lxml import etree

from groupware.model.item import Kind
from groupware.model.principal import OPERATOR, Domain, NewAccount
from groupware.store.api import WriteTx
from tests.support.davstand import HEAD, Client, Stand, event

ME, HOME = "/dav/principals/alice@example.test/", "/dav/calendars/alice@example.test/"


async def folders(stand: Stand, name: str = "alice") -> list[str]:
    return await stand.house.read(
        lambda tx: [each.path.rpartition("/")[2] for each in tx.folders(of=tx.account(f"{name}@example.test").id)]
    )


def mkcalendar(inside: str) -> str:
    return f"<C:mkcalendar{HEAD}><D:set><D:prop>{inside}</D:prop></D:set></C:mkcalendar>"


def proppatch(inside: str, step: str = "set") -> str:
    return f"<D:propertyupdate{HEAD}><D:{step}><D:prop>{inside}</D:prop></D:{step}></D:propertyupdate>"


async def test_a_client_finds_its_way_from_the_root(alice: Client) -> None:
    said = await alice.props("/dav/", "D:current-user-principal")
    assert said.found("/dav/", "D:current-user-principal") == f"<D:href>{ME}</D:href>"
    said = await alice.props(ME, "C:calendar-home-set", "A:addressbook-home-set", "C:calendar-user-address-set")
    assert said.found(ME, "C:calendar-home-set") == f"<D:href>{HOME}</D:href>"
    assert said.found(ME, "A:addressbook-home-set") == "<D:href>/dav/contacts/alice@example.test/</D:href>"
    assert "mailto:alice@example.test" in (said.found(ME, "C:calendar-user-address-set") or "")


async def test_a_home_holds_what_the_account_was_born_with(alice: Client) -> None:
    said = await alice.props(HOME, "D:displayname", "C:supported-calendar-component-set", depth=1)
    names = {each: said.found(HOME + each + "/", "D:displayname") for each in ("Calendar", "Tasks", "Notes", "Journal")}
    assert names == {each: each for each in names}
    assert '"VTODO"' in (said.found(HOME + "Tasks/", "C:supported-calendar-component-set") or "")
    cards = await alice.props("/dav/contacts/alice@example.test/", "D:resourcetype", depth=1)
    kind = cards.found("/dav/contacts/alice@example.test/Contacts/", "D:resourcetype")
    assert kind == "<D:collection/><A:addressbook/>"


async def test_mail_is_in_no_home(alice: Client) -> None:
    assert not [each for each in (await alice.props(HOME, "D:displayname", depth=1)).hrefs if "INBOX" in each]
    assert (await alice.props(HOME + "INBOX/", "D:displayname")).status == 404


async def test_a_property_that_is_not_there_is_404_in_its_place(alice: Client) -> None:
    said = await alice.props(HOME + "Calendar/", "D:displayname", "S:nothing")
    assert said.found(HOME + "Calendar/", "S:nothing") is None
    assert "HTTP/1.1 404 Not Found" in said.texts("D:response/D:propstat/D:status")


async def test_allprop_and_propname(alice: Client) -> None:
    said = await alice.ask("PROPFIND", HOME + "Calendar/", depth="0")
    assert said.found(HOME + "Calendar/", "D:displayname") == "Calendar"
    names = await alice.ask("PROPFIND", HOME, f"<D:propfind{HEAD}><D:propname/></D:propfind>", depth="0")
    assert len(names.find("D:response/D:propstat/D:prop/D:resourcetype")) == 1


async def test_a_new_calendar_is_a_folder_of_the_name_that_people_see(stand: Stand, alice: Client) -> None:
    inside = "<D:displayname>Büro</D:displayname><I:calendar-color>#FF0000FF</I:calendar-color>"
    assert (await alice.ask("MKCALENDAR", HOME + "5D2C-01/", mkcalendar(inside))).status == 201
    assert "Büro" in await folders(stand)
    said = await alice.props(HOME + "5D2C-01/", "D:displayname", "I:calendar-color", "D:resourcetype")
    assert said.found(HOME + "5D2C-01/", "D:displayname") == "Büro"
    assert said.found(HOME + "5D2C-01/", "I:calendar-color") == "#FF0000FF"
    assert said.found(HOME + "5D2C-01/", "D:resourcetype") == "<D:collection/><C:calendar/>"
    assert (await alice.ask("MKCALENDAR", HOME + "5D2C-01/")).status == 405


async def test_two_calendars_of_one_name_are_two_folders(stand: Stand, alice: Client) -> None:
    for segment in ("a", "b"):
        await alice.ask("MKCALENDAR", f"{HOME}{segment}/", mkcalendar("<D:displayname>Work</D:displayname>"))
    assert {"Work", "Work 2"} <= set(await folders(stand))


async def test_a_list_of_tasks_is_a_folder_of_tasks(stand: Stand, alice: Client) -> None:
    inside = '<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>'
    await alice.ask("MKCALENDAR", HOME + "todo/", mkcalendar(inside))
    task = event("1").replace("VEVENT", "VTODO").replace("DTSTART", "DUE")
    assert (await alice.put(HOME + "todo/a.ics", task)).status == 201
    assert (await alice.put(HOME + "todo/b.ics", event("2"))).status == 403


async def test_an_address_book_is_made_by_mkcol(alice: Client) -> None:
    path = "/dav/contacts/alice@example.test/friends/"
    types = "<D:resourcetype><D:collection/><A:addressbook/></D:resourcetype><D:displayname>Friends</D:displayname>"
    body = f"<D:mkcol{HEAD}><D:set><D:prop>{types}</D:prop></D:set></D:mkcol>"
    assert (await alice.ask("MKCOL", path, body)).status == 201
    assert (await alice.props(path, "D:displayname")).found(path, "D:displayname") == "Friends"


async def test_a_plain_collection_has_no_place_here(alice: Client) -> None:
    assert (await alice.ask("MKCOL", HOME + "plain/")).status == 403


@pytest.mark.parametrize("types", ["<D:collection/>", "<D:collection/><A:addressbook/>"])
async def test_what_is_no_calendar_has_no_place_among_calendars(stand: Stand, alice: Client, types: str) -> None:
    before = await folders(stand)
    body = f"<D:mkcol{HEAD}><D:set><D:prop><D:resourcetype>{types}</D:resourcetype></D:prop></D:set></D:mkcol>"
    said = await alice.ask("MKCOL", HOME + "plain/", body)
    assert (said.status, len(said.find("D:valid-resourcetype"))) == (403, 1)
    assert await folders(stand) == before


@pytest.mark.parametrize(("method", "root"), [("MKCALENDAR", "C:mkcalendar"), ("MKCOL", "D:mkcol")])
async def test_a_collection_with_a_property_that_only_the_server_sets_is_not_made(
    stand: Stand, alice: Client, method: str, root: str
) -> None:
    before = await folders(stand)
    types = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
    inside = f"{types}<D:displayname>New</D:displayname><D:getetag>x</D:getetag>"
    said = await alice.ask(method, HOME + "new/", f"<{root}{HEAD}><D:set><D:prop>{inside}</D:prop></D:set></{root}>")
    assert (said.status, etree.QName(said.xml).localname) == (403, f"{root[2:]}-response")
    assert len(said.find("D:propstat/D:prop/D:getetag")) == 1
    assert [each.split()[1] for each in said.texts("D:propstat/D:status")] == ["403", "424"]
    assert await folders(stand) == before


@pytest.mark.parametrize("method", ["MKCALENDAR", "MKCOL"])
async def test_there_is_no_collection_in_a_collection(alice: Client, method: str) -> None:
    said = await alice.ask(method, HOME + "Calendar/inner/")
    assert (said.status, len(said.find("C:calendar-collection-location-ok"))) == (403, 1)


async def test_another_name_for_a_calendar_is_the_folders_and_the_path_stays(stand: Stand, alice: Client) -> None:
    await alice.ask("MKCALENDAR", HOME + "work/")
    await alice.put(HOME + "work/a.ics", event("1"))
    said = await alice.ask("PROPPATCH", HOME + "work/", proppatch("<D:displayname>Office</D:displayname>"))
    assert said.status == 207
    assert "Office" in await folders(stand)
    assert (await alice.ask("GET", HOME + "work/a.ics")).status == 200
    listed = await alice.props(HOME, "D:displayname", depth=1)
    assert listed.found(HOME + "work/", "D:displayname") == "Office"


async def test_a_folder_that_is_renamed_elsewhere_keeps_the_path_that_a_client_gave_it(
    stand: Stand, alice: Client
) -> None:
    await alice.ask("MKCALENDAR", HOME + "uuid-1/", mkcalendar("<D:displayname>Work</D:displayname>"))

    def rename(tx: WriteTx) -> None:
        at = tx.locate(tx.account("alice@example.test").id, "Work")
        tx.rename_folder(at.id, at.path.replace("Work", "Play"))

    await stand.house.write(rename)
    assert (await alice.props(HOME + "uuid-1/", "D:displayname")).found(HOME + "uuid-1/", "D:displayname") == "Play"


async def test_a_property_that_nobody_knows_is_kept(alice: Client) -> None:
    inside = "<x:mine xmlns:x='urn:x'><x:deep a='1'>t &amp; u</x:deep></x:mine>"
    await alice.ask("PROPPATCH", HOME + "Calendar/", proppatch(inside))
    body = f"<D:propfind{HEAD}><D:prop><x:mine xmlns:x='urn:x'/></D:prop></D:propfind>"
    said = await alice.ask("PROPFIND", HOME + "Calendar/", body, depth="0")
    deep = said.xml.find(".//{urn:x}mine/{urn:x}deep")
    assert deep is not None
    assert (deep.text, deep.get("a")) == ("t & u", "1")
    await alice.ask("PROPPATCH", HOME + "Calendar/", proppatch("<x:mine xmlns:x='urn:x'/>", "remove"))
    said = await alice.ask("PROPFIND", HOME + "Calendar/", body, depth="0")
    assert said.xml.find(".//{urn:x}mine/{urn:x}deep") is None


async def test_what_the_server_sets_is_not_set_by_others_and_then_nothing_is(alice: Client) -> None:
    inside = "<D:getetag>x</D:getetag><I:calendar-color>#00FF00</I:calendar-color>"
    said = await alice.ask("PROPPATCH", HOME + "Calendar/", proppatch(inside))
    assert [each.split()[1] for each in said.texts("D:response/D:propstat/D:status")] == ["403", "424"]
    colour = await alice.props(HOME + "Calendar/", "I:calendar-color")
    assert colour.found(HOME + "Calendar/", "I:calendar-color") is None


async def test_a_calendar_goes_with_all_that_is_in_it(alice: Client) -> None:
    await alice.ask("MKCALENDAR", HOME + "gone/")
    await alice.put(HOME + "gone/a.ics", event("1"))
    assert (await alice.ask("DELETE", HOME + "gone/")).status == 204
    assert (await alice.ask("GET", HOME + "gone/a.ics")).status == 404


async def test_the_default_calendar_stays(alice: Client) -> None:
    assert (await alice.ask("DELETE", HOME + "Calendar/")).status == 403
    assert (await alice.props(HOME + "Calendar/", "D:displayname")).status == 207


@pytest.mark.parametrize("path", ["/dav/", "/dav/principals/", HOME, HOME + "Calendar/", HOME + "Calendar/a.ics"])
async def test_options_says_what_is_spoken(alice: Client, path: str) -> None:
    said = await alice.ask("OPTIONS", path)
    assert {"calendar-access", "addressbook", "access-control"} <= set(said.headers["dav"].split(", "))


async def test_a_nested_folder_is_in_the_home_by_its_number(stand: Stand, alice: Client) -> None:

    def work(tx: WriteTx) -> int:
        return tx.add_folder(tx.account("alice@example.test").id, "Calendar/Deep", Kind.CALENDAR).id

    number = await stand.house.parts.store.write(OPERATOR, work)
    path = f"{HOME}~{number}/"
    said = await alice.props(HOME, "D:displayname", depth=1)
    assert said.found(path, "D:displayname") == "Deep"
    assert (await alice.put(path + "a.ics", event("1"))).status == 201


# --- people -----------------------------------------------------------------------------------------------------------


async def search(alice: Client, name: str, text: str) -> list[str]:
    inside = f"<D:property-search><D:prop><{name}/></D:prop><D:match>{text}</D:match></D:property-search>"
    said = await alice.report(
        "/dav/principals/", "D:principal-property-search", f"{inside}<D:prop><D:displayname/></D:prop>"
    )
    return [each.rstrip("/").rpartition("/")[2] for each in said.hrefs]


async def test_people_of_ones_own_domain_are_found_by_name_and_address(stand: Stand, alice: Client) -> None:
    await stand.house.write(lambda tx: tx.update_account("bob@example.test", name="Robert Müller"))
    await stand.house.write(lambda tx: tx.put_domain(Domain("other.test")))
    await stand.house.write(lambda tx: tx.put_account(NewAccount("robert@other.test", name="Robert Other")))
    assert await search(alice, "D:displayname", "robert") == ["bob@example.test"]
    assert await search(alice, "S:email-address-set", "bob@") == ["bob@example.test"]
    assert await search(alice, "C:calendar-user-address-set", "mailto:bob@example.test") == ["bob@example.test"]
    assert await search(alice, "D:displayname", "nobody") == []


async def test_a_principal_that_a_property_names_is_expanded(alice: Client) -> None:
    inner = '<D:property name="calendar-home-set" namespace="urn:ietf:params:xml:ns:caldav"/>'
    inside = f'<D:property name="current-user-principal">{inner}</D:property>'
    said = await alice.report("/dav/", "D:expand-property", inside)
    path = (
        "D:response/D:propstat/D:prop/D:current-user-principal/D:response/D:propstat/D:prop/C:calendar-home-set/D:href"
    )
    assert said.texts(path) == [HOME]


async def test_oneself_is_found_among_the_principals(alice: Client) -> None:
    said = await alice.report("/dav/principals/", "D:principal-match", "<D:self/>")
    assert said.hrefs == [ME]
