"""Exchange Web Services as ews-javascript-api asks for them, on Node, against a server process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.clients.account import Account
from tests.clients.programs import Programs
from tests.support.server import RunningServer

SCRIPT = Path(__file__).parent / "javascript" / "ews.cjs"
INSTALL = Path(__file__).parents[1] / "support" / "npm.sh"


@pytest.fixture(scope="module")
def node() -> str:
    """Node, with the client beside the script."""
    found = subprocess.run(
        ["sh", INSTALL, Path(sys.executable).parent], capture_output=True, text=True, check=False, timeout=300
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


class Client:
    """The script, signed in as somebody."""

    def __init__(self, node: str, programs: Programs, server: RunningServer, who: Account) -> None:
        self.node, self.programs, self.who = node, programs, who.person
        self.url = f"http://127.0.0.1:{server.port('http')}/EWS/Exchange.asmx"

    def does(self, what: str) -> Any:
        """What it found."""
        return json.loads(self.programs.run(self.node, SCRIPT, what, self.url, self.who.address, self.who.password))


@pytest.fixture
def client(node: str, programs: Programs, server: RunningServer, alice: Account) -> Client:
    return Client(node, programs, server, alice)


def test_a_message_is_made_changed_read_and_deleted(client: Client) -> None:
    assert client.does("mail") == {"subject": "Letter", "read": True, "body": "Words", "left": []}


def test_who_overwrites_nothing_is_told_of_the_conflict(client: Client) -> None:
    assert client.does("conflict") == "ErrorIrresolvableConflict"


def test_a_series_is_made_and_seen_as_its_days(client: Client) -> None:
    assert client.does("events") == [f"2027-03-0{day}T09:00:00.000Z" for day in (1, 2, 3)]


def test_what_came_is_synchronised_and_told(client: Client) -> None:
    assert client.does("changes") == {"came": 1, "events": 1}


def test_a_contact_is_made_and_found_by_name(client: Client) -> None:
    assert client.does("people") == ["ann@far.test"]
