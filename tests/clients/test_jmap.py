"""JMAP: curl is led to the session from the place that everybody knows."""

from __future__ import annotations

import json

from tests.clients.account import Account
from tests.clients.programs import Programs
from tests.support.server import RunningServer


def test_curl_is_led_to_the_session(server: RunningServer, programs: Programs, alice: Account) -> None:
    base = f"https://localhost:{server.port('https')}"
    who = ("-u", f"{alice.address}:{alice.password}")
    got = programs.run("curl", "-sS", "-L", "--cacert", str(programs.certificate), *who, f"{base}/.well-known/jmap")
    session = json.loads(got)
    assert session["username"] == alice.address
    assert session["apiUrl"] == f"{base}/jmap/api"
