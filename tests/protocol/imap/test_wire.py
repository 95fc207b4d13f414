"""Lines, literals and pipelines: what is let in, what is turned away, and that the dialogue stays in step."""

from __future__ import annotations

import pytest

from mailcore.server import connection
from tests.support.imapstand import PASSWORD, Client, Stand


async def test_synchronising_literals(place: Stand) -> None:
    async with place.client() as client:
        client.send(b"a1 LOGIN {5}\r\n")
        assert await client.response() == b"+ OK"
        client.send(b"alice {%d}\r\n" % len(PASSWORD))
        assert await client.response() == b"+ OK"
        client.send(PASSWORD.encode() + b"\r\n")
        assert (await client.until(b"a1")).ok


async def test_everything_pipelined_is_answered_in_order(alice: Client) -> None:
    message = b"Subject: x\r\n\r\nHello\r\n"
    append = b"a1 APPEND INBOX {%d+}\r\n%b\r\n" % (len(message), message)
    alice.send(append + b"a2 SELECT INBOX\r\na3 FETCH 1 BODY.PEEK[TEXT]\r\na4 STORE 1 +FLAGS (\\Seen)\r\na5 CLOSE\r\n")
    for tag in (b"a1", b"a2", b"a3", b"a4", b"a5"):
        assert (await alice.until(tag)).ok


async def test_line_that_is_too_long_before_login(place: Stand) -> None:
    async with place.client() as client:
        client.send(b"a1 LOGIN " + b"x" * 100_000 + b"\r\na2 NOOP\r\n")
        assert (await client.response()).startswith(b"a1 NO [TOOBIG]")
        assert (await client.until(b"a2")).ok


@pytest.mark.parametrize("plus", [b"", b"+"])
async def test_literal_that_is_too_long_before_login(place: Stand, plus: bytes) -> None:
    async with place.client() as client:
        client.send(b"a1 LOGIN {4500%b}\r\n" % plus)
        if plus:
            client.send(b"\r\nb NOOP " * 500 + b" {4500+}\r\n" + b"\nb NOOP\r\n" * 500 + b"\r\n")
        assert (await client.response()).startswith(b"a1 NO [TOOBIG]")
        assert (await client.ask("NOOP")).ok


async def test_literals_together_are_bounded_before_login(place: Stand) -> None:
    async with place.client() as client:
        client.send(b"a1 LOGIN" + b" {4000+}\r\n" + b"x" * 4000 + b" {4000+}\r\n" + b"x" * 4000 + b" {4000}\r\n")
        assert (await client.response()).startswith(b"a1 NO [TOOBIG]")


async def test_only_append_takes_large_literals(alice: Client) -> None:
    big = b"x" * 70_000
    assert (await alice.ask("CREATE", big)).tagged.startswith(b"NO [TOOBIG]")
    assert (await alice.ask("SETMETADATA INBOX (/private/comment", big)).tagged.startswith(
        b"NO [METADATA MAXSIZE 32768]"
    )
    assert (await alice.ask("APPEND INBOX", b"Subject: x\r\n\r\n" + big)).ok


async def test_message_that_is_too_large(alice: Client) -> None:
    alice.send(b"a1 APPEND INBOX {52428801}\r\n")
    assert (await alice.response()).startswith(b"a1 NO [TOOBIG]")
    assert (await alice.ask("NOOP")).ok


async def test_literal_beyond_all_bounds_ends_the_session(alice: Client) -> None:
    alice.send(b"a1 APPEND INBOX {9999999999999+}\r\n")
    assert (await alice.response()).startswith(b"* BYE ")
    assert await alice.response() == b""


async def test_line_end_may_be_lf_alone(alice: Client) -> None:
    alice.send(b"a1 NOOP\na2 NOOP\r\n")
    assert (await alice.until(b"a1")).ok
    assert (await alice.until(b"a2")).ok


@pytest.mark.parametrize("line", [b"", b" ", b"\x00", b"a1", b"a1 ", b"a1  NOOP", b"+ NOOP", b"a1 UID", b"a1 \xff\xfe"])
async def test_no_command_is_bad(alice: Client, line: bytes) -> None:
    alice.send(line + b"\r\n")
    assert b" BAD " in await alice.response()
    assert (await alice.ask("NOOP")).ok


async def test_bug_costs_one_command(place: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    original = type(place.store).read
    monkeypatch.setattr(type(place.store), "read", broken)
    assert (await alice.ask('LIST "" *')).tagged.startswith(b"NO [SERVERBUG]")
    monkeypatch.setattr(type(place.store), "read", original)
    assert (await alice.ask('LIST "" *')).ok
    assert "ZeroDivisionError" in str(place.log.named("command_failed")[0]["traceback"])


async def test_who_sends_much_at_once_does_not_keep_others_waiting(
    place: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TURN_SECONDS", 0.0)
    async with place.client() as stranger:
        stranger.send(b"s NOOP\r\n" * 3000 + b"s LOGOUT\r\n")
        assert (await alice.ask("NOOP")).ok
        assert place.log.named("logout") == []
        answers = [line async for line in stranger.reader]
    assert answers.count(b"s OK Done\r\n") == 3000
