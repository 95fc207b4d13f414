"""The page docs/rfcs.md says what a server announces, and every Yes has its proof."""

from __future__ import annotations

import pytest

from tests.support import rfcs

CAPABILITIES = rfcs.registry()


@pytest.fixture(scope="module")
def words() -> frozenset[str]:
    return rfcs.announced()


def test_the_page_is_current(words: frozenset[str]) -> None:
    assert rfcs.PAGE.read_text() == rfcs.page(CAPABILITIES, words), "make it anew: python -m tests.support.rfcs"


def test_whatever_is_announced_is_registered(words: frozenset[str]) -> None:
    strange = [word for word in words if not any(each.announced_by([word]) for each in CAPABILITIES)]
    assert strange == [], "put them in tests/support/imap_capabilities.toml, if IANA knows them"


def test_whatever_is_announced_is_proved(words: frozenset[str]) -> None:
    proved = rfcs.proofs(CAPABILITIES)
    bare = [each.name for each in CAPABILITIES if each.announced_by(words) and not proved[each.name]]
    assert bare == [], (
        "name the RFC in the transcript that proves it, or the test in tests/support/imap_capabilities.toml"
    )


def test_whatever_is_not_announced_has_its_reason(words: frozenset[str]) -> None:
    assert [each.name for each in CAPABILITIES if not each.announced_by(words) and not each.why] == []


def test_every_proof_is_there() -> None:
    assert [proof for each in CAPABILITIES for proof in each.proof if rfcs.missing(proof)] == []


def test_each_capability_is_listed_once() -> None:
    names = [each.name for each in CAPABILITIES]
    assert len(names) == len(set(names))
