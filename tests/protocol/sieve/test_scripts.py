"""ManageSieve's commands on scripts, as dialogues."""

from __future__ import annotations

import pytest

from mailcore.sieve.bounds import SCRIPT_OCTETS
from tests.protocol.sieve.conftest import Opening
from tests.protocol.sieve.desk import NAME, Desk, answer, connected, plain, say


async def test_a_day_with_scripts(desk: Desk) -> None:
    async with connected(desk) as caller:
        assert await say(
            caller,
            """
            > LISTSCRIPTS
            < OK "That is all."
            > HAVESPACE "main" 1000
            < OK "It would fit."
            > PUTSCRIPT "main" {5+}
            > keep;
            < OK "Kept."
            > PUTSCRIPT "holidays" "discard;"
            < OK "Kept."
            > SETACTIVE "main"
            < OK "It is active."
            > LISTSCRIPTS
            < "holidays"
            < "main" ACTIVE
            < OK "That is all."
            > GETSCRIPT "main"
            < {5}
            < keep;
            < OK "That is it."
            > RENAMESCRIPT "main" "every day"
            < OK "It has its new name."
            > DELETESCRIPT "every day"
            < NO (ACTIVE) "'every day' is the active script; make another one active first, or none"
            > DELETESCRIPT "holidays"
            < OK "It is gone."
            > SETACTIVE ""
            < OK "No script is active."
            > LISTSCRIPTS
            < "every day"
            < OK "That is all."
            > DELETESCRIPT "every day"
            < OK "It is gone."
            > LOGOUT
            < OK "Goodbye."
            """,
        )
        assert await caller.line() == ""


async def test_a_script_with_an_error_is_refused_with_its_line_and_the_old_one_stays(desk: Desk) -> None:
    await desk.put(main=b"keep;")
    async with connected(desk) as caller:
        assert await say(
            caller,
            """
            > PUTSCRIPT "main" {17+}
            > keep;
            > fileinto 5
            < NO "Line 2: *"
            > PUTSCRIPT "main" {19+}
            > require "nonsense";
            < NO "Line 1: There is no extension 'nonsense' here."
            """,
        )
    assert await desk.scripts() == {"main": b"keep;"}


async def test_a_script_is_checked_without_being_kept(desk: Desk) -> None:
    async with connected(desk) as caller:
        assert await say(
            caller,
            """
            > CHECKSCRIPT "keep;"
            < OK "It is in order."
            > CHECKSCRIPT {5+}
            > kept;
            < NO "Line 1: The command 'kept' is unknown."
            > CHECKSCRIPT ""
            < OK "It is in order."
            """,
        )
    assert await desk.scripts() == {}


async def test_what_a_script_never_does_is_a_warning(desk: Desk) -> None:
    async with connected(desk) as caller:
        assert await say(
            caller,
            """
            > PUTSCRIPT "a" {12+}
            > stop;
            > keep;
            < OK (WARNINGS) "Line 2: This is never reached: 'stop' on line 1 comes before it."
            """,
        )
    assert await desk.scripts() == {"a": b"stop;\r\nkeep;"}


async def test_names_that_are_not_there_and_names_that_are(desk: Desk) -> None:
    await desk.put(a=b"keep;", b=b"stop;")
    async with connected(desk) as caller:
        assert await say(
            caller,
            """
            > GETSCRIPT "z"
            < NO (NONEXISTENT) "There is no script 'z'"
            > SETACTIVE "z"
            < NO (NONEXISTENT) *
            > DELETESCRIPT "z"
            < NO (NONEXISTENT) *
            > RENAMESCRIPT "z" "y"
            < NO (NONEXISTENT) *
            > RENAMESCRIPT "a" "b"
            < NO (ALREADYEXISTS) "There is a script 'b' already; *"
            > PUTSCRIPT "" "keep;"
            < NO "The name of a script has 1 to 128 characters"
            > RENAMESCRIPT "a" ""
            < NO "The name of a script *"
            """,
        )


async def test_names_come_in_quotes_or_as_literals_and_go_out_as_they_can(desk: Desk) -> None:
    async with connected(desk) as caller:
        assert await say(
            caller,
            r"""
            > PUTSCRIPT "say \"hi\" \\o/" "keep;"
            < OK *
            > PUTSCRIPT {7+}
            > größe {5+}
            > keep;
            < OK *
            > LISTSCRIPTS
            < "größe"
            < "say \"hi\" \\o/"
            < OK *
            > PUTSCRIPT {3+}
            > a
            >  "keep;"
            < NO "The name of a script has no control characters *"
            """,
        )
        caller.send(b'GETSCRIPT "\xff"\r\n')
        assert await say(caller, '< NO "The name of a script is not UTF-8."')


