"""The files tests/data/sieve/*.sievetest: a script, a message, what is known beside it, and what must come of it.

The lines before the first section say which behaviour it is. A section begins with `== name`; one file has some of:

    script          the script; its lines count from 1
    message         the message, line ends made CR LF; without this section there is a plain one
    envelope        `from: address` and `to: address`
    environment     `name: value`: now, addresses, folders, ids, uses (`folder=\\Use`), spam, virus, seen, separator,
                    `item NAME`, `list NAME`; `flags` and `stored: yes` of a message that lies in a mailbox
    include PLACE NAME      a script that `include` finds
    limits          `name: number` of `Limits`
    actions         the actions in their order, one a line, as `shown` writes them
    log             lines that the log must have, as `LINE text`
    octets          the message as the actions make it
    stops           `LINE text`: the run ends with this error
    require         names that the sections `holds` and `fails` require
    holds, fails    a test a line (lines that begin with space go on): it holds, or does not, for the message
    refused         scripts parted by lines of `--`, each after a line `LINE text`: the error, or the beginning of it
    accepted        scripts parted by lines of `--` that must compile
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from datetime import datetime
from pathlib import Path

from mailcore.sieve.actions import Action, AddHeader, DeleteHeader, Outcome, Place, Rewrite
from mailcore.sieve.bounds import Limits
from mailcore.sieve.check import compiled
from mailcore.sieve.edits import KEPT
from mailcore.sieve.letter import applied
from mailcore.sieve.machine import run
from mailcore.sieve.message import Environment, Message, read
from mailcore.sieve.script import Script

FOLDER = Path(__file__).parents[1] / "data" / "sieve"
MESSAGE = (
    "From: Ann Lee <ann@example.com>\nTo: bob@example.net\nSubject: Hello\nDate: Thu, 26 Nov 2026 10:30:00 +0100\n"
    "Message-ID: <1@example.com>\n\nA text.\n"
)
_DIGEST = re.compile(r"[0-9a-f]{32,64}")
_MARK = re.compile(r"=_[0-9a-f]{24}")


@dataclass(frozen=True)
class Case:
    """One file taken apart: the sections by name, of several of one name the later ones behind."""

    name: str
    sections: Mapping[str, str]

    def lines(self, section: str) -> Sequence[str]:
        """The lines of a section that are not empty."""
        return [line for line in self.sections.get(section, "").splitlines() if line.strip()]

    def pairs(self, section: str) -> Mapping[str, str]:
        """`name: value` lines."""
        return {name: value.strip() for name, _, value in (f"{line} ".partition(": ") for line in self.lines(section))}


def cases() -> Sequence[Case]:
    """All of the files."""
    return [read_case(path) for path in sorted(FOLDER.glob("*.sievetest"))]


def read_case(path: Path) -> Case:
    """One file; a section without a known name is an error."""
    sections: dict[str, str] = {}
    name = ""
    for line in path.read_text().splitlines(keepends=True):
        if line.startswith("== "):
            name = line[3:].strip()
            assert name.split()[0] in _SECTIONS, f"{path.name} has no section {name!r}"
            sections.setdefault(name, "")
        elif name:
            sections[name] += line
    return Case(path.stem, sections)


_NAMES = (
    "script message envelope environment include limits actions log octets stops require holds fails refused accepted"
)
_SECTIONS = frozenset(_NAMES.split())


def message_of(case: Case) -> Message:
    """The message of a case with its envelope."""
    envelope = {"from": "ann@example.com", "to": "bob@example.net", **case.pairs("envelope")}
    octets = case.sections.get("message", MESSAGE).replace("\n", "\r\n").encode()
    flags = tuple(_words(case.pairs("environment"), "flags"))
    return replace(read(octets, envelope["from"], envelope["to"]), flags=flags)


def environment_of(case: Case) -> Environment:
    """What is known beside the message."""
    told = case.pairs("environment")
    folders, ids = _words(told, "folders"), _words(told, "ids")
    uses = dict(pair.split("=", 1) for pair in _words(told, "uses"))
    lists = {name[5:]: value.split() for name, value in told.items() if name.startswith("list ")}
    scripts = {name[8:]: text for name, text in case.sections.items() if name.startswith("include ")}

    def special_use(folder: str, wanted: Sequence[str]) -> bool:
        return all(use in uses.values() if not folder else uses.get(folder) == use for use in wanted)

    def script(place: str, name: str) -> Script | None:
        text = scripts.get(f"{place} {name}")
        return None if text is None else compiled(text.encode())

    return Environment(
        now=datetime.fromisoformat(told.get("now", "2026-11-26T12:00:00+01:00")),
        addresses=tuple(_words(told, "addresses")),
        items={name[5:]: value for name, value in told.items() if name.startswith("item ")},
        separator=told.get("separator", "+"),
        stored=told.get("stored") == "yes",
        folder_exists=folders.__contains__,
        mailbox_id_exists=ids.__contains__,
        special_use=special_use,
        spam=float(told["spam"]) if "spam" in told else None,
        virus=int(told["virus"]) if "virus" in told else None,
        seen=lambda handle, key: handle in _words(told, "seen"),
        list_exists=lists.__contains__,
        list_reaches=lists.__contains__,
        in_list=lambda name, value: value.lower() in lists.get(name, ()),
        script=script,
    )


def _words(told: Mapping[str, str], name: str) -> Sequence[str]:
    return told.get(name, "").split()


def outcome_of(case: Case, script: bytes) -> Outcome:
    """What comes of a script on the message of a case."""
    limits = Limits(
        **{name: float(value) if "." in value else int(value) for name, value in case.pairs("limits").items()}
    )  # type: ignore[arg-type]
    return run(compiled(script), message_of(case), environment_of(case), limits)


def shown(action: Action) -> str:
    """An action on one line: its name, what is not as it is by default, and `@` the line that asked for it."""
    words = [type(action).__name__.lower(), *_shown_fields(action)]
    return " ".join([*words, f"@{action.line}"] if action.line else words)


def _shown_fields(value: object) -> Iterator[str]:
    for field in fields(value):  # type: ignore[arg-type]
        one = getattr(value, field.name)
        if field.name in ("line", "octets") or (field.default is not MISSING and one == field.default):
            continue
        if one is True:
            yield field.name
        elif isinstance(one, Place):
            yield " ".join([json.dumps(one.name, ensure_ascii=False), *list(_shown_fields(one))[1:]])
        elif hasattr(one, "__dataclass_fields__"):
            yield f"{field.name}=({' '.join(_shown_fields(one))})"
        else:
            yield f"{field.name}={_DIGEST.sub('DIGEST', json.dumps(one, ensure_ascii=False))}"


def octets_after(case: Case, outcome: Outcome) -> str:
    """The message as the actions make it, line ends LF, random boundaries as MARK."""
    octets = message_of(case).octets
    for action in outcome.actions:
        if isinstance(action, AddHeader | DeleteHeader):
            assert action.name.lower() not in KEPT
            octets = applied(octets, action)
        elif isinstance(action, Rewrite):
            octets = action.octets
    return _MARK.sub("MARK", octets.decode().replace("\r\n", "\n"))


def questions_of(case: Case, section: str) -> Iterator[tuple[str, bytes]]:
    """Each test of `holds` or `fails`, and a script that keeps where it holds and discards where it does not."""
    names = json.dumps([*case.sections.get("require", "").split()])
    tests: list[str] = []
    for line in case.lines(section):
        if line[0] in " \t" and tests:
            tests[-1] += "\n" + line
        else:
            tests.append(line)
    for test in tests:
        head = f"require {names};\n" if names != "[]" else ""
        yield test, f"{head}if {test} {{ keep; }} else {{ discard; }}".encode()


def blocks_of(case: Case, section: str) -> Iterator[str]:
    """The scripts of `refused` and `accepted`."""
    text = case.sections.get(section, "")
    yield from (block.removesuffix("\n") for block in re.split(r"^--\n", text, flags=re.MULTILINE) if block.strip())
