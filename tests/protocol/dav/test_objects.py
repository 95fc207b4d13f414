"""Objects: put in, read back octet for octet, changed under conditions, refused with a reason, moved, taken away."""

from __future__ import annotations

import pytest

from tests.support.davstand import Client, Stand, card, event

HOME = "/dav/calendars/alice@example.test"
WORK, CARDS = f"{HOME}/Calendar/", "/dav/contacts/alice@example.test/Contacts/"


async def test_what_is_put_comes_back_octet_for_octet(alice: Client) -> None:
    given = event("1", "20261201T100000Z", 'X-ODD;A="b;c":v\\,w', "DESCRIPTION:folded", " here")
    made = await alice.put(WORK + "a.ics", given)
    got = await alice.ask("GET", WORK + "a.ics")
    assert (made.status, got.status, got.body) == (201, 200, given.encode())
    assert made.headers["etag"] == got.headers["etag"]
    assert got.headers["content-type"] == "text/calendar; charset=utf-8; component=vevent"


async def test_a_contact_comes_back_octet_for_octet(alice: Client) -> None:
    given = card("1", "Zoë", "N:;Zoë;;;", "TEL;TYPE=CELL:+1 2")
    assert (await alice.put(CARDS + "z.vcf", given)).status == 201
    assert (await alice.ask("GET", CARDS + "z.vcf")).body == given.encode()


async def test_another_content_has_another_tag(alice: Client) -> None:
    first = await alice.put(WORK + "a.ics", event("1"))
    second = await alice.put(WORK + "a.ics", event("1", summary="Other"))
    assert (second.status, second.headers["etag"] != first.headers["etag"]) == (204, True)


@pytest.mark.parametrize(("at", "octets"), [(WORK + "a.ics", event("1")), (CARDS + "a.vcf", card("1"))])
async def test_what_was_put_comes_back_to_who_prefers_that(alice: Client, at: str, octets: str) -> None:
    for status in (201, 200):
        said = await alice.put(at, octets, prefer="return=representation")
        assert (said.status, said.body.decode(), said.headers["content-location"]) == (status, octets, at)
        assert said.headers["etag"] == (await alice.ask("GET", at)).headers["etag"]
        assert said.headers["preference-applied"] == "return=representation"


async def test_what_has_no_collection_to_be_in_is_a_conflict(alice: Client) -> None:
    await alice.put(WORK + "a.ics", event("1"))
    assert (await alice.put(f"{HOME}/nowhere/a.ics", event("2"))).status == 409
    for method in ("COPY", "MOVE"):
        assert (await alice.ask(method, WORK + "a.ics", destination=f"{HOME}/nowhere/a.ics")).status == 409
    assert (await alice.ask("GET", WORK + "a.ics")).status == 200


async def test_if_match_holds_back_a_change_of_what_others_have_changed(alice: Client) -> None:
    old = (await alice.put(WORK + "a.ics", event("1"))).headers["etag"]
    await alice.put(WORK + "a.ics", event("1", summary="Theirs"))
    late = await alice.put(WORK + "a.ics", event("1", summary="Mine"), if_match=old)
    assert late.status == 412
    assert b"Theirs" in (await alice.ask("GET", WORK + "a.ics")).body


async def test_if_none_match_makes_and_never_replaces(alice: Client) -> None:
    assert (await alice.put(WORK + "a.ics", event("1"), if_none_match="*")).status == 201
    assert (await alice.put(WORK + "a.ics", event("1"), if_none_match="*")).status == 412


async def test_what_has_not_changed_is_not_sent_again(alice: Client) -> None:
    tag = (await alice.put(WORK + "a.ics", event("1"))).headers["etag"]
    got = await alice.ask("GET", WORK + "a.ics", if_none_match=tag)
    assert (got.status, got.body) == (304, b"")


