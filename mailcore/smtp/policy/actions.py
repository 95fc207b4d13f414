"""Actions: what a rule does. `reject 550 5.7.1 "Not from here."`, `add-header X-Seen yes`, `set maxRcptCount 50`.

What an action writes may name variables of its event in braces: `reject "{remoteSmtpIp} is not welcome."`
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from mailcore.smtp.policy import words
from mailcore.smtp.policy.variables import CONTENT, DIALOGUE, EVENTS, QUEUE, Event, Facts, declared, setting
from mailcore.smtp.reply import LINE_MAX
from mailcore.smtp.wire import NULL, Bad, parse_path

_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\Z")
_FIELD: Final = re.compile(r"[!-9;-~]{1,76}\Z")
_HOST: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.\-]{1,255})(?::(\d{1,5}))?\Z")
_NAMED: Final = re.compile(r"\{([A-Za-z][A-Za-z0-9.\-]*)\}")
_KEPT: Final = frozenset(("received", "return-path"))
"""Fields that no rule takes away: without them nobody sees that a message goes round in circles."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action, checked."""

    verb: str
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As `parse` reads it."""
        return words.joined((self.verb, *self.words))


@dataclass(frozen=True, slots=True)
class Verb:
    """What an action is called, where it has a meaning, and what stands behind it. `check` raises ValueError."""

    name: str
    events: tuple[Event, ...]
    usage: str
    doc: str
    check: Callable[[tuple[str, ...], Event], None]
    ends: bool = False
    """Whether no further rule of the event is asked."""


def parse(text: str, event: Event) -> Action:
    """An action as a person types it, for a rule at this event. ValueError."""
    found = words.split(text)
    verb = VERBS.get(found[0].lower()) if found else None
    if verb is None:
        raise ValueError(f"there is no action {text[:40]!r}; there are {', '.join(VERBS)}")
    if event not in verb.events:
        raise ValueError(f"{verb.name} does nothing at {event}; it is for {', '.join(verb.events)}")
    if any(not each.isprintable() for each in found) or len(text) > 4000:
        raise ValueError("an action is printable text on one line")
    verb.check(found[1:], event)
    return Action(verb.name, found[1:])


@dataclass(frozen=True, slots=True)
class Answer:
    """The words of a refusal."""

    code: int
    status: str
    text: str


_ANSWERS: Final[Mapping[str, Answer]] = {
    "reject": Answer(550, "5.7.1", "This server does not take that."),
    "tempreject": Answer(451, "4.7.1", "Not now; try again later."),
    "close": Answer(421, "4.7.0", "Goodbye."),
}


def answer(action: Action, facts: Facts) -> Answer:
    """What the client is told: code and status as given, or the usual ones."""
    usual, rest = _ANSWERS[action.verb], list(action.words)
    code = int(rest.pop(0)) if rest and _is_code(rest[0]) else usual.code
    status = rest.pop(0) if rest and _STATUS.match(rest[0]) else f"{code // 100}{usual.status[1:]}"
    return Answer(code, status, filled(" ".join(rest), facts) or usual.text)


def filled(text: str, facts: Facts) -> str:
    """The text with the values of the variables that it names; a name that is none stays as it is."""

    def value(found: re.Match[str]) -> str:
        try:
            _, name = declared(found[1])
        except ValueError:
            return found[0]
        known = facts.get(name, "")
        return ", ".join(known) if isinstance(known, tuple) else str(known)

    return _NAMED.sub(value, text)


def named(action: Action) -> frozenset[str]:
    """The variables that an action writes down."""
    found = set()
    for name in _NAMED.findall(" ".join(action.words)):
        with suppress(ValueError):
            found.add(declared(name)[1])
    return frozenset(found)


# --- what stands behind the verbs -----------------------------------------------------------------------------------


def _is_code(word: str) -> bool:
    return len(word) == 3 and word.isascii() and word.isdecimal()


def _answer(first: str) -> Callable[[tuple[str, ...], Event], None]:
    def check(given: tuple[str, ...], event: Event) -> None:
        rest = list(given)
        if rest and _is_code(rest[0]) and not rest.pop(0).startswith(first):
            raise ValueError(f"its code begins with {first}, not {given[0]}")
        if rest and _STATUS.match(rest[0]) and not rest[0].startswith(first):
            raise ValueError(f"its status begins with {first}, not {rest[0]}")
        if sum(map(len, given)) > LINE_MAX - 20:
            raise ValueError(f"what is answered has at most {LINE_MAX - 20} characters")

    return check


def _nothing(given: tuple[str, ...], event: Event) -> None:
    if given:
        raise ValueError(f"nothing stands behind it, and here is {given[0][:40]!r}")


def _set(given: tuple[str, ...], event: Event) -> None:
    if len(given) != 2:
        raise ValueError("write it as: set VARIABLE VALUE")
    variable, _ = declared(given[0])
    if event not in variable.settable:
        where = f"it is set at {', '.join(variable.settable)}" if variable.settable else "it can only be asked for"
        raise ValueError(f"{variable.name} is not set at {event}; {where}")
    setting(variable, given[1])


def _name(word: str) -> None:
    if not _FIELD.match(word):
        raise ValueError(f"{word[:40]!r} is no name of a header field")


def _field(given: tuple[str, ...], event: Event) -> None:
    if len(given) != 2:
        raise ValueError('write it as: add-header NAME "VALUE"')
    _name(given[0])
    if given[0].lower() in _KEPT:
        raise ValueError(f"{given[0]} is the server's own")


def _field_name(given: tuple[str, ...], event: Event) -> None:
    if len(given) != 1:
        raise ValueError("write it as: remove-header NAME")
    _name(given[0])
    if given[0].lower() in _KEPT:
        raise ValueError(f"{given[0]} stays: without it nobody sees that a message goes round in circles")


def _address(given: tuple[str, ...], event: Event) -> None:
    if len(given) != 1:
        raise ValueError("one address stands behind it")
    try:
        path = parse_path(given[0])
    except Bad as bad:
        raise ValueError(bad.reply.text) from None
    if path == NULL or not path.domain:
        raise ValueError(f"{given[0][:60]!r} is no whole address")


def _discarded(given: tuple[str, ...], event: Event) -> None:
    if event == "rcpt":
        _nothing(given, event)
    elif given:
        _address(given, event)


def _route(given: tuple[str, ...], event: Event) -> None:
    found = _HOST.match(given[0]) if len(given) == 1 else None
    if found is None or (found[1] and not 0 < int(found[1]) < 65536):
        raise ValueError("write it as: route HOST, HOST:PORT or [ADDRESS]:PORT")


def _plugin(given: tuple[str, ...], event: Event) -> None:
    if len(given) != 1 or not re.fullmatch(r"[A-Za-z0-9_.\-]{1,64}", given[0]):
        raise ValueError("write it as: ask PLUGIN")


def _text(given: tuple[str, ...], event: Event) -> None:
    if sum(map(len, given)) > LINE_MAX:
        raise ValueError(f"it has at most {LINE_MAX} characters")


_TAKEN: Final[tuple[Event, ...]] = ("rcpt", *CONTENT)
_VERBS: Final = (
    Verb("accept", DIALOGUE, "", "It is taken, and no further rule of this event is asked.", _nothing, True),
    Verb("reject", DIALOGUE, "[CODE] [STATUS] [TEXT]", "It is refused for good, with 550 5.7.1 if nothing is said;"
         " at `connect` with 554, and the server hangs up.", _answer("5"), True),
    Verb("tempreject", DIALOGUE, "[CODE] [STATUS] [TEXT]", "It is put off, with 451 4.7.1.", _answer("4"), True),
    Verb("close", DIALOGUE, "[CODE] [STATUS] [TEXT]", "The server hangs up, with 421 4.7.0.", _answer("4"), True),
    Verb("quarantine", CONTENT, "[TEXT]", "It is taken, and held back for all its recipients until somebody releases it"
         " (`postroom quarantine`); the text says why.", _text, True),
    Verb("set", DIALOGUE[:4], "VARIABLE VALUE", "Sets a limit or a choice, from here to the end of the session; at"
         " `mail` and `rcpt` to the end of the message, and who may reach a recipient at `rcpt` for that one alone.",
         _set),
    Verb("add-recipient", _TAKEN, "ADDRESS", "Somebody else gets it as well.", _address),
    Verb("discard-recipient", _TAKEN, "[ADDRESS]", "This recipient (of several, that one) does not get it, and the"
         " sender is not told. From `headers` on without an address: nobody gets it.", _discarded),
    Verb("add-header", CONTENT, "NAME VALUE", "Puts a field before the message.", _field),
    Verb("add-header-if-missing", CONTENT, "NAME VALUE", "The same where there is none of that name.", _field),
    Verb("modify-header", CONTENT, "NAME VALUE", "Gives the field another value, or adds it.", _field),
    Verb("modify-header-if-there", CONTENT, "NAME VALUE", "The same where there is one.", _field),
    Verb("remove-header", CONTENT, "NAME", "Takes all fields of that name away.", _field_name),
    Verb("remove-first-header", CONTENT, "NAME", "Takes the first of them away.", _field_name),
    Verb("route", ("relay",), "HOST[:PORT]", "It goes to this host, whatever the MX records say.", _route, True),
    Verb("no-report", QUEUE[1:], "", "The sender is not told.", _nothing),
    Verb("give-up", ("temporary-failure",), "[TEXT]", "It is not tried again: the failure is final.", _text, True),
    Verb("ask", DIALOGUE, "PLUGIN", "A plug-in is asked when the rules of the event have not refused; what it"
         " gives back is done.", _plugin),
    Verb("stop", EVENTS, "", "No further rule of this event is asked.", _nothing, True),
)  # fmt: skip
VERBS: Final[Mapping[str, Verb]] = {each.name: each for each in _VERBS}
