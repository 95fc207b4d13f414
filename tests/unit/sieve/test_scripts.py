"""Every file of tests/data/sieve: what it says of scripts is so. What they may hold: tests/support/sievetest.py."""

from __future__ import annotations

import pickle

import pytest

from mailcore.sieve.actions import Discard, Keep
from mailcore.sieve.check import compiled
from mailcore.sieve.errors import SieveError
from tests.support.sievetest import (
    Case,
    blocks_of,
    cases,
    octets_after,
    outcome_of,
    questions_of,
    shown,
)

_CASES = cases()


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_file(case: Case) -> None:
    assert set(case.sections) - {"message", "envelope", "environment", "limits", "require"}, "it says nothing"
    if "script" in case.sections:
        _script(case)
    for section, wanted in (("holds", Keep), ("fails", Discard)):
        for test, script in questions_of(case, section):
            outcome = outcome_of(case, script)
            assert outcome.error is None, f"{test}: {outcome.error}"
            assert isinstance(outcome.actions[0], wanted), test
    for block in blocks_of(case, "refused"):
        told, _, script = block.partition("\n")
        with pytest.raises(SieveError) as refused:
            compiled(script.encode())
        assert f"{refused.value.line} {refused.value.text}".startswith(told), f"{refused.value} -- {script}"
    for block in blocks_of(case, "accepted"):
        compiled(block.encode())


def _script(case: Case) -> None:
    script = case.sections["script"].encode()
    outcome = outcome_of(case, script)
    if "stops" in case.sections:
        assert outcome.error is not None, list(map(shown, outcome.actions))
        assert f"{outcome.error.line} {outcome.error.text}".startswith(case.sections["stops"].strip())
        assert outcome.actions == (Keep(implicit=True),)
    else:
        assert outcome.error is None, outcome.error
        assert [shown(action) for action in outcome.actions] == list(case.lines("actions"))
    log = [f"{entry.line} {entry.text}" for entry in outcome.log]
    assert set(case.lines("log")) <= set(log), log
    if "octets" in case.sections:
        assert octets_after(case, outcome) == case.sections["octets"]
    assert pickle.loads(pickle.dumps(outcome)) == outcome


EXTENSIONS = {
    "fileinto": "fileinto",
    "envelope": "envelope",
    "encoded-character": "encoded-character",
    "variables": "variables",
    "body": "body",
    "copy": "copy",
    "date": "date",
    "index": "index",
    "relational": "relational",
    "comparator-i;ascii-numeric": "comparators",
    "subaddress": "subaddress",
    "imap4flags": "imap4flags",
    "reject": "reject",
    "ereject": "ereject",
    "vacation": "vacation",
    "vacation-seconds": "vacation-seconds",
    "regex": "regex",
    "editheader": "editheader",
    "mailbox": "mailbox",
    "mailboxid": "mailboxid",
    "special-use": "special-use",
    "duplicate": "duplicate",
    "environment": "environment",
    "include": "include",
    "ihave": "ihave",
    "foreverypart": "foreverypart",
    "mime": "mime",
    "extlists": "extlists",
    "enotify": "enotify",
    "spamtest": "spamtest",
    "fcc": "fcc",
    "imapsieve": "imapsieve",
}


@pytest.mark.parametrize("name", EXTENSIONS)
def test_every_extension_has_a_case_that_runs_and_one_that_is_refused_or_stops(name: str) -> None:
    mine = [case for case in _CASES if case.name.startswith(EXTENSIONS[name])]
    sections = {section for case in mine for section in case.sections}
    used = any(f'"{name}' in text or f"\n{name}" in text for case in _CASES for text in case.sections.values())
    assert used, "no case asks for it"
    assert sections & {"refused", "stops"}, "no wrong script"
