"""What a list makes of a message before it sends it on. RFC 2369, 2919, 8058.

1. The author's signatures (DKIM) stay in it, whether or not they still hold; Sending adds the list's own.
2. What says that the message has come to a list is the newest list's alone, and what asks for receipts is gone.
3. The list's fields stand first, so that nobody takes it for mail that is passed on as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from groupware.mime.compose import address_line, header_line, mailbox
from groupware.mime.headers import clean
from groupware.model.addresses import normal
from groupware.model.mailinglist import Subscriber
from mailcore.lists.letter import Letter
from mailcore.lists.rules import Rules, Seal
from mailcore.lists.wrapping import wrapped

_GONE: Final = frozenset(
    {
        "list-id", "list-help", "list-post", "list-subscribe", "list-unsubscribe", "list-unsubscribe-post",
        "list-owner", "list-archive", "precedence", "sender", "errors-to", "return-path", "return-receipt-to", "bcc",
        "disposition-notification-to", "x-confirm-reading-to", "x-pmrqc", "approved", "resent-bcc",
        "authentication-results",
    }
)  # fmt: skip
_FIELD: Final = re.compile(rb"([!-9;-~]+)[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*\n?")
_NAME: Final = re.compile(r"[!-9;-~]+\Z")
_REPLY: Final = re.compile(rb"\s*(?:re|aw|sv|antw|fwd?|wg)\s*(?:\[\d+\])?:\s*", re.IGNORECASE)
_STRUCTURE: Final = frozenset({"content-type", "content-transfer-encoding", "mime-version", "content-disposition"})


def made(letter: Letter, rules: Rules, *, in_own_name: bool) -> bytes:
    """The message as it goes to everybody; `in_own_name`: From is the list (DMARC)."""
    gone = _GONE | {each.lower() for each in rules.remove_headers.replace(",", " ").split()}
    rewritten = {"from", "reply-to"} if in_own_name else set()
    rewritten |= {"reply-to"} if rules.reply_to == "list" else set()
    rewritten |= {"subject"} if rules.subject_tag else set()
    body, structure = wrapped(letter, rules)
    rewritten |= _STRUCTURE if structure is not None else set()
    lines = [
        *own_fields(rules),
        *_from(letter, rules, in_own_name=in_own_name),
        *([_subject(letter, rules)] if rules.subject_tag else []),
        *added(rules),
        *_kept(letter, gone | rewritten),
        *([structure] if structure is not None else []),
    ]
    return b"".join(lines) + b"\r\n" + body


def personal(octets: bytes, rules: Rules, seal: Seal, subscriber: Subscriber) -> bytes:
    """The same for one subscriber, who leaves the list by one click. RFC 8058 §3.1."""
    leave = f"{rules.one_click_url.rstrip('/')}/lists/unsubscribe/{seal.leave(rules, subscriber)}"
    mail, start = f"<{_mailto(rules, 'unsubscribe')}>", octets.index(b"List-Unsubscribe:")
    end = octets.index(b"\r\n", start) + 2
    own = header_line("List-Unsubscribe", f"<{leave}>, {mail}")
    own += header_line("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    return octets[:start] + own + octets[end:]


def own_fields(rules: Rules) -> Sequence[bytes]:
    """The fields that say which list it comes from, and what one can do there."""
    everybody = rules.sender_allow != "admin"
    lines = [
        header_line("List-Id", mailbox(rules.title, rules.list_id) if rules.title else f"<{rules.list_id}>"),
        header_line("List-Post", f"<mailto:{rules.address}>" if everybody else "NO (only who runs the list writes)"),
        header_line("List-Help", f"<{_mailto(rules, 'help')}>"),
        b"List-Unsubscribe: <" + _mailto(rules, "unsubscribe").encode() + b">\r\n",
        header_line("List-Owner", f"<mailto:{rules.at('owner')}>"),
    ]
    if rules.subscribe != "closed":
        lines.insert(4, header_line("List-Subscribe", f"<{_mailto(rules, 'subscribe')}>"))
    return [
        *lines,
        header_line("Precedence", "list"),
        header_line("Sender", mailbox("", rules.at("bounces"))),
        header_line("Delivered-To", rules.address),
    ]


def _mailto(rules: Rules, command: str) -> str:
    return f"mailto:{rules.at('request')}?subject={command}"


def _from(letter: Letter, rules: Rules, *, in_own_name: bool) -> Sequence[bytes]:
    """From and where answers go, as far as they are other than before."""
    lines = []
    answers = [mailbox(each.name, each.address) for each in letter.people("reply-to")]
    if in_own_name:
        name = clean(letter.author.name) or letter.author.address.partition("@")[0]
        lines.append(address_line("From", [mailbox(f"{name} via {rules.title}", rules.address)]))
        author = mailbox(letter.author.name, letter.author.address)
        answers = answers or ([author] if letter.author.address else [])
    if rules.reply_to == "list":
        others = answers if in_own_name and letter.author.address else []
        answers = [mailbox("", rules.address), *(each for each in others if normal(each) != rules.address)]
    if answers and (in_own_name or rules.reply_to == "list"):
        lines.append(address_line("Reply-To", answers))
    return lines


def _subject(letter: Letter, rules: Rules) -> bytes:
    """The subject behind the list's tag, which comes behind a `Re:` and only once."""
    tag, subject = f"[{clean(rules.subject_tag)}]", letter.subject
    if tag.lower() in subject.lower():
        return header_line("Subject", subject)
    found = _REPLY.match(subject.encode())
    if found is None:
        return header_line("Subject", f"{tag} {subject}".strip())
    return header_line("Subject", f"{found[0].decode().strip()} {tag} {subject.encode()[found.end() :].decode()}")


def added(rules: Rules) -> Sequence[bytes]:
    """The fields that the list's settings add; what is no field is left out."""
    found = [each.partition(":") for each in rules.add_headers.replace("\\n", "\n").split("\n")]
    return [header_line(name.strip(), value) for name, colon, value in found if colon and _NAME.match(name.strip())]


def _kept(letter: Letter, gone: set[str] | frozenset[str]) -> Sequence[bytes]:
    """The fields of the message that stay, octet for octet."""
    header = letter.octets[: letter.body_at]
    kept = []
    for found in _FIELD.finditer(header):
        if found[1].lower().decode("ascii") not in gone:
            kept.append(found[0] if found[0].endswith(b"\n") else found[0] + b"\r\n")
    return kept
