"""Texts of an administrator's own: files `NAME.LANGUAGE.txt` in the folder `templates` of the data.

A file has a header (`Subject:` and what else its kind knows), an empty line, and its text; in the text of a report
three blocks with a line `---` between: what it begins with, what it says of each recipient, what it ends with. `$host`,
`$recipient` and the like stand for what they say, `$$` for a dollar sign. `advice.LANGUAGE.txt` has a line for each
status or part of one: `.2.2: The mailbox is full.`; one that begins with the colon fits all that no other does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Template
from typing import Final, get_args

from mailcore.queue.words import WORDS, Action, Words, words_of
from mailcore.server.config import Config, ConfigError

FOLDER: Final = "templates"
LARGEST: Final = 64 * 1024
_FILE: Final = re.compile(r"([a-z][a-z-]*)\.([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\.txt")
_REPORT: Final = frozenset(("host", "until"))
_LINE: Final = _REPORT | {"recipient", "reason", "advice"}
_HEADER: Final[Mapping[str, frozenset[str]]] = {
    "subject": frozenset(("host",)),
    "from": frozenset(("host",)),
    "said": frozenset(("server", "text")),
    "instead": frozenset(("recipient", "original")),
}
_QUOTA: Final = frozenset(("address", "share", "used", "most"))
_OF_LIST: Final = frozenset(("list", "title", "request", "owner", "address"))
LIST_LETTERS: Final[Mapping[str, frozenset[str]]] = {
    f"list-{name}": _OF_LIST.union(facts.split())
    for name, facts in {
        "welcome": "",
        "goodbye": "",
        "help": "digest",
        "unknown-command": "command",
        "invalid-format": "",
        "invalid-user": "",
        "not-a-user": "",
        "already-subscribed": "",
        "bad-confirmation": "",
        "needs-confirmation": "what confirm days",
        "needs-admin-confirmation": "approve reject",
        "waits-for-admin": "",
        "subscribe-denied": "",
        "auto-reject": "subject reason",
        "held": "author subject reason approve reject",
        "suspended": "reason",
        "probe": "",
        "digest": "count contents",
    }.items()
}
LETTERS: Final[Mapping[str, frozenset[str]]] = {
    "quota-storage": _QUOTA,
    "quota-messages": _QUOTA,
    "quota-sending": frozenset(("address", "limit", "messages", "recipients", "size", "until")),
    "access-request": frozenset(("address", "sender", "name", "what", "level", "said", "link")),
    "confirm-sender": frozenset(("address", "sender", "subject", "code")),
    **LIST_LETTERS,
}
"""Letters, and what may stand in them."""


@dataclass(frozen=True, slots=True)
class OwnLetter:
    """A letter in the administrator's words."""

    subject: str
    text: str

    def filled(self, facts: Mapping[str, str]) -> tuple[str, str]:
        """Its subject and text with the facts in them."""
        return Template(self.subject).safe_substitute(facts), Template(self.text).safe_substitute(facts)


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts: the usual ones, and those of the administrator by name and language."""

    usual: Mapping[Action, Words] = field(default_factory=lambda: WORDS)
    own: Mapping[tuple[str, str], Words] = field(default_factory=dict)
    letters: Mapping[tuple[str, str], OwnLetter] = field(default_factory=dict)
    advice: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)

    @property
    def languages(self) -> frozenset[str]:
        """Those that there is a text of one's own in."""
        return frozenset((*(key[1] for key in (*self.own, *self.letters)), *self.advice))

    def words(self, action: Action, language: str) -> Words:
        """The words of a report in a language, else in English."""
        for each in _choices(language):
            words, advice = self.own.get((action, each)), self.advice.get(each)
            if words is not None or advice is not None:
                words = words or self.usual[action]
                return replace(words, advice=advice) if advice is not None else words
        return self.usual[action]

    def letter(self, name: str, language: str) -> OwnLetter | None:
        """A letter in a language, else in English; None: nobody has written one."""
        return next((found for each in _choices(language) if (found := self.letters.get((name, each)))), None)


