"""`postroom config check`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Postroom


def test_a_wrong_file_and_a_wrong_template_are_told_together(postroom: Postroom, data: Path) -> None:
    (data / "postroom.toml").write_text("[server]\nnod = 1\n[queue]\nmax_retry_count = 0\n")
    (data / "templates").mkdir()
    (data / "templates" / "nothing.xx.txt").write_text("x")
    said = postroom("config", "check")
    assert said.status == 1
    first, second, third = said.err.splitlines()
    assert first.startswith("postroom: postroom.toml:2: server.nod: unknown key")
    assert second.startswith("postroom: postroom.toml:4: queue.max_retry_count: ")
    assert "nothing.xx.txt: the name is not NAME.LANGUAGE.txt" in third
    assert [each["problem"] for each in postroom("config", "check", "--json").json] == [
        each.removeprefix("postroom: ") for each in (first, second, third)
    ]


def test_a_good_one_is_said_to_be_good(postroom: Postroom, data: Path) -> None:
    (data / "postroom.toml").write_text("[server]\nworkers = 2\n")
    assert postroom("config", "check").out.endswith("postroom.toml: good\n")
    assert postroom("config", "check", "--json").json == []
