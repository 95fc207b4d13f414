"""A server whose large bodies are in a bucket."""

from __future__ import annotations

import imaplib
import smtplib
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.patience import until
from tests.support.s3server import BUCKET, S3Server
from tests.support.server import Person, RunningServer, command, free_base, running

LINE = "All that fits on one line of a letter.\r\n"
LARGE = "From: {0}\r\nTo: {0}\r\nSubject: {1}\r\n\r\n" + LINE * 8000


@pytest.fixture(scope="module")
def stored(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    data = tmp_path_factory.mktemp("stored")
    (data / "postroom.toml").write_text(s3.config(f"s3://{BUCKET}/server"))
    with running(data) as found:
        yield found


def send(server: RunningServer, who: Person, subject: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.port("submission"), timeout=60) as smtp:
        smtp.login(who.address, who.password)
        smtp.sendmail(who.address, [who.address], LARGE.format(who.address, subject))


def bodies(server: RunningServer, who: Person) -> list[bytes]:
    """The octets behind the headers of each message in the INBOX."""
    with imaplib.IMAP4("127.0.0.1", server.port("imap"), timeout=60) as imap:
        imap.login(who.address, who.password)
        imap.select("INBOX", readonly=True)
        found = imap.fetch("1:*", "(BODY.PEEK[TEXT])")[1] if int(imap.untagged_responses["EXISTS"][0]) else []
    return [each[1] for each in found if isinstance(each, tuple)]


def test_a_large_message_is_kept_in_the_bucket_and_read_from_it(stored: RunningServer) -> None:
    who = stored.account()
    send(stored, who, "large")
    assert bodies(stored, who) == [(LINE * 8000).encode()]
    assert not (stored.data / "blobs").exists()
    assert checked(stored) == (0, "clean\n", "")


def test_while_the_bucket_is_gone_the_sender_is_asked_to_try_again(stored: RunningServer, s3: S3Server) -> None:
    who = stored.account()
    with s3.gone():
        with pytest.raises(smtplib.SMTPDataError) as told:
            send(stored, who, "refused")
        assert told.value.smtp_code == 451
        assert b"4.3.0 the store of large bodies does not answer as it should" in told.value.smtp_error
    assert bodies(stored, who) == []
    send(stored, who, "again")
    assert len(bodies(stored, who)) == 1


def test_no_secret_is_in_the_log(stored: RunningServer, s3: S3Server) -> None:
    until(lambda: b"ready" in logged(stored))
    written = logged(stored)
    assert s3.access.secret.encode() not in written


def test_a_server_with_wrong_credentials_does_not_start_and_says_which_setting(s3: S3Server, tmp_path: Path) -> None:
    (tmp_path / "postroom.toml").write_text(s3.config(f"s3://{BUCKET}/server", s3.wrong))
    done = subprocess.run(
        command("serve", "--data", tmp_path, "--port-base", str(free_base())),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"postroom: {tmp_path / 'postroom.toml'}: the store of large bodies refuses")
    assert "server.blob_store_secret" in done.stderr
    assert s3.wrong.secret not in done.stderr


def test_a_server_starts_while_its_bucket_is_gone(s3: S3Server, tmp_path: Path) -> None:
    (tmp_path / "postroom.toml").write_text(s3.config(f"s3://{BUCKET}/later"))
    with ExitStack() as undo:
        with s3.gone():
            server = undo.enter_context(running(tmp_path))
        who = server.account()
        send(server, who, "later")
        assert len(bodies(server, who)) == 1
    assert b"blob_store_silent" in logged(server)


def logged(server: RunningServer) -> bytes:
    return b"".join(path.read_bytes() for path in (server.data / "log").rglob("*") if path.is_file())


def checked(server: RunningServer) -> tuple[int, str, str]:
    done = subprocess.run(
        command("--data", server.data, "check"), capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr
