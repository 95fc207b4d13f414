"""ManageSieve around the scripts: what is announced, the ways in and out, and what a stranger may send."""

from __future__ import annotations

import base64
import random
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groupware.model.errors import TryAgain
from mailcore.server.tls import Certificate, Contexts, TlsSettings
from mailcore.sieve.managesieve.commands import COMMANDS
from mailcore.sieve.managesieve.session import ANSWER_MAX, AUTOLOGOUT, LINE_MAX
from mailcore.sieve.table import EXTENSIONS
from tests.protocol.sieve.conftest import Opening
from tests.protocol.sieve.desk import NAME, PASSWORD, Desk, answer, connected, plain, say
from tests.support.certificates import Authority
from tests.support.scramclient import ScramClient
from tests.support.talk import client

WRONG = plain("wrong")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def contexts(authority: Authority) -> Contexts:
    return Contexts(TlsSettings((Certificate(*authority.sign("mx", "localhost")),)))


@pytest.fixture
def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.ca_file))


def named(lines: list[str]) -> dict[str, str]:
    """The capabilities in an answer."""
    return {line.split('"')[1]: [*line.split('"'), "", ""][3] for line in lines[:-1]}


# --- what is announced ----------------------------------------------------------------------------------------------


async def test_the_greeting_says_what_there_is(desk: Desk) -> None:
    async with client(desk.port) as caller:
        greeting = await answer(caller)
    found = named(greeting)
    assert set(found["SIEVE"].split()) == EXTENSIONS
    assert found["SASL"].split()[:2] == ["SCRAM-SHA-256", "SCRAM-SHA-1"]
    assert (found["VERSION"], found["NOTIFY"], found["MAXREDIRECTS"]) == ("1.0", "mailto", "5")
    assert found["EXTLISTS"] == "urn"
    assert {"IMPLEMENTATION", "LANGUAGE", "UNAUTHENTICATE"} <= found.keys()
    assert "OWNER" not in found
    assert "STARTTLS" not in found  # there is no certificate
    assert greeting[-1].startswith('OK "Postroom ManageSieve on ')


async def test_the_greeting_is_what_the_administrator_wants(opening: Opening) -> None:
    toml = '[server]\nserver_name = "mx.example.test"\n[service.managesieve]\ngreetings_text = "%D hears"\n'
    async with opening(toml) as desk, client(desk.port) as caller:
        assert (await answer(caller))[-1] == 'OK "mx.example.test hears"'


async def test_capability_says_whose_the_session_is(desk: Desk) -> None:
    async with connected(desk) as caller:
        caller.send(b"capability\r\n")
        assert named(await answer(caller))["OWNER"] == NAME


async def test_where_passwords_need_tls_plain_is_neither_announced_nor_taken(opening: Opening) -> None:
    async with opening(plain_login=False) as desk, connected(desk, login=False) as caller:
        caller.send(b"CAPABILITY\r\n")
        assert named(await answer(caller))["SASL"] == "SCRAM-SHA-256 SCRAM-SHA-1"
        assert await say(caller, f'> AUTHENTICATE "PLAIN" "{plain()}"\n< NO (ENCRYPT-NEEDED) *')


# --- ways in --------------------------------------------------------------------------------------------------------


async def test_who_signs_in_and_out_and_in_again(desk: Desk) -> None:
    async with connected(desk, login=False) as caller:
        assert await say(
            caller,
            f"""
            > AUTHENTICATE "PLAIN" "{WRONG}"
            < NO "The name or the password is wrong."
            > AUTHENTICATE "plain" "{plain()}"
            < OK "Welcome."
            > AUTHENTICATE "PLAIN" "{plain()}"
            < NO "You are logged in already."
            > STARTTLS
            < NO "You are logged in already."
            > UNAUTHENTICATE
            < OK "You are a stranger again."
            > LISTSCRIPTS
            < NO "Log in first."
            > AUTHENTICATE "PLAIN" "{plain()}"
            < OK "Welcome."
            > LISTSCRIPTS
            < OK *
            """,
        )


async def test_the_answer_may_be_asked_for_and_be_a_literal(desk: Desk) -> None:
    async with connected(desk, login=False) as caller:
        assert await say(
            caller,
            f"""
            > AUTHENTICATE "PLAIN"
            < ""
            > {{{len(plain())}+}}
            > {plain()}
            < OK "Welcome."
            > UNAUTHENTICATE
            < OK *
            > AUTHENTICATE {{5+}}
            > PLAIN {{{len(plain())}+}}
            > {plain()}
            < OK "Welcome."
            """,
        )


