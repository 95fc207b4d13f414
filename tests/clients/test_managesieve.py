"""Scripts put, listed, activated and fetched by sieve-connect."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.clients.account import Account
from tests.clients.programs import Programs
from tests.support.server import RunningServer

Connect = Callable[..., str]
SCRIPT = b'require "fileinto";\nif header :contains "Subject" "list" { fileinto "Lists"; }\n'


@pytest.fixture
def connect(server: RunningServer, programs: Programs, alice: Account) -> Connect:
    """Runs sieve-connect as Alice, who types her password."""

    def run(*arguments: str, status: int = 0) -> str:
        return programs.run(
            "sieve-connect",
            *("--server", "localhost", "--port", str(server.port("managesieve")), "--user", alice.address),
            *("--passwordfd", "0", "--tlscafile", str(programs.certificate), "--nosrv"),
            *arguments,
            stdin=alice.password.encode() + b"\n",
            status=status,
        ).decode()

    return run


def test_sieve_connect_works_on_scripts(programs: Programs, connect: Connect) -> None:
    (programs.home / "main.sieve").write_bytes(SCRIPT)
    connect("--localsieve", str(programs.home / "main.sieve"), "--remotesieve", "main", "--upload")
    connect("--remotesieve", "main", "--activate")
    assert connect("--list").splitlines()[-1] == '"main" ACTIVE'
    connect("--remotesieve", "main", "--localsieve", str(programs.home / "got.sieve"), "--download")
    assert (programs.home / "got.sieve").read_bytes() == SCRIPT
    connect("--deactivate")
    connect("--remotesieve", "main", "--delete")
    assert "main" not in connect("--list")


def test_sieve_connect_is_told_what_is_wrong_with_a_script(programs: Programs, connect: Connect) -> None:
    (programs.home / "bad.sieve").write_bytes(b"keep;\nfileinto 5;\n")
    connect("--localsieve", str(programs.home / "bad.sieve"), "--checkscript", status=1)
    connect("--localsieve", str(programs.home / "bad.sieve"), "--remotesieve", "bad", "--upload", status=1)
    assert "bad" not in connect("--list")
