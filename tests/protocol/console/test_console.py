"""What the console offers, its bounds, and what becomes of a command whose session ends."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from groupware.model.principal import OPERATOR, NewAccount
from groupware.model.rights import Right
from mailcore.cli.main import FAMILIES
from mailcore.console import offer, session
from mailcore.console.session import SESSIONS_MAX
from mailcore.server.tls import Certificate, Contexts, TlsSettings
from tests.protocol.console.conftest import Opening
from tests.protocol.console.stand import ANNA, ROOT, answer, connected
from tests.support.certificates import Authority
from tests.support.onedoor import OneDoor
from tests.support.talk import client


def commands(command: Any, path: str = "") -> Iterator[str]:
    """The path of every command below one."""
    if not hasattr(command, "list_commands"):
        yield path
        return
    for name in command.list_commands(None):
        yield from commands(command.get_command(None, name), f"{path} {name}".strip())


def test_every_command_is_offered_or_refused_with_a_reason() -> None:
    assert set(commands(offer._root())) == offer.OFFERED | offer.AS_SERVER | offer.REFUSED.keys()
    assert not offer.OFFERED & offer.AS_SERVER
    assert not (offer.OFFERED | offer.AS_SERVER) & offer.REFUSED.keys()
    assert len(FAMILIES) > 20


async def test_a_listing_as_json_is_what_a_program_can_read(door: OneDoor) -> None:
    async with connected(door, ANNA) as caller:
        *lines, end = await answer(caller, "account list --json")
        assert end == "+OK"
        assert [each["address"] for each in json.loads("\n".join(lines))] == [ANNA, "postmaster@other.test"]


async def test_no_text_of_an_answer_can_look_like_its_end(door: OneDoor) -> None:
    await door.parts.store.write(
        OPERATOR, lambda tx: tx.put_script("fake", b"+OK\n-ERR no\n. dot\nkeep;\n", door.who.account)
    )
    async with connected(door, ROOT) as caller:
        caller.send(f"sieve show {door.who.name} fake\r\n".encode())
        assert [await caller.line() for _ in range(5)] == [".+OK", ".-ERR no", ".. dot", "keep;", "+OK"]


async def test_who_may_no_longer_is_refused_at_the_next_command(door: OneDoor) -> None:
    async with connected(door, ANNA) as caller:
        public = await door.parts.store.read(OPERATOR, lambda tx: tx.domains()[-1].account)
        assert (await answer(caller, "account list"))[-1] == "+OK"
        await door.parts.store.write(
            OPERATOR,
            lambda tx: tx.grant(tx.locate(public, "").id, ANNA, Right.NONE),  # type: ignore[arg-type]
        )
        assert (await answer(caller, "account list other.test"))[-1].startswith("-ERR this takes the right")


async def test_what_is_changed_is_noted_under_the_name_that_signed_in(door: OneDoor) -> None:
    async with connected(door, ANNA) as caller:
        assert (await answer(caller, "account add new@other.test --no-password"))[-1] == "+OK"
        assert (await answer(caller, "grant list new@other.test /"))[-1].startswith("-ERR folder")
    assert door.log.named("command")[0] == {"user": ANNA, "command": "account add"}


async def test_a_stranger_is_hung_up_on_after_too_many_errors(opening: Opening) -> None:
    async with opening("[service.cli]\nmax_errors = 3\n") as door, connected(door) as caller:
        for _ in range(2):
            assert "goodbye" not in (await answer(caller, "nonsense"))[-1]
        assert (await answer(caller, "nonsense"))[-1].endswith("Too many errors: goodbye.")
        assert await caller.line() == ""


async def test_lines_are_short_for_strangers_and_long_for_administrators(door: OneDoor) -> None:
    async with connected(door) as caller:
        assert await answer(caller, "x" * 5000) == ["-ERR A line has at most 1024 octets here."]
        assert (await answer(caller, f'LOGIN {ROOT} "correct horse"'))[-1].startswith("+OK")
        assert (await answer(caller, f"domain list {'x' * 60_000}"))[-1].startswith(
            "-ERR Got unexpected extra argument"
        )
        assert await answer(caller, "x" * 70_000) == ["-ERR A line has at most 65536 octets here."]
        assert (await answer(caller, "domain list"))[-1] == "+OK"


async def test_an_account_has_so_many_sessions_and_no_more(door: OneDoor) -> None:
    async with AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(connected(door, ROOT)) for _ in range(SESSIONS_MAX)]
        more = await stack.enter_async_context(connected(door))
        assert "4 other sessions" in (await answer(more, f'LOGIN {ROOT} "correct horse"'))[-1]
        await answer(callers[0], "QUIT")
        await door.until_ended(1, left=SESSIONS_MAX)
        assert (await answer(more, f'LOGIN {ROOT} "correct horse"'))[-1].startswith("+OK")


async def test_passwords_wait_for_tls_where_they_must(opening: Opening, tmp_path: Path) -> None:
    made = Authority(tmp_path)
    contexts = Contexts(TlsSettings((Certificate(*made.sign("cli", "localhost")),)))
    async with opening(context=contexts.current, plain_login=False) as door, client(door.port) as caller:
        await caller.line()
        assert "STARTTLS first" in (await answer(caller, f"USER {ROOT}"))[-1]
        assert (await answer(caller, "STARTTLS"))[-1] == "+OK Begin TLS."
        await caller.start_tls(ssl.create_default_context(cafile=str(made.ca_file)), "localhost")
        assert (await answer(caller, f'LOGIN {ROOT} "correct horse"'))[-1].startswith("+OK")


async def test_connections_and_sign_ins_are_counted(door: OneDoor) -> None:
    async with connected(door, ROOT) as caller:
        await answer(caller, "QUIT")
    async with connected(door) as caller:
        await answer(caller, "QUIT")
    await door.until_ended(2)
    counters = door.parts.counters
    assert (counters.total("CLI_InboundConnection"), counters.total("CLI_AuthenticatedSuccess")) == (2, 1)
    assert door.log.named("connection_crashed") == []


# --- the end of a session, and of a command


class Slow:
    """A command that waits until the test lets it go on, and then writes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started, self.go_on, self.ended = Event(), Event(), Event()
        self.error: BaseException | None = None
        monkeypatch.setattr(session, "carry_out", self._run)

    def _run(self, here: Any, words: Any) -> str:
        try:
            self.started.set()
            assert self.go_on.wait(30)
            here.write(lambda tx: tx.put_account(NewAccount("slow@example.test")))
        except BaseException as error:
            self.error = error
            raise
        finally:
            self.ended.set()
        return ""


