"""BodyPart: what is new in an answer, alone and beside the Body."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocol.activesync.test_sync_mail import preference
from tests.support.eas.stand import Phone, Stand

HEAD = b"From: a@far.test\r\nTo: alice@example.test\r\nSubject: Re: x\r\nMIME-Version: 1.0\r\n"
ANSWER = b"In-Reply-To: <1@far.test>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
HTML = b"<p>New \xc3\xa4</p><blockquote type=cite>Old words</blockquote>"
PLAIN = HEAD + b"In-Reply-To: <1@far.test>\r\n\r\nNew\r\n\r\nAnn wrote:\r\n> Old\r\n"


def part(kind: int = 2, **more: Any) -> tuple[Any, ...]:
    return (
        "AirSyncBase:BodyPartPreference",
        ("AirSyncBase:Type", kind),
        *((f"AirSyncBase:{name}", value) for name, value in more.items()),
    )


async def test_it_has_the_new_part_and_the_body_has_all(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", HEAD + ANSWER + HTML)
    at = await alice.at("INBOX")
    [found] = (await alice.all_of(at, options=(preference(2), part()))).values()
    assert "Old words" in (found.get("Body/Data") or "")
    assert (found.get("BodyPart/Status"), found.get("BodyPart/Type")) == ("1", "2")
    assert found.get("BodyPart/Data") == "<p>New ä</p>" and found.get("BodyPart/EstimatedDataSize") == "13"


async def test_it_can_be_all_that_is_wanted(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", PLAIN)
    at = await alice.at("INBOX")
    [found] = (await alice.all_of(at, options=(part(TruncationSize=200, Preview=2),))).values()
    assert found.find("Body") is None and "New" in (found.get("BodyPart/Data") or "")
    assert "Old" not in (found.get("BodyPart/Data") or "") and found.get("BodyPart/Preview") == "Ne"


async def test_what_answers_nothing_is_new_as_a_whole(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", HEAD + ANSWER.replace(b"In-Reply-To: <1@far.test>\r\n", b"") + HTML)
    [found] = (await alice.all_of(await alice.at("INBOX"), options=(part(),))).values()
    assert "Old words" in (found.get("BodyPart/Data") or "")


async def test_it_is_html_alone(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", PLAIN)
    at = await alice.at("INBOX")
    await alice.sync(at)
    collection = ("AirSync:SyncKey", alice.keys[at]), ("AirSync:CollectionId", at), ("AirSync:Options", part(1))
    said = await alice.ask("Sync", ("AirSync:Sync", ("AirSync:Collections", ("AirSync:Collection", *collection))))
    assert said.get("Status") == "164"


@pytest.mark.parametrize("version", ["12.1", "14.0"])
async def test_phones_that_do_not_know_it_get_none(stand: Stand, alice: Phone, version: str) -> None:
    await stand.put("alice", PLAIN)
    alice.version = version
    [found] = (await alice.all_of(await alice.at("INBOX"), options=(preference(1), part()))).values()
    assert found.find("BodyPart") is None and found.find("Body") is not None
