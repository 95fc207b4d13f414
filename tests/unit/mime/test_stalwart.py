"""Against the Email objects (RFC 8621) that Stalwart makes of its messages."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from groupware.mime.sections import children, decoded
from groupware.mime.summary import Summary, summarize
from tests.support import corpus

Json = dict[str, Any]
Tree = tuple[str, str, str, list["Tree"]]

ROOT = "mail/stalwart/jmap"
PARSED = "email_parse/attachment_b64"
"""What is expected is the message that is attached to it."""
NAMES = [*sorted(f"email_get/{path.stem}" for path in corpus.path(f"{ROOT}/email_get").glob("*.json")), PARSED]


def read(name: str) -> tuple[Json, Summary]:
    email: Json = json.loads(corpus.read(f"{ROOT}/{name}.json"))
    octets = corpus.read(f"{ROOT}/{name}.eml")
    if name == PARSED:
        octets = decoded(octets, next(part for part in summarize(octets).parts if part.media == "message/rfc822"))
    return email, summarize(octets)


def theirs(body: Json) -> Tree:
    return (
        body["type"],
        body.get("name", ""),
        body.get("cid", ""),
        [theirs(each) for each in body.get("subParts", [])],
    )


def ours(summary: Summary, at: int = 0) -> Tree:
    part = summary.parts[at]
    inner = children(summary.parts, at) if part.kind == "multipart" else ()
    return (part.media, part.name, part.cid, [ours(summary, each) for each in inner])


@pytest.mark.parametrize("name", NAMES)
def test_the_tree_of_bodies_and_the_facts(name: str) -> None:
    email, summary = read(name)
    assert ours(summary) == theirs(email["bodyStructure"])
    assert summary.has_attachment == email["hasAttachment"]
    assert summary.subject == email.get("subject", "")
    assert summary.message_id == next(iter(email.get("messageId") or [""]))
    sent = email.get("sentAt")
    assert summary.date == (int(datetime.fromisoformat(sent.replace("Z", "+00:00")).timestamp()) if sent else None)
    assert " ".join(email.get("preview", "").split()).removesuffix("...").startswith(summary.preview[:100])


# `headers` has every address field several times; Stalwart shows the last Cc and Bcc, we all of them, and it adds
# comments to names.
REPEATED = {"email_get/headers"}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in REPEATED])
def test_the_addresses(name: str) -> None:
    email, summary = read(name)
    for key, listed in (("from", summary.from_), ("to", summary.to), ("cc", summary.cc), ("bcc", summary.bcc)):
        expected = [(each.get("name") or "", each["email"]) for each in email.get(key) or ()]
        assert [(each.name, each.address) for each in listed] == expected


def test_repeated_address_fields() -> None:
    email, summary = read("email_get/headers")
    assert [each.address for each in summary.from_] == [each["email"] for each in email["from"]]
    for key, listed in (("cc", summary.cc), ("bcc", summary.bcc)):
        last = [each["email"] for each in email[key]]
        assert [each.address for each in listed][-len(last) :] == last
        assert len(listed) > len(last)
