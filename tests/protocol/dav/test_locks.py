"""WebDAV locks (RFC 4918 §6, §7, §9.10, §10.4): taken, shown, obeyed, renewed, let go of."""

from __future__ import annotations

import re
from unittest import mock

import pytest

from connectors.dav.conditions import State, States, conditions
from connectors.dav.errors import DavError
from groupware.model.lock import LONGEST_LOCK, MOST_LOCKS
from groupware.model.times import now_micros
from groupware.store.sql import locks
from tests.support.davstand import HEAD, Client, Said, Stand, card, event

HOME = "/dav/calendars/alice@example.test"
WORK, CARDS = f"{HOME}/Calendar/", "/dav/contacts/alice@example.test/Contacts/"
COLOURED = f"<D:propertyupdate{HEAD}><D:set><D:prop><x>1</x></D:prop></D:set></D:propertyupdate>"
OTHER = "/dav/calendars/bob@example.test"


async def lock(client: Client, path: str, scope: str = "exclusive", **headers: str) -> Said:
    body = f"<D:lockinfo{HEAD}><D:lockscope><D:{scope}/></D:lockscope><D:locktype><D:write/></D:locktype>"
    owner = "<D:owner><D:href>mailto:alice@example.test</D:href></D:owner></D:lockinfo>"
    return await client.ask("LOCK", path, body + owner, **headers)


async def locked(client: Client, path: str, scope: str = "exclusive", **headers: str) -> str:
    """The token, as headers have it."""
    said = await lock(client, path, scope, **headers)
    assert said.status in (200, 201), said.body
    return said.headers["lock-token"]


@pytest.fixture
async def shared(stand: Stand, alice: Client) -> str:
    """Alice's calendar, where Bob may do all but share it: his path to an object in it."""
    number = await stand.share("alice", "Calendar", "bob@example.test", "lrswipte")
    await alice.put(WORK + "a.ics", event("1"))
    return f"{OTHER}/~{number}/"


async def test_a_lock_is_told_with_its_token_and_all_about_it(alice: Client) -> None:
    await alice.put(WORK + "a.ics", event("1"))
    said = await lock(alice, WORK + "a.ics", timeout="Second-600")
    token = said.headers["lock-token"][1:-1]
    assert said.status == 200
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", token)
    assert said.texts("D:lockdiscovery/D:activelock/D:locktoken/D:href") == [token]
    assert said.texts("D:lockdiscovery/D:activelock/D:lockroot/D:href") == [WORK + "a.ics"]
    assert said.texts(".//D:owner/D:href") == ["mailto:alice@example.test"]
    assert 590 <= int(said.texts(".//D:timeout")[0].removeprefix("Second-")) <= 600


async def test_properties_show_locks_and_which_kinds_there_are(alice: Client) -> None:
    await alice.put(WORK + "a.ics", event("1"))
    token = (await locked(alice, WORK + "a.ics"))[1:-1]
    for said in (
        await alice.props(WORK + "a.ics", "D:lockdiscovery", "D:supportedlock"),
        await alice.props(WORK, "D:lockdiscovery", "D:supportedlock", depth=1),
        await alice.report(
            WORK,
            "C:calendar-multiget",
            f"<D:prop><D:lockdiscovery/><D:supportedlock/></D:prop><D:href>{WORK}a.ics</D:href>",
        ),
        await alice.ask("PROPFIND", WORK + "a.ics", depth="0"),
    ):
        assert token in (said.found(WORK + "a.ics", "D:lockdiscovery") or "")
        assert "shared" in (said.found(WORK + "a.ics", "D:supportedlock") or "")
    assert (await alice.props(WORK, "D:lockdiscovery")).found(WORK, "D:lockdiscovery") == ""


async def test_options_tell_of_locks(alice: Client) -> None:
    said = await alice.ask("OPTIONS", WORK)
    assert " 2," in said.headers["dav"]
    assert {"LOCK", "UNLOCK"} <= set(said.headers["allow"].split(", "))