async def test_delete_takes_it_away_if_it_is_what_was_seen(alice: Client) -> None:
    tag = (await alice.put(WORK + "a.ics", event("1"))).headers["etag"]
    assert (await alice.ask("DELETE", WORK + "a.ics", if_match='"other"')).status == 412
    assert (await alice.ask("DELETE", WORK + "a.ics", if_match=tag)).status == 204
    assert (await alice.ask("GET", WORK + "a.ics")).status == 404


async def test_post_gives_a_name(alice: Client) -> None:
    [where] = (await alice.props(WORK, "D:add-member")).texts("D:response/D:propstat/D:prop/D:add-member/D:href")
    made = await alice.ask("POST", where, event("1"), content_type="text/calendar")
    assert made.status == 201
    assert (await alice.ask("GET", made.headers["location"])).body == event("1").encode()


@pytest.mark.parametrize(
    ("body", "status", "condition", "says"),
    [
        ("nothing", 403, "C:valid-calendar-data", "line 1"),
        (event("1").replace("UID:1\r\n", ""), 403, "C:valid-calendar-data", "no UID"),
        (event("1", "20269901T100000Z"), 403, "C:valid-calendar-data", "line 7: DTSTART"),
        (event("1", "20261201T100000Z", "RRULE:FREQ=SOMETIMES"), 403, "C:valid-calendar-data", "FREQ"),
        (event("1", "20261201T100000Z", "RRULE:RSCALE=HEBREW;FREQ=YEARLY"), 403, "C:valid-calendar-data", "RSCALE"),
        (event("1").replace("PRODID:test", "METHOD:REQUEST"), 403, "C:valid-calendar-object-resource", "METHOD"),
        (event("1").replace("VEVENT", "VTODO"), 403, "C:supported-calendar-component", "VTODO"),
        (event("1", "20261201T100000Z", end="20261130T100000Z"), 403, "C:valid-calendar-data", "before DTSTART"),
    ],
)
async def test_what_is_no_event_is_refused_with_its_reason(
    alice: Client, body: str, status: int, condition: str, says: str
) -> None:
    said = await alice.put(WORK + "a.ics", body)
    assert (said.status, len(said.find(condition))) == (status, 1)
    assert says in said.texts("S:response-description")[0]
    assert (await alice.props(WORK, "D:getetag", depth=1)).hrefs == [WORK]


async def test_other_kinds_of_files_are_not_kept(alice: Client) -> None:
    assert (await alice.ask("PUT", WORK + "a.ics", b"x", content_type="image/png")).status == 415


async def test_a_uid_is_there_once(alice: Client) -> None:
    await alice.put(WORK + "a.ics", event("same"))
    said = await alice.put(WORK + "b.ics", event("same"))
    assert (said.status, said.texts("C:no-uid-conflict/D:href")) == (409, [WORK + "a.ics"])
    other = await alice.put(WORK + "a.ics", event("another"))
    assert (other.status, other.texts("C:no-uid-conflict/D:href")) == (409, [WORK + "a.ics"])


async def test_the_same_uid_is_another_object_elsewhere(alice: Client) -> None:
    await alice.ask("MKCALENDAR", f"{HOME}/more/")
    assert (await alice.put(WORK + "a.ics", event("same"))).status == 201
    assert (await alice.put(f"{HOME}/more/a.ics", event("same"))).status == 201


async def test_move_takes_it_elsewhere(alice: Client) -> None:
    await alice.ask("MKCALENDAR", f"{HOME}/more/")
    await alice.put(WORK + "a.ics", event("1"))
    moved = await alice.ask("MOVE", WORK + "a.ics", destination=f"https://dav.example.test{HOME}/more/b.ics")
    assert moved.status == 201
    assert (await alice.ask("GET", WORK + "a.ics")).status == 404
    assert (await alice.ask("GET", f"{HOME}/more/b.ics")).body == event("1").encode()


