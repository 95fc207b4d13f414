"""The dry run asks what the dialogue would ask, of those recipients that are left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mailcore.smtp.policy.engine import compiled
from mailcore.smtp.policy.rules import Rule, parse
from mailcore.smtp.policy.trial import Situation, Step, trial
from mailcore.smtp.policy.variables import Facts

HERE, OTHER, AWAY = ("a@here.test", True, True), ("b@here.test", True, True), ("c@away.test", False, True)


def rule(at: str, then: str, *when: str) -> Rule:
    return parse({"name": f"{at}-{then.partition(' ')[0]}", "at": at, "all": when, "then": then})


async def tried(
    rules: Sequence[Rule], *to: tuple[str, bool, bool], user: str = "", of: Mapping[str, Sequence[Rule]] | None = None
) -> list[Step]:
    """The steps in which a rule matched."""

    async def nothing(asked: object) -> Facts:
        return {}

    given = Situation("192.0.2.1", sender="x@far.test", user=user, recipients=to, octets=b"A: b\r\n\r\n")
    return [step for step in await trial(compiled(rules, of), given, nothing) if step.decision.matched]


def events(steps: Sequence[Step]) -> list[tuple[str, str]]:
    return [(step.event, step.about) for step in steps]


async def test_a_recipient_that_is_discarded_does_not_get_it() -> None:
    rules = [rule("rcpt", "discard-recipient", "rcptUser is c"), rule("headers", "stop", "rcpt is c@away.test")]
    assert events(await tried([*rules, rule("relay", "stop")], HERE, AWAY)) == [("rcpt", "c@away.test")]


async def test_a_message_that_nobody_gets_is_looked_at_all_the_same() -> None:
    rules = [rule("rcpt", "discard-recipient"), rule("data", "stop", "rcptCount is 1"), rule("relay", "stop")]
    assert [each for each, _ in events(await tried(rules, AWAY))] == ["rcpt", "data"]


async def test_what_the_header_takes_away_is_not_there_for_the_content() -> None:
    rules = [
        rule("headers", "discard-recipient c@away.test"),
        rule("data", "stop", "rcpt is c@away.test"),
        rule("relay", "stop"),
    ]
    assert [each for each, _ in events(await tried(rules, HERE, AWAY))] == ["headers"]


async def test_who_is_added_is_there_for_the_content() -> None:
    rules = [rule("headers", "add-recipient copy@here.test"), rule("data", "stop", "rcpt is copy@here.test")]
    assert [each for each, _ in events(await tried(rules, HERE))] == ["headers", "data"]


async def test_the_rules_of_a_domain_are_about_its_own_recipients() -> None:
    of = {"here.test": [rule("data", "discard-recipient", "rcpt not is c@away.test")]}
    found = await tried([rule("relay", "stop")], HERE, OTHER, AWAY, user="u@else.test", of=of)
    assert events(found) == [("data", "(rules of here.test)"), ("relay", "away.test")]


async def test_what_ends_the_rules_of_who_sends_does_not_end_those_of_others() -> None:
    of = {"else.test": [rule("data", "accept")], "here.test": [rule("data", "reject")]}
    found = await tried([], HERE, user="u@else.test", of=of)
    assert events(found) == [("data", "(rules of else.test)"), ("data", "(rules of here.test)")]
