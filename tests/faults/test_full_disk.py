"""A full disk: a temporary refusal that says so, nothing lost, and it goes on by itself when there is room again."""

from __future__ import annotations

import base64
import hashlib
import http.client
import imaplib
import smtplib
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import takewhile
from pathlib import Path

import pytest

from tests.faults.test_killed import ADDRESS, checked, with_account
from tests.faults.writers import asked, event, message, tokens_in
from tests.support.namespace import again_as_root, is_root
from tests.support.server import PASSWORD, started, stop

FULL = b"<D:sufficient-disk-space/>"


@contextmanager
def small_disk(disk: Path) -> Iterator[Path]:
    """A file system of 24 MB, in a mount of its own."""
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_refused_for_now_and_recovered_from(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if not is_root():
        again_as_root(request.node.nodeid)
        return
    with small_disk(tmp_path / "disk") as disk:
        accepted, found, stopped, verified = fill_and_go_on(disk)
    assert found == accepted
    assert stopped == 0
    assert verified == (0, "clean\n")


def fill_and_go_on(small_disk: Path) -> tuple[list[str], list[str], int, tuple[int, str]]:
    """What was accepted, what is there, how the server stopped, and what the check of its data says."""
    data = small_disk / "data"
    with_account(data, {})
    process, base = started(data)
    filler = small_disk / "filler"
    with smtplib.SMTP("127.0.0.1", base + 25) as client:
        accepted = [
            token for token in (f"before-{number}" for number in range(50)) if sent(client, token) == (250, b"")
        ]
        fill(filler)
        *taken, refused = answers(sent(client, f"full-{number}") for number in range(400))
        accepted += [f"full-{number}" for number in range(len(taken))]
        assert refused[0] in (451, 452)
        assert refused[1].startswith(b"4.3.")
        with imaplib.IMAP4("127.0.0.1", base + 143) as reader:
            reader.login(ADDRESS, PASSWORD)
            *appended, status = answers(put(reader, f"append-{number}") for number in range(400))
            accepted += [f"append-{number}" for number in range(len(appended))]
            assert status[0] == "NO"
            assert reader.select("INBOX", readonly=True)[0] == "OK"
        filler.unlink()
        assert sent(client, "after") == (250, b"")
    found = tokens_in(base + 143, ADDRESS, PASSWORD)
    return sorted([*accepted, "after"]), sorted(found), stop(process), checked(data, {})


def fill(filler: Path) -> None:
    """Take every octet that is left."""
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


def answers(given: Iterable[tuple[object, bytes]]) -> list[tuple[object, bytes]]:
    """The answers up to the first that is no yes: what is left in files that are there already is used up first."""
    found = []
    for answer in given:
        found.append(answer)
        if answer[0] not in (250, "OK"):
            return found
    raise AssertionError("the server takes messages without end on a full disk")


def sent(client: smtplib.SMTP, token: str) -> tuple[object, bytes]:
    """What the server says to a message: (250, b"") or the refusal."""
    try:
        client.sendmail("sender@elsewhere.example", [ADDRESS], message(token))
    except smtplib.SMTPDataError as error:
        return error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
    return 250, b""


def put(reader: imaplib.IMAP4, token: str) -> tuple[object, bytes]:
    """What the server says to an APPEND."""
    status, answer = reader.append("INBOX", "", "", message(token))
    return status, answer[0]


def test_webdav_says_that_the_disk_is_full_and_leaves_what_is_stored_as_it_is(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if not is_root():
        again_as_root(request.node.nodeid)
        return
    with small_disk(tmp_path / "disk") as disk:
        data, filler = disk / "data", disk / "filler"
        with_account(data, {})
        process, base = started(data)
        with closing(http.client.HTTPConnection("127.0.0.1", base + 80, timeout=60)) as client:
            ask = partial(asked, client, ADDRESS, PASSWORD)
            assert ask("PUT", "kept.ics", event("kept"))[0] == 201
            fill(filler)
            names = (f"full-{number}.ics" for number in range(1000))
            stored = list(takewhile(lambda name: ask("PUT", name, large(name))[0] == 201, names))
            assert FULL in ask("PUT", "more.ics", large("more"))[1]
            assert FULL in ask("POST", "kept.ics?action=attachment-add", large("file") * 10)[1]
            assert (ask("PUT", "kept.ics", large("kept"))[0], ask("GET", "more.ics")[0]) == (507, 404)
            assert ask("GET", "kept.ics") == (200, event("kept"))
            filler.unlink()
            assert ask("PUT", "more.ics", large("more"))[0] == 201
            assert [ask("GET", name)[0] for name in stored] == [200] * len(stored)
        assert (stop(process), checked(data, {})) == (0, (0, "clean\n"))


def large(token: str) -> bytes:
    """An event that compression makes little of."""
    noise = b"".join(hashlib.sha256(f"{token} {number}".encode()).digest() for number in range(600))
    return event(token).replace(b"END:VEVENT", b"DESCRIPTION:" + base64.b64encode(noise) + b"\r\nEND:VEVENT")
