"""The chain: in what order filters judge, whose word counts, and what a filter that breaks does to a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import pytest

from groupware.model.errors import TryAgain
from groupware.model.event import Recipient, Target
from groupware.model.flags import Flags
from groupware.model.folder import Destination
from groupware.model.ids import AccountId
from mailcore.queue.filters import (
    KEPT,
    Case,
    Chain,
    Decision,
    Disposition,
    Filing,
    Judge,
    Level,
    Redirection,
    Refusal,
    Said,
    Verdict,
)
from tests.support.eventlog import RecordingLog

ALICE = Target("account", AccountId(11), address="alice@x")
BOB = Target("account", AccountId(12), address="bob@x")
CASE = Case("ID", b"Subject: x\r\n\r\n", "from@y", Recipient("alice@x"), ALICE)
JUNK, ARCHIVE = Destination("Junk"), Destination("Archive")


@dataclass
class Plain:
    """A filter that says what it is told."""

    name: str = "plain"
    level: Level = "server"
    priority: int = 100
    fails: Literal["open", "later"] = "open"
    say: Callable[[Case], Verdict] = lambda case: Verdict()
    about: Sequence[Target] = (ALICE,)
    deaf: Exception | None = None
    heard: list[Case] = field(default_factory=list)

    async def judges(self, targets: Sequence[Target], octets: bytes) -> Mapping[Target, Judge]:
        if self.deaf is not None:
            raise self.deaf
        return {each: self._judge for each in targets if each in self.about}

    async def _judge(self, case: Case) -> Verdict:
        self.heard.append(case)
        return self.say(case)


async def decide(*filters: Plain, log: RecordingLog | None = None) -> Decision:
    chain = Chain(filters, log or RecordingLog())
    judges = await chain.judges([ALICE], b"")
    return await chain.decide(CASE, judges.get(ALICE, ()))


def filing(to: Destination, name: str = "plain", level: Level = "server", priority: int = 100) -> Plain:
    return Plain(name, level, priority, say=lambda case: Verdict(Disposition((Filing(to),))))


def raises(error: Exception) -> Callable[[Case], Verdict]:
    def say(case: Case) -> Verdict:
        raise error

    return say


async def test_without_filters_it_is_kept() -> None:
    assert await decide() == Decision(KEPT, CASE.octets)


async def test_levels_come_before_priorities_and_the_lower_priority_first() -> None:
    order: list[str] = []

    def named(name: str, level: Level, priority: int) -> Plain:
        def say(case: Case) -> Verdict:
            order.append(name)
            return Verdict()

        return Plain(name, level, priority, say=say)

    await decide(named("d", "account", 1), named("c", "domain", 5), named("b", "server", 9), named("a", "server", 2))
    assert order == ["a", "b", "c", "d"]


async def test_the_last_disposition_wins() -> None:
    found = await decide(filing(ARCHIVE, level="account"), filing(JUNK))
    assert found.disposition == Disposition((Filing(ARCHIVE),))


async def test_one_that_says_nothing_of_it_leaves_it_as_it_was() -> None:
    found = await decide(filing(JUNK), Plain(level="account"))
    assert found.disposition == Disposition((Filing(JUNK),))


async def test_what_inherits_goes_where_the_filters_before_have_it_go() -> None:
    flagged = Filing(flags=Flags.SEEN, keywords=frozenset("k"), inherits=True)
    copy = Filing(ARCHIVE)
    last = Plain(level="account", say=lambda case: Verdict(Disposition((flagged, copy), (Redirection("a@b", b"x"),))))
    found = await decide(filing(JUNK), last)
    assert found.disposition == Disposition(
        (Filing(JUNK, Flags.SEEN, frozenset("k")), copy), (Redirection("a@b", b"x"),)
    )


async def test_what_inherits_stays_refused() -> None:
    no = Plain(say=lambda case: Verdict(Disposition(refusal=Refusal("no"))))
    last = Plain(level="account", say=lambda case: Verdict(Disposition((Filing(inherits=True),))))
    assert (await decide(no, last)).disposition.refusal == Refusal("no")
    word = Plain(level="account", say=lambda case: Verdict(Disposition((Filing(),))))
    assert (await decide(no, word)).disposition == KEPT


async def test_what_one_adds_the_next_one_sees() -> None:
    scanner = Plain(say=lambda case: Verdict(octets=b"X-Spam: yes\r\n" + case.octets, spam=90.0, said=(Said("spam"),)))
    rules = Plain("rules", "account", say=lambda case: Verdict(said=(Said("seen"),)))
    found = await decide(scanner, rules)
    assert found.octets == b"X-Spam: yes\r\n" + CASE.octets
    assert rules.heard[0].octets == found.octets
    assert [each.spam for each in rules.heard[0].earlier] == [90.0]
    assert found.said == (("plain", Said("spam")), ("rules", Said("seen")))


@pytest.mark.parametrize("error", [ValueError("a bug"), TryAgain("away")])
async def test_one_that_breaks_open_is_passed_over(error: Exception) -> None:
    log = RecordingLog()
    found = await decide(Plain(say=raises(error)), filing(ARCHIVE, level="account"), log=log)
    assert (found.disposition, found.trouble) == (Disposition((Filing(ARCHIVE),)), None)
    assert log.named("filter_failed")[0]["filter"] == "plain"


@pytest.mark.parametrize("error", [ValueError("a bug"), TryAgain("away")])
async def test_one_that_may_not_be_passed_has_the_message_wait(error: Exception) -> None:
    found = await decide(Plain(fails="later", say=raises(error)), filing(ARCHIVE, level="account"))
    assert isinstance(found.trouble, TryAgain)


@pytest.mark.parametrize("fails", ["open", "later"])
async def test_one_that_does_not_even_say_whom_it_is_about(fails: Literal["open", "later"]) -> None:
    found = await decide(Plain(fails=fails, deaf=TryAgain("away")))
    assert (found.trouble is not None) == (fails == "later")


async def test_it_is_asked_once_for_all_targets() -> None:
    chain = Chain([Plain(about=(BOB,))], RecordingLog())
    assert list(await chain.judges([ALICE, BOB], b"")) == [BOB]
    assert await chain.judges([], b"") == {}


async def test_what_is_held_back_is_held_back_whatever_the_owner_has_to_say() -> None:
    rules = filing(ARCHIVE, "rules", "account")
    found = await decide(Plain(say=lambda case: Verdict(Disposition(quarantine="a virus"))), rules)
    assert (found.disposition, rules.heard) == (Disposition(quarantine="a virus"), [])


async def test_what_was_released_is_judged_by_its_owner_alone() -> None:
    server, domain, own = filing(JUNK, "s"), filing(JUNK, "d", "domain"), filing(ARCHIVE, "a", "account")
    chain = Chain((server, domain, own), RecordingLog())
    judges = await chain.judges([ALICE], b"")
    found = await chain.decide(replace(CASE, cleared=True), judges[ALICE])
    assert found.disposition == Disposition((Filing(ARCHIVE),))
    assert [len(each.heard) for each in (server, domain, own)] == [0, 0, 1]


@dataclass
class Reviewing(Plain):
    """One that also looks at what others have judged."""

    async def reviews(self, targets: Sequence[Target]) -> Mapping[Target, Judge]:
        return dict.fromkeys(targets, self._judge)


async def test_a_reviewer_is_asked_about_what_others_have_judged_before_it_and_of_nothing_else() -> None:
    first, last = Plain("first"), Plain("last", "account", 200, about=(BOB,))
    review = Reviewing("review", "account", 50, about=())
    found = await Chain([first, last, review], RecordingLog()).judges([ALICE, BOB], b"")
    assert {target: [each.name for each, _ in places] for target, places in found.items()} == {
        ALICE: ["first", "review"],
        BOB: ["last"],
    }


async def test_so_many_messages_are_in_the_filters_at_once_as_there_are_places() -> None:
    chain = Chain([Plain()], RecordingLog(), at_once=1)
    async with chain.places:
        assert chain.places.locked()
    assert not chain.places.locked()
