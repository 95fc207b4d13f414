"""Leaving a list by one click: the header of each message, and the request that it asks for."""

from __future__ import annotations

import httpx
import pytest

from mailcore.lists import distribute
from tests.support.liststand import Stand
from web.lists import lists

A, R = "alice@example.test", "rita@elsewhere.test"
HERE = "https://mail.example.test"


async def links(news: Stand) -> dict[str, str]:
    """The way to leave in what each subscriber gets."""
    await news.set(listOneClickUrl=HERE + "/")
    await news.put(A, R)
    await news.post(A)
    await news.run()
    found = {}
    for _, to, message in await news.clear():
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        link, mail = str(message["List-Unsubscribe"]).split(", ")
        assert mail == "<mailto:news-request@example.test?subject=unsubscribe>"
        assert link.startswith(f"<{HERE}/lists/unsubscribe/")
        found[to] = link[1:-1].removeprefix(f"{HERE}/lists")
    return found


async def ask(news: Stand, path: str, method: str = "POST") -> httpx.Response:
    transport = httpx.ASGITransport(lists(news.office.parts))
    async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
        return await client.request(method, path, data={"List-Unsubscribe": "One-Click"} if method == "POST" else None)


async def test_a_request_takes_off_whom_the_link_is_about_and_nobody_else(news: Stand) -> None:
    found = await links(news)
    assert len(set(found.values())) == 2
    answer = await ask(news, found[R])
    assert (answer.status_code, "not on this mail list" in answer.text) == (200, True)
    assert (await news.subscribers()).keys() == {A}


async def test_a_look_at_the_link_leaves_nothing(news: Stand) -> None:
    found = await links(news)
    answer = await ask(news, found[R], "GET")
    assert (answer.status_code, "<button>" in answer.text) == (200, True)
    assert (await ask(news, found[R], "DELETE")).status_code == 405
    assert (await news.subscribers()).keys() == {A, R}


async def test_nobody_learns_who_is_on_a_list(news: Stand) -> None:
    found = await links(news)
    known = (await ask(news, found[R])).text
    gone = await ask(news, found[R])
    forged = await ask(news, found[A][:-1] + ("a" if found[A][-1] != "a" else "b"))
    nothing = await ask(news, "/unsubscribe/999-1-" + "a" * 16)
    assert {known, gone.text, forged.text, nothing.text} == {known}
    assert (await news.subscribers()).keys() == {A}


@pytest.mark.parametrize("word", ["x", "1-1-", "0-0-aaaaaaaaaaaaaaaa", "1-1-" + "a" * 15, "1" * 30 + "-1-" + "a" * 16])
async def test_what_is_no_link_of_ours_does_nothing(news: Stand, word: str) -> None:
    await links(news)
    assert (await ask(news, f"/unsubscribe/{word}")).status_code == 200
    assert (await news.subscribers()).keys() == {A, R}


async def test_a_link_does_not_hold_for_who_has_come_back(news: Stand) -> None:
    found = await links(news)
    await ask(news, found[R])
    await news.put(R)
    await ask(news, found[R])
    assert (await news.subscribers()).keys() == {A, R}


async def test_who_gets_on_the_list_meanwhile_is_made_ready_too(news: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between making the bodies and the write somebody resumes a subscriber."""
    await news.set(listOneClickUrl=HERE)
    await news.put(A)
    await news.put(R, state="suspended")
    await news.post(A)
    real = distribute.personal

    def slow(*args: object) -> bytes:
        monkeypatch.setattr(distribute, "personal", real)
        news.office.store.write_later(distribute.WHO, lambda tx: tx.put_subscriber(news.of, RESUMED)).result(10)
        return real(*args)  # type: ignore[arg-type]

    from groupware.model.mailinglist import Subscriber

    RESUMED = Subscriber(R)
    monkeypatch.setattr(distribute, "personal", slow)
    await news.run()
    assert await news.sent() == {A: ["hello"], R: ["hello"]}