async def test_what_does_not_fit_is_said_beforehand_and_at_the_time(desk: Desk) -> None:
    await desk.set("sieveScriptSize", 1)
    await desk.set("sieveScripts", 2)
    await desk.put(a=b"keep;")
    long = "#" * 1100
    async with connected(desk) as caller:
        assert await say(
            caller,
            f"""
            > HAVESPACE "a" 1024
            < OK *
            > HAVESPACE "b" 1025
            < NO (QUOTA/MAXSIZE) "A script may have 1 KB; this one has 1025 octets"
            > PUTSCRIPT "a" {{1100+}}
            > {long}
            < NO (QUOTA/MAXSIZE) *
            > PUTSCRIPT "b" "keep;"
            < OK *
            > HAVESPACE "c" 1
            < NO (QUOTA/MAXSCRIPTS) "There may be 2 scripts; *"
            > PUTSCRIPT "c" "keep;"
            < NO (QUOTA/MAXSCRIPTS) *
            > HAVESPACE "a" 4294967295
            < NO (QUOTA/MAXSIZE) *
            > HAVESPACE "a" 4294967296
            < NO "A size is a number up to 4294967295."
            """,
        )
    assert sorted(await desk.scripts()) == ["a", "b"]


async def test_the_longest_script_comes_and_goes_whole(desk: Desk) -> None:
    script = b"keep; # " + b"x" * (SCRIPT_OCTETS - 10) + b"\r\n"
    async with connected(desk) as caller:
        caller.send(b'PUTSCRIPT "a" {%d+}\r\n%s\r\n' % (len(script), script))
        assert (await answer(caller))[-1] == 'OK "Kept."'
        caller.send(b'GETSCRIPT "a"\r\n')
        assert await caller.line() == f"{{{len(script)}}}"
        assert await caller.reader.readexactly(len(script)) == script
        assert await say(caller, '<\n< OK "That is it."')


async def test_a_longer_one_is_passed_over_and_the_session_goes_on(desk: Desk) -> None:
    async with connected(desk) as caller:
        caller.send(b'PUTSCRIPT "a" {%d+}\r\n%s\r\n' % (SCRIPT_OCTETS + 1, b"x" * (SCRIPT_OCTETS + 1)))
        assert await say(caller, '< NO (QUOTA/MAXSIZE) *\n> NOOP\n< OK "Done."')


async def test_one_that_is_far_too_long_ends_the_session(desk: Desk) -> None:
    async with connected(desk) as caller:
        assert await say(caller, '> PUTSCRIPT "a" {4294967295+}\n< BYE (QUOTA/MAXSIZE) *')
        assert await caller.line() == ""


@pytest.mark.parametrize(
    "command",
    [
        "LISTSCRIPTS",
        'HAVESPACE "a" 1',
        'PUTSCRIPT "a" "keep;"',
        'SETACTIVE "a"',
        'GETSCRIPT "a"',
        'DELETESCRIPT "a"',
        'RENAMESCRIPT "a" "b"',
        'CHECKSCRIPT "keep;"',
        "UNAUTHENTICATE",
    ],
)
async def test_a_stranger_does_nothing_with_scripts(desk: Desk, command: str) -> None:
    await desk.put(a=b"stop;")
    async with connected(desk, login=False) as caller:
        assert await say(caller, f'> {command}\n< NO "Log in first."')
    assert await desk.scripts() == {"a": b"stop;"}


async def test_scripts_put_here_are_noted_in_the_log(desk: Desk) -> None:
    async with connected(desk) as caller:
        await say(caller, '> PUTSCRIPT "a" "keep;"\n< OK *\n> LOGOUT\n< OK *')
    await desk.until_ended()
    assert desk.log.named("script_put") == [{"user": NAME, "script": "a", "size": 5}]
    assert desk.log.named("session_ended")[0]["user"] == NAME


async def test_many_commands_may_be_sent_at_once(desk: Desk) -> None:
    async with connected(desk) as caller:
        for number in range(20):
            caller.send(b'PUTSCRIPT "%02d" {5+}\r\nkeep;\r\n' % number)
        caller.send(b"LISTSCRIPTS\r\n")
        for _ in range(20):
            assert await answer(caller) == ['OK "Kept."']
        assert len(await answer(caller)) == 21


async def test_an_account_may_be_kept_out(opening: Opening) -> None:
    async with opening() as desk:
        await desk.set("sieve", False)
        async with connected(desk, login=False) as caller:
            assert await say(caller, f'> AUTHENTICATE "PLAIN" "{plain()}"\n< NO "The name or the password is wrong."')
