"""JSContact and vCard: each says what the other says, and there and back nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from groupware.contacts.jscontact.lines import normal
from groupware.contacts.jscontact.reading import card_of
from groupware.contacts.jscontact.shape import CARD
from groupware.contacts.jscontact.writing import changed, plain, vcard_of
from groupware.contacts.versions.convert import converted
from groupware.model.content import Component, Line, parse, serialized
from groupware.model.errors import Malformed
from groupware.model.patches import patched
from groupware.model.shape import Misshapen
from tests.support import corpus

Json = dict[str, Any]


def vcard(*lines: str) -> Component:
    return parse("\r\n".join(["BEGIN:VCARD", "VERSION:4.0", "UID:1", *lines, "END:VCARD", ""]).encode())[0]


def said(card: Component) -> Counter[tuple[Any, ...]]:
    return Counter(normal(line) for line in card.lines if line.name != "VERSION")


def cards() -> Iterator[tuple[str, Component]]:
    """Every card of the corpus that can be read, in 4.0."""
    for path in sorted(corpus.path("vcard").rglob("*")):
        try:
            found = parse(path.read_bytes()) if path.is_file() else []
        except Malformed:
            continue
        yield from ((path.name, converted(each, "4.0")) for each in found if each.name == "VCARD")


CARDS = list(cards())


def test_every_card_of_the_corpus_comes_back_as_it_was() -> None:
    assert len(CARDS) >= 60
    for name, card in CARDS:
        lost = said(card) - said(vcard_of(card_of(card)))
        assert not lost, name
        assert card_of(vcard_of(card_of(card))) == card_of(card), name


def test_a_card_that_is_stored_as_it_is_keeps_every_line_where_it_was() -> None:
    for name, card in CARDS:
        assert changed(card, card_of(card)).lines == card.lines, name


MAPPED: list[tuple[list[str], Json]] = [
    (["FN:Ann"], {"name": {"full": "Ann"}}),
    (
        ["FN:A B", "N:B;A;C,D;Dr.;Jr."],
        {
            "name": {
                "full": "A B",
                "components": [
                    {"kind": "surname", "value": "B"},
                    {"kind": "given", "value": "A"},
                    {"kind": "given2", "value": "C"},
                    {"kind": "given2", "value": "D"},
                    {"kind": "title", "value": "Dr."},
                    {"kind": "credential", "value": "Jr."},
                ],
            }
        },
    ),
    (
        ["FN:A", "EMAIL;TYPE=home;PREF=1:a@x", "EMAIL;PROP-ID=w;TYPE=work,internet:b@x"],
        {
            "name": {"full": "A"},
            "emails": {
                "EMAIL-1": {"address": "a@x", "contexts": {"private": True}, "pref": 1},
                "w": {"address": "b@x", "contexts": {"work": True}, "vCardParams": {"type": "internet"}},
            },
        },
    ),
    (
        ["FN:A", "TEL;TYPE=cell,voice;VALUE=uri:tel:+1"],
        {"name": {"full": "A"}, "phones": {"TEL-1": {"number": "tel:+1", "features": {"voice": True, "mobile": True}}}},
    ),
    (
        ["FN:A", "TEL;TYPE=work;VALUE=uri:tel:+1-418-656-9254;ext=102", "TEL:+1 2;3", "TEL;VALUE=uri:tel:+1\\;ext=5"],
        {
            "name": {"full": "A"},
            "phones": {
                "TEL-1": {"number": "tel:+1-418-656-9254;ext=102", "contexts": {"work": True}},
                "TEL-2": {"number": "+1 2;3"},
                "TEL-3": {"number": "tel:+1;ext=5"},
            },
        },
    ),
    (
        ["FN:A", 'NOTE:Say \\"yes\\", please; or no', "ORG:A, B Inc;C", "CATEGORIES:a; b,c", "ADR:;;Main 3,;Bonn;;;"],
        {
            "name": {"full": "A"},
            "notes": {"NOTE-1": {"note": 'Say "yes", please; or no'}},
            "organizations": {"ORG-1": {"name": "A, B Inc", "units": [{"name": "C"}]}},
            "keywords": {"a; b": True, "c": True},
            "addresses": {
                "ADR-1": {"components": [{"kind": "name", "value": "Main 3"}, {"kind": "locality", "value": "Bonn"}]}
            },
        },
    ),
    (
        ["FN:A", "item1.TEL:1", "item1.X-ABLABEL:car"],
        {
            "name": {"full": "A"},
            "phones": {"TEL-1": {"number": "1", "label": "car", "vCardParams": {"group": "item1"}}},
        },
    ),
    (
        ["FN:A", "ADR;LABEL=a^nb;CC=de:;;Main 3;Bonn;;53111;Germany"],
        {
            "name": {"full": "A"},
            "addresses": {
                "ADR-1": {
                    "components": [
                        {"kind": "name", "value": "Main 3"},
                        {"kind": "locality", "value": "Bonn"},
                        {"kind": "postcode", "value": "53111"},
                        {"kind": "country", "value": "Germany"},
                    ],
                    "full": "a\nb",
                    "countryCode": "de",
                }
            },
        },
    ),
    (
        ["FN:A", "ORG:X;Y;Z", "TITLE:Boss", "ROLE:Lead"],
        {
            "name": {"full": "A"},
            "organizations": {"ORG-1": {"name": "X", "units": [{"name": "Y"}, {"name": "Z"}]}},
            "titles": {"TITLE-1": {"name": "Boss", "kind": "title"}, "ROLE-1": {"name": "Lead", "kind": "role"}},
        },
    ),
    (
        ["FN:A", "BDAY:--0412", "ANNIVERSARY:1990-05", "DEATHDATE:20200101T101112Z"],
        {
            "name": {"full": "A"},
            "anniversaries": {
                "BDAY-1": {"kind": "birth", "date": {"month": 4, "day": 12}},
                "ANNIVERSARY-1": {"kind": "wedding", "date": {"year": 1990, "month": 5}},
                "DEATHDATE-1": {"kind": "death", "date": {"@type": "Timestamp", "utc": "2020-01-01T10:11:12Z"}},
            },
        },
    ),
    (
        ["FN:A", "CATEGORIES:a,b\\,c", "MEMBER:urn:uuid:7", "RELATED;TYPE=friend:urn:uuid:8", "KIND:group"],
        {
            "name": {"full": "A"},
            "keywords": {"a": True, "b,c": True},
            "members": {"urn:uuid:7": True},
            "relatedTo": {"urn:uuid:8": {"relation": {"friend": True}}},
            "kind": "group",
        },
    ),
    (
        ["FN:A", "EXPERTISE;LEVEL=expert:chess", "HOBBY;LEVEL=high;INDEX=1:tea", "REV:20200101T000000Z"],
        {
            "name": {"full": "A"},
            "personalInfo": {
                "EXPERTISE-1": {"kind": "expertise", "value": "chess", "level": "high"},
                "HOBBY-1": {"kind": "hobby", "value": "tea", "level": "high", "listAs": 1},
            },
            "updated": "2020-01-01T00:00:00Z",
        },
    ),
    (
        ["FN;LANGUAGE=de:A", "NICKNAME:a,b", "X-OWN;P=1,2:v\\;w", "item2.GENDER;VALUE=text:M"],
        {
            "name": {"full": "A"},
            "vCardProps": [
                ["fn", {"language": "de"}, "unknown", "A"],
                ["nickname", {}, "unknown", "a,b"],
                ["x-own", {"p": ["1", "2"]}, "unknown", "v\\;w"],
                ["gender", {"group": "item2"}, "text", "M"],
            ],
        },
    ),
    (["FN;DERIVED=TRUE:Ann", "NICKNAME:Ann"], {"nicknames": {"NICKNAME-1": {"name": "Ann"}}}),
    (
        ["FN:A", 'JSPROP;JSPTR="example.com:x":{"a":[1\\,true]}'],
        {"name": {"full": "A"}, "example.com:x": {"a": [1, True]}},
    ),
]


@pytest.mark.parametrize(("lines", "members"), MAPPED)
def test_a_card_says_in_both_what_it_says(lines: list[str], members: Json) -> None:
    card = vcard(*lines)
    assert card_of(card) == {"@type": "Card", "version": "1.0", "uid": "1", **members}
    assert said(vcard_of(card_of(card))) == said(card)


def test_a_patch_changes_the_lines_that_it_is_about_and_no_others() -> None:
    stored = vcard("X-A;Q=r:1", "FN:Ann", "EMAIL:a@x", "X-B:2", "EMAIL;TYPE=work:b@x", "NOTE:n")
    card = patched(card_of(stored), {"emails/EMAIL-1/address": "c@x", "notes": None, "titles": {"t": {"name": "Boss"}}})
    assert [line.name + line.value for line in changed(stored, card).lines] == [
        *("VERSION4.0", "UID1", "X-A1", "FNAnn", "EMAILc@x", "X-B2", "EMAILb@x"),
        "TITLEBoss",
    ]


def test_a_name_that_is_kept_with_its_parameters_is_renamed_with_them() -> None:
    stored = vcard("FN;LANGUAGE=de:Anna", "NOTE:n")
    found = changed(stored, patched(card_of(stored), {"name/full": "Anne"}))
    assert [line.text for line in found.all("FN")] == ["Anne"]
    assert found.all("FN")[0].param("LANGUAGE") == "de"


def test_what_another_program_has_changed_counts_more_than_jsprop_over_it() -> None:
    made = vcard_of(
        {"uid": "1", "name": {"components": [{"kind": "given", "value": "A"}, {"kind": "surname", "value": "B"}]}}
    )
    assert made.first("JSPROP") is not None
    edited = [line._replace(value="C;A;;;") if line.name == "N" else line for line in made.lines]
    told = card_of(Component("VCARD", 0, edited))
    assert told["name"]["components"][0] == {"kind": "surname", "value": "C"}


@pytest.mark.parametrize(
    ("wrong", "way"),
    [
        ({}, ""),
        ({"uid": 1}, "uid"),
        ({"uid": "1", "emails": {"a b": {"address": "x"}}}, "emails"),
        ({"uid": "1", "emails": {"a": {}}}, "emails/a"),
        ({"uid": "1", "keywords": {"a": False}}, "keywords/a"),
        ({"uid": "1", "odd": 1}, "odd"),
        ({"uid": "1", "name": {"full": "a\x00b"}}, "name/full"),
        ({"uid": "1", "vCardProps": [["begin", {}, "text", "VCARD"]]}, "vCardProps/0"),
        ({"uid": "1", "vCardProps": [["x", {}, "unknown", "a\r\nEND:VCARD"]]}, "vCardProps/0"),
        ({"uid": "1", "emails": {"a": {"address": "x", "vCardParams": {"a;b": "c"}}}}, "emails/a/vCardParams"),
    ],
)
def test_a_card_of_another_shape_is_refused_with_the_place(wrong: Json, way: str) -> None:
    with pytest.raises(Misshapen) as caught:
        CARD(wrong)
    assert caught.value.way == way


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(str.strip)
KEYS = st.text("abcXYZ019_-", min_size=1, max_size=6) | st.sampled_from(["EMAIL-1", "EMAIL-2", "TEL-1", "ADR-1"])
USE = {
    "contexts": st.dictionaries(st.sampled_from(["work", "private", "x"]), st.just(True), min_size=1),
    "pref": st.integers(1, 100),
    "label": TEXT,
}


def many(needed: dict[str, Any], **more: Any) -> Any:
    one = st.fixed_dictionaries(needed, optional={**USE, **more})
    return st.dictionaries(KEYS, one, min_size=1, max_size=3)


COMPONENT = st.fixed_dictionaries(
    {"kind": st.sampled_from(["given", "surname", "surname2", "x", "name", "number", "locality"]), "value": TEXT}
)
DATES = st.fixed_dictionaries(
    {}, optional={"year": st.integers(1, 9999), "month": st.integers(1, 12), "day": st.integers(1, 31)}
)
MEMBERS: dict[str, Any] = {
    "name": st.fixed_dictionaries({"full": TEXT}, optional={"components": st.lists(COMPONENT, min_size=1, max_size=4)}),
    "emails": many({"address": TEXT}),
    "phones": many(
        {"number": TEXT}, features=st.dictionaries(st.sampled_from(["fax", "mobile", "q"]), st.just(True), min_size=1)
    ),
    "addresses": many({"components": st.lists(COMPONENT, min_size=1, max_size=4)}, full=TEXT),
    "titles": many({"name": TEXT}, kind=st.sampled_from(["title", "role", "other"])),
    "organizations": many(
        {"name": TEXT}, units=st.lists(st.fixed_dictionaries({"name": TEXT}), min_size=1, max_size=2)
    ),
    "links": many({"uri": TEXT}, kind=st.sampled_from(["contact", "generic"])),
    "onlineServices": many({}, uri=TEXT, user=TEXT, service=TEXT),
    "anniversaries": many({"kind": st.sampled_from(["birth", "wedding", "x"]), "date": DATES.filter(bool)}),
    "keywords": st.dictionaries(TEXT, st.just(True), min_size=1),
    "relatedTo": st.dictionaries(TEXT, st.just({"relation": {"friend": True}}), min_size=1, max_size=2),
    "example.com:x": st.recursive(
        TEXT | st.integers() | st.booleans(), lambda x: st.lists(x, min_size=1), max_leaves=4
    ),
    "vCardProps": st.lists(
        st.tuples(st.sampled_from(["x-a", "gender"]), st.just({}), st.just("text"), TEXT).map(list), min_size=1
    ),
}


@settings(max_examples=400, deadline=None)
@given(st.fixed_dictionaries({"uid": TEXT}, optional=MEMBERS))
def test_every_card_comes_back_from_vcard_as_it_was(card: Json) -> None:
    stored = parse(serialized([vcard_of(card)]))[0]
    assert card_of(stored) == plain(card)


NAMES = [
    "FN",
    "N",
    "EMAIL",
    "TEL",
    "ADR",
    "BDAY",
    "ORG",
    "RELATED",
    "CATEGORIES",
    "JSPROP",
    "X-ABLABEL",
    "REV",
    "KIND",
    "X-Y",
]
PARAMS = st.dictionaries(
    st.sampled_from(["TYPE", "PREF", "PROP-ID", "VALUE", "LABEL", "JSPTR", "LEVEL", "DERIVED", "X-OVER", "X-P"]),
    st.lists(
        TEXT | st.sampled_from(["1", "home", "TEXT", "EMAIL-1", "emails", "name/full"]), min_size=1, max_size=2
    ).map(tuple),
    max_size=3,
)
VALUES = TEXT | st.text('a;,\\:n1-T{}"', max_size=12) | st.sampled_from(["1;2", "19900102", "--01", "null", "{}"])
LINES = st.builds(
    Line, st.sampled_from(NAMES), PARAMS, VALUES, st.just(0), st.sampled_from(["", "item1", "L-EMAIL-EMAIL-1"])
)


@settings(max_examples=600, deadline=None)
@given(st.lists(LINES, max_size=8))
@example([Line("RELATED", {"VALUE": ("TEXT", "0")}, "0", 0)])
def test_whatever_a_card_holds_comes_back_from_jscontact(lines: list[Line]) -> None:
    card = Component("VCARD", 0, [Line("UID", {}, "1", 0), Line("FN", {}, "A", 0), *lines])
    found = card_of(card)
    past = {normal(line) for line in card.lines if line.name == "JSPROP"}
    lost = {each for each in said(card) - said(vcard_of(found)) if each not in past}
    assert not lost
    assert changed(card, found).lines == card.lines
