"""What is kept beside contacts for filters: the same answers as their octets give."""

from __future__ import annotations

import pytest
from lxml import etree

from connectors.dav import filters
from connectors.dav.filters import Prop
from groupware.contacts.card import Card, keys_of, read_card
from groupware.contacts.facts import LONGEST, facts_of, read_facts, readable
from groupware.model.errors import Malformed
from tests.support import corpus
from tests.support.davstand import HEAD, card

MATCH = '<A:prop-filter name="{}"><A:text-match match-type="{}">{}</A:text-match></A:prop-filter>'
HOME = '<A:param-filter name="TYPE"><A:text-match match-type="equals">home</A:text-match></A:param-filter>'
ASKED = (
    MATCH.format("ORG", "contains", "e"),
    MATCH.format("UID", "starts-with", "a"),
    MATCH.format("FN", "contains", "an"),
    MATCH.format("NOTE", "ends-with", "."),
    MATCH.format("ADR", "contains", ";;"),
    MATCH.format("ITEM1.EMAIL", "contains", "@"),
    MATCH.format("CATEGORIES", "contains", "o"),
    MATCH.format("URL", "contains", "http"),
    MATCH.format("FN", "contains", "ö"),
    '<A:prop-filter name="BDAY"><A:is-not-defined/></A:prop-filter>',
    '<A:prop-filter name="NICKNAME"/>',
    f'<A:prop-filter name="TEL">{HOME}</A:prop-filter>',
    f'<A:prop-filter name="EMAIL" test="allof"><A:text-match>com</A:text-match>{HOME}</A:prop-filter>',
    MATCH.format("TEL", "contains", "1") + MATCH.format("EMAIL", "contains", "a"),
)


def asked(inside: str, test: str = "anyof") -> tuple[list[Prop], bool]:
    props, every = filters.card_filter(etree.fromstring(f'<A:filter{HEAD} test="{test}">{inside}</A:filter>'))
    return list(props), every


def contacts() -> list[Card]:
    found = []
    for path in sorted(corpus.path("vcard").rglob("*.vcf")):
        try:
            found.append(read_card(path.read_bytes()))
        except Malformed:
            continue
    return found


@pytest.mark.parametrize("test", ["anyof", "allof"])
def test_filters_decide_of_the_corpus_by_facts_as_by_octets(test: str) -> None:
    kept = [(each, facts_of(each.card, each.version)) for each in contacts()]
    told = [(each, said, read_facts(said)) for each, said in kept if said]
    assert len(told) > len(kept) * 0.9 > 25
    let_through = 0
    for inside in ASKED:
        props, every = asked(inside, test)
        assert filters.cards_kept(props)
        words = filters.card_words(props, every)
        for each, said, stated in told:
            right = filters.card_holds(props, every, each.card)
            assert filters.card_holds(props, every, stated) is right, (inside, each.octets)
            assert filters.may_have(said, words) or not right, (inside, each.octets)
            let_through += right
    assert let_through > 50


def test_pictures_and_keys_are_not_kept() -> None:
    photo = "PHOTO;ENCODING=b;TYPE=JPEG:" + "A" * 20_000
    facts = keys_of(read_card(card("1", "Ann", photo).encode())).facts
    assert "AAAA" not in facts and read_facts(facts).text("FN") == "Ann"
    assert not filters.cards_kept(asked('<A:prop-filter name="PHOTO"/>')[0])


def test_what_is_long_is_asked_itself() -> None:
    assert keys_of(read_card(card("1", "Ann", "NOTE:" + "x" * LONGEST).encode())).facts == ""


def test_facts_are_of_the_version_that_is_stored() -> None:
    facts = keys_of(read_card(card("1", "Ann").encode())).facts
    assert readable(facts, "") and readable(facts, "3.0") and not readable(facts, "4.0") and not readable("", "")
