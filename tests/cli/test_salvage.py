"""What check could not serve: told, set aside, brought back; what was queued goes back to its sender."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupware.model.event import Envelope, Recipient
from mailcore.cli.site import opened
from mailcore.server.config import load
from tests.cli.conftest import Postroom

LETTER = b"From: a@x.test\r\nSubject: large\r\n\r\n" + b"All that fits on one line of a letter.\r\n" * 3000


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.eml"
    path.write_bytes(LETTER)
    return path


@pytest.fixture
def lost(postroom: Postroom, data: Path, letter: Path) -> Path:
    """Alice's one message has lost its body, and is set aside."""
    assert postroom("import", "alice@example.test", "INBOX", letter).status == 0
    [path] = (data / "blobs").glob("*/*")
    path.rename(data / "aside")
    said = postroom("check", "--repair", "--json")
    assert said.status == 1 and [each["repaired"] for each in said.json["findings"]] == [True]
    return path


def test_the_list_says_what_and_why(postroom: Postroom, lost: Path) -> None:
    [found] = postroom("salvage", "list", "--json").json
    assert (found["place"], found["uid"], found["size"]) == ("alice@example.test: INBOX", 1, len(LETTER))
    assert found["body"] == lost.name and "lost or damaged" in found["why"]
    said = postroom("salvage", "list")
    assert (said.status, said.out.count("\n")) == (0, 2)


def test_nothing_set_aside(postroom: Postroom) -> None:
    assert postroom("salvage", "list", "--json").json == []
    assert postroom("salvage", "list").err == "postroom: nothing is set aside\n"


def test_it_comes_back_when_its_body_is_back(postroom: Postroom, lost: Path, data: Path) -> None:
    said = postroom("salvage", "restore", "1")
    assert (said.status, said.out) == (1, "")
    assert "still lost or damaged" in said.err and said.err.count("\n") == 1
    (data / "aside").rename(lost)
    assert postroom("salvage", "restore", "1").out == "number 1 is back, with UID 2\n"
    assert postroom("check").out == "clean\n"


def test_it_comes_back_from_a_file_into_another_folder(postroom: Postroom, lost: Path, letter: Path) -> None:
    postroom("folder", "add", "alice@example.test", "Found")
    said = postroom("salvage", "restore", "1", "--to", "alice@example.test", "Found", "--body", letter)
    assert (said.out, said.err) == ("number 1 is back, with UID 1\n", "")
    assert postroom("check").out == "clean\n"
    assert postroom("salvage", "list", "--json").json == []


def test_it_is_dropped(postroom: Postroom, lost: Path) -> None:
    assert postroom("salvage", "drop", "1").out == "number 1 is gone\n"
    assert postroom("salvage", "list", "--json").json == []
    assert postroom("check").out == "clean\n"


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("restore", "9"), 1, "there is no number 9 set aside"),
        (("drop", "9"), 1, "there is no number 9 set aside"),
        (("restore", "one"), 2, "valid integer"),
        (("restore", "1", "--body", "/nowhere/at/all"), 2, "/nowhere/at/all"),
        (("restore", "9", "--to", "nobody@example.test", "INBOX"), 1, "nobody@example.test"),
        (("drop",), 2, "number"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(
    postroom: Postroom, words: tuple[str, ...], status: int, told: str
) -> None:
    said = postroom("salvage", *words)
    assert (said.status, said.out, said.err.count("\n")) == (status, "", 1)
    assert told in said.err


def test_a_queued_message_whose_body_is_lost_goes_back_to_its_sender(postroom: Postroom, data: Path) -> None:
    with opened(load(None, data=data, environ={})) as site:
        stored = site.run(site.blobs.put(LETTER))
        to = (Recipient("bob@elsewhere.test"),)
        envelope = Envelope("alice@example.test", to, stored.blob, stored.size, stored.body, message="ABC")
        queue = site.write(lambda tx: tx.enqueue(envelope))
    for path in (data / "blobs").glob("*/*"):
        path.unlink()
    [found] = postroom("check", "--json").json["findings"]
    assert (found["kind"], found["repaired"]) == ("body.lost", False)
    [found] = postroom("check", "--repair", "--json").json["findings"]
    assert found["repaired"] and found["text"].startswith(f"queued message {queue}: ")
    waiting = postroom("queue", "list", "--json").json
    assert {(each["sender"], *each["recipients"]) for each in waiting} == {
        ("<>", "alice@example.test"),
        ("<>", "postmaster@example.test"),
    }
    assert postroom("check").out == "clean\n"
