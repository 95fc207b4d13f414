"""Mail as files to take along (decision 310)."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from mailcore.cli.sources import messages, sources
from tests.protocol.webmail.test_webmail import body_at, files, stand
from tests.support.jmapstand import Client, Stand, letter
from web.webmail import export

__all__ = ["files", "stand"]


@pytest.fixture
def alice(stand: Stand) -> Client:
    return stand.client("alice")


async def place(alice: Client) -> tuple[str, str]:
    account = await alice.account()
    inbox = (await alice.call("Mailbox/query", filter={"role": "inbox"}))["ids"][0]
    return f"/mail/export/{account}", str(inbox)


async def test_a_folder_is_a_zip_of_its_messages(stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 2)
    monkeypatch.setattr(export, "AT_ONCE_OCTETS", 10)
    octets = [letter(f"a/b: ..\\{number}") for number in range(5)]
    for each in octets:
        await stand.put("alice", each)
    at, inbox = await place(alice)
    await stand.browse("alice")
    got = await stand.http.get(at, params={"mailbox": inbox})
    assert got.status_code == 200 and got.headers["content-disposition"].startswith(
        "attachment; filename*=UTF-8''INBOX.zip"
    )
    with zipfile.ZipFile(io.BytesIO(got.content)) as found:
        names = found.namelist()
        assert [found.read(name) for name in names] == octets
    assert len(set(names)) == 5 and not any(set("/\\:") & set(name) for name in names)


async def test_an_mbox_is_what_import_reads(stand: Stand, alice: Client, tmp_path: Path) -> None:
    first = await stand.put("alice", letter("One", body="From here\r\n>From there\r\n"))
    await stand.put("alice", letter("Two"))
    await alice.call(
        "Email/set", update={first: {"keywords/$seen": True, "keywords/$flagged": True, "keywords/garden": True}}
    )
    at, inbox = await place(alice)
    await stand.browse("alice")
    file = tmp_path / "inbox.mbox"
    file.write_bytes((await stand.http.get(at, params={"mailbox": inbox, "form": "mbox"})).content)
    one, two = [each for each in messages(sources(file)[0]) if not isinstance(each, OSError)]
    assert b"\nFrom here\n>From there\n" in one.octets and b"Subject: Two" in two.octets
    assert {each.name for each in one.flags} == {"SEEN", "FLAGGED"} and one.keywords == {"garden"}


async def test_a_page_to_be_printed_says_what_it_is_of(stand: Stand) -> None:
    place = await body_at(stand, letter("Beds & paths", "Cc: Ann <a@x.test>", "Date: Fri, 27 Nov 2026 10:00:00 +0100"))
    await stand.browse("alice")
    plain, paper = [(await stand.http.get(place, params={"print": each})).text for each in ("0", "1")]
    assert "<h1>" not in plain and "<h1>Beds &amp; paths</h1>" in paper
    for words in ("To: alice@example.test", "Ann &lt;a@x.test&gt;", "Date: Fri, 27 Nov 2026 10:00:00 +0100"):
        assert words in paper


async def test_some_messages_go_out_and_nobody_elses(stand: Stand, alice: Client) -> None:
    emails = [await stand.put("alice", letter(f"n{number}")) for number in range(3)]
    theirs = await stand.put("bob", letter("private"))
    at, inbox = await place(alice)
    assert (await stand.http.get(at, params={"mailbox": inbox})).status_code == 401
    await stand.browse("alice")
    got = await stand.http.get(at, params={"ids": ",".join([emails[0], emails[2], theirs])})
    with zipfile.ZipFile(io.BytesIO(got.content)) as found:
        assert [name.split(" ", 2)[2] for name in found.namelist()] == ["n0.eml", "n2.eml"]
    for wrong in ({"ids": theirs}, {"mailbox": "F99999"}, {"mailbox": "x"}, {}):
        assert (await stand.http.get(at, params=wrong)).status_code == 404, wrong
    assert (await stand.http.get(at, params={"mailbox": inbox, "form": "exe"})).status_code == 400
    await stand.browse("bob")
    assert (await stand.http.get(at, params={"mailbox": inbox})).status_code == 404
