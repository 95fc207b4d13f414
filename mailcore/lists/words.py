"""What lists write to people. Each text can be replaced by a file `templates/list-NAME.LANGUAGE.txt`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mailcore.queue.texts import OwnLetter, Texts

_TAIL: Final = "\n\n-- \n$list: write `help` to $request, or to people at $owner.\n"
DIGEST_COMMAND: Final = "    digest         to get what was written in one message from time to time\n"
"""What the help says of it, where a list has a digest."""
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "welcome": (
        "Welcome to $title",
        "$address is on the mail list $list now.\n\n"
        "Write to $list to reach everybody on it. To leave it, write to $request with the subject `unsubscribe`.",
    ),
    "goodbye": ("You have left $title", "$address is not on the mail list $list any more."),
    "unknown-command": (
        "I did not understand you",
        "Your message to $request has the subject\n\n    $command\n\n"
        "and that is no command. Write one of these as the subject:\n\n"
        "    subscribe      to get on the list\n    unsubscribe    to leave it\n    help           for this text",
    ),
    "help": (
        "How to use $title",
        "$list is a mail list: what is written to it goes to everybody on it.\n\n"
        "Write to $request, with one of these as the subject:\n\n"
        "    subscribe      to get on the list\n    unsubscribe    to leave it\n"
        "$digest"
        "    mail           to get each message\n    nomail         to stay on the list and get nothing\n"
        "    help           for this text",
    ),
    "invalid-user": (
        "You cannot be on $title",
        "$address is no address that mail can be sent to, so it cannot be on the mail list $list.",
    ),
    "not-a-user": ("You are not on $title", "$address is not on the mail list $list, so there is nothing to leave."),
    "bad-confirmation": (
        "That does not hold any more",
        "The question that you have answered is too old, or was answered before. Ask again by writing to $request.",
    ),
    "already-subscribed": ("You are on $title already", "$address is on the mail list $list already."),
    "invalid-format": (
        "I could not read your message",
        "Your message to $request has no subject that could be read. Write `help` as the subject to learn more.",
    ),
    "needs-confirmation": (
        "Please confirm: $what $title",
        "Somebody, probably you, asked for this:\n\n    $what the mail list $list, as $address\n\n"
        "If that is right, answer this message without changing its recipient ($confirm) within $days days.\n"
        "If not, do nothing.",
    ),
    "needs-admin-confirmation": (
        "$address wants to be on $title",
        "$address wants to be on the mail list $list, and has confirmed that.\n\n"
        "Answer this message without changing its recipient ($approve) to let it.\n"
        "Write to $reject to refuse.",
    ),
    "waits-for-admin": (
        "Your request for $title waits",
        "You have confirmed that $address is to be on $list. Who runs the list has been asked to let you in.",
    ),
    "auto-reject": (
        "Your message to $title was not sent on",
        "Your message to the mail list $list\n\n    $subject\n\nwas not sent on, for $reason.",
    ),
    "subscribe-denied": ("You cannot get on $title", "Nobody gets on the mail list $list by mail. Write to $owner."),
    "held": (
        "A message to $title waits for you",
        "A message to the mail list $list waits in its folder Moderation:\n\n"
        "    From:    $author\n    Subject: $subject\n\nIt waits because: $reason.\n\n"
        "To send it on, move it to the folder Approved, or answer this message without changing its recipient\n"
        "($approve).\nTo refuse it, move it to Rejected, or write to $reject.",
    ),
    "suspended": (
        "$address gets no mail of $title any more",
        "So much mail of $list for $address came back that it is not sent there any more. The last reason was:\n\n"
        "    $reason\n\nWho runs the list can resume it (postroom list member resume).",
    ),
    "probe": (
        "Does mail of $title reach you?",
        "Mail of the mail list $list for $address has come back of late. If you read this, all is well again.",
    ),
    "digest": ("$title digest ($count)", "What was written to $list:\n\n$contents"),
}
NAMES: Final = tuple(_WORDS)


def filled(texts: Texts, name: str, language: str, facts: Mapping[str, str]) -> tuple[str, str]:
    """Subject and text of a letter with the facts in them, in the administrator's words where there are some."""
    found = texts.letter(f"list-{name}", language)
    if found is None:
        subject, text = _WORDS[name]
        found = OwnLetter(subject, text + _TAIL)
    return found.filled(facts)