@pytest.mark.parametrize("method", ["PUT", "DELETE", "MOVE"])
async def test_nobody_else_changes_what_is_locked(alice: Client, bob: Client, shared: str, method: str) -> None:
    token = await locked(alice, WORK + "a.ics")
    headers = {"destination": f"{shared}b.ics"} if method == "MOVE" else {}
    body = event("1", summary="Bob's") if method == "PUT" else ""
    for condition in ({}, {"if": f"({token})"}):
        said = await bob.ask(method, shared + "a.ics", body, content_type="text/calendar", **headers, **condition)
        assert said.status == 423
        assert said.texts("D:lock-token-submitted/D:href") == [shared + "a.ics"]
    assert (await alice.ask("GET", WORK + "a.ics")).body == event("1").encode()


async def test_who_holds_the_lock_names_it_to_write(alice: Client) -> None:
    await alice.put(WORK + "a.ics", event("1"))
    token = await locked(alice, WORK + "a.ics")
    assert (await alice.put(WORK + "a.ics", event("1", summary="New"))).status == 423
    assert (await alice.put(WORK + "a.ics", event("1", summary="New"), **{"if": f"({token})"})).status == 204


async def test_a_copy_of_what_is_locked_is_free_and_does_not_take_the_place_of_it(bob: Client, shared: str) -> None:
    await bob.put(f"{OTHER}/Calendar/b.ics", event("2"))
    await locked(bob, shared + "a.ics")
    assert (await bob.ask("COPY", shared + "a.ics", destination=f"{OTHER}/Calendar/c.ics")).status == 201
    assert (await bob.put(f"{OTHER}/Calendar/c.ics", event("1", summary="x"))).status == 204
    assert (await bob.ask("COPY", f"{OTHER}/Calendar/b.ics", destination=shared + "a.ics")).status == 423


async def test_an_exclusive_lock_is_had_once(alice: Client, bob: Client, shared: str) -> None:
    await locked(alice, WORK + "a.ics")
    for scope in ("exclusive", "shared"):
        said = await lock(bob, shared + "a.ics", scope)
        assert said.status == 423
        assert said.texts("D:no-conflicting-lock/D:href") == [shared + "a.ics"]


async def test_a_shared_lock_is_had_by_each_and_keeps_others_out(alice: Client, bob: Client, shared: str) -> None:
    hers, his = await locked(alice, WORK + "a.ics", "shared"), await locked(bob, shared + "a.ics", "shared")
    assert (await lock(alice, WORK + "a.ics")).status == 423
    assert (await bob.put(shared + "a.ics", event("1", summary="x"))).status == 423
    assert (await bob.put(shared + "a.ics", event("1", summary="x"), **{"if": f"({his})"})).status == 204
    assert (await alice.put(WORK + "a.ics", event("1", summary="y"), **{"if": f"({hers})"})).status == 204


async def test_a_lock_is_for_who_may_write(stand: Stand, alice: Client, bob: Client) -> None:
    await alice.put(WORK + "a.ics", event("1"))
    number = await stand.share("alice", "Calendar", "bob@example.test", "lrs")
    for path in (f"{OTHER}/~{number}/a.ics", f"{OTHER}/~{number}/new.ics", f"{OTHER}/~{number}/"):
        assert (await lock(bob, path)).status == 403
    assert (await lock(bob, WORK + "a.ics")).status == 403
    assert (await lock(stand.client("carol"), WORK + "a.ics")).status in (404, 409)
    assert (await alice.put(WORK + "a.ics", event("1", summary="x"))).status == 204


