"""Import and export: what went in comes out, with flags and dates, once."""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from groupware.model.flags import Flags
from mailcore.cli import sources
from tests.cli.conftest import Postroom
from tests.support import corpus

ALICE = "alice@example.test"
FLAGS = ("", "S", "FRS", "DS", "T")
LETTER = b"From: bob@example.test\nSubject: %s\n\nHello\n"


def maildir(at: Path) -> Path:
    for name in ("cur", "new", "tmp"):
        (at / name).mkdir(parents=True)
    return at


def known(path: Path) -> tuple[float, str, str]:
    """A message of a Maildir: its date, its flags, its octets."""
    return path.stat().st_mtime, path.name.rpartition(":2,")[2], hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A Maildir with a subfolder, flags, keywords and dates."""
    top = maildir(tmp_path / "Maildir")
    (top / "dovecot-keywords").write_text("0 $Forwarded\n")
    seen = top / "cur" / "1000.a.host:2,FSa"
    seen.write_bytes(LETTER % b"one")
    os.utime(seen, (1_000_000_000, 1_000_000_000))
    (top / "new" / "1001.b.host").write_bytes(LETTER % b"two")
    (maildir(top / ".Work.2026") / "new" / "1002.c.host").write_bytes(LETTER % b"three")
    return top


def test_a_maildir_goes_in_once(postroom: Postroom, filled: Path) -> None:
    expected = {"imported": 3, "there_already": 0, "failed": []}
    assert postroom("import", ALICE, "Old", filled, "--json").json == expected
    expected = {"imported": 0, "there_already": 3, "failed": []}
    assert postroom("import", ALICE, "Old", filled, "--json").json == expected
    found = {each["path"]: each["items"] for each in postroom("folder", "list", ALICE, "--json").json}
    assert (found["Old"], found["Old/Work/2026"]) == (2, 1)


def test_an_import_that_was_interrupted_brings_the_rest(postroom: Postroom, filled: Path) -> None:
    late = filled / "new" / "1003.d.host"
    postroom("import", ALICE, "Old", filled)
    late.write_bytes(LETTER % b"four")
    assert postroom("import", ALICE, "Old", filled).out == "1 imported, 3 there already, 0 failed\n"


def test_two_equal_messages_stay_two(postroom: Postroom, tmp_path: Path) -> None:
    at = maildir(tmp_path / "Maildir")
    for name in ("1.a", "2.b"):
        (at / "new" / name).write_bytes(LETTER % b"same")
    assert postroom("import", ALICE, "Old", at, "--json").json["imported"] == 2
    assert postroom("import", ALICE, "Old", at, "--json").json["there_already"] == 2


def test_an_export_is_what_was_imported(postroom: Postroom, filled: Path, tmp_path: Path) -> None:
    postroom("import", ALICE, "Old", filled)
    said = postroom("export", tmp_path / "out", ALICE)
    assert said.status == 0
    old = tmp_path / "out" / ALICE / "Old"
    (one,) = [path for path in (old / "cur").iterdir() if path.read_bytes() == LETTER % b"one"]
    assert one.name.endswith(":2,FSa")
    assert one.stat().st_mtime == 1_000_000_000
    assert (old / "dovecot-keywords").read_text() == "0 $Forwarded\n"
    (three,) = (old / "Work" / "2026" / "cur").iterdir()
    assert three.read_bytes() == LETTER % b"three"


def test_an_export_does_not_write_over_anything(postroom: Postroom, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    assert postroom("export", tmp_path / "out").status == 1


def test_the_corpus_comes_out_as_it_went_in(postroom: Postroom, tmp_path: Path) -> None:
    """Every message, with its flags and its date, exactly as it is."""
    top = maildir(tmp_path / "in")
    for number, name in enumerate(corpus.messages()):
        path = top / "cur" / f"{number:04}.host:2,{FLAGS[number % len(FLAGS)]}"
        path.write_bytes(corpus.read(name))
        os.utime(path, (1_000_000_000 + number, 1_000_000_000 + number))
    given = sorted(map(known, (top / "cur").iterdir()))
    assert postroom("import", ALICE, "Corpus", top, "--json").json["imported"] == len(corpus.messages()) == len(given)
    assert postroom("export", tmp_path / "out", ALICE).status == 0
    exported = tmp_path / "out" / ALICE / "Corpus"
    assert sorted(known(path) for path in (*(exported / "cur").iterdir(), *(exported / "new").iterdir())) == given


MBOX = (
    b"From bob@example.test Thu Nov 26 10:00:00 2026\nSubject: one\nStatus: RO\nX-Status: AF\n\n"
    b"Dear all,\n\nFrom now on we meet on Fridays.\n>From the very start.\n\n"
    b"From bob@example.test Thu Nov 26 11:30:00 2026 +0100\nSubject: two\n\nHello\n"
)


def test_an_mbox_is_split_where_its_separators_are(tmp_path: Path) -> None:
    path = tmp_path / "box.mbox"
    path.write_bytes(MBOX)
    (source,) = sources.sources(path)
    one, two = [each for each in sources.messages(source) if isinstance(each, sources.Found)]
    assert one.octets.endswith(b"\n\nFrom now on we meet on Fridays.\nFrom the very start.\n")
    assert one.flags == Flags.SEEN | Flags.ANSWERED | Flags.FLAGGED
    assert one.saved == datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
    assert (two.flags, two.octets) == (Flags.NONE, b"Subject: two\n\nHello\n")
    assert two.saved == datetime(2026, 11, 26, 10, 30, tzinfo=UTC)


def test_an_eml_has_the_date_of_its_arrival(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(
        b"Received: by here; Thu, 26 Nov 2026 12:00:00 +0000\nReceived: by there; Thu, 26 Nov 2026 11:00:00 +0000\n"
        b"Date: Thu, 26 Nov 2026 10:00:00 +0000\n\nReceived: no\n"
    )
    (found,) = sources.messages(sources.sources(path)[0])
    assert isinstance(found, sources.Found)
    assert found.saved == datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def test_what_is_no_mail_is_said(postroom: Postroom, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here\n")
    said = postroom("import", ALICE, "Old", tmp_path / "notes.txt")
    assert (said.status, "no mbox file" in said.err) == (1, True)


def test_a_store_that_is_whole_is_clean(postroom: Postroom, filled: Path) -> None:
    postroom("import", ALICE, "Old", filled)
    said = postroom("check")
    assert (said.status, said.out, said.err) == (0, "clean\n", "")
    assert postroom("check", "--json").json == {"clean": True, "bodies": 3, "findings": []}


def test_a_damaged_body_is_found_and_the_export_goes_on(postroom: Postroom, data: Path, tmp_path: Path) -> None:
    large, small = LETTER % b"large" + os.urandom(200_000).hex().encode(), LETTER % b"small"
    for number, octets in enumerate((large, small)):
        (tmp_path / f"{number}.eml").write_bytes(octets)
        assert postroom("import", ALICE, "Old", tmp_path / f"{number}.eml").status == 0
    name = hashlib.sha256(large).hexdigest()
    (kept,) = (data / "blobs").rglob(f"{name}*")
    kept.write_bytes(b"\0" + kept.read_bytes()[1:])
    found = postroom("check")
    assert found.status == 1
    assert name[:12] in found.out
    exported = postroom("export", tmp_path / "out", ALICE)
    assert exported.status == 1
    assert "1 items" in exported.out
    assert [path.read_bytes() for path in (tmp_path / "out" / ALICE / "Old" / "cur").iterdir()] == [small]
    assert "lost or damaged" in (tmp_path / "out" / "report.txt").read_text()


def test_a_backup_makes_the_same_server(postroom: Postroom, filled: Path, tmp_path: Path) -> None:
    postroom("import", ALICE, "Old", filled)
    made = postroom("backup", tmp_path / "all.backup")
    assert (made.status, made.err) == (0, "")
    elsewhere = tmp_path / "elsewhere"
    assert postroom("--data", elsewhere, "restore", tmp_path / "all.backup").status == 0
    assert postroom("--data", elsewhere, "check").out == "clean\n"
    there = postroom("--data", elsewhere, "folder", "list", ALICE, "--json").json
    assert there == postroom("folder", "list", ALICE, "--json").json
    assert postroom("--data", elsewhere, "export", tmp_path / "out", ALICE).status == 0
    old = tmp_path / "out" / ALICE / "Old"
    assert LETTER % b"one" in [path.read_bytes() for path in (old / "cur").iterdir()]


def test_a_backup_is_not_written_over_a_file(postroom: Postroom, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    assert postroom("backup", tmp_path / "mine").status == 1
    assert (tmp_path / "mine").read_text() == "mine"


def test_what_is_no_backup_is_not_restored(postroom: Postroom, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    said = postroom("--data", tmp_path / "elsewhere", "restore", tmp_path / "mine")
    assert said.status == 1
    assert said.err.count("\n") == 1