async def has_slow(door: OneDoor) -> bool:
    found = await door.parts.store.read(OPERATOR, lambda tx: tx.accounts("example.test"))
    return any(each.address == "slow@example.test" for each in found)


async def test_the_loop_serves_others_while_a_command_works(door: OneDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch)
    async with connected(door, ROOT) as caller, connected(door, ANNA) as other:
        caller.send(b"go\r\n")
        assert await asyncio.to_thread(slow.started.wait, 30)
        assert (await answer(other, "HELP"))[-1] == "+OK"
        slow.go_on.set()
        assert await caller.line() == "+OK"
    assert await has_slow(door)


async def test_a_service_that_stops_ends_a_command_at_its_next_step(
    door: OneDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch)
    async with connected(door, ROOT) as caller:
        caller.send(b"go\r\n")
        assert await asyncio.to_thread(slow.started.wait, 30)
        await door.service.drain(0)
        assert await caller.line() == "-ERR The server is stopping."
        slow.go_on.set()
        assert await asyncio.to_thread(slow.ended.wait, 30)
    assert type(slow.error).__name__ == "Halted"
    assert not await has_slow(door)


async def test_a_command_that_takes_too_long_is_given_up(door: OneDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch)
    async with connected(door, ROOT) as caller:
        monkeypatch.setattr(session, "COMMAND_SECONDS", 0.01)
        assert (await answer(caller, "go"))[-1].startswith("-ERR The command was given up")
        slow.go_on.set()
        assert await asyncio.to_thread(slow.ended.wait, 30)
        assert not await has_slow(door)
        monkeypatch.undo()
        assert (await answer(caller, "domain list"))[-1] == "+OK"


async def test_a_peer_that_hangs_up_at_a_question_has_changed_nothing(door: OneDoor) -> None:
    async with connected(door, ROOT) as caller:
        assert await answer(caller, "account add new@example.test") == ["?! Password for new@example.test"]
    await door.until_ended()
    found = await door.parts.store.read(OPERATOR, lambda tx: tx.accounts("example.test"))
    assert "new@example.test" not in [each.address for each in found]
