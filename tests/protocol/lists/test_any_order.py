"""Whatever the order: everybody who is active when a message is sent on gets it once, and nobody else does."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groupware.model.mailinglist import Subscriber
from mailcore.lists import distribute
from mailcore.lists.worker import handle, look, run_due
from tests.protocol.lists.test_posts import Dying, Killed
from tests.support.liststand import Stand, list_stand
from tests.support.postoffice import Place

PEOPLE = [f"p{each}@x.test" for each in range(5)]
AUTHORS = ("alice@example.test", "stranger@far.test", *PEOPLE[:2])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.sampled_from(AUTHORS)),
        st.tuples(st.sampled_from(["join", "leave", "suspend", "moderate"]), st.sampled_from(PEOPLE)),
        st.tuples(st.sampled_from(["approve", "reject", "crash", "both"]), st.just("")),
    ),
    min_size=3,
    max_size=14,
)


@dataclass
class Oracle:
    """What the list should do, in a few lines."""

    on: dict[str, tuple[bool, bool]] = field(default_factory=dict)
    """Who is on it: whether active, whether moderated."""
    held: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    got: Counter[tuple[str, str]] = field(default_factory=Counter)

    def send(self, subject: str) -> None:
        self.got.update((address, subject) for address, (active, _) in self.on.items() if active)

    def post(self, author: str, subject: str) -> None:
        if author in self.on and not self.on[author][1]:
            self.send(subject)
        else:
            self.held.append(subject)


async def step(news: Stand, oracle: Oracle, number: int, what: str, who: str) -> None:
    subject = f"n{number}"
    if what == "post":
        await news.post(who, subject=subject, signed_in=who.endswith("@example.test"))
        oracle.post(who, subject)
    elif what == "join":
        await news.put(who)
        oracle.on[who] = (True, False)
    elif what == "leave":
        if oracle.on.pop(who, None) is not None:
            await news.write(lambda tx: tx.drop_subscriber(news.of, who))
    elif what in ("suspend", "moderate"):
        if who in oracle.on:
            state = "suspended" if what == "suspend" else "active"
            new = replace(Subscriber(who), state=state, moderated=what == "moderate")  # type: ignore[arg-type]
            await news.write(lambda tx: tx.put_subscriber(news.of, new))
            oracle.on[who] = (what != "suspend", what == "moderate")
    elif what == "approve":
        await news.move("Moderation", "Approved")
        for each in oracle.held:
            oracle.send(each)
        oracle.held.clear()
    elif what == "reject":
        await news.move("Moderation", "Rejected")
        oracle.rejected += oracle.held
        oracle.held.clear()
    await work(news, what, number)


async def work(news: Stand, what: str, number: int) -> None:
    """The worker goes on: alone, twice at once, or dying at one of its writes and coming back."""
    if what == "both" or number % 3 == 1:
        places = await look(news.desk)
        await asyncio.gather(*(handle(news.desk, place) for place in places for _ in range(2)))
    elif what == "crash" or number % 3 == 2:
        with suppress(Killed):
            await run_due(replace(news.desk, store=cast(Any, Dying(news.office.store, 1 + number % 4))))
    await news.run()


async def play(place: Place, steps: list[tuple[str, str]]) -> None:
    async with list_stand(place) as news:
        oracle = Oracle(dict.fromkeys(PEOPLE[:4], (True, False)))
        await news.put(*oracle.on)
        for number, (what, who) in enumerate(steps):
            await step(news, oracle, number, what, who)
        got = Counter(
            (to, str(each["Subject"])) for _, to, each in await news.clear() if str(each["Subject"])[0] == "n"
        )
        assert got == oracle.got
        assert sorted(await news.subjects("Moderation")) == sorted(oracle.held)
        assert sorted(await news.subjects("Rejected")) == sorted(oracle.rejected)
        assert (await news.subjects("INBOX"), await news.subjects("Approved")) == ([], [])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_each_active_subscriber_gets_each_approved_message_once(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, str]]
) -> None:
    monkeypatch.setattr(distribute, "AT_ONCE", 2)
    folder: Path = tmp_path_factory.mktemp("any")
    asyncio.run(play(Place(folder), steps))
