"""opendkim, the milter that most mail servers sign and verify with: it believes us, and we believe it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from mailcore.smtp.authentication import canonical, dkim
from mailcore.smtp.authentication.sign import Signer, dkim_fields
from tests.support.dkimkeys import ed25519, rsa
from tests.support.dnstable import Table

MESSAGE = (
    b"From: Alice <alice@example.test>\r\nTo: bob@example.org\r\nSubject:  two   words\r\n\tfolded\r\n"
    b"Date: Thu, 26 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@example.test>\r\n\r\nHello  Bob \r\n\r\n"
)
RECORDS = {"rsa": rsa().record, "ed": ed25519().record}


def opendkim(folder: Path, octets: bytes) -> str:
    """What opendkim says of a message."""
    lines = "".join(f"{selector}._domainkey.example.test {record}\n" for selector, record in RECORDS.items())
    (folder / "keys").write_text(lines)
    (folder / "conf").write_text(f"Mode v\nTestPublicKeys {folder}/keys\nSyslog no\nAlwaysAddARHeader yes\n")
    (folder / "message").write_bytes(octets.replace(b"\r\n", b"\n"))
    return said(folder)


def said(folder: Path) -> str:
    """What it answers to the message there."""
    command = ["opendkim", "-t", str(folder / "message"), "-x", str(folder / "conf"), "-vvv"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout + done.stderr


def test_it_believes_both_our_signatures(tmp_path: Path) -> None:
    signers = [Signer("example.test", "rsa", rsa().private), Signer("example.test", "ed", ed25519().private)]
    octets = dkim_fields(canonical.taken_apart(MESSAGE), signers, int(time.time())) + MESSAGE
    answer = opendkim(tmp_path, octets)
    assert answer.count("dkim=pass") == 2
    assert "header.a=ed25519-sha256" in answer
    assert "dkim=pass" not in opendkim(tmp_path, octets.replace(b"Hello", b"Hullo"))


async def test_we_believe_its_signature(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(rsa().traditional)
    (tmp_path / "key").chmod(0o600)
    for form in ("relaxed/relaxed", "relaxed/simple"):  # its test mode loses the spaces that simple headers sign
        (tmp_path / "conf").write_text(
            f"Mode s\nSyslog no\nDomain example.test\nSelector rsa\nKeyFile {tmp_path}/key\nCanonicalization {form}\n"
            "RequireSafeKeys no\n"
        )
        (tmp_path / "message").write_bytes(MESSAGE.replace(b"\r\n", b"\n"))
        value = said(tmp_path).partition("hname='DKIM-Signature' hvalue='")[2].partition("'\n")[0]
        field = b"DKIM-Signature: " + value.encode().replace(b"\n", b"\r\n") + b"\r\n"
        table = Table({("rsa._domainkey.example.test", "TXT"): [rsa().record]})
        (found,) = await dkim.verify(canonical.taken_apart(field + MESSAGE), table, time.time())
        assert (found.result, found.why) == ("pass", ""), (form, field)