async def test_unlock_lets_others_write(alice: Client, bob: Client, shared: str) -> None:
    token = await locked(alice, WORK + "a.ics")
    assert (await alice.ask("UNLOCK", WORK + "a.ics", lock_token="<urn:uuid:other>")).status == 409
    assert (await alice.ask("UNLOCK", WORK + "b.ics", lock_token=token)).status == 409
    assert (await alice.ask("UNLOCK", WORK + "a.ics")).status == 400
    assert (await bob.ask("UNLOCK", shared + "a.ics", lock_token=token)).status == 403
    assert (await alice.ask("UNLOCK", WORK + "a.ics", lock_token=token)).status == 204
    assert (await bob.put(shared + "a.ics", event("1", summary="x"))).status == 204


async def test_the_owner_of_a_calendar_breaks_the_locks_of_others(alice: Client, bob: Client, shared: str) -> None:
    token = await locked(bob, shared + "a.ics")
    assert (await alice.ask("DELETE", WORK + "a.ics")).status == 423
    assert (await alice.ask("UNLOCK", WORK + "a.ics", lock_token=token)).status == 204
    assert (await alice.ask("DELETE", WORK + "a.ics")).status == 204


async def test_a_lock_ends_with_its_object(alice: Client, bob: Client, shared: str) -> None:
    token = await locked(alice, WORK + "a.ics")
    assert (await alice.ask("DELETE", WORK + "a.ics", **{"if": f"({token})"})).status == 204
    assert (await bob.put(shared + "a.ics", event("1"))).status == 201
    token = await locked(bob, shared + "a.ics")
    moved = await bob.ask("MOVE", shared + "a.ics", destination=shared + "b.ics", **{"if": f"({token})"})
    assert moved.status == 201
    assert (await alice.put(WORK + "b.ics", event("1", summary="x"))).status == 204
    assert (await alice.put(WORK + "a.ics", event("2"))).status == 201


async def test_a_lock_ends_when_its_time_is_over_unless_it_is_renewed(alice: Client, bob: Client, shared: str) -> None:
    token = await locked(alice, WORK + "a.ics", timeout="Second-100")
    renewed = await alice.ask("LOCK", WORK + "a.ics", timeout="Second-1000", **{"if": f"({token})"})
    assert (renewed.status, renewed.headers.get("lock-token")) == (200, None)
    for seconds, status in ((500, 423), (1100, 204)):
        then = now_micros() + seconds * 1_000_000
        with mock.patch.object(locks, "now_micros", lambda then=then: then):
            assert (await bob.put(shared + "a.ics", event("1", summary="x"))).status == status


async def test_renewing_takes_the_token_of_a_lock_that_is_there(alice: Client, bob: Client, shared: str) -> None:
    token = await locked(alice, WORK + "a.ics")
    assert (await alice.ask("LOCK", WORK + "a.ics")).status == 400
    assert (await alice.ask("LOCK", WORK + "a.ics", **{"if": "(<urn:uuid:other>)"})).status == 412
    assert (await bob.ask("LOCK", shared + "a.ics", **{"if": f"({token})"})).status == 403


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("Infinite, Second-4100000000", LONGEST_LOCK),
        ("Second-4100000000", LONGEST_LOCK),
        ("", 3600),
        ("Extend-1, Second-30", 30),
        ("Second-99999999999999999999999", 3600),
        ("Second-0", 1),
    ],
)
async def test_the_time_of_a_lock_has_bounds(alice: Client, asked: str, given: int) -> None:
    said = await lock(alice, WORK, timeout=asked)
    assert given - 5 <= int(said.texts(".//D:timeout")[0].removeprefix("Second-")) <= given


# --- collections ------------------------------------------------------------------------------------------------------


