"""What becomes of a message to a list. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from groupware.model.mailinglist import Subscriber
from mailcore.lists.letter import Letter
from mailcore.lists.rules import Rules


@dataclass(frozen=True, slots=True)
class Verdict:
    """`drop` is `reject` without a word to the author."""

    what: Literal["send", "hold", "reject", "drop"]
    why: str = ""


SEND = Verdict("send")
_CAME = ("active", "suspended")


def decide(rules: Rules, letter: Letter, subscriber: Subscriber | None, *, vouched: bool) -> Verdict:
    """The verdict on a message that no moderator has seen. `subscriber`: its author; `vouched`: that is certain."""
    refused = unfit(rules, letter)
    if refused is not None:
        return refused
    runs = letter.address in rules.owners
    if runs and vouched:
        return SEND
    member = subscriber is not None and subscriber.state in _CAME
    if rules.sender_allow == "admin":
        if runs:
            return Verdict("hold", "it says that it is from who runs the list, but nobody signed in to send it")
        return Verdict("reject", "only who runs the list may write to it")
    if rules.sender_allow == "members" and not (member or runs):
        return Verdict("reject", "only who is on the list may write to it")
    return _moderated(rules, letter, subscriber if member else None, vouched=vouched)


def unfit(rules: Rules, letter: Letter) -> Verdict | None:
    """Why no list takes such a message, not even from a moderator; None when it may."""
    if goes_in_a_circle(rules, letter):
        return Verdict("drop", "it has been on this list already")
    if letter.is_automatic:
        return Verdict("drop", "a program wrote it in answer to something")
    if not letter.address:
        return Verdict("drop", "it has no author")
    if rules.max_size and len(letter.octets) > rules.max_size * 1024:
        return Verdict("reject", f"it is larger than {rules.max_size} KB")
    if rules.content_allow == "text" and not letter.is_text:
        return Verdict("reject", "the list takes text alone, without attachments")
    return None


def goes_in_a_circle(rules: Rules, letter: Letter) -> bool:
    """Whether this very list has sent it."""
    ours = any(f"<{rules.list_id}>" in each.lower() for each in letter.values("list-id"))
    return ours or any(each.strip().lower() == rules.address for each in letter.values("delivered-to"))


def _moderated(rules: Rules, letter: Letter, member: Subscriber | None, *, vouched: bool) -> Verdict:
    if rules.moderate == "all":
        return Verdict("hold", "every message to this list is looked at first")
    if member is not None and member.moderated:
        return Verdict("hold", "what this subscriber writes is looked at first")
    if rules.moderate == "nonMembers" and member is None and letter.address not in rules.owners:
        return Verdict("hold", "its author is not on the list")
    if letter.address.endswith(f"@{rules.domain}") and not vouched:
        return Verdict("hold", f"it says that it is from {rules.domain}, but nobody signed in to send it")
    return SEND
