"""Links to calendars and address books: read by who has them, under every lens, and written by who may."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import icalendar
import pytest

from connectors.dav import feed_put, feeds
from groupware.model.content import Component, parse
from groupware.model.folder import Role
from groupware.model.ids import EVERY, FolderId
from groupware.model.principal import OPERATOR
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx
from tests.support.davstand import Client, Said, Stand, card, event
from tests.support.webstand import Way

WORK, TASKS = "/dav/calendars/alice@example.test/Calendar/", "/dav/calendars/alice@example.test/Tasks/"
CARDS = "/dav/contacts/alice@example.test/Contacts/"
SOON = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y%m%dT100000Z")
LATER = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y%m%dT110000Z")


def events(said: Said) -> list[Component]:
    return parse(said.body)[0].named("VEVENT")


def summaries(said: Said) -> list[str]:
    return [each.text("SUMMARY") for each in events(said)]


async def fill(alice: Client) -> None:
    await alice.put(WORK + "a.ics", event("open", SOON, end=LATER, summary="Dentist"))
    await alice.put(WORK + "b.ics", event("secret", SOON, "CLASS:PRIVATE", end=LATER, summary="Affair"))


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rights", "shown"),
    [("freebusy", ["Busy"]), ("lrs", ["Dentist"]), ("lrs5", ["Dentist", "Affair"]), ("editor", ["Dentist"])],
)
async def test_a_calendar_is_shown_as_the_link_grants(
    stand: Stand, alice: Client, rights: str, shown: list[str]
) -> None:
    await fill(alice)
    got = await stand.fetch(await stand.publish("alice", "Calendar", rights) + "/Calendar.ics")
    assert (got.status, got.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert summaries(got) == shown


@pytest.mark.parametrize(("rights", "shown"), [("freebusy", None), ("lrs", ["Zoë"]), ("lrs5", ["Zoë", "Ann"])])
async def test_an_address_book_is_shown_as_the_link_grants(
    stand: Stand, alice: Client, rights: str, shown: list[str] | None
) -> None:
    await alice.put(CARDS + "a.vcf", card("1", "Zoë"))
    await alice.put(CARDS + "b.vcf", card("2", "Ann", "CLASS:PRIVATE"))
    got = await stand.fetch(await stand.publish("alice", "Contacts", rights) + "/Contacts.vcf")
    if shown is None:
        assert parse(got.body)[0].parts == []  # it takes no time, and nothing else is told
    else:
        assert got.headers["content-type"] == "text/vcard; charset=utf-8"
        assert [each.text("FN") for each in parse(got.body)] == shown


@pytest.mark.parametrize(("rights", "shown"), [("lrs", ["Rake"]), ("lrs5", ["Rake", "Hide"])])
async def test_a_task_list_is_shown_as_the_link_grants(
    stand: Stand, alice: Client, rights: str, shown: list[str]
) -> None:
    for uid, lines in (("Rake", ()), ("Hide", ("CLASS:PRIVATE",))):
        await alice.put(f"{TASKS}{uid}.ics", event(uid, SOON, *lines, summary=uid).replace("VEVENT", "VTODO"))
    got = await stand.fetch(await stand.publish("alice", "Tasks", rights))
    assert [each.text("SUMMARY") for each in parse(got.body)[0].named("VTODO")] == shown


async def test_busy_blocks_tell_times_alone(stand: Stand, alice: Client) -> None:
    await fill(alice)
    await alice.put(WORK + "c.ics", event("maybe", SOON.replace("T10", "T13"), "STATUS:TENTATIVE", "LOCATION:Room"))
    got = await stand.fetch(await stand.publish("alice", "Calendar", "freebusy") + "/x.ics")
    assert summaries(got) == ["Busy", "Tentative"]
    assert [each.text("DTSTART") for each in events(got)] == [SOON, SOON.replace("T10", "T13")]
    for word in (b"Dentist", b"Affair", b"Room", b"secret", b"alice"):
        assert word not in got.body
    assert len(icalendar.Calendar.from_ical(got.body).walk("VEVENT")) == 2


async def test_the_same_link_gives_free_and_busy_times(stand: Stand, alice: Client) -> None:
    await fill(alice)
    for rights in ("freebusy", "lrs"):
        got = await stand.fetch(await stand.publish("alice", "Calendar", rights) + "/busy.ifb?period=P2W")
        part = parse(got.body)[0].named("VFREEBUSY")[0]
        assert (part.text("FREEBUSY"), parse(got.body)[0].text("METHOD")) == (f"{SOON}/{LATER}", "PUBLISH")


async def test_a_program_is_told_how_the_calendar_is_called_and_when_to_come_again(stand: Stand, alice: Client) -> None:
    await alice.set(WORK, "<I:calendar-color>#AA0000FF</I:calendar-color>")
    got = parse((await stand.fetch(await stand.publish("alice", "Calendar", "lrs"))).body)[0]
    names = ("NAME", "X-WR-CALNAME", "REFRESH-INTERVAL", "X-PUBLISHED-TTL", "X-APPLE-CALENDAR-COLOR")
    assert [got.text(each) for each in names] == ["Calendar", "Calendar", "PT1H", "PT1H", "#AA0000FF"]


async def test_nothing_is_sent_again_that_has_not_changed(stand: Stand, alice: Client) -> None:
    await fill(alice)
    for rights in ("lrs", "freebusy"):
        link = await stand.publish("alice", "Calendar", rights)
        first = await stand.fetch(link)
        again = await stand.fetch(link, if_none_match=first.headers["etag"])
        assert (again.status, again.body) == (304, b"")
    await alice.put(WORK + "d.ics", event("more", SOON.replace("T10", "T15")))
    assert (await stand.fetch(link, if_none_match=first.headers["etag"])).status == 200


async def test_head_says_what_get_would_without_the_file(
    stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(alice)
    link = await stand.publish("alice", "Calendar", "lrs")
    monkeypatch.setattr(feeds, "SETTLED", -1)
    got, head = await stand.fetch(link), await stand.fetch(link, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert [head.headers[each] for each in ("etag", "last-modified")] == [
        got.headers[each] for each in ("etag", "last-modified")
    ]


async def test_who_knows_no_entity_tags_asks_by_the_date(
    stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(alice)
    link = await stand.publish("alice", "Calendar", "lrs")
    assert "last-modified" not in (await stand.fetch(link)).headers  # something may yet happen in the same second
    monkeypatch.setattr(feeds, "SETTLED", -1)
    first = await stand.fetch(link)
    at = first.headers["last-modified"]
    assert (await stand.fetch(link, if_modified_since=at)).status == 304
    assert (await stand.fetch(link, if_modified_since=at, if_none_match='"other"')).status == 200
    earlier = format_datetime(parsedate_to_datetime(at) - timedelta(seconds=1), usegmt=True)
    assert (await stand.fetch(link, if_modified_since=earlier)).status == 200
    assert (await stand.fetch(link, if_modified_since="yesterday")).status == 200


@pytest.mark.parametrize("how", ["add", "take away", "colour", "less is shown above", "rename"])
async def test_the_date_is_that_of_the_last_change(
    stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    await fill(alice)
    link = await stand.publish("alice", "Calendar", "lrs")
    before = await stand.house.read(lambda tx: tx.changed_at(_calendar(tx)))
    if how == "add":
        await alice.put(WORK + "d.ics", event("more", SOON))
    elif how == "take away":
        await alice.ask("DELETE", WORK + "a.ics")
    elif how == "colour":
        await alice.set(WORK, "<I:calendar-color>#AA0000FF</I:calendar-color>")
    elif how == "rename":
        await alice.set(WORK, "<D:displayname>Plans</D:displayname>")
    else:
        await stand.house.write(lambda tx: tx.grant(_root(tx), "anyone", Right.NONE, Right.PRIVATE))
    assert await stand.house.read(lambda tx: tx.changed_at(_calendar(tx))) > before
    monkeypatch.setattr(feeds, "SETTLED", -1)
    assert (await stand.fetch(link)).headers["last-modified"]


async def test_the_date_says_nothing_of_what_else_happens_above(stand: Stand, alice: Client) -> None:
    await fill(alice)
    before = await stand.house.read(lambda tx: tx.changed_at(_calendar(tx)))

    def work(tx: WriteTx) -> None:
        tx.create_folder("Elsewhere")
        tx.subscribe("Elsewhere", on=True)
        tx.annotate(tx.home(), {"/private/comment": b"x"})

    await stand.house.write(work, await stand.house.read(lambda tx: tx.identity(tx.account("alice@example.test").id)))
    assert await stand.house.read(lambda tx: tx.changed_at(_calendar(tx))) == before


def _root(tx: ReadTx) -> FolderId:
    return tx.locate(tx.account("alice@example.test").id, "").id


def _calendar(tx: ReadTx) -> FolderId:
    return tx.role(tx.account("alice@example.test").id, Role.CALENDAR).id


async def test_a_file_is_sent_compressed_to_who_takes_that(stand: Stand, alice: Client) -> None:
    for number in range(20):
        await alice.put(f"{WORK}{number}.ics", event(f"uid-{number}"))
    link = await stand.publish("alice", "Calendar", "lrs")
    async with stand.http.stream("GET", link, headers={"accept-encoding": "gzip"}) as got:
        raw = b"".join([each async for each in got.aiter_raw()])
    assert got.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw).count(b"BEGIN:VEVENT") == 20


# --- links that lead nowhere ------------------------------------------------------------------------------------------


async def test_every_link_that_leads_nowhere_is_the_same_answer(stand: Stand, alice: Client) -> None:
    await fill(alice)
    link = await stand.publish("alice", "Calendar", "lrs")
    wrong = await stand.fetch("/feed/" + "x" * 27 + "/Calendar.ics")
    mail = await stand.publish("alice", "Calendar", "w")
    ident = (
        await stand.house.read(lambda tx: tx.links(tx.locate(tx.account("alice@example.test").id, "Calendar").id))
    )[0].ident
    await stand.house.write(
        lambda tx: tx.drop_link(tx.locate(tx.account("alice@example.test").id, "Calendar").id, ident)
    )
    said = [wrong, await stand.fetch(link), await stand.fetch(mail), await stand.fetch("/feed/" + "y" * 5000)]
    assert {(each.status, each.body) for each in said} == {(404, wrong.body)}
    assert b"withdrawn" in wrong.body


async def test_who_guesses_links_waits_longer_and_longer(stand: Stand) -> None:
    slept: list[float] = []
    with pytest.MonkeyPatch.context() as patch:

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        patch.setattr("connectors.dav.feeds.asyncio.sleep", sleep)
        for number in range(30):
            await stand.fetch(f"/feed/guess-{number}")
    assert slept[0] > 0
    assert slept[-1] > slept[0]


async def test_a_link_is_in_no_line_of_the_log(stand: Stand, alice: Client) -> None:
    link = await stand.publish("alice", "Calendar", "lrs")
    await stand.fetch(link + "/Calendar.ics")
    await stand.fetch(link + "x/Calendar.ics")
    assert link.rpartition("/")[2] not in repr(stand.house.log.__dict__)


async def test_a_link_is_a_secret_that_goes_over_tls_alone(
    stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await stand.publish("alice", "Calendar", "lrs")
    monkeypatch.setattr(Way, "secure", property(lambda _: False))
    said = await stand.fetch(link)
    assert (said.status, b"use https" in said.body) == (403, True)


async def test_mail_is_not_shown_whatever_is_granted(stand: Stand, alice: Client) -> None:
    link = await stand.publish("alice", "INBOX", "lrs")
    await stand.share("alice", "INBOX", "anyone", "lrs")
    for path in (link, "/feed/public/alice@example.test/INBOX.ics", "/feed/public/alice@example.test/INBOX"):
        assert (await stand.fetch(path)).status == 404


# --- what is public ---------------------------------------------------------------------------------------------------


async def test_what_is_granted_to_anyone_is_at_its_path(stand: Stand, alice: Client) -> None:
    await fill(alice)
    path = "/feed/public/alice@example.test/Calendar.ics"
    assert (await stand.fetch(path)).status == 404
    await stand.share("alice", "Calendar", "everyone", "lrs")
    assert (await stand.fetch(path)).status == 404
    await stand.share("alice", "Calendar", "anyone", "9")
    assert summaries(await stand.fetch(path)) == ["Busy"]
    await stand.share("alice", "Calendar", "anyone", "lrs")
    assert summaries(await stand.fetch(path)) == ["Dentist"]


async def test_a_public_path_of_nobody_is_the_answer_of_a_hidden_one(stand: Stand) -> None:
    paths = (
        "alice@example.test/" + "x/" * 9000,
        "alice@example.test/Calendar",
        "alice@example.test/None",
        "nobody@example.test/x",
        "nowhere.test/y",
    )
    said = [await stand.fetch(f"/feed/public/{path}.ics") for path in paths]
    assert len({(each.status, each.body) for each in said}) == 1
    assert said[0].status == 404


# --- publishing -------------------------------------------------------------------------------------------------------


def both(*calendars: str) -> str:
    """Several objects as one file, as a program that publishes writes it."""
    inside = [each.partition("PRODID:test\r\n")[2].removesuffix("END:VCALENDAR\r\n") for each in calendars]
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:other\r\n" + "".join(inside) + "END:VCALENDAR\r\n"


async def test_a_file_takes_the_place_of_what_is_there(stand: Stand, alice: Client) -> None:
    for uid in ("stays", "changes", "goes"):
        await alice.put(f"{WORK}{uid}.ics", event(uid, summary=uid))
    before = await alice.props(WORK, "D:getetag", depth=1)
    link = await stand.publish("alice", "Calendar", "editor")
    file = both(event("stays", summary="stays"), event("changes", summary="new"), event("added", summary="added"))
    got = await stand.fetch(link, "PUT", file)
    assert (got.status, got.body) == (200, b"added 1, changed 1, taken away 1\n")
    assert sorted(summaries(await stand.fetch(link))) == ["added", "new", "stays"]
    after = await alice.props(WORK, "D:getetag", depth=1)
    assert after.found(WORK + "stays.ics", "D:getetag") == before.found(WORK + "stays.ics", "D:getetag")
    assert WORK + "changes.ics" in after.hrefs


async def test_a_file_that_was_fetched_and_is_put_back_changes_nothing(stand: Stand, alice: Client) -> None:
    await alice.put(
        WORK + "a.ics", event("a", "20261201T100000Z", "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT5M\r\nEND:VALARM")
    )
    link = await stand.publish("alice", "Calendar", "editor")
    first = await stand.fetch(link)
    assert (await stand.fetch(link, "PUT", first.body)).body == b"added 0, changed 0, taken away 0\n"
    assert (await stand.fetch(link)).headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (
            both(event("a"), event("b").replace("DTSTART:20261201T100000Z", "DTSTART:never")),
            b"b: component from line 10 on: DTSTART",
        ),
        (both(event("a"), event("a2").replace("VEVENT", "VTODO")), b"VTODO has no place here"),
        ("nothing at all", b"no file of a calendar"),
        ("", b"the file is empty"),
    ],
)
async def test_a_file_that_is_wrong_changes_nothing(stand: Stand, alice: Client, file: str, why: bytes) -> None:
    await alice.put(WORK + "old.ics", event("old"))
    link = await stand.publish("alice", "Calendar", "editor")
    got = await stand.fetch(link, "PUT", file)
    assert got.status in (400, 403)
    assert why in got.body
    assert [each.text("UID") for each in events(await stand.fetch(link))] == ["old"]


@pytest.mark.parametrize("rights", ["lrs", "freebusy", "lrsi", "lrste"])
async def test_who_may_not_change_it_changes_nothing(stand: Stand, alice: Client, rights: str) -> None:
    await alice.put(WORK + "old.ics", event("old"))
    got = await stand.fetch(await stand.publish("alice", "Calendar", rights), "PUT", event("new"))
    assert got.status in (403, 404)
    assert [each.text("UID") for each in events(await alice.ask("GET", WORK))] == ["old"]


async def test_what_a_link_does_not_show_it_does_not_take_away(stand: Stand, alice: Client) -> None:
    await fill(alice)
    link = await stand.publish("alice", "Calendar", "editor")
    assert (await stand.fetch(link, "PUT", event("new"))).body == b"added 1, changed 0, taken away 1\n"
    assert {each.text("UID") for each in events(await alice.ask("GET", WORK))} == {"new", "secret"}
    assert (await stand.fetch(link, "PUT", event("secret"))).status == 409


async def test_who_has_seen_an_older_calendar_overwrites_nothing(stand: Stand, alice: Client) -> None:
    link = await stand.publish("alice", "Calendar", "editor")
    tag = (await stand.fetch(link)).headers["etag"]
    await alice.put(WORK + "a.ics", event("a"))
    assert (await stand.fetch(link, "PUT", event("b"), if_match=tag)).status == 412
    now = (await stand.fetch(link)).headers["etag"]
    assert (await stand.fetch(link, "PUT", event("b"), if_match=now)).status == 200


async def test_meetings_with_others_stay_as_they_are(stand: Stand, alice: Client, bob: Client) -> None:
    people = ("ORGANIZER:mailto:alice@example.test", "ATTENDEE:mailto:bob@example.test")
    await alice.put(WORK + "m.ics", event("meet", SOON, *people))
    link = await stand.publish("alice", "Calendar", "editor")
    assert (await stand.fetch(link, "PUT", event("new"))).body == b"added 1, changed 0, taken away 0\n"
    changed = await stand.fetch(link, "PUT", event("meet", SOON, *people, summary="Other"))
    assert (changed.status, b"meeting with others" in changed.body) == (403, True)
    assert {each.text("UID") for each in events(await alice.ask("GET", WORK))} == {"new", "meet"}


async def test_contacts_are_published_too(stand: Stand, alice: Client) -> None:
    await alice.put(CARDS + "a.vcf", card("1", "Zoë"))
    link = await stand.publish("alice", "Contacts", "editor")
    got = await stand.fetch(link, "PUT", card("1", "Zoë") + card("2", "Ann"))
    assert got.body == b"added 1, changed 0, taken away 0\n"
    assert (await stand.fetch(link)).body.count(b"BEGIN:VCARD") == 2


async def test_a_file_that_is_too_large_is_refused_before_it_is_read(stand: Stand, alice: Client) -> None:
    link = await stand.publish("alice", "Calendar", "editor")
    got = await stand.fetch(link, "PUT", "", content_length=str(100 << 20))
    assert got.status == 413


# --- free and busy ----------------------------------------------------------------------------------------------------


def told(said: Said) -> tuple[str, str]:
    part = parse(said.body)[0].named("VFREEBUSY")[0]
    return parse(said.body)[0].text("METHOD"), part.text("FREEBUSY")


async def test_free_and_busy_times_are_told_to_who_may_know(stand: Stand, alice: Client, bob: Client) -> None:
    await fill(alice)
    url = "/freebusy/alice@example.test"
    assert (await stand.fetch(url)).status == 401
    assert (await bob.ask("GET", url)).status == 403
    assert told(await alice.ask("GET", url)) == ("PUBLISH", f"{SOON}/{LATER}")
    await stand.share("alice", "Calendar", "bob@example.test", "9")
    assert told(await bob.ask("GET", url)) == ("PUBLISH", f"{SOON}/{LATER}")
    assert (await stand.fetch(url)).status == 401
    await stand.share("alice", "Calendar", "anyone", "9")
    assert told(await stand.fetch(url)) == ("PUBLISH", f"{SOON}/{LATER}")


async def test_who_is_not_signed_in_does_not_learn_who_there_is(stand: Stand) -> None:
    said = [await stand.fetch(f"/freebusy/{name}@example.test") for name in ("alice", "nobody", "x" * 9000)]
    assert {(each.status, each.body) for each in said} == {(401, said[0].body)}


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("start=20261201T000000Z&end=20261202T000000Z", "20261201T000000Z", "20261202T000000Z"),
        ("start=2026-12-01T10:00:00%2B01:00&period=PT1H", "20261201T090000Z", "20261201T100000Z"),
        ("start=2026-12-01&period=P1W", "20261201T000000Z", "20261208T000000Z"),
        ("start=2026-12-01", "20261201T000000Z", "20270112T000000Z"),
    ],
)
async def test_the_time_that_is_asked_for_is_told(alice: Client, query: str, start: str, end: str) -> None:
    got = await alice.ask("GET", f"/freebusy/alice@example.test?{query}")
    part = parse(got.body)[0].named("VFREEBUSY")[0]
    assert (part.text("DTSTART"), part.text("DTEND")) == (start, end)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("start=soon", b"no moment"),
        ("start=20261301", b"no moment"),
        ("period=long", b"no duration"),
        ("period=-P1D", b"no duration"),
        ("start=20261202&end=20261201", b"later than start"),
        ("end=20261201&period=P1D", b"exclude each other"),
        ("period=P999999W", b"at most"),
    ],
)
async def test_a_time_that_means_nothing_is_said_so(alice: Client, query: str, why: bytes) -> None:
    got = await alice.ask("GET", f"/freebusy/alice@example.test?{query}")
    assert (got.status, why in got.body) == (400, True)


async def test_a_client_that_sets_an_acl_takes_no_link_away(stand: Stand, alice: Client) -> None:
    await fill(alice)
    link = await stand.publish("alice", "Calendar", "lrs")
    assert b"link:" not in (await alice.props(WORK, "D:acl")).body
    empty = await alice.ask("ACL", WORK, "<D:acl xmlns:D='DAV:'/>")
    assert (empty.status, (await stand.fetch(link)).status) == (200, 200)


async def test_what_comes_meanwhile_is_not_taken_away_by_a_file_that_could_not_have_it(
    stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alice.put(WORK + "a.ics", event("a"))
    link = await stand.publish("alice", "Calendar", "editor")
    real, changed = feed_put._changed, []

    async def slow(*args: Any) -> Any:
        found = await real(*args)
        if not changed:
            changed.append(await alice.put(WORK + "a.ics", event("a", summary="Changed meanwhile")))
        return found

    monkeypatch.setattr(feed_put, "_changed", slow)
    got = await stand.fetch(link, "PUT", both(event("a", summary="Published"), event("b")))
    assert got.body == b"added 1, changed 1, taken away 0\n"
    assert sorted(summaries(await stand.fetch(link))) == ["Meeting", "Published"]


async def test_a_calendar_that_others_change_all_the_time_is_not_overwritten(
    stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await stand.publish("alice", "Calendar", "editor")
    real, numbers = feed_put._changed, iter(range(100))

    async def slow(*args: Any) -> Any:
        found = await real(*args)
        await alice.put(f"{WORK}{(number := next(numbers))}.ics", event(f"uid-{number}"))
        return found

    monkeypatch.setattr(feed_put, "_changed", slow)
    got = await stand.fetch(link, "PUT", event("new"))
    assert (got.status, "retry-after" in got.headers) == (503, True)
    assert b"UID:new" not in (await stand.fetch(link)).body


async def test_a_calendar_that_somebody_has_locked_is_not_overwritten(stand: Stand, alice: Client) -> None:
    link = await stand.publish("alice", "Calendar", "editor")
    info = "<D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>"
    locked = await alice.ask("LOCK", WORK, f"<D:lockinfo xmlns:D='DAV:'>{info}</D:lockinfo>")
    assert locked.status == 200
    assert (await stand.fetch(link, "PUT", event("new"))).status == 423


def files(*uids: str) -> str:
    return both(*(event(uid) for uid in uids))


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_put, "AT_ONCE", 3)


@pytest.mark.usefixtures("small_steps")
async def test_a_large_file_is_stored_in_several_writes(stand: Stand, alice: Client) -> None:
    link = await stand.publish("alice", "Calendar", "editor")
    first = await stand.fetch(link, "PUT", files(*"abcdefgh"))
    assert first.body == b"added 8, changed 0, taken away 0\n"
    tag = (await stand.fetch(link)).headers["etag"]
    changed = both(event("a", summary="Other"), *(event(uid) for uid in "hijklmn"))
    second = await stand.fetch(link, "PUT", changed, if_match=tag)
    assert second.body == b"added 6, changed 1, taken away 6\n"
    assert sorted(each.text("UID") for each in events(await stand.fetch(link))) == list("ahijklmn")
    rows = await stand.house.read(lambda tx: tx.journal(_calendar(tx)))
    assert [json.loads(row.facts)["count"] for row in rows if row.what == "item.added"] == [3, 3, 2, 2, 3, 1]
    assert (await stand.fetch(link, "PUT", files("z"), if_match=tag)).status == 412


@pytest.mark.usefixtures("small_steps")
async def test_what_was_stored_when_a_later_write_fails_is_told_and_stays(stand: Stand, alice: Client) -> None:
    link = await stand.publish("alice", "Calendar", "editor")
    await stand.house.write(lambda tx: tx.set_folder(_calendar(tx), quota_items=5))
    got = await stand.fetch(link, "PUT", files(*"abcdefgh"))
    assert got.status == 507
    assert b"So far: 3 added, 0 changed, 0 taken away. Publish again" in got.body
    assert len(events(await stand.fetch(link))) == 3
    await stand.house.write(lambda tx: tx.set_folder(_calendar(tx), quota_items=8))
    assert (await stand.fetch(link, "PUT", files(*"abcdefgh"))).body == b"added 5, changed 0, taken away 0\n"


@pytest.mark.usefixtures("small_steps")
async def test_a_change_between_two_writes_is_taken_into_account(
    stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await stand.publish("alice", "Calendar", "editor")
    write, count = type(stand.house.parts.store).write, iter(range(100))

    async def between(store: Any, *args: Any) -> Any:
        if next(count) == 1:
            await write(store, OPERATOR, lambda tx: tx.expunge(_calendar(tx), EVERY, deleted_only=False))
        return await write(store, *args)

    monkeypatch.setattr(type(stand.house.parts.store), "write", between)
    assert (await stand.fetch(link, "PUT", files(*"abcdefgh"))).status == 200
    assert sorted(each.text("UID") for each in events(await stand.fetch(link))) == list("abcdefgh")
