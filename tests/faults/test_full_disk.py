"""A full disk: a temporary refusal that says so, nothing lost, and it goes on by itself when there is room again."""

from __future__ import annotations

import base64
import ftplib
import hashlib
import http.client
import imaplib
import io
import smtplib
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

import httpx
import pytest

from groupware.model.rights import Right
from groupware.store.api import WriteTx
from mailcore.server.config import load
from tests.faults.test_killed import ADDRESS, checked, with_account
from tests.faults.writers import asked, event, message, tokens_in
from tests.support.namespace import again_as_root, is_root
from tests.support.server import PASSWORD, opened, started, stop

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


def test_what_comes_by_jmap_and_ftp_is_refused_whole_until_there_is_room(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if not is_root():
        again_as_root(request.node.nodeid)
        return
    with small_disk(tmp_path / "disk") as disk:
        data, filler = disk / "data", disk / "filler"
        with_administrator(data)
        process, base = started(data)
        with httpx.Client(base_url=f"http://127.0.0.1:{base + 80}", auth=(ADDRESS, PASSWORD), timeout=60) as http:
            account = http.get("/jmap/session").json()["primaryAccounts"]["urn:ietf:params:jmap:mail"]
            blob = http.post(f"/jmap/upload/{account}", content=message("imported")).json()["blobId"]
            fill(filler)
            refused = [http.post(f"/jmap/upload/{account}", content=octets) for octets in (b"x", b"y" * 300_000)]
            wanted = imported(http, account, blob)
            stored = [put_back(base, size) for size in (1000, 3_000_000)]
            filler.unlink()
            again = (http.post(f"/jmap/upload/{account}", content=b"x").status_code, put_back(base, 3_000_000))
            made = imported(http, account, blob)
        found = tokens_in(base + 143, ADDRESS, PASSWORD)
        stopped, verified = stop(process), checked(data, {})
    assert [(each.status_code, each.headers["retry-after"]) for each in refused] == [(503, "5"), (503, "5")]
    assert wanted["notCreated"]["k"]["type"] == "serverUnavailable"
    assert [each[:3] for each in stored] == ["451", "452"]
    assert again == (201, "226 Put back.")
    assert made["created"] and found.count("imported") == 1 and found.count("put-back") == 1
    assert (stopped, verified) == (0, (0, "clean\n"))


def with_administrator(data: Path) -> None:
    """An account that administers its domain, and the service by which it puts back."""
    data.mkdir()
    (data / "postroom.toml").write_text("[service.ftp_backup]\nenabled = true\n")
    with_account(data, {})

    def work(tx: WriteTx) -> None:
        (public,) = [each.account for each in tx.domains() if each.account is not None]
        assert public is not None
        tx.grant(tx.locate(public, "").id, ADDRESS, Right.ADMIN)

    with opened(load(None, data=data, environ={})) as site:
        site.write(work)


def imported(http: httpx.Client, account: str, blob: str) -> dict[str, Any]:
    """What is said of an import of that blob into the inbox."""
    using = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]
    boxes = {"accountId": account, "filter": {"role": "inbox"}}
    [[_, asked, _]] = http.post(
        "/jmap/api", json={"using": using, "methodCalls": [["Mailbox/query", boxes, "0"]]}
    ).json()["methodResponses"]
    given = {"accountId": account, "emails": {"k": {"blobId": blob, "mailboxIds": {asked["ids"][0]: True}}}}
    [[_, told, _]] = http.post(
        "/jmap/api", json={"using": using, "methodCalls": [["Email/import", given, "0"]]}
    ).json()["methodResponses"]
    return dict(told)


def put_back(base: int, size: int) -> str:
    """The reply to a message of that size that is put back by FTP."""
    name = "0000000017_20270131T104500123456_S.eml"
    with ftplib.FTP() as ftp:
        ftp.connect("127.0.0.1", base + 21, timeout=60)
        ftp.login(ADDRESS, PASSWORD)
        octets = io.BytesIO(message("put-back") + b"z" * size)
        user, _, domain = ADDRESS.partition("@")
        try:
            return ftp.storbinary(f"STOR /domains/{domain}/accounts/{user}/folders/INBOX/{name}", octets)
        except ftplib.Error as error:
            return str(error)


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
