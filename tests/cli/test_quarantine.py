"""`postroom quarantine`: what is held back is listed, shown, released and deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupware.mime.item import read_item
from groupware.model.event import Recipient, Target
from groupware.model.principal import DELIVERY
from groupware.store.api import WriteTx
from mailcore.cli.site import opened
from mailcore.queue.held import Held, stored
from mailcore.server.compose import site_secret
from mailcore.server.config import load
from tests.cli.conftest import Postroom

LETTER = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: a@far.test\r\n\r\ntext\r\n"


def hold(data: Path, sender: str, *to: str, message: str = "ID1", octets: bytes = LETTER) -> None:
    """One message is held back."""
    with opened(load(None, data=data, environ={})) as site:
        held = Held("clamd: virus X", sender, tuple(map(Recipient, to)), octets, message)
        item = site.run(read_item(stored(held, site_secret(site.config)), site.blobs))

        [domain] = site.read(lambda tx: tx.domains())
        owner = domain.account
        assert owner is not None

        def work(tx: WriteTx) -> None:
            tx.deliver([Target("folder", folder=tx.quarantine(owner))], item)

        site.run(site.store.write(DELIVERY, work))


@pytest.fixture
def number(postroom: Postroom, data: Path) -> int:
    """A message for alice and bob is held back; its number."""
    hold(data, "a@far.test", "alice@example.test", "bob@example.test")
    [found] = postroom("quarantine", "list", "--json").json
    return int(found["id"])


def test_nothing_is_held_back(postroom: Postroom) -> None:
    assert postroom("quarantine", "list", "--json").json == []
    assert postroom("quarantine", "list").err == "postroom: nothing is held back\n"


def test_the_list_says_for_whom_and_why_and_until_when(postroom: Postroom, number: int) -> None:
    [found] = postroom("quarantine", "list", "--json").json
    assert found["recipients"] == ["alice@example.test", "bob@example.test"]
    assert (found["sender"], found["reason"], found["subject"]) == ("a@far.test", "clamd: virus X", "Gr\u00fc\u00dfe")
    assert found["since"] < found["until"]
    assert "clamd: virus X" in postroom("quarantine", "list").out


def test_one_is_shown_and_given_out_as_it_is(postroom: Postroom, number: int) -> None:
    said = postroom("quarantine", "show", str(number), "--json").json
    assert said["header"].startswith("Subject: =?utf-8?q?")
    assert said["folder"] == "Public/example.test/Quarantine"
    assert "From: a@far.test" in postroom("quarantine", "show", str(number)).out


def test_what_folds_a_header_is_shown_as_room(postroom: Postroom, data: Path) -> None:
    hold(data, "a@far.test", "bob@example.test", octets=b"Received: from a\r\n\tby b\r\n\r\nx\r\n")
    [found] = postroom("quarantine", "list", "--json").json
    assert "Received: from a\n        by b\n" in postroom("quarantine", "show", str(found["id"])).out


def test_it_is_released_once(postroom: Postroom, number: int) -> None:
    assert postroom("quarantine", "release", str(number)).out == "1 message released\n"
    [waiting] = postroom("queue", "list", "--json").json
    assert sorted(waiting["recipients"]) == ["alice@example.test", "bob@example.test"]
    said = postroom("quarantine", "release", str(number))
    assert (said.status, said.err) == (1, f"postroom: there is no message {number} in quarantine\n")
    assert any("the operator" in each["facts"] for each in postroom("trace", "ID1", "--json").json)


def test_many_are_chosen_by_what_they_have_in_common(postroom: Postroom, data: Path, number: int) -> None:
    hold(data, "", "bob@example.test", message="ID2")
    for words, count in (
        (("--sender", "<>"), 1),
        (("--recipient", "Bob@example.test"), 2),
        (("--domain", "example.test"), 2),
        (("--domain", "far.test"), 0),
    ):
        assert len(postroom("quarantine", "list", "--json", *words).json) == count
    assert postroom("quarantine", "delete", "--sender", "<>").out == "1 message deleted\n"
    assert postroom("quarantine", "release", "--all", "--no-learn").out == "1 message released\n"
    assert postroom("check").out == "clean\n"


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("release",), 1, "say which"),
        (("delete", "--sender", "z@z"), 1, "nothing that is held back fits"),
        (("show", "9"), 1, "there is no message 9 in quarantine"),
        (("release", "one"), 2, "valid integer"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(
    postroom: Postroom, words: tuple[str, ...], status: int, told: str
) -> None:
    said = postroom("quarantine", *words)
    assert (said.status, said.out, said.err.count("\n")) == (status, "", 1)
    assert told in said.err
