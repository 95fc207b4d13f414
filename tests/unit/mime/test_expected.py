"""Every message of the corpus that comes with the structure that is expected of it is compared with that."""

from __future__ import annotations

import json

from tests.support import corpus
from tests.unit.mime import test_mail_parser, test_mime4j, test_stalwart

OTHERS = ("chasquid/dkim/", "stalwart/jmap/email_set/", "stalwart/jmap/email_parse/headers.eml")
"""What is expected of these is no structure: verdicts, what is to be made into an email, and fields alone."""


def test_each_has_a_place_in_one_of_the_three_comparisons() -> None:
    entries = [json.loads(line) for line in corpus.path("mail/MANIFEST.jsonl").read_text().splitlines()]
    expected = {each["path"] for each in entries if each["role"] == "message" and each.get("has_expected")}
    compared = {
        *(f"mime4j/{name}.msg" for name in test_mime4j.NAMES),
        *(f"mail-parser-rs/{name}.eml" for name in test_mail_parser.NAMES),
        *(f"stalwart/jmap/{name}.eml" for name in test_stalwart.NAMES),
    }
    assert {path for path in expected if not path.startswith(OTHERS)} == compared
    assert len(compared) == 132
