"""`postroom tls`: which TLS another domain gets, and what came of it."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import pytest

from groupware.model.principal import OPERATOR
from groupware.model.tls import TlsResult
from mailcore.cli.main import run
from tests.cli.conftest import Said
from tests.support.server import RunningServer


def tls(server: RunningServer, *words: str) -> Said:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = run(["--data", str(server.data), "tls", *words])
    return Said(status, out.getvalue(), err.getvalue())


def test_the_policy_for_a_host_without_a_name(server: RunningServer) -> None:
    [row] = tls(server, "policy", "[192.0.2.1]", "--json").json
    assert (row["address"], row["port"], row["policy"], row["tls"]) == ("192.0.2.1", 25, "no-policy-found", "offered")
    assert row["why"] == "mx: tls opportunistic"


def test_the_report_of_a_day(server: RunningServer) -> None:
    results = [TlsResult("there.test", "2027-01-31", "sts", "mx.there.test", "success", count=3)]
    server.write(lambda tx: tx.count_tls(results))
    words = ("report", "There.test", "--day", "2027-01-31")
    assert "mx.there.test" in tls(server, *words).out
    found = json.loads(tls(server, *words, "--json").out)
    assert found["policies"][0]["summary"]["total-successful-session-count"] == 3
    assert OPERATOR.name not in str(found)


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("report", "there.test"), 1, "nothing was sent there"),
        (("report", "there.test", "--day", "yesterday"), 2, "is no day"),
        (("policy", "[nowhere]"), 1, "no address of a host"),
        (("policy",), 2, "domain"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(
    server: RunningServer, words: tuple[str, ...], status: int, told: str
) -> None:
    said = tls(server, *words)
    assert (said.status, said.out, said.err.count("\n")) == (status, "", 1)
    assert told in said.err.lower()
