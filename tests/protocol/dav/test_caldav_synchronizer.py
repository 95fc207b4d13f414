"""Outlook's add-in CalDav Synchronizer: the requests that it makes, in its order, with its own header fields.

It asks for what a server can do, for the principal and the homes, then compares etags, fetches what differs in one
report, and writes with conditions.
"""

from __future__ import annotations

from tests.support.davstand import Said, Stand, card, event

AGENT = {"user_agent": "CalDavSynchronizer/4.4.1"}
HOME = "/dav/calendars/alice@example.test"
CALENDAR, TASKS, BOOK = f"{HOME}/Calendar/", f"{HOME}/Tasks/", "/dav/contacts/alice@example.test/Contacts/"
WHO = (
    "<?xml version='1.0'?><D:propfind xmlns:D=\"DAV:\"><D:prop><D:current-user-principal/><D:principal-URL/>"
    "<D:resourcetype/></D:prop></D:propfind>"
)
HOMES = (
    '<?xml version="1.0"?><D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" '
    'xmlns:A="urn:ietf:params:xml:ns:carddav"><D:prop><C:calendar-home-set/><A:addressbook-home-set/>'
    "<C:calendar-user-address-set/><D:displayname/></D:prop></D:propfind>"
)
RESOURCES = (
    '<?xml version="1.0"?><D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" '
    'xmlns:E="http://apple.com/ns/ical/"><D:prop><D:resourcetype/><D:displayname/><E:calendar-color/>'
    "<E:calendar-order/><C:supported-calendar-component-set/><D:current-user-privilege-set/></D:prop></D:propfind>"
)
ABLE = (
    '<?xml version="1.0"?><D:propfind xmlns:D="DAV:" xmlns:S="http://calendarserver.org/ns/"><D:prop>'
    "<D:supported-report-set/><D:current-user-privilege-set/><D:resourcetype/><S:getctag/><D:sync-token/>"
    "<D:owner/></D:prop></D:propfind>"
)
ETAG = '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>'


async def ask(stand: Stand, method: str, path: str, body: str = "", **headers: str) -> Said:
    kind = {"content_type": "application/xml; charset=utf-8"} if method in ("PROPFIND", "REPORT") else {}
    return await stand.client("alice").ask(method, path, body, **AGENT, **kind, **headers)


def query(component: str) -> str:
    times = '<C:time-range start="20261101T000000Z" end="20270301T000000Z"/>'
    return (
        '<?xml version="1.0"?><C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop xmlns:D="DAV:">'
        '<D:getetag/></D:prop><C:filter><C:comp-filter name="VCALENDAR">'
        f'<C:comp-filter name="{component}">{times}</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>'
    )


def multiget(kind: str, space: str, *hrefs: str) -> str:
    data = "calendar-data" if kind == "calendar" else "address-data"
    asked = "".join(f"<D:href>{each}</D:href>" for each in hrefs)
    return (
        f'<?xml version="1.0"?><A:{kind}-multiget xmlns:D="DAV:" xmlns:A="urn:ietf:params:xml:ns:{space}">'
        f"<D:prop><D:getetag/><D:getcontenttype/><A:{data}/></D:prop>{asked}</A:{kind}-multiget>"
    )


async def test_it_finds_the_calendars_and_address_books(stand: Stand) -> None:
    able = await ask(stand, "OPTIONS", "/dav/")
    assert {"calendar-access", "addressbook", "calendar-auto-schedule"} <= set(able.headers["dav"].split(", "))
    (principal,) = (await ask(stand, "PROPFIND", "/dav/", WHO, depth="0")).texts(".//D:current-user-principal/D:href")
    said = await ask(stand, "PROPFIND", principal, HOMES, depth="0")
    (home,) = said.texts(".//C:calendar-home-set/D:href")
    (books,) = said.texts(".//A:addressbook-home-set/D:href")
    assert "mailto:alice@example.test" in said.texts(".//C:calendar-user-address-set/D:href")
    listed = await ask(stand, "PROPFIND", home, RESOURCES, depth="1")
    assert {CALENDAR, TASKS} <= set(listed.hrefs)
    assert 'name="VEVENT"' in str(listed.found(CALENDAR, "C:supported-calendar-component-set"))
    assert "write-content" in str(listed.found(CALENDAR, "D:current-user-privilege-set"))
    assert BOOK in (await ask(stand, "PROPFIND", books, RESOURCES, depth="1")).hrefs