async def test_copy_leaves_it_where_it_is(alice: Client) -> None:
    await alice.ask("MKCALENDAR", f"{HOME}/more/")
    await alice.put(WORK + "a.ics", event("1"))
    assert (await alice.ask("COPY", WORK + "a.ics", destination=f"{HOME}/more/a.ics")).status == 201
    assert (await alice.ask("COPY", WORK + "a.ics", destination=f"{HOME}/more/a.ics", overwrite="F")).status == 412
    assert (await alice.ask("COPY", WORK + "a.ics", destination=f"{HOME}/more/a.ics")).status == 204
    assert (await alice.ask("GET", WORK + "a.ics")).status == 200


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
async def test_events_stay_out_of_address_books_and_contacts_out_of_calendars(alice: Client, method: str) -> None:
    await alice.put(WORK + "a.ics", event("1"))
    await alice.put(CARDS + "a.vcf", card("1"))
    first = await alice.ask(method, WORK + "a.ics", destination=CARDS + "b.vcf")
    second = await alice.ask(method, CARDS + "a.vcf", destination=WORK + "b.ics")
    assert (first.status, second.status) == (403, 403)
    assert first.find("A:supported-address-data") and second.find("C:supported-calendar-data")
    left = [await alice.ask("GET", at) for at in (WORK + "a.ics", CARDS + "a.vcf", CARDS + "b.vcf", WORK + "b.ics")]
    assert [each.status for each in left] == [200, 200, 404, 404]


async def test_a_copy_beside_itself_would_have_the_same_uid(alice: Client) -> None:
    await alice.put(WORK + "a.ics", event("1"))
    assert (await alice.ask("COPY", WORK + "a.ics", destination=WORK + "b.ics")).status == 409


@pytest.mark.parametrize("name", ["%2e%2e", "..", "a%2Fb.ics", "%00.ics", "%ff.ics", "x" * 5000])
async def test_paths_lead_nowhere_else(alice: Client, name: str) -> None:
    said = await alice.put(WORK + name, event("1"))
    assert said.status in (404, 405)
    assert (await alice.props(WORK, "D:getetag", depth=1)).hrefs == [WORK]


async def test_names_may_be_of_any_script(alice: Client) -> None:
    path = WORK + "%C3%BCber%20100%25.ics"
    await alice.put(path, event("1"))
    assert (await alice.props(WORK, "D:getetag", depth=1)).hrefs == [WORK, path]
    assert (await alice.ask("GET", path)).body == event("1").encode()


async def test_who_has_no_password_gets_nothing(stand: Stand) -> None:
    said = await stand.http.get(WORK + "a.ics")
    assert (said.status_code, said.headers["www-authenticate"][:5]) == (401, "Basic")


async def test_a_wrong_password_is_refused(stand: Stand) -> None:
    said = await stand.http.get(WORK + "a.ics", auth=("alice@example.test", "wrong"))
    assert said.status_code == 401


async def test_the_switch_of_the_account_shuts_the_door(stand: Stand, bob: Client) -> None:
    await stand.house.write(lambda tx: tx.put_setting("dav", False, tx.account("bob@example.test").id))
    assert (await bob.props("/dav/", "D:current-user-principal")).status == 401


@pytest.mark.parametrize(
    "body",
    [
        "<x",
        "<!DOCTYPE x [<!ENTITY a 'b'>]><D:propfind xmlns:D='DAV:'>&a;</D:propfind>",
        "<!DOCTYPE x SYSTEM 'file:///etc/passwd'><D:propfind xmlns:D='DAV:'/>",
        "<a>" * 100 + "</a>" * 100,
    ],
)
async def test_xml_that_is_broken_or_clever_is_refused(alice: Client, body: str) -> None:
    assert (await alice.ask("PROPFIND", WORK, body, depth="0")).status == 400


async def test_a_body_that_is_too_large_is_refused_by_its_length(alice: Client) -> None:
    said = await alice.put(WORK + "a.ics", event("1"), content_length=str(1 << 40))
    assert (said.status, len(said.find("C:max-resource-size"))) == (413, 1)
    contact = CARDS + "a.vcf"
    said = await alice.put(contact, card("1"), content_length=str(1 << 40))
    assert (said.status, len(said.find("A:max-resource-size"))) == (413, 1)