def _choices(language: str) -> Sequence[str]:
    """Which languages will do, the best first: `de-at`, `de`, `en`."""
    parts = language.lower().split("-") if language else []
    return [*("-".join(parts[:count]) for count in range(len(parts), 0, -1)), "en"]


class _Wrong(ValueError):
    """What is wrong with a file."""


def texts_of(config: Config) -> Texts:
    """The texts that hold. ConfigError names each file that is of no use, and why."""
    usual, folder = words_of(config.queue), config.data / FOLDER
    own: dict[tuple[str, str], Words] = {}
    letters: dict[tuple[str, str], OwnLetter] = {}
    advice: dict[str, Sequence[tuple[str, str]]] = {}
    problems: list[str] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            name, language = _named(path.name)
            text = _read(path)
            if name == "advice":
                advice[language] = _advice(text)
            elif name in LETTERS:
                letters[name, language] = _letter(text, LETTERS[name])
            else:
                own[name, language] = _report(text, usual[name])  # type: ignore[index]  # it was checked to be one
        except (_Wrong, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            problems.append(f"{path}: {reason}")
    if problems:
        raise ConfigError(problems)
    return Texts(usual, own, letters, advice)


def _named(file: str) -> tuple[str, str]:
    found = _FILE.fullmatch(file)
    names = (*get_args(Action), *LETTERS, "advice")
    if found is None or found[1] not in names:
        raise _Wrong(f"the name is not NAME.LANGUAGE.txt, as failed.de.txt; the names are {', '.join(names)}")
    return found[1], found[2].lower()


def _read(path: Path) -> str:
    octets = path.read_bytes()
    if len(octets) > LARGEST:
        raise _Wrong(f"it is longer than {LARGEST} octets")
    try:
        return octets.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise _Wrong(f"it is not UTF-8 (octet {error.start})") from None


def _report(text: str, usual: Words) -> Words:
    header, body = _parted(text, _HEADER)
    blocks = [block.strip("\n") for block in re.split(r"(?m)^---[ \t]*$\n?", body)]
    if len(blocks) != 3:
        raise _Wrong(f"its text has {len(blocks)} blocks; it takes three, with lines '---' between them")
    head, line, tail = blocks
    for block, known in ((head, _REPORT), (line, _LINE), (tail, _REPORT)):
        _check(block, known)
    return replace(
        usual,
        subject=header["subject"],
        head=head,
        line=line,
        tail=tail,
        sender=header.get("from") or usual.sender,
        said=header.get("said") or usual.said,
        instead=header.get("instead") or usual.instead,
    )


def _letter(text: str, known: frozenset[str]) -> OwnLetter:
    header, body = _parted(text, {"subject": known})
    _check(body, known)
    return OwnLetter(header["subject"], body.strip("\n"))


def _advice(text: str) -> Sequence[tuple[str, str]]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        part, colon, advice = line.partition(":")
        if not line.strip():
            continue
        if not colon or re.fullmatch(r"[245]?[.\d]*", part.strip()) is None:
            raise _Wrong(f"line {number} is not written as '.2.2: The mailbox is full.'")
        found.append((part.strip(), advice.strip()))
    return tuple(sorted(found, key=lambda each: each[0] == ""))


def _parted(text: str, known: Mapping[str, frozenset[str]]) -> tuple[Mapping[str, str], str]:
    """The header by name, and the text behind it."""
    top, _, body = text.partition("\n\n")
    header: dict[str, str] = {}
    for number, line in enumerate(top.split("\n"), 1):
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if not colon or name not in known:
            raise _Wrong(f"line {number} is no header; there are {', '.join(each.capitalize() for each in known)}")
        _check(value, known[name])
        header[name] = value.strip()
    if not header.get("subject"):
        raise _Wrong("it has no Subject")
    return header, body


def _check(text: str, known: frozenset[str]) -> None:
    template = Template(text)
    if not template.is_valid():
        raise _Wrong("a $ stands alone; write $$ for the sign itself")
    for name in template.get_identifiers():
        if name not in known:
            raise _Wrong(
                f"${name} stands for nothing there; there are {', '.join('$' + each for each in sorted(known))}"
            )
