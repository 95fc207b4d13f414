"""What scanners change in a header: theirs alone, in any header that there may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.scanners.changes import changed
from connectors.scanners.report import Change, Report

MAIL = b"Received: from a\r\n\tby b\r\nSubject: one\r\nX-Spam-Flag: NO\r\nsubject: two\r\n\r\nSubject: body\r\n"


def after(*changes: Change, junk: bool = False) -> bytes:
    return changed(MAIL, [Report("r", changes=changes)], junk=junk)


def test_what_others_have_said_in_our_name_is_gone() -> None:
    assert after() == b"Received: from a\r\n\tby b\r\nSubject: one\r\nsubject: two\r\n\r\nSubject: body\r\n"


def test_junk_is_told_to_programs() -> None:
    assert after(junk=True).startswith(b"X-Spam-Flag: YES\r\nReceived: ")


def test_score_rules_and_virus_are_told_to_people() -> None:
    report = Report("rspamd", score=7.25, threshold=15.0, rules=("A", "B"), virus="Eicar")
    octets = changed(MAIL, [report], junk=False)
    assert octets.startswith(b"X-Spam-Score: 7.25 of 15 (rspamd) A, B\r\nX-Virus-Status: Infected: Eicar (rspamd)\r\n")


@pytest.mark.parametrize(
    ("change", "there", "gone"),
    [
        (Change("X-New", "a\r\nb"), b"\tby b\r\nX-New: a b\r\nSubject: one", b"NO"),
        (Change("Subject", None, 2), b"Subject: one\r\n", b"subject: two"),
        (Change("SUBJECT", "three", 1), b"SUBJECT: three\r\nsubject: two", b"Subject: one"),
        (Change("Subject", None), b"Received: from a\r\n\tby b\r\n\r\n", b"subject: two"),
        (Change("Subject", "three", 9), b"\tby b\r\nSubject: three\r\nSubject: one", b"NO"),
    ],
)
def test_one_change(change: Change, there: bytes, gone: bytes) -> None:
    octets = after(change)
    assert there in octets
    assert gone not in octets
    assert octets.endswith(b"\r\n\r\nSubject: body\r\n")


RESULTS = b"Authentication-Results: mx.here.test; dmarc=pass\r\n"


@pytest.mark.parametrize(
    "change",
    [
        Change("Authentication-Results", None, 1),
        Change("Authentication-Results", "mx.here.test; dmarc=fail", 1),
        Change("Authentication-Results", None),
        Change("Received", None, 1),
    ],
)
def test_what_this_server_has_found_itself_no_scanner_takes_away(change: Change) -> None:
    octets = changed(b"Received: from a\r\n" + RESULTS + MAIL, [Report("opendkim", changes=(change,))], junk=False)
    assert octets.startswith(b"Received: from a\r\n" + RESULTS)


def test_what_somebody_else_says_in_the_name_of_this_server_a_scanner_takes_away() -> None:
    forged = b"Received: from a\r\n" + RESULTS + b"Authentication-Results: mx.here.test; dkim=pass\r\n" + MAIL
    change = Change("Authentication-Results", None, 2)
    assert b"dkim=pass" not in changed(forged, [Report("opendkim", changes=(change,))], junk=False)


@given(st.binary(max_size=200))
def test_octets_that_are_no_message_stay_as_they_are(octets: bytes) -> None:
    kept = changed(octets, [], junk=False)
    assert kept == octets or b"x-" in octets.lower()
