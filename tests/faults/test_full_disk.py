"""A full disk: a temporary refusal that says so, nothing lost, and it goes on by itself when there is room again."""

from __future__ import annotations

import imaplib
import os
import smtplib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.test_killed import ADDRESS, checked, with_account
from tests.faults.writers import message, tokens_in
from tests.support.server import PASSWORD, free_base, start, stop


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB, in a mount of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.getuid() != 0:
        pytest.fail("this test mounts a small file system, which takes root: run it as root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_refused_for_now_and_recovered_from(small_disk: Path) -> None:
    data = small_disk / "data"
    with_account(data, {})
    base = free_base()
    process = start(data, base)
    filler = small_disk / "filler"
    accepted = send_until_refused(base + 25, 0)
    fill(filler)
    with smtplib.SMTP("127.0.0.1", base + 25) as client:
        refused = refusal(client, "while-full")
        assert refused[0] in (451, 452)
        assert refused[1].startswith(b"4.3.")
        with imaplib.IMAP4("127.0.0.1", base + 143) as reader:
            reader.login(ADDRESS, PASSWORD)
            assert reader.append("INBOX", "", "", message("imap-while-full"))[0] == "NO"
            assert reader.select("INBOX", readonly=True)[0] == "OK"
        filler.unlink()
        client.sendmail("sender@elsewhere.example", [ADDRESS], message("after"))
    found = tokens_in(base + 143, ADDRESS, PASSWORD)
    assert sorted(found) == sorted([*accepted, "after"])
    assert stop(process) == 0
    assert checked(data, {}) == (0, "clean\n")


def fill(filler: Path) -> None:
    """Take every octet that is left."""
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


def send_until_refused(port: int, number: int) -> list[str]:
    """The tokens that were taken before the disk was full."""
    accepted = []
    with smtplib.SMTP("127.0.0.1", port) as client:
        for number in range(50):
            client.sendmail("sender@elsewhere.example", [ADDRESS], message(f"smtp-{number}"))
            accepted.append(f"smtp-{number}")
    return accepted


def refusal(client: smtplib.SMTP, token: str) -> tuple[int, bytes]:
    """What the server says to a message that it cannot store."""
    for number in range(200):
        try:
            client.sendmail("sender@elsewhere.example", [ADDRESS], message(f"{token}-{number}") * 20)
        except smtplib.SMTPDataError as error:
            return error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else b""
    raise AssertionError("the server takes messages without end on a full disk")
