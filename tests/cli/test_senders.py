"""Lists of senders on the command line."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Postroom

ALICE = "alice@example.test"


@pytest.mark.parametrize("of", [["--of", ALICE], ["--of", "example.test"], []])
def test_a_sender_is_on_one_list_or_on_none(postroom: Postroom, of: list[str]) -> None:
    assert postroom("senders", "list", *of, "--json").json == []
    for verb, listed in (("allow", "white"), ("block", "black"), ("block", "black")):
        assert postroom("senders", verb, "*@Far.test", *of).status == 0
        assert postroom("senders", "list", *of, "--json").json == [{"sender": "*@far.test", "list": listed}]
    postroom("senders", "allow", "ann@near.test", *of)
    assert postroom("senders", "forget", "*@far.test", *of).status == 0
    assert postroom("senders", "list", *of, "--json").json == [{"sender": "ann@near.test", "list": "white"}]


def test_what_is_set_for_one_is_set_for_nobody_else(postroom: Postroom) -> None:
    postroom("senders", "block", "far.test", "--of", ALICE)
    for of in (["--of", "bob@example.test"], ["--of", "example.test"], []):
        assert postroom("senders", "list", *of, "--json").json == []
    assert "far.test" in postroom("setting", "get", "blacklist", "--of", ALICE).out


@pytest.mark.parametrize(
    "words",
    [["allow", "two words"], ["allow", " "], ["forget", "x@far.test"], ["allow", "x@far.test", "--of", "nowhere.test"]],
)
def test_what_cannot_be_is_said_in_a_line(postroom: Postroom, words: list[str]) -> None:
    said = postroom("senders", *words)
    assert (said.status, said.err.count("\n")) == (1, 1)
