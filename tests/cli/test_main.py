"""The command `postroom` by itself: its version, and what it says to who names no command."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from mailcore.cli.main import run
from tests.cli.conftest import Postroom


def test_the_version_is_said_without_a_command(postroom: Postroom) -> None:
    said = postroom("--version")
    assert (said.status, said.out) == (0, f"postroom {version('postroom')}\n")


@pytest.mark.parametrize("words", [[], ["account"], ["account", "tokens"]])
def test_who_names_no_command_is_shown_which_there_are(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 2
    out, err = capsys.readouterr()
    assert (out, err.partition(" ")[0]) == ("", "Usage:")
    assert "\nCommands:\n" in err


def test_a_command_that_there_is_not_is_one_line(postroom: Postroom) -> None:
    said = postroom("acount", "list")
    assert (said.status, said.out) == (2, "")
    assert "acount" in said.err and said.err.count("\n") == 1
