"""What the guides tell one to type is what there is: every command line, and every piece of configuration."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer.main

from mailcore.cli.main import USAGE, app
from mailcore.server.config import ConfigError, load

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_COMMAND = re.compile(r"(?:\$ )?(?:[A-Z_]+=\S+ |sudo -u postroom )*(?:\S*/)?postroom (.+)")


def blocks(text: str) -> Iterator[list[str]]:
    """Lines that stand indented below each other."""
    found: list[str] = []
    for line in [*text.replace("\\\n", " ").splitlines(), "end"]:
        if line.startswith("    "):
            found.append(line[4:])
        elif line.strip() or not found:
            if found:
                yield found
            found = []


def commands(guide: Path) -> list[str]:
    """The command lines that it names, behind `postroom`."""
    lines = [line for block in blocks(guide.read_text()) for line in block]
    return [found[1] for line in lines if (found := _COMMAND.match(line)) is not None]


def configurations(guide: Path) -> list[str]:
    """The pieces of the configuration file that it shows; a file of rules is another one."""
    found = [block for block in blocks(guide.read_text()) if re.match(r"\[+(?!rule)[a-z]", block[0])]
    return ["\n".join(line for line in block if _COMMAND.match(line) is None) for block in found]


def understood(words: Sequence[str]) -> None:
    """Takes a command line apart as the command does; an error says what there is not."""
    command: Any = typer.main.get_command(app)
    context, rest = None, list(words)
    while True:
        context = command.context_class(command, parent=context, info_name=command.name)
        given, rest, _ = command.make_parser(context).parse_args(rest)
        if not hasattr(command, "get_command"):
            break
        if not rest:
            return
        found = command.get_command(context, rest[0])
        assert found is not None, f"there is no {rest[0]!r}"
        command, rest = found, rest[1:]
    assert rest == [], f"{rest} is too much"
    missing = [each.name for each in command.params if each.required and given.get(each.name) in (None, [])]
    assert missing == []


def wrong(line: str) -> str:
    """What of a command line there is not; "": all is there."""
    words = shlex.split(line, comments=True)
    ends = [place for place, word in enumerate(words) if word in ("|", ">", "<", "&&", ";")]
    try:
        understood(words[: ends[0] if ends else None])
    except (AssertionError, USAGE) as error:
        return str(error)
    return ""


def untaken(text: str, folder: Path) -> str:
    """What is wrong with a piece of configuration; "": nothing."""
    file = folder / "postroom.toml"
    file.write_text(text)
    try:
        load(file, data=folder, environ={})
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_what_a_guide_tells_to_type_is_there(guide: Path) -> None:
    assert {line: error for line in commands(guide) if (error := wrong(line))} == {}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_the_configuration_that_a_guide_shows_is_taken(guide: Path, tmp_path: Path) -> None:
    assert {text: error for text in configurations(guide) if (error := untaken(text, tmp_path))} == {}


def test_the_guides_are_found() -> None:
    assert sum(len(commands(each)) for each in GUIDES) > 100
    assert sum(len(configurations(each)) for each in GUIDES) > 10
