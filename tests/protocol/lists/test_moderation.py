"""What waits is told, moved by moderators in their mail program, or approved by an answer; each way once."""

from __future__ import annotations

from tests.support.liststand import LIST, OWNER, Stand

A, R = "alice@example.test", "rita@elsewhere.test"


async def held(news: Stand) -> str:
    """A stranger writes; where the moderator's answer goes."""
    await news.put(A)
    await news.post("stranger@far.test", signed_in=False, subject="offer")
    await news.run()
    [(sender, to, message)] = await news.clear()
    assert (sender, to, message["Subject"]) == ("", OWNER, "A message to News waits for you")
    assert "stranger@far.test" in message.get_content()
    assert message["Auto-Submitted"] == "auto-generated"
    return str(message["From"]).rpartition("<")[2].strip(">")


async def test_a_moderator_is_told_and_approves_by_answering(news: Stand) -> None:
    answer = await held(news)
    assert await news.subjects("Moderation") == ["offer"]
    await news.post(OWNER, answer, subject="Re: A message to News waits for you")
    await news.run()
    assert await news.sent() == {A: ["offer"]}
    assert (await news.subjects("Moderation"), await news.subjects("Archive")) == ([], ["offer"])
    await news.post(OWNER, answer)
    await news.run()
    assert await news.queued() == []


async def test_a_moderator_refuses_by_answering(news: Stand) -> None:
    answer = await held(news)
    await news.post(OWNER, answer.replace("-approve", "-reject"))
    await news.run()
    assert (await news.subjects("Moderation"), await news.subjects("Rejected")) == ([], ["offer"])
    assert await news.queued() == []


async def test_whoever_does_not_know_the_word_approves_nothing(news: Stand) -> None:
    answer = await held(news)
    local, _, domain = answer.partition("@")
    for forged in (
        local[:-1] + ("a" if local[-1] != "a" else "b"),
        local.partition("-")[0] + "-approve+1-aaaaaaaaaaaaaaaa",
    ):
        await news.post(OWNER, f"{forged}@{domain}")
    await news.run()
    assert await news.subjects("Moderation") == ["offer"]
    assert await news.queued() == []


async def test_a_message_that_is_moved_to_approved_is_sent_on(news: Stand) -> None:
    await held(news)
    await news.move("Moderation", "Approved")
    await news.run()
    assert await news.sent() == {A: ["offer"]}
    assert await news.subjects("Archive") == ["offer"]


async def test_what_was_rejected_can_still_be_approved(news: Stand) -> None:
    await held(news)
    await news.move("Moderation", "Rejected")
    await news.run()
    assert await news.queued() == []
    await news.move("Rejected", "Approved")
    await news.run()
    assert await news.sent() == {A: ["offer"]}


async def test_the_archive_can_be_sent_again_by_who_may_put_it_into_approved(news: Stand) -> None:
    await news.put(A)
    await news.post(A)
    await news.run()
    await news.clear()
    await news.move("Archive", "Approved")
    await news.run()
    assert await news.sent() == {A: ["hello"]}


async def test_moderators_are_who_may_take_messages_out(news: Stand) -> None:
    from groupware.model.rights import parse_rights

    await news.write(lambda tx: tx.grant(tx.locate(news.of, "Moderation").id, A, parse_rights("lrste")))
    assert (await news.rules()).moderators == {A, OWNER}
    assert (await news.rules()).owners == {OWNER}


async def test_a_flood_of_messages_does_not_flood_moderators(news: Stand, monkeypatch: object) -> None:
    from mailcore.lists import posts

    monkeypatch.setattr(posts, "MOST_WAITING", 2)  # type: ignore[attr-defined]
    for number in range(4):
        await news.post("stranger@far.test", signed_in=False, subject=f"offer {number}")
    await news.run()
    assert len(await news.subjects("Moderation")) == 4
    assert len(await news.queued()) == 2


async def test_a_bug_costs_one_message_its_way_and_it_waits(news: Stand, monkeypatch: object) -> None:
    from mailcore.lists import posts

    def broken(*_: object, **__: object) -> object:
        raise ZeroDivisionError

    await news.put(A)
    monkeypatch.setattr(posts, "decide", broken)  # type: ignore[attr-defined]
    await news.post(A)
    await news.run()
    assert await news.subjects("Moderation") == ["hello"]
    [crashed] = news.office.log.named("list_crashed")
    assert crashed["list"] == LIST
