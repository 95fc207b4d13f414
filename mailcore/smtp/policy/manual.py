"""The manual of the rules, made from their declarations: `python -m mailcore.smtp.policy.manual > docs/policy.md`."""

from __future__ import annotations

from typing import Final

from mailcore.smtp.policy.actions import VERBS
from mailcore.smtp.policy.conditions import OPERATORS
from mailcore.smtp.policy.variables import DIALOGUE, EVENTS, QUEUE, VARIABLES, Event, Variable

_BEGINNING: Final = """\
# The policy of SMTP

Made from `mailcore/smtp/policy/`; `python -m mailcore.smtp.policy.manual > docs/policy.md` renews it.

The administrator's rules say what is taken from whom, beyond what `[smtp]` in the configuration file says. They are
kept in the database, hold in all processes from the next message on, and are edited one by one or as a file:

    postroom policy add no-programs --at data --if 'attachmentNames like *.exe *.scr' \\
        --then 'reject 554 5.7.1 "No programs, please."'
    postroom policy list
    postroom policy export rules.toml
    postroom policy check rules.toml
    postroom policy import rules.toml
    postroom policy try letter.eml --ip 192.0.2.1 --from ann@example.org --to bob@example.test

`try` says which rules would match and what they would do, and changes nothing. In a file a rule looks like this:

    [[rule]]
    name = "no-programs"
    at = "data"
    all = ["attachmentNames like *.exe *.scr"]
    then = ['reject 554 5.7.1 "No programs, please."']

`at` is the event. `all` are conditions that have to hold; of those in `any` one has to. `then` is done when they do.
`enabled = false` keeps a rule without asking it, `note` says what it is for. The rules of an event are asked in their
order, up to the first with an action that ends the event. LMTP listeners ask no rules.

A domain has rules of its own: every command above takes `--domain example.org`. They are asked behind the server's, as
far as these have not ended the event: at `mail` and of failures those of the sender's domain, at `rcpt` those of the
recipient's, at `headers` and `data` those of the recipients' and of who has signed in. They know no `close`, `set`,
`route` and `ask`, and are not asked at `connect`, `ehlo` and `relay`. Mail from outside for domains with rules at
`headers` or `data` comes in a message for each (RCPT says 452 to the others); where who signed in writes to several at
once, a recipient's domain refuses the message or drops its own recipients, and changes nothing else.
"""

_EVENTS: Final[dict[Event, str]] = {
    "connect": "A client has connected; it has said nothing.",
    "ehlo": "It says who it is (EHLO, HELO).",
    "mail": "It names the sender.",
    "rcpt": "It names a recipient; asked for each of them.",
    "headers": "The message has come; by its header.",
    "data": "The same, by all of it.",
    "relay": "An attempt is made to bring it to another server.",
    "failure": "It could not be delivered, for good; asked for each recipient.",
    "temporary-failure": "It could not be delivered now; asked for each recipient.",
}


def manual() -> str:
    """The page, in Markdown."""
    lines = [_BEGINNING, "## Events", "", "| event | when |", "|---|---|"]
    lines += [f"| `{name}` | {_EVENTS[name]} |" for name in EVENTS]
    lines += ["", "## Conditions", "", _CONDITIONS, "| operator | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {doc} |" for name, doc in OPERATORS.items()]
    lines += ["", "## Actions", "", _ACTIONS, "| action | at | meaning |", "|---|---|---|"]
    lines += [
        f"| `{f'{each.name} {each.usage}'.rstrip()}` | {_events(each.events)} | {each.doc}"
        f"{' It ends the event.' if each.ends else ''} |"
        for each in VERBS.values()
    ]
    lines += ["", "## Variables that are asked for", "", "| name | kind | known at | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{each.name}{'NAME' if each.family else ''}` | {each.kind} | {_events(each.known)} | {each.doc} |"
        for each in VARIABLES.values()
        if each.known
    ]
    lines += ["", "## Variables that are set", "", "| name | value | set at | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{each.name}` | {_choices(each) or _range(each.kind, each.least, each.most)}"
        f" | {_events(each.settable)} | {each.doc} |"
        for each in VARIABLES.values()
        if each.settable
    ]
    return "\n".join(lines) + "\n"


_CONDITIONS: Final = """\
`VARIABLE [not] OPERATOR VALUE...` Letter case does not count, but where a regular expression says so. A value with
spaces stands in quotes. Of a variable with several values one has to fit. All regular expressions of one event have a
tenth of a second; what takes longer does not match, and its `not` neither.
"""
_ACTIONS: Final = """\
What is answered or written may name variables of the event in braces: `reject "{remoteSmtpIp} is not welcome."`
"""


def _events(events: tuple[Event, ...]) -> str:
    if events == DIALOGUE:
        return "all of the dialogue"
    if events == EVENTS:
        return "all"
    since = DIALOGUE[DIALOGUE.index(events[0]) :] if events[0] in DIALOGUE else ()
    if len(since) > 2 and events[: len(since)] == since:
        rest = events[len(since) :]
        return f"from `{since[0]}` on" + (", and in the queue" if rest == QUEUE else "")
    return ", ".join(f"`{each}`" for each in events)


def _choices(variable: Variable) -> str:
    several = "some of " if variable.several else ""
    return several + ", ".join(f"`{each}`" for each in variable.choices) if variable.choices else ""


def _range(kind: str, least: int, most: int) -> str:
    return f"{least} to {most}" if kind == "number" else kind


if __name__ == "__main__":
    import sys

    sys.stdout.write(manual())