async def test_it_sees_what_a_calendar_can_do(stand: Stand) -> None:
    said = await ask(stand, "PROPFIND", CALENDAR, ABLE, depth="0")
    reports = str(said.found(CALENDAR, "D:supported-report-set"))
    assert all(each in reports for each in ("calendar-query", "calendar-multiget", "sync-collection"))
    assert said.found(CALENDAR, "S:getctag")
    assert "calendar" in str(said.found(CALENDAR, "D:resourcetype"))


async def test_events_go_there_and_back(stand: Stand) -> None:
    made = await ask(stand, "PUT", f"{CALENDAR}one.ics", event("one"), content_type="text/calendar", if_none_match="*")
    assert made.status == 201
    tag = made.headers["etag"]
    said = await ask(stand, "REPORT", CALENDAR, query("VEVENT"), depth="1")
    assert said.found(f"{CALENDAR}one.ics", "D:getetag") == tag
    got = await ask(stand, "REPORT", CALENDAR, multiget("calendar", "caldav", f"{CALENDAR}one.ics"), depth="1")
    assert "SUMMARY:Meeting" in str(got.found(f"{CALENDAR}one.ics", "C:calendar-data"))
    twice = await ask(stand, "PUT", f"{CALENDAR}one.ics", event("one"), content_type="text/calendar", if_none_match="*")
    assert twice.status == 412
    other = event("one", summary="Moved")
    changed = await ask(stand, "PUT", f"{CALENDAR}one.ics", other, content_type="text/calendar", if_match=tag)
    assert changed.status == 204
    late = await ask(stand, "PUT", f"{CALENDAR}one.ics", other, content_type="text/calendar", if_match=tag)
    assert late.status == 412
    newer = (await ask(stand, "PROPFIND", f"{CALENDAR}one.ics", ETAG, depth="0")).found(
        f"{CALENDAR}one.ics", "D:getetag"
    )
    assert newer == changed.headers.get("etag", newer) != tag
    assert (await ask(stand, "DELETE", f"{CALENDAR}one.ics", if_match=tag)).status == 412
    assert (await ask(stand, "DELETE", f"{CALENDAR}one.ics", if_match=str(newer))).status == 204
    assert (await ask(stand, "DELETE", f"{CALENDAR}one.ics", if_match=str(newer))).status in (404, 412)


async def test_it_syncs_by_token(stand: Stand) -> None:
    await ask(stand, "PUT", f"{CALENDAR}one.ics", event("one"), content_type="text/calendar", if_none_match="*")
    first = await stand.client("alice").sync(CALENDAR)
    (token,) = first.texts("D:sync-token")
    await ask(stand, "PUT", f"{CALENDAR}two.ics", event("two"), content_type="text/calendar", if_none_match="*")
    await ask(stand, "DELETE", f"{CALENDAR}one.ics")
    then = await stand.client("alice").sync(CALENDAR, token)
    assert sorted(then.hrefs) == [f"{CALENDAR}one.ics", f"{CALENDAR}two.ics"]


async def test_tasks_go_there_and_back(stand: Stand) -> None:
    task = event("task").replace("VEVENT", "VTODO")
    made = await ask(stand, "PUT", f"{TASKS}task.ics", task, content_type="text/calendar", if_none_match="*")
    assert made.status == 201
    said = await ask(stand, "REPORT", TASKS, query("VTODO"), depth="1")
    assert said.hrefs == [f"{TASKS}task.ics"]


async def test_contacts_go_there_and_back(stand: Stand) -> None:
    made = await ask(stand, "PUT", f"{BOOK}ann.vcf", card("ann"), content_type="text/vcard", if_none_match="*")
    assert made.status == 201
    listed = await ask(
        stand, "PROPFIND", BOOK, ETAG.replace("<D:getetag/>", "<D:getetag/><D:getcontenttype/>"), depth="1"
    )
    assert listed.found(f"{BOOK}ann.vcf", "D:getetag") == made.headers["etag"]
    got = await ask(stand, "REPORT", BOOK, multiget("addressbook", "carddav", f"{BOOK}ann.vcf"), depth="1")
    assert "FN:Ann Other" in str(got.found(f"{BOOK}ann.vcf", "A:address-data"))
