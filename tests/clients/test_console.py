"""The console by a program that everybody has: nc in a pipe."""

from __future__ import annotations

import json

from groupware.model.principal import OPERATOR
from groupware.model.rights import Right
from tests.clients.programs import Programs
from tests.support.server import Person, RunningServer


def administrator(server: RunningServer) -> Person:
    """Somebody who administers the server."""
    person = server.account()
    server.write(lambda tx: tx.grant(tx.locate(OPERATOR.account, "").id, person.address, Right.ADMIN))
    return person


def test_nc_gives_commands_in_a_pipe(server: RunningServer, programs: Programs) -> None:
    who = administrator(server)
    lines = [
        "USER " + who.address,
        "PASS " + who.password,
        "account show --json " + who.address,
        "service list",
        "QUIT",
    ]
    said = programs.run(
        "nc", "-N", "127.0.0.1", str(server.port("cli")), stdin="".join(f"{each}\r\n" for each in lines).encode()
    ).decode()
    greeting, _, welcome, *answer = said.split("\r\n")
    assert greeting.startswith("+OK Postroom console")
    assert welcome == f"+OK Welcome, {who.address}."
    end = answer.index("+OK")
    assert json.loads("\n".join(answer[:end]))["address"] == who.address
    assert any(line.startswith("imap") and "running" in line for line in answer)
    assert said.endswith("+OK\r\n+OK Goodbye.\r\n")


def test_nc_answers_questions_ahead(server: RunningServer, programs: Programs) -> None:
    who, new = administrator(server), f"asked@{server.domain}"
    lines = [f'LOGIN {who.address} "{who.password}"', f"account add {new}", "a long enough pass phrase"]
    lines += [f"account delete {new}", "no", f"account show {new}", f"account delete {new}", "yes", "service stop cli"]
    said = programs.run(
        "nc", "-N", "127.0.0.1", str(server.port("cli")), stdin="".join(f"{each}\r\n" for each in lines).encode()
    ).decode()
    ends = [line for line in said.split("\r\n") if line.startswith(("+OK", "-ERR", "?"))]
    assert [line.partition(" ")[0] for line in ends] == [
        "+OK",
        "+OK",
        "?!",
        "+OK",
        "?",
        "-ERR",
        "+OK",
        "?",
        "+OK",
        "-ERR",
    ]
    assert f"account {new} is gone" in said
    assert new not in [each.address for each in server.read(lambda tx: tx.accounts(server.domain))]