async def test_a_deep_lock_is_on_all_that_is_and_comes_in(alice: Client, bob: Client, shared: str) -> None:
    token = await locked(alice, WORK)
    for said in (
        await bob.put(shared + "a.ics", event("1", summary="x")),
        await bob.put(shared + "new.ics", event("2")),
        await bob.ask("POST", shared, event("3"), content_type="text/calendar"),
        await bob.ask("DELETE", shared + "a.ics"),
        await bob.ask("PROPPATCH", shared, COLOURED),
        await bob.ask("PROPPATCH", shared + "a.ics", COLOURED),
    ):
        assert said.status == 423
        assert said.texts("D:lock-token-submitted/D:href") == [shared]
    assert (await lock(bob, shared + "a.ics")).status == 423
    assert (await lock(bob, shared + "new.ics")).status == 423
    assert (await alice.put(WORK + "new.ics", event("2"), **{"if": f"<{WORK}> ({token})"})).status == 201
    renewed = await alice.ask("LOCK", WORK + "a.ics", timeout="Second-50", **{"if": f"({token})"})
    assert renewed.texts(".//D:lockroot/D:href") == [WORK]
    assert (await alice.ask("UNLOCK", WORK + "a.ics", lock_token=token)).status == 204
    assert (await bob.put(shared + "a.ics", event("1", summary="x"))).status == 204


async def test_a_shallow_lock_is_on_what_comes_and_goes_alone(alice: Client, bob: Client, shared: str) -> None:
    token = await locked(alice, WORK, depth="0")
    assert (await bob.put(shared + "a.ics", event("1", summary="x"))).status == 204
    assert (await bob.put(shared + "new.ics", event("2"))).status == 423
    assert (await bob.ask("DELETE", shared + "a.ics")).status == 423
    assert (await lock(bob, shared + "new.ics")).status == 423
    assert (await lock(bob, shared + "a.ics")).status == 200
    assert (await alice.ask("DELETE", WORK + "a.ics", **{"if": f"<{WORK}> ({token})"})).status == 423


async def test_a_calendar_is_not_locked_over_the_locks_of_others_in_it(alice: Client, bob: Client, shared: str) -> None:
    await locked(bob, shared + "a.ics")
    said = await lock(alice, WORK)
    assert said.status == 207
    assert said.texts("D:response/D:status") == ["HTTP/1.1 423 Locked", "HTTP/1.1 424 Failed Dependency"]
    assert said.hrefs == [WORK + "a.ics", WORK]
    assert (await lock(alice, WORK, depth="0")).status == 200


async def test_a_calendar_with_a_lock_in_it_is_not_deleted(stand: Stand, alice: Client, bob: Client) -> None:
    await alice.ask("MKCALENDAR", f"{HOME}/club/")
    await alice.put(f"{HOME}/club/a.ics", event("1"))
    number = await stand.share("alice", "club", "bob@example.test", "lrswipte")
    await locked(bob, f"{OTHER}/~{number}/a.ics")
    assert (await alice.ask("DELETE", f"{HOME}/club/")).status == 423
    assert (await alice.ask("GET", f"{HOME}/club/a.ics")).status == 200


async def test_rights_are_not_changed_under_a_lock(alice: Client, shared: str) -> None:
    token = await locked(alice, WORK)
    acl = f"<D:acl{HEAD}></D:acl>"
    assert (await alice.ask("ACL", WORK, acl)).status == 423
    assert (await alice.ask("ACL", WORK, acl, **{"if": f"({token})"})).status == 200


async def test_an_object_has_no_properties_to_set(alice: Client) -> None:
    await alice.put(WORK + "a.ics", event("1"))
    said = await alice.ask("PROPPATCH", WORK + "a.ics", COLOURED)
    assert said.status == 207
    assert said.texts("D:response/D:propstat/D:status") == ["HTTP/1.1 403 Forbidden"]


# --- names where nothing is -------------------------------------------------------------------------------------------


async def test_a_name_is_locked_before_anything_is_there(alice: Client, bob: Client, shared: str) -> None:
    said = await lock(alice, WORK + "new.ics")
    token = said.headers["lock-token"]
    assert said.status == 201
    assert (await alice.ask("GET", WORK + "new.ics")).status == 404
    assert (await bob.put(shared + "new.ics", event("2"))).status == 423
    assert (await alice.put(WORK + "new.ics", event("2"), **{"if": f"({token})"})).status == 201
    assert (await bob.put(shared + "new.ics", event("2", summary="x"))).status == 423


