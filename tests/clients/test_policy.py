"""swaks meets the rules and a sending quota, as they are set at the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from mailcore.cli.main import run
from tests.clients.account import Account
from tests.clients.programs import Programs
from tests.support.server import RunningServer

SENDER_REFUSED, RECIPIENTS_REFUSED = 23, 24
Rules = Callable[..., int]


@pytest.fixture
def rules(server: RunningServer) -> Iterator[Rules]:
    """Puts rules in, and takes them out in the end."""
    yield lambda *words: run(["--data", str(server.data), "policy", *words])
    server.write(lambda tx: tx.put_policy([]))


def swaks(server: RunningServer, programs: Programs, *more: str, status: int = 0) -> str:
    port = str(server.port("smtp"))
    return programs.run("swaks", "--server", "localhost", "--port", port, *more, status=status).decode()


def test_a_rule_made_while_the_server_runs_refuses_a_recipient(
    server: RunningServer, programs: Programs, bob: Account, rules: Rules
) -> None:
    line = ("--from", "x@far.test", "--to", bob.address)
    assert "250 2.1.5" in swaks(server, programs, *line, "--quit-after", "RCPT")
    assert (
        rules("add", "no", "--at", "rcpt", "--if", f"rcpt is {bob.address}", "--then", "reject 550 'Not {rcpt}.'") == 0
    )
    said = ""
    while f"550 5.7.1 Not {bob.address}." not in said:  # the server hears of it a moment later
        with suppress(AssertionError):
            said = swaks(server, programs, *line, "--quit-after", "RCPT", status=RECIPIENTS_REFUSED)


def test_a_header_field_is_added(server: RunningServer, programs: Programs, bob: Account, rules: Rules) -> None:
    rules("add", "mark", "--at", "headers", "--if", "header.subject contains offer", "--then", "add-header X-Offer yes")
    swaks(server, programs, "--from", "x@far.test", "--to", bob.address, "--header", "Subject: An offer")
    (found,) = bob.until(1)
    assert b"X-Offer: yes\r\n" in found.octets


def test_a_quota_puts_the_next_letter_off(
    server: RunningServer, programs: Programs, alice: Account, bob: Account
) -> None:
    server.write(lambda tx: tx.put_setting("sendQuotaMessages", 1, of=tx.account(alice.address).id))
    line = (
        *("swaks", "--server", "localhost", "--port", str(server.port("submission")), "--tls", "--auth", "PLAIN"),
        *("--auth-user", alice.address, "--auth-password", alice.password),
        *("--from", alice.address, "--to", bob.address),
    )
    programs.run(*line)
    said = programs.run(*line, status=SENDER_REFUSED).decode()
    assert f"451 4.7.1 {alice.address} may send 1 message in one interval" in said
    assert len(bob.until(1)) == 1
    assert [b"sent all that it may" in each.octets for each in alice.until(1)] == [True]
