"""`postroom reports`: what others report of domains here, out of a mailbox."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Postroom
from tests.unit.smtp.test_reports_received import JSON, XML, letter

HERE = "alice@example.test"


def test_reports_in_a_folder_are_shown(postroom: Postroom, tmp_path: Path) -> None:
    for name, octets in (
        ("forged", letter(XML, "text/xml")),
        ("good", letter(XML.replace(b"<spf>fail<", b"<spf>pass<").replace(b">77<", b">78<"), "text/xml")),
        ("tls", letter(json.dumps(JSON).encode(), "application/json")),
    ):
        (tmp_path / f"{name}.eml").write_bytes(octets)
        assert postroom("import", HERE, "INBOX", tmp_path / f"{name}.eml").status == 0
    assert [each["spf"] for each in postroom("reports", "dmarc", HERE, "--json").json] == ["fail", "pass"]
    assert [each["spf"] for each in postroom("reports", "dmarc", HERE, "--failed", "--json").json] == ["fail"]
    assert [each["result"] for each in postroom("reports", "tls", HERE, "--json").json] == [
        "success",
        "certificate-expired",
    ]
    assert [each["count"] for each in postroom("reports", "tls", HERE, "--failed", "--json").json] == [2]


def test_a_folder_without_reports_says_so(postroom: Postroom) -> None:
    said = postroom("reports", "dmarc", HERE)
    assert (said.status, said.out, said.err) == (0, "", f"postroom: INBOX of {HERE} has no such report\n")
    assert postroom("reports", "tls", HERE, "Nowhere").status == 1
