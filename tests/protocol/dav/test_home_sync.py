"""What has changed in a home since a token. RFC 6578, decision 375."""

from __future__ import annotations

import base64
import zlib

import pytest

from tests.support.davstand import HEAD, Client, Said, Stand, event

HOME = "/dav/calendars/alice@example.test/"
WORK = HOME + "Calendar/"


async def ask(client: Client, token: str = "", level: str = "1", limit: int = 0) -> Said:
    most = f"<D:limit><D:nresults>{limit}</D:nresults></D:limit>" if limit else ""
    inside = f"<D:sync-token>{token}</D:sync-token><D:sync-level>{level}</D:sync-level>{most}"
    home = f"/dav/calendars/{client.name}@example.test/"
    return await client.report(home, "D:sync-collection", f"{inside}<D:prop><D:displayname/></D:prop>")


def token(said: Said) -> str:
    return said.texts("D:sync-token")[0]


async def test_a_home_says_which_collections_have_come_changed_and_gone(alice: Client) -> None:
    first = await ask(alice)
    assert first.found(WORK, "D:displayname") == "Calendar"
    listed = await alice.props(HOME, "D:displayname", "D:sync-token", depth=1)
    assert set(first.hrefs) == set(listed.hrefs) - {HOME}
    assert listed.found(HOME, "D:sync-token") == token(first)
    await alice.ask("MKCALENDAR", HOME + "New/")
    await alice.put(WORK + "a.ics", event("1"))
    second = await ask(alice, token(first))
    assert sorted(second.hrefs) == [WORK, HOME + "New/"]
    await alice.ask("DELETE", HOME + "New/")
    third = await ask(alice, token(second))
    assert (third.hrefs, third.texts("D:response/D:status")) == ([HOME + "New/"], ["HTTP/1.1 404 Not Found"])
    assert (await ask(alice, token(third))).hrefs == []


async def test_what_is_shared_comes_into_a_home_and_another_colour_changes_it(
    stand: Stand, alice: Client, bob: Client
) -> None:
    first = await ask(bob)
    path = f"/dav/calendars/bob@example.test/~{await stand.share('alice', 'Calendar', 'bob@example.test', 'lrs')}/"
    second = await ask(bob, token(first))
    assert second.hrefs == [path]
    await bob.set(path, "<I:calendar-color>#112233</I:calendar-color>")
    third = await ask(bob, token(second))
    assert third.hrefs == [path]
    await stand.share("alice", "Calendar", "bob@example.test", "")
    assert (await ask(bob, token(third))).texts("D:response/D:status") == ["HTTP/1.1 404 Not Found"]


async def test_a_home_is_told_in_parts_and_nothing_is_left_out(alice: Client) -> None:
    everything, found, said = set((await ask(alice)).hrefs), [], ""
    for _ in range(len(everything)):
        page = await ask(alice, said, limit=2)
        found += [each for each in page.hrefs if each != HOME]
        said = token(page)
        if HOME not in page.hrefs:
            break
    assert (set(found), len(found)) == (everything, len(everything))


async def test_who_asks_for_all_that_is_inside_is_told_to_ask_each_collection(alice: Client) -> None:
    first = await ask(alice, level="infinite")
    assert len(first.find("D:response/D:error/D:sync-traversal-supported")) == len(first.hrefs)
    await alice.put(WORK + "a.ics", event("1"))
    second = await ask(alice, token(first), level="infinite")
    assert second.found(WORK, "D:displayname") == "Calendar"


DEEP = "data:,home-" + base64.urlsafe_b64encode(zlib.compress(b"[" * 900_000)).decode()


@pytest.mark.parametrize(
    "said",
    ["data:,home-", "data:,home-AAAA", "data:,1-2", "data:,home-eJwrSSwuAQAEXQHB", "x", DEEP],
    ids=["empty", "short", "other", "list", "none", "deep"],
)
async def test_a_token_that_is_none_of_a_home_begins_again(alice: Client, said: str) -> None:
    answer = await ask(alice, said)
    assert (answer.status, len(answer.find("D:valid-sync-token"))) == (403, 1)


async def test_a_home_says_that_it_can_be_synchronised(alice: Client) -> None:
    who = "/dav/principals/alice@example.test/"
    for path, there in ((HOME, True), (who, False)):
        said = await alice.props(path, "D:supported-report-set")
        assert ("sync-collection" in (said.found(path, "D:supported-report-set") or "")) is there
    body = f"<D:sync-collection{HEAD}><D:sync-token/><D:prop/></D:sync-collection>"
    assert (await alice.ask("REPORT", who, body)).status == 403
