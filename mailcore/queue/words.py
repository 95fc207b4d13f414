"""The words of reports to senders: the usual ones, and those of the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from mailcore.server.sections_mail import NoticeSection, QueueSection

Action = Literal["failed", "delayed", "delivered", "relayed"]
Attach = Literal["headers", "message", "nothing"]
FULL: Final = "The mailbox is full."
"""What others are told of a quota, whatever it is of."""

ADVICE: Final[Sequence[tuple[str, str]]] = (
    ("5.1.10", "The domain takes no mail at all. Ask the recipient for another address."),
    (".1.1", "There is no such mailbox. Check the address for spelling."),
    (".1.2", "There is no such mail domain. Check the part behind the @ for spelling."),
    (".2.1", "The mailbox takes no mail. Try to reach the recipient in another way."),
    (".2.2", "The mailbox is full. The recipient has to make room; try again later."),
    (".3.4", "The message is too large for the other server. Send less at once."),
    (".4.6", "Mail to this address goes in a circle. Tell the recipient's postmaster."),
    (".4.", "The other server could not be reached. Check the address, and try again later."),
    (".6.7", "The other server cannot take addresses with such letters. Ask the recipient for another address."),
    (".6.", "The other server cannot take this kind of content. Send it in another form."),
    (".7.", "The other server refuses the message. Ask the recipient's postmaster why."),
    ("", "If the reason tells you nothing, forward this report to your postmaster."),
)


@dataclass(frozen=True, slots=True)
class Words:
    """What people read. `$host`, `$recipient`, `$reason`, `$advice`, `$until` stand for what they say."""

    subject: str
    head: str
    line: str
    tail: str
    sender: str = "Mail Delivery System"
    attach: Attach = "headers"
    said: str = "$server said: $text"
    instead: str = "$recipient (you wrote to $original)"
    advice: Sequence[tuple[str, str]] = ADVICE
    """What to do, by a part of the status; the first that fits, "" fits all."""


_LINE: Final = "$recipient\n    $reason\n    $advice"
WORDS: Final[Mapping[Action, Words]] = {
    "failed": Words(
        "Undelivered mail returned to sender",
        "Your message could not be delivered to:",
        _LINE,
        "It will not be tried again. This report was made by the mail system at $host.",
    ),
    "delayed": Words(
        "Delayed mail (still being tried)",
        "Your message has not been delivered yet to:",
        "$recipient\n    $reason\n    It will be tried until $until.",
        "You need do nothing now; you will be told if it fails for good. "
        "This report was made by the mail system at $host.",
    ),
    "delivered": Words(
        "Successful mail delivery report",
        "As you asked: your message was delivered to:",
        "$recipient",
        "This report was made by the mail system at $host.",
    ),
    "relayed": Words(
        "Relayed mail report",
        "As you asked: your message was handed to the next mail server, which sends no reports of success, for:",
        "$recipient\n    $reason",
        "This report was made by the mail system at $host.",
    ),
}


def words_of(section: QueueSection) -> Mapping[Action, Words]:
    """The words that the configuration wants."""
    return {
        **WORDS,
        "failed": _changed(WORDS["failed"], section.failure_notice),
        "delayed": _changed(WORDS["delayed"], section.delay_notice),
    }


def _changed(words: Words, section: NoticeSection) -> Words:
    texts = {name: getattr(section, name) for name in ("sender", "subject", "head", "line", "tail")}
    return replace(words, attach=section.attach, **{name: text for name, text in texts.items() if text})