@pytest.mark.parametrize("said", ['"*"', '"!!!"', "*", "", '""', '"A"', "{3+}\r\nabc", '{1+}\r\nx "y"', "{4}"])
async def test_an_exchange_that_is_given_up_or_broken_ends(desk: Desk, said: str) -> None:
    async with connected(desk, login=False) as caller:
        assert await say(caller, f'> AUTHENTICATE "PLAIN"\n< ""\n> {said.splitlines()[0] if said else ""}')
        for line in said.splitlines()[1:]:
            caller.send(line.encode() + b"\r\n")
        assert await say(caller, '< NO *\n> NOOP\n< OK "Done."')


async def test_scram_proves_the_server_in_the_answer(desk: Desk) -> None:
    one = ScramClient(NAME, PASSWORD, "sha256")
    async with connected(desk, login=False) as caller:
        caller.send(b'AUTHENTICATE "SCRAM-SHA-256" "%s"\r\n' % base64.b64encode(one.first()))
        challenge = (await caller.line()).strip('"')
        caller.send(b'"%s"\r\n' % base64.b64encode(one.final(base64.b64decode(challenge))))
        said = await caller.line()
        assert said.startswith('OK (SASL "')
        assert base64.b64decode(said.split('"')[1]) == one.expected
        assert await say(caller, "> LISTSCRIPTS\n< OK *")


async def test_starttls_opens_the_way_for_passwords(
    opening: Opening, contexts: Contexts, trusting: ssl.SSLContext
) -> None:
    async with opening(plain_login=False, context=contexts.current) as desk, client(desk.port) as caller:
        assert "STARTTLS" in named(await answer(caller))
        caller.send(b"STARTTLS\r\nNOOP\r\n")  # what was sent ahead counts no more
        await say(caller, '< OK "Begin TLS."')
        await caller.start_tls(trusting, "localhost")
        found = named(await answer(caller))
        assert "STARTTLS" not in found
        assert {"PLAIN", "SCRAM-SHA-256-PLUS"} <= set(found["SASL"].split())
        await say(caller, f'> STARTTLS\n< NO *\n> AUTHENTICATE "PLAIN" "{plain()}"\n< OK *\n> LOGOUT\n< OK "Goodbye."')
    await desk.until_ended()
    names = ("", "SSL", "Authenticated", "AuthenticatedSuccess")
    assert [desk.parts.counters.total(f"SIEVE_InboundConnection{name}") for name in names] == [1, 1, 1, 1]


async def test_sessions_of_one_account_are_limited(opening: Opening) -> None:
    async with (
        opening("[managesieve]\nmax_connections_per_account = 1\n") as desk,
        connected(desk) as first,
        connected(desk, login=False) as second,
    ):
        sign_in = f'> AUTHENTICATE "PLAIN" "{plain()}"'
        await say(second, f'{sign_in}\n< NO (TRYLATER) *\n> LISTSCRIPTS\n< NO "Log in first."')
        await say(first, "> UNAUTHENTICATE\n< OK *")
        assert await say(second, f"{sign_in}\n< OK *")


# --- what is wrong --------------------------------------------------------------------------------------------------


async def test_noop_gives_the_tag_back(desk: Desk) -> None:
    async with connected(desk, login=False) as caller:
        assert await say(
            caller,
            r"""
            > NOOP
            < OK "Done."
            > NOOP "a \"tag\""
            < OK (TAG "a \"tag\"") "Done."
            > NOOP {4+}
            > a
            > b
            < OK (TAG {4}
            < a
            < b) "Done."
            """,
        )


@pytest.mark.parametrize(
    "line",
    [
        "",
        "XYZZY",
        "NOOP 5",
        'NOOP "a" "b"',
        'NOOP "a',
        "NOOP a",
        'NOOP"a"',
        'NOOP "a\\x"',
        "NOOP {4}",
        "NOOP{0+}\r\n",
        "AUTHENTICATE",
        "AUTHENTICATE PLAIN",
        'AUTHENTICATE "NONSENSE"',
        "STARTTLS",
        "LOGOUT now",
        f'NOOP "{"x" * LINE_MAX}"',
    ],
)
async def test_what_is_no_command_gets_a_no_and_the_session_goes_on(desk: Desk, line: str) -> None:
    async with connected(desk, login=False) as caller:
        caller.send(line.encode() + b"\r\n")
        assert await say(caller, '< NO *\n> NOOP "next"\n< OK (TAG "next") "Done."')


