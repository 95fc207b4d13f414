"""A body that was damaged on disk: that one item is reported, and everything else serves."""

from __future__ import annotations

import imaplib
import smtplib
from pathlib import Path

from tests.faults.test_killed import ADDRESS, checked, with_account
from tests.support.server import PASSWORD, started, stop


def large(number: int) -> bytes:
    return f"Subject: large {number}\r\n\r\n".encode() + b"".join(
        f"{number} {hash((number, line)):x}\r\n".encode() for line in range(20_000)
    )


def test_one_damaged_body_is_one_unreadable_message(tmp_path: Path) -> None:
    with_account(tmp_path, {})
    process, base = started(tmp_path)
    with smtplib.SMTP("127.0.0.1", base + 25) as client:
        for number in range(3):
            client.sendmail("a@elsewhere.example", [ADDRESS], large(number))
    bodies = sorted(each for each in (tmp_path / "blobs").rglob("*") if each.is_file())
    assert len(bodies) == 3
    bodies[0].write_bytes(b"rubbish")  # nobody has read any of them, so none is in memory
    with imaplib.IMAP4("127.0.0.1", base + 143) as reader:
        reader.login(ADDRESS, PASSWORD)
        reader.select("INBOX", readonly=True)
        sizes = [fetched(reader, number) for number in (1, 2, 3)]
    assert sorted(size > 0 for size in sizes) == [False, True, True]
    assert stop(process) == 0
    status, said = checked(tmp_path, {})
    assert status == 1
    assert bodies[0].name[-16:] in said


def fetched(reader: imaplib.IMAP4, number: int) -> int:
    """Octets of a message that the server gives; 0 when it does not."""
    try:
        _, answer = reader.fetch(str(number), "(BODY.PEEK[])")
    except imaplib.IMAP4.error:
        return 0
    return sum(len(part[1]) for part in answer if isinstance(part, tuple))
