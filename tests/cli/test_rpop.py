"""Mailboxes of other servers on the command line."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Postroom

ALICE = "alice@example.test"


TYPED = "s3cret\n"


def boxes(postroom: Postroom) -> list[dict[str, Any]]:
    return postroom("rpop", "list", ALICE, "--json").json


def test_one_is_added_changed_and_dropped(postroom: Postroom) -> None:
    added = postroom(
        "rpop", "add", ALICE, "Pop.Far.test", "me", "--password-stdin", "--folder", "Archive", "--remove", stdin=TYPED
    )
    assert (added.status, "[service.rpop]" in added.err) == (0, True)
    (one,) = boxes(postroom)
    assert (one["server"], one["tls"], one["minutes"], one["keep"]) == ("pop.far.test:995", "implicit", 15, False)
    assert one["folder"] == "Archive" and "s3cret" not in str(one)
    number = str(one["number"])
    changed = ["--tls", "start", "--port", "110", "--keep", "--minutes", "30", "--disable", "--folder", "INBOX"]
    assert postroom("rpop", "set", ALICE, number, *changed).status == 0
    (one,) = boxes(postroom)
    assert (one["server"], one["tls"], one["minutes"], one["keep"]) == ("pop.far.test:110", "start", 30, True)
    assert (one["folder"], one["enabled"]) == ("INBOX", False)
    assert "switched off" in postroom("rpop", "fetch", ALICE, number).err
    assert postroom("rpop", "set", ALICE, number, "--enable", "--password-stdin", stdin=TYPED).status == 0
    assert postroom("rpop", "fetch", ALICE, number).status == 0
    assert postroom("rpop", "drop", ALICE, number).status == 0
    assert boxes(postroom) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", ALICE, "not a host", "me", "--password-stdin"], "is no name of a server"),
        (["add", ALICE, "pop.far.test", "me", "--password-stdin", "--tls", "none"], "implicit or start"),
        (["add", ALICE, "pop.far.test", "me", "--password-stdin", "--minutes", "1"], "rpopRetrievalInterval"),
        (["add", ALICE, "pop.far.test", "me", "--password-stdin", "--folder", "Nowhere"], "Nowhere"),
        (["add", ALICE, "pop.far.test", "me", "--password-stdin", "--folder", "Calendar"], "folder of mail"),
        (["set", ALICE, "7", "--keep"], "number 7"),
        (["drop", ALICE, "7"], "number 7"),
        (["fetch", "nobody@example.test", "7"], "nobody@example.test"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(postroom: Postroom, words: list[str], said: str) -> None:
    done = postroom("rpop", *words, stdin=TYPED)
    assert (done.status, done.err.count("\n"), said in done.err) == (1, 1, True), done.err
