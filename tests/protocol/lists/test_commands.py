"""Getting on a list and leaving it by mail."""

from __future__ import annotations

import pytest

from tests.support.liststand import OWNER, Stand

A, R = "alice@example.test", "Rita <rita@elsewhere.test>"
RITA = "rita@elsewhere.test"
DAY = 86_400


async def ask(news: Stand, author: str, word: str, subject: str = "x", **more: object) -> None:
    more.setdefault("signed_in", False)
    await news.post(author, f"news-{word}@example.test", subject=subject, **more)  # type: ignore[arg-type]
    await news.run()


async def question(news: Stand, to: str = RITA) -> str:
    """Where the answer to the one question in the queue goes."""
    [(sender, recipient, message)] = await news.clear()
    assert (sender, recipient) == ("", to)
    assert str(message["Subject"]).startswith("Please confirm")
    return str(message["From"]).rpartition("<")[2].strip(">")


async def states(news: Stand) -> dict[str, str]:
    return {address: each.state for address, each in (await news.subscribers()).items()}


@pytest.mark.parametrize(("word", "subject"), [("subscribe", "x"), ("join", ""), ("request", "Subscribe please")])
async def test_who_answers_the_question_is_on_the_list_and_is_told(news: Stand, word: str, subject: str) -> None:
    await ask(news, R, word, subject)
    assert await states(news) == {RITA: "unconfirmed"}
    answer = await question(news)
    await news.post(R, answer, subject="Re: Please confirm", signed_in=False)
    await news.run()
    assert await states(news) == {RITA: "active"}
    assert (await news.subscribers())[RITA].name == "Rita"
    assert await news.sent() == {RITA: ["Welcome to News"]}
    assert await news.subjects("INBOX") == []


async def test_a_letter_of_a_list_is_in_the_trace_once(news: Stand) -> None:
    await ask(news, R, "subscribe")
    [entry] = await news.queued()
    rows = await news.read(lambda tx: tx.trace(entry.envelope.message))
    assert [row.event.name for row in rows] == ["received", "queued"]


async def test_a_question_can_be_answered_by_the_subject_to_request(news: Stand) -> None:
    await ask(news, R, "subscribe")
    token = (await question(news)).partition("+")[2].partition("@")[0]
    await ask(news, R, "request", f"Re: confirm {token}")
    assert await states(news) == {RITA: "active"}


async def test_a_question_holds_once_and_for_some_days(news: Stand) -> None:
    await ask(news, R, "subscribe")
    answer = await question(news)
    news.clock.advance(8 * DAY)
    await news.post(R, answer, signed_in=False)
    await news.run()
    assert await states(news) == {RITA: "unconfirmed"}
    assert await news.sent() == {RITA: ["That does not hold any more"]}


async def test_an_answer_does_not_put_somebody_back_who_has_left(news: Stand) -> None:
    await ask(news, R, "subscribe")
    answer = await question(news)
    await news.post(R, answer, signed_in=False)
    await news.run()
    await news.write(lambda tx: tx.drop_subscriber(news.of, RITA))
    await news.clear()
    await news.post(R, answer, signed_in=False)
    await news.run()
    assert await states(news) == {}


async def test_nobody_makes_answers_up(news: Stand) -> None:
    await ask(news, R, "subscribe")
    answer = await question(news)
    local, _, domain = answer.partition("@")
    what, number, day, word = local.partition("+")[2].split("-")
    for forged in (
        f"{what}-{number}-{day}-{'a' * len(word)}",
        f"admit-{number}-{day}-{word}",
        f"{what}-{int(number) + 1}-{day}-{word}",
        f"{what}-{number}-{int(day) + 1}-{word}",
        f"{what}-{number}-{day}-",
        f"{what}-{number}-{day}-{word[:4]}",
        "",
        "-" * 30,
        "9" * 50,
    ):
        await news.post(R, f"news-confirm+{forged}@{domain}", signed_in=False)
    await news.run()
    assert await states(news) == {RITA: "unconfirmed"}


async def test_letter_case_of_an_answer_does_not_count(news: Stand) -> None:
    await ask(news, R, "subscribe")
    answer = await question(news)
    await news.post(R, answer.upper(), signed_in=False)
    await news.run()
    assert await states(news) == {RITA: "active"}


async def test_an_open_list_takes_who_is_known_and_asks_the_others(news: Stand) -> None:
    await news.set(listSubscribe="open")
    await ask(news, A, "subscribe", signed_in=True)
    assert await states(news) == {A: "active"}
    assert await news.sent() == {A: ["Welcome to News"]}
    await ask(news, R, "subscribe")
    await question(news)


async def test_a_closed_list_says_so(news: Stand) -> None:
    await news.set(listSubscribe="closed")
    await ask(news, R, "subscribe")
    assert (await states(news), await news.sent()) == ({}, {RITA: ["You cannot get on News"]})


