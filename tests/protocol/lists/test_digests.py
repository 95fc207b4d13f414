"""Digests: what was written, in one message from time to time."""

from __future__ import annotations

from tests.support.liststand import Stand

A, R = "alice@example.test", "rita@elsewhere.test"


async def written(news: Stand, count: int) -> None:
    await news.set(listDigest=True, listDigestMessages=3, listDigestHours=24)
    await news.put(A)
    await news.put(R, delivery="digest")
    for number in range(count):
        await news.post(A, subject=f"number {number}")
        await news.run()


async def test_a_digest_is_sent_when_there_are_enough_messages(news: Stand) -> None:
    await written(news, 4)
    sent = await news.clear()
    assert [str(each["Subject"]) for _, to, each in sent if to == A] == [f"number {each}" for each in range(4)]
    [(sender, digest)] = [(sender, each) for sender, to, each in sent if to == R]
    assert sender.startswith("news-bounces+")
    assert digest["Subject"] == "News digest (3)"
    assert digest["List-Id"] == "News <news.example.test>"
    text, inside = digest.iter_parts()
    assert "number 1 (alice@example.test)" in text.get_content()
    assert inside.get_content_type() == "multipart/digest"
    assert [str(each.get_payload(0)["Subject"]) for each in inside.iter_parts()] == ["number 0", "number 1", "number 2"]
    assert await news.subjects("Digest") == ["number 3"]


async def test_a_digest_is_sent_when_it_has_waited_long_enough(news: Stand) -> None:
    await written(news, 1)
    await news.clear()
    await news.run()
    assert await news.queued() == []
    news.clock.advance(400 * 365 * 86_400)  # the messages came by the clock on the wall
    await news.run()
    assert await news.sent() == {R: ["News digest (1)"]}
    await news.run()
    assert await news.queued() == []
    assert await news.subjects("Digest") == []


async def test_who_wants_a_digest_gets_each_message_where_there_is_none(news: Stand) -> None:
    await news.put(A)
    await news.put(R, delivery="digest")
    await news.post(A, subject="one")
    await news.run()
    assert await news.sent() == {A: ["one"], R: ["one"]}


async def test_a_digest_is_offered_where_there_is_one(news: Stand) -> None:
    await news.put(A)
    for there in (False, True):
        await news.set(listDigest=there)
        for word in ("help", "digest"):
            await news.post(A, "news-request@example.test", subject=word)
        await news.run()
        letters = {str(each["Subject"]): each.get_content() for _, _, each in await news.clear()}
        assert ("I did not understand you" in letters) is not there
        if not there:
            assert "digest" not in letters["How to use News"]
        assert (await news.subscribers())[A].delivery == ("digest" if there else "mail")
