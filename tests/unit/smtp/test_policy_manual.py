"""The manual says what the code says, and facts are what variables promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailcore.smtp.policy.engine import compiled
from mailcore.smtp.policy.manual import manual
from mailcore.smtp.policy.rules import parse
from mailcore.smtp.policy.trial import Situation, trial
from mailcore.smtp.policy.variables import CONTENT, DIALOGUE, VARIABLES, Event, Facts


def test_the_page_is_up_to_date() -> None:
    assert (Path(__file__).parents[3] / "docs" / "policy.md").read_text() == manual()


@pytest.mark.parametrize("event", DIALOGUE)
async def test_a_dry_run_knows_every_variable_of_an_event(event: Event) -> None:
    known = [each for each in VARIABLES.values() if event in each.known and not each.slow]
    names = [each.name + ("subject" if each.family else "") for each in known]
    if event == "data":
        names += ["attachmentNames", "contentTypes"]
    rules = compiled([parse({"name": "r", "at": event, "any": [f"{each} exists" for each in names], "then": "stop"})])

    async def nothing(asked: object) -> Facts:
        return {}

    given = Situation("192.0.2.1", sender="a@b.test", recipients=(("c@d.test", True, True),), octets=b"A: b\r\n\r\n")
    steps = await trial(rules, given, nothing)
    assert [each.event for each in steps] == list(DIALOGUE)
    (step,) = [each for each in steps if each.event == event]
    assert set(names) <= step.decision.facts.keys()
    assert step.decision.matched
    assert (event in CONTENT) == ("receivedCount" in step.decision.facts)