async def test_who_runs_the_list_lets_people_in(news: Stand) -> None:
    await news.set(listSubscribe="adminConfirm")
    await ask(news, R, "subscribe")
    await news.post(R, await question(news), signed_in=False)
    await news.run()
    assert await states(news) == {RITA: "pending"}
    letters = {to: message for _, to, message in await news.clear()}
    assert letters[RITA]["Subject"] == "Your request for News waits"
    assert letters[OWNER]["Subject"] == f"{RITA} wants to be on News"
    admit = str(letters[OWNER]["From"]).rpartition("<")[2].strip(">")
    await news.post(OWNER, admit)
    await news.run()
    assert await states(news) == {RITA: "active"}
    assert await news.sent() == {RITA: ["Welcome to News"]}


async def test_who_runs_the_list_refuses(news: Stand) -> None:
    await news.set(listSubscribe="adminConfirm")
    await ask(news, R, "subscribe")
    await news.post(R, await question(news), signed_in=False)
    await news.run()
    [refuse] = [
        line.split()[2]
        for _, to, message in await news.clear()
        if to == OWNER
        for line in message.get_content().splitlines()
        if line.startswith("Write to news-confirm")
    ]
    await news.post(OWNER, refuse)
    await news.run()
    assert await states(news) == {}


async def test_who_is_known_leaves_at_once_and_others_are_asked(news: Stand) -> None:
    await news.put(A, RITA)
    await ask(news, A, "unsubscribe", signed_in=True)
    assert await states(news) == {RITA: "active"}
    assert await news.sent() == {A: ["You have left News"]}
    await ask(news, R, "request", "unsubscribe")
    assert await states(news) == {RITA: "active"}
    await news.post(R, await question(news), signed_in=False)
    await news.run()
    assert await states(news) == {}


async def test_another_way_to_get_mail_takes_the_same(news: Stand) -> None:
    await news.set(listDigest=True)
    await news.put(A, RITA)
    await ask(news, A, "request", "digest", signed_in=True)
    await ask(news, R, "request", "nomail")
    await news.post(R, await question(news), signed_in=False)
    await news.run()
    found = await news.subscribers()
    assert (found[A].delivery, found[RITA].delivery) == ("digest", "none")


@pytest.mark.parametrize(
    ("word", "subject", "says"),
    [
        ("help", "", "How to use News"),
        ("request", "help", "How to use News"),
        ("request", "buy now", "I did not understand you"),
        ("request", "", "I could not read your message"),
        ("unsubscribe", "", "You are not on News"),
    ],
)
async def test_what_else_is_asked_is_answered(news: Stand, word: str, subject: str, says: str) -> None:
    await ask(news, R, word, subject)
    assert await news.sent() == {RITA: [says]}


async def test_who_is_on_the_list_already_is_told(news: Stand) -> None:
    await news.put(RITA)
    await ask(news, R, "subscribe")
    assert await news.sent() == {RITA: ["You are on News already"]}


async def test_the_same_letter_is_not_written_all_the_time(news: Stand) -> None:
    for _ in range(3):
        await ask(news, R, "subscribe")
        await ask(news, R, "help")
    assert {to: sorted(subjects) for to, subjects in (await news.sent()).items()} == {
        RITA: ["How to use News", "Please confirm: subscribe to News"]
    }


@pytest.mark.parametrize(
    ("sender", "more"),
    [
        ("", ""),
        (None, "Auto-Submitted: auto-replied\r\n"),
        (None, "Auto-Submitted: auto-generated\r\n"),
        (None, "Precedence: list\r\n"),
        (None, "List-Id: <other.test>\r\n"),
        (None, "Precedence: bulk\r\n"),
    ],
)
async def test_programs_get_no_answer(news: Stand, sender: str | None, more: str) -> None:
    for word in ("subscribe", "help", "confirm+x", "request"):
        await ask(news, R, word, sender=sender, more=more)
    assert await news.queued() == []
    assert await states(news) == {}


async def test_what_is_for_who_runs_the_list_goes_there(news: Stand) -> None:
    await ask(news, R, "owner", "a question")
    [(sender, to, message)] = await news.clear()
    assert (sender, to, message["Subject"]) == (RITA, OWNER, "a question")
    assert await news.subjects("INBOX") == []
    await ask(news, R, "owner", "again", more="Delivered-To: news-owner@example.test\r\n")
    assert await news.queued() == []


async def test_who_signs_in_takes_nobody_else_off_by_a_from_of_theirs(news: Stand) -> None:
    await news.put(RITA)
    await ask(news, R, "unsubscribe", signed_in=True, sender=A)
    assert await states(news) == {RITA: "active"}
    await question(news)