async def test_where_there_is_no_collection_nothing_is_locked(alice: Client) -> None:
    assert (await lock(alice, f"{HOME}/nowhere/a.ics")).status == 409
    assert (await lock(alice, f"{HOME}/nowhere/")).status == 404
    assert (await lock(alice, f"{HOME}/")).status == 403


# --- the If header ----------------------------------------------------------------------------------------------------


async def test_if_is_asked_of_states_and_tags_together(alice: Client) -> None:
    tag = (await alice.put(CARDS + "a.vcf", card("1"))).headers["etag"]
    token = await locked(alice, CARDS + "a.vcf")

    async def put(condition: str) -> int:
        return (await alice.put(CARDS + "a.vcf", card("1"), **{"if": condition})).status

    assert await put(f"({token} [{tag}])") == 204
    assert await put(f'({token} ["other"])') == 412
    assert await put(f'({token} Not ["other"])') == 204
    assert await put(f"({token}) (Not <DAV:no-lock> [{tag}])") == 204
    assert await put(f'({token} ["other"]) (Not <DAV:no-lock> ["other"])') == 412
    assert await put(f'({token} ["other"]) (Not <DAV:no-lock>)') == 204
    assert await put("(<DAV:no-lock>)") == 412
    assert await put("(Not <DAV:no-lock>)") == 423
    assert await put(f"<https://dav.example.test{CARDS}a.vcf> ({token})") == 204
    assert await put(f"<{CARDS}b.vcf> ({token})") == 412
    assert await put(f"<{CARDS}b.vcf> (Not {token})") == 204
    assert await put("nonsense") == 400


async def test_if_is_met_by_what_is_read_too(alice: Client) -> None:
    tag = (await alice.put(WORK + "a.ics", event("1"))).headers["etag"]
    assert (await alice.ask("GET", WORK + "a.ics", **{"if": f"([{tag}])"})).status == 200
    assert (await alice.ask("GET", WORK + "a.ics", **{"if": '(["other"])'})).status == 412


def test_a_path_is_of_all_lists_behind_it() -> None:
    found = conditions('<http://x/a> (<t:1> Not ["a)(b"])(not<t:2>)\t</b> ([W/"c"])')
    assert found == [
        States("http://x/a", (State(True, "t:1"), State(False, "", '"a)(b"'))),
        States("http://x/a", (State(False, "t:2"),)),
        States("/b", (State(True, "", 'W/"c"'),)),
    ]


@pytest.mark.parametrize("header", ["", " ", "()", "(<a>", "<a>", "(Not)", "(a)", "(<a>) x", "(<a>) <b>", "(" * 9000])
def test_an_if_that_cannot_be_read_is_refused(header: str) -> None:
    with pytest.raises(DavError) as caught:
        conditions(header)
    assert caught.value.status == 400


# --- bad requests -----------------------------------------------------------------------------------------------------


async def test_what_is_no_request_for_a_lock_is_refused(alice: Client) -> None:
    for body in (
        f"<D:x{HEAD}/>",
        f"<D:lockinfo{HEAD}/>",
        f"<D:lockinfo{HEAD}><D:lockscope><D:x/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>",
        "<broken",
    ):
        assert (await alice.ask("LOCK", WORK, body)).status == 400
    assert (await lock(alice, WORK, depth="1")).status == 400
    assert (await alice.props(WORK, "D:lockdiscovery")).found(WORK, "D:lockdiscovery") == ""


async def test_the_number_of_locks_has_a_bound(alice: Client) -> None:
    with mock.patch.object(locks, "MOST_LOCKS", 2):
        for name in "ab":
            await locked(alice, f"{WORK}{name}.ics")
        said = await lock(alice, WORK + "c.ics")
    assert (said.status, b"2 are the most" in said.body) == (403, True)
    assert MOST_LOCKS >= 100