async def test_a_stranger_may_send_little(desk: Desk) -> None:
    async with connected(desk, login=False) as caller:
        assert await say(caller, f"> NOOP {{{ANSWER_MAX + 1}+}}\n< BYE (QUOTA/MAXSIZE) *")
        assert await caller.line() == ""


async def test_a_command_has_few_literals(desk: Desk) -> None:
    async with connected(desk, login=False) as caller:
        caller.send(b"NOOP" + b" {1+}\r\nx" * 10 + b"\r\n")
        assert (await answer(caller))[-1].startswith("BYE ")


async def test_too_many_wrong_commands_end_the_session(opening: Opening) -> None:
    async with opening("[service.managesieve]\nmax_errors = 2\n") as desk, connected(desk, login=False) as caller:
        await say(caller, '> A\n< NO "There is no command A."\n> B\n< BYE "There is no command B. Too many errors*')
        assert await caller.line() == ""


async def test_too_many_failed_logins_end_the_session(opening: Opening) -> None:
    async with opening("[service.managesieve]\nmax_auth_errors = 1\n") as desk, connected(desk, login=False) as caller:
        await say(caller, f'> AUTHENTICATE "PLAIN" "{WRONG}"\n< BYE "The name or the password is wrong. Too many*')
        assert await caller.line() == ""


async def test_who_is_silent_is_told_goodbye(opening: Opening) -> None:
    async with opening(idle=0.05) as desk, client(desk.port) as caller:
        await answer(caller)
        assert await caller.line() == 'BYE "You were silent for too long."'


async def test_a_server_that_stops_says_so(desk: Desk) -> None:
    async with connected(desk) as caller:
        await desk.service.drain(5)
        assert await caller.line() == 'BYE (TRYLATER) "The server is stopping."'


class Failing:
    """A store that raises what it is told to."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def read(self, *_: Any) -> Any:
        raise self.error

    write = read


@pytest.mark.parametrize(
    ("error", "wanted"),
    [(TryAgain("the database is away"), '"The database is away"'), (ZeroDivisionError(), '"Something went wrong*')],
)
async def test_when_the_store_fails_it_is_said_and_the_session_goes_on(
    opening: Opening, error: Exception, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opening() as desk, connected(desk) as caller:
        real: Callable[..., Any] = type(desk.parts.store).read
        monkeypatch.setattr(type(desk.parts.store), "read", Failing(error).read)
        await say(caller, f"> LISTSCRIPTS\n< NO (TRYLATER) {wanted}")
        monkeypatch.setattr(type(desk.parts.store), "read", real)
        assert await say(caller, "> LISTSCRIPTS\n< OK *")
        crashed = desk.log.named("command_crashed")
        assert [each["command"] for each in crashed] == (["LISTSCRIPTS"] if "Something" in wanted else [])


async def test_whatever_is_sent_gets_one_answer_a_line(opening: Opening) -> None:
    """With no literals, so that each line is a command of its own, or none."""
    dice = random.Random(5804)
    words = [*COMMANDS, '""', '"a"', '"keep;"', "5", '"', "\\", "x", "\0", "{5}", '"\x85"', '"=="', '"PLAIN"']
    asking = {"LOGOUT", "AUTHENTICATE"}  # they answer otherwise
    toml = "[service.managesieve]\nmax_errors = 0\n"
    async with opening(toml) as desk, connected(desk) as caller:
        for _ in range(300):
            line = " ".join(dice.choices([word for word in words if word not in asking], k=dice.randint(1, 4)))
            if not line.startswith("UNAUTH"):
                caller.send(line.encode() + b"\r\n")
                assert (await answer(caller))[-1].split(" ")[0] in ("OK", "NO")
        assert desk.log.named("command_crashed") == []


async def test_who_is_known_may_be_silent_for_long_and_a_stranger_again_may_not(opening: Opening) -> None:
    async with opening(idle=0.3) as desk, connected(desk) as caller:
        caller.send(b"NOOP\r\n")
        await answer(caller)
        [open_one] = [each for each in desk.service._open.values() if each is not None]
        assert open_one.idle == AUTOLOGOUT
        await say(caller, "> UNAUTHENTICATE\n< OK *")
        assert open_one.idle == 0.3
        assert await caller.line() == 'BYE "You were silent for too long."'
